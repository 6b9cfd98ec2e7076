//! Keeps a hostile document from making the validator explain forever: where a schema's alternatives lead back to
//! themselves, each level of a document multiplies what there is to explain.

use super::convert::unescape;
use crate::syntax::{self, Node};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The most steps that are taken to explain a mistake.
const MOST_STEPS: u64 = 2_000_000;

/// By how much a level of a document multiplies the steps: 1 where no alternatives lead back to themselves.
pub(super) fn factor(schema: &Value) -> u64 {
    if leads_back(schema) {
        widest(schema)
    } else {
        1
    }
}

/// Whether explaining a document takes too many steps.
pub(super) fn is_too_much(document: &Node, factor: u64) -> bool {
    factor > 1 && steps(document, 1, factor) > MOST_STEPS
}

/// The steps for a value that is reached in `ways` ways. The document's depth is bounded already.
fn steps(node: &Node, ways: u64, factor: u64) -> u64 {
    let below = ways.saturating_mul(factor);
    if below > MOST_STEPS {
        return below;
    }
    let mut sum = ways;
    let mut add = |child: &Node| {
        sum = sum.saturating_add(steps(child, below, factor));
        sum <= MOST_STEPS
    };
    let _stopped = match &node.value {
        syntax::Value::Array(items) => items.iter().all(&mut add),
        syntax::Value::Object(members) => members.iter().all(|member| add(&member.value)),
        _ => true,
    };
    sum
}

/// The most branches of one `anyOf` or `oneOf` that refer to something.
fn widest(schema: &Value) -> u64 {
    let mut most = 1;
    visit(schema, &mut |members| {
        for key in ["anyOf", "oneOf"] {
            let branches = members.get(key).and_then(Value::as_array);
            let referring = branches.map_or(0, |all| {
                all.iter().filter(|one| !targets(one).is_empty()).count()
            });
            most = most.max(referring as u64);
        }
    });
    most
}

/// Whether references form a circle. Those to other documents are taken for one.
fn leads_back(schema: &Value) -> bool {
    let mut known: HashMap<String, bool> = HashMap::new();
    let mut open = vec![targets(schema)];
    let mut way: Vec<String> = Vec::new();
    // Depth first, without recursion: a name that is met while it is open closes a circle.
    while let Some(names) = open.last_mut() {
        let Some(name) = names.pop() else {
            open.pop();
            if let Some(done) = way.pop() {
                known.insert(done, true);
            }
            continue;
        };
        match known.get(&name) {
            Some(true) => {}
            Some(false) => return true,
            None => {
                let Some(part) = part(schema, &name) else {
                    return true;
                };
                known.insert(name.clone(), false);
                open.push(targets(part));
                way.push(name);
            }
        }
    }
    false
}

/// The part of the schema that a reference leads to, if it is in this document.
fn part<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    match name.strip_prefix('#')? {
        // Leads back to all that refers to it.
        "" => None,
        pointer => {
            let decoded = unescape(pointer);
            schema.pointer(pointer).or_else(|| schema.pointer(&decoded))
        }
    }
}

/// What a part of a schema refers to.
fn targets(schema: &Value) -> Vec<String> {
    let mut names = HashSet::new();
    visit(schema, &mut |members| {
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(Value::String(name)) = members.get(key) {
                names.insert(name.clone());
            }
        }
    });
    names.into_iter().collect()
}

/// Shows each mapping in a schema, itself included.
fn visit<'s>(schema: &'s Value, show: &mut impl FnMut(&'s serde_json::Map<String, Value>)) {
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                show(members);
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_alternatives_that_lead_back_multiply() {
        let branch = json!({ "$ref": "#/$defs/n" });
        let circle = json!({ "$defs": { "n": { "anyOf": [branch, branch, { "type": "null" }] } }, "$ref": "#/$defs/n" });
        assert_eq!(factor(&circle), 2);
        let tree = json!({
            "$defs": { "n": { "type": "string" }, "m": { "anyOf": [branch, branch] } },
            "properties": { "a": { "$ref": "#/$defs/m" }, "b": { "$ref": "#/$defs/m" } },
        });
        assert_eq!(factor(&tree), 1);
        assert_eq!(
            factor(&json!({ "oneOf": [{ "items": { "$ref": "#" } }, { "$ref": "#" }] })),
            2
        );
    }
}
