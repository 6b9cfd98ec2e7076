//! The rules that ran, as SARIF describes them.

use crate::finding::Severity;
use crate::report::encode::{clip, markdown, visible};
use crate::report::tally::first_results;
use crate::rules;
use crate::store::rows::{RunRecord, ViolationRow};
use serde_json::{Value, json};
use std::collections::HashMap;

/// GitHub takes no more rules of a run.
const MOST: usize = 25_000;
/// The longest name and the longest description, in characters.
const LONGEST_NAME: usize = 250;
const LONGEST_TEXT: usize = 1_000;

/// Rules by name, each with its place in the list.
pub(super) struct Rules {
    list: Vec<Listed>,
    index: HashMap<String, usize>,
}

/// A rule of the list.
struct Listed {
    rule_id: String,
    uses: String,
    severity: Severity,
}

impl Rules {
    /// All that ran, and what found something without being among them.
    pub(super) fn of(record: &RunRecord, rows: &[ViolationRow]) -> Self {
        let mut rules = Self {
            list: Vec::new(),
            index: HashMap::new(),
        };
        for row in rows {
            rules.add(&row.rule_id, "", row.severity);
        }
        for result in first_results(record) {
            rules.add(&result.rule_id, &result.uses, result.severity);
        }
        rules
    }

    fn add(&mut self, rule_id: &str, uses: &str, severity: Severity) {
        if let Some(at) = self.index.get(rule_id) {
            if !uses.is_empty() {
                uses.clone_into(&mut self.list[*at].uses);
                self.list[*at].severity = severity;
            }
        } else if self.list.len() < MOST {
            self.index.insert(rule_id.to_owned(), self.list.len());
            self.list.push(Listed {
                rule_id: rule_id.to_owned(),
                uses: uses.to_owned(),
                severity,
            });
        }
    }

    /// Where a rule is in the list.
    pub(super) fn index(&self, rule_id: &str) -> Option<usize> {
        self.index.get(rule_id).copied()
    }

    /// The list.
    pub(super) fn descriptors(&self) -> Vec<Value> {
        self.list.iter().map(Listed::descriptor).collect()
    }
}

impl Listed {
    fn descriptor(&self) -> Value {
        let rule = rules::find(&self.uses).or_else(|| rules::find(&self.rule_id));
        let level = self.severity.as_str();
        let name = id(&self.rule_id);
        let summary = rule.map_or_else(
            || format!("Violation of the rule {name}"),
            |rule| capital(rule.summary),
        );
        let (why, fix) = rule.map_or(("", ""), |rule| (rule.why, rule.fix));
        let full = match rule {
            Some(_) => format!("{summary}. {}", plain(why)),
            None => format!("{summary}."),
        };
        let help = match rule {
            Some(_) => format!(
                "{}\n\nWhy: {}\n\nMore: factory-gate explain {}",
                plain(fix),
                plain(why),
                self.uses_or_id()
            ),
            None => format!("{summary}. The policy says more."),
        };
        let help_markdown = match rule {
            Some(_) => format!(
                "{fix}\n\n**Why:** {why}\n\nMore: `factory-gate explain {}`",
                self.uses_or_id()
            ),
            None => format!("{}. The policy says more.", markdown(&summary)),
        };
        let mut descriptor = json!({
            "id": name,
            "name": camel(&self.rule_id),
            "shortDescription": { "text": format!("{}.", clip(&summary, LONGEST_TEXT)) },
            "fullDescription": { "text": clip(&full, LONGEST_TEXT) },
            "help": { "text": help, "markdown": help_markdown },
            "defaultConfiguration": { "level": level },
            "properties": self.properties(),
        });
        // A name that says what the id says must not be there.
        let is_same = descriptor["name"]
            .as_str()
            .is_some_and(|camel| camel.eq_ignore_ascii_case(&name));
        if let (true, Some(fields)) = (is_same, descriptor.as_object_mut()) {
            fields.shift_remove("name");
        }
        descriptor
    }

    /// The built-in rule's name; the texts are ours.
    fn uses_or_id(&self) -> &str {
        rules::find(&self.uses).map_or(&self.rule_id, |rule| rule.id)
    }

    fn properties(&self) -> Value {
        let is_secret = [&self.uses, &self.rule_id]
            .iter()
            .any(|name| name.as_str() == "secret");
        let severity = match self.severity {
            Severity::Note => "recommendation",
            other => other.as_str(),
        };
        let mut properties = json!({
            "tags": if is_secret { vec!["security", "secret"] } else { vec!["policy"] },
            "precision": if is_secret { "high" } else { "very-high" },
            "problem.severity": severity,
        });
        if is_secret {
            // Makes a security alert of it, so only for what is one.
            properties["security-severity"] = json!(match self.severity {
                Severity::Error => "8.0",
                Severity::Warning => "5.0",
                Severity::Note => "2.0",
            });
        }
        properties
    }
}

/// The name as SARIF and GitHub take it.
pub(super) fn id(rule_id: &str) -> String {
    let name = visible(rule_id);
    match name.trim() {
        "" => "unnamed".to_owned(),
        name => clip(name, LONGEST_NAME).into_owned(),
    }
}

/// `trailing-whitespace` as `TrailingWhitespace`.
fn camel(rule_id: &str) -> String {
    let words = rule_id.split(|character: char| !character.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    let name: String = words.collect();
    match name.as_str() {
        "" => "Unnamed".to_owned(),
        name => clip(name, LONGEST_NAME).into_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// The program's own Markdown without its marks.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
