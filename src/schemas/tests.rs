//! Whole judgements: mistakes with their places, all drafts, alternatives, references, hostile input.

use super::*;
use crate::syntax::{Notation, parse};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a schema says about a text: line, column and message of each fault.
fn says(schema: &Value, text: &str) -> Vec<String> {
    let schema = Schema::from_value(schema.clone(), Arc::new(NoLibrary)).unwrap();
    judged(&schema, text, Notation::Json)
}

fn judged(schema: &Schema, text: &str, notation: Notation) -> Vec<String> {
    let parsed = parse(text.as_bytes(), notation);
    assert_eq!(parsed.mistakes, []);
    let faults = parsed.documents.iter().flat_map(|one| schema.judge(one));
    faults.map(|fault| placed(&fault, text)).collect()
}

fn placed(fault: &Fault, text: &str) -> String {
    let before = &text[..fault.bytes.start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let marked = text[fault.bytes.clone()].replace('\n', "⏎");
    format!("{line}:{column} <{marked}> {}", fault.message)
}

#[test]
fn each_draft_has_its_own_rules() {
    for (draft, rest, text, said) in [
        (
            "http://json-schema.org/draft-04/schema#",
            json!({ "properties": { "n": { "minimum": 1, "exclusiveMinimum": true } } }),
            r#"{ "n": 1 }"#,
            "1:8 <1> `n`: expected more than 1, found the number 1",
        ),
        (
            "http://json-schema.org/draft-06/schema#",
            json!({ "properties": { "n": { "const": 2 } } }),
            r#"{ "n": 1 }"#,
            "1:8 <1> `n`: expected `2`, found the number 1",
        ),
        (
            "http://json-schema.org/draft-07/schema#",
            json!({ "if": { "required": ["a"] }, "then": { "required": ["b"] } }),
            r#"{ "a": 1 }"#,
            "1:1 <{> missing key `b`",
        ),
        (
            "https://json-schema.org/draft/2019-09/schema",
            json!({ "dependentRequired": { "a": ["b"] }, "properties": { "a": true }, "unevaluatedProperties": false }),
            r#"{ "a": 1, "b": 2 }"#,
            "1:11 <\"b\"> `b`: unknown key: expected `a`",
        ),
        (
            "https://json-schema.org/draft/2020-12/schema",
            json!({ "prefixItems": [{ "type": "string" }], "items": false }),
            r#"["a", 1]"#,
            "1:7 <1> `[1]`: the schema allows nothing here",
        ),
    ] {
        let mut schema = rest;
        schema["$schema"] = draft.into();
        assert_eq!(says(&schema, text), [said], "{draft}");
    }
}

#[test]
fn a_schema_without_a_draft_is_of_the_latest() {
    let schema = json!({ "prefixItems": [{ "type": "string" }] });
    assert_eq!(says(&schema, "[1]").len(), 1);
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_text() {
    let schema = json!({
        "type": "object",
        "required": ["name", "version"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "minLength": 2 },
            "version": { "pattern": "^[0-9]+$" },
            "tags": { "uniqueItems": true, "maxItems": 2, "items": { "enum": ["a", "b"] } },
            "nested": { "properties": { "x y": { "type": ["integer", "null"] } } },
        },
    });
    let text = "{ \"nmae\": 1,\n  \"tags\": [\"a\", \"c\", \"a\"],\n  \"nested\": { \"x y\": 1.5 },\n  \"name\": \"ä\" }";
    assert_eq!(
        says(&schema, text),
        [
            "1:1 <{> missing key `version`",
            "1:3 <\"nmae\"> `nmae`: unknown key, is `name` meant?",
            "2:3 <\"tags\"> `tags`: expected at most 2 entries, found 3",
            "2:17 <\"c\"> `tags[1]`: expected `a` or `b`, found the text `c`",
            "2:22 <\"a\"> `tags[2]`: the same entry is at [0] already",
            "3:22 <1.5> `nested[\"x y\"]`: expected nothing or a whole number, found the number 1.5",
            "4:11 <\"ä\"> `name`: expected at least 2 characters, found the text `ä`",
        ]
    );
}

#[test]
fn of_alternatives_the_one_that_was_meant_speaks() {
    let schema = json!({
        "items": { "oneOf": [
            { "properties": { "kind": { "const": "disk" }, "size": { "type": "integer" } }, "required": ["kind", "size"] },
            { "properties": { "kind": { "const": "net" }, "host": { "type": "string" } }, "required": ["kind", "host"] },
        ] },
    });
    let text = r#"[{ "kind": "disk", "size": "x" }, { "kind": "net" }, { "kind": "tape" }, 7]"#;
    assert_eq!(
        says(&schema, text)[..3],
        [
            "1:28 <\"x\"> `[0].size`: expected a whole number, found the text `x`",
            "1:35 <{> `[1]`: missing key `host`",
            "1:64 <\"tape\"> `[2].kind`: expected `disk` or `net`, found the text `tape`",
        ]
    );
    let types = json!({ "anyOf": [{ "type": "number" }, { "anyOf": [{ "type": "null" }, { "enum": ["auto"] }] }] });
    assert_eq!(
        says(&types, "\"x\""),
        ["1:1 <\"x\"> expected a number, nothing or `auto`, found the text `x`"]
    );
    let keys = json!({ "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] });
    assert_eq!(
        says(&keys, "{}"),
        ["1:1 <{> missing key: expected `a` or `b`"]
    );
}

#[test]
fn words_of_the_schema_come_first() {
    let schema = json!({ "type": "string", "pattern": "^v", "errorMessage": { "pattern": "expected a version" } });
    assert_eq!(
        says(&schema, "\"x\""),
        ["1:1 <\"x\"> expected a version, found the text `x`"]
    );
    assert_eq!(
        says(&schema, "1"),
        ["1:1 <1> expected a text, found the number 1"]
    );
}

#[test]
fn a_schema_that_is_none_is_refused_with_places() {
    let text = "{ \"type\": \"strin\",\n \"properties\": { \"a\": { \"minimum\": \"1\", \"required\": \"b\" } } }";
    let parsed = parse(text.as_bytes(), Notation::Json);
    let Err(faults) = Schema::compile(&parsed.documents[0], "s.json", Arc::new(NoLibrary)) else {
        panic!("compiled");
    };
    let said: Vec<String> = faults.iter().map(|fault| placed(fault, text)).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(
        said[0].starts_with("1:11 <\"strin\"> `type`: "),
        "{}",
        said[0]
    );
    assert_eq!(
        said[1..],
        [
            "2:36 <\"1\"> `properties.a.minimum`: expected a number, found the text `1`",
            "2:53 <\"b\"> `properties.a.required`: expected a list, found the text `b`",
        ]
    );
    for (schema, said) in [
        (
            json!({ "$schema": "https://example.com/own" }),
            "is no draft that is known",
        ),
        (
            json!({ "$ref": "https://example.com/a.json" }),
            "nothing is loaded from a network",
        ),
        (json!({ "$ref": "#/$defs/none" }), "there is nothing at"),
        (json!({ "pattern": "(" }), "regular expression"),
    ] {
        let Err(Unusable(reasons)) = Schema::from_value(schema, Arc::new(NoLibrary)) else {
            panic!("compiled: {said}");
        };
        assert!(reasons[0].contains(said), "{}", reasons[0]);
    }
}

/// A library of one file.
struct One;

impl Library for One {
    fn value(&self, path: &str) -> Result<Value, String> {
        match path {
            "schemas/parts/port.json" => Ok(json!({ "type": "integer", "maximum": 65535 })),
            _ => Err(format!("`{path}`: there is no such file")),
        }
    }
}

#[test]
fn references_lead_to_files_beside_the_schema_and_to_built_in_ones() {
    let compile = |text: &str| {
        let parsed = parse(text.as_bytes(), Notation::Json);
        Schema::compile(&parsed.documents[0], "schemas/main.json", Arc::new(One))
    };
    for text in [
        r#"{ "properties": { "p": { "$ref": "parts/port.json" } } }"#,
        r#"{ "$id": "https://example.com/v1/main.json", "properties": { "p": { "$ref": "parts/port.json#" } } }"#,
    ] {
        let Ok(schema) = compile(text) else {
            panic!("not compiled: {text}");
        };
        assert_eq!(
            judged(&schema, r#"{ "p": 70000 }"#, Notation::Json),
            ["1:8 <70000> `p`: expected at most 65535, found the number 70000"]
        );
    }
    let Err(faults) = compile(r#"{ "$ref": "parts/none.json" }"#) else {
        panic!("compiled");
    };
    assert!(
        faults[0].message.contains("there is no such file"),
        "{faults:?}"
    );
    assert!(compile(r#"{ "$ref": "builtin:github-action#/$defs/step" }"#).is_ok());
}

#[test]
fn hostile_documents_are_bounded() {
    let schema =
        json!({ "$defs": { "n": { "items": { "$ref": "#/$defs/n" } } }, "$ref": "#/$defs/n" });
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let said = says(&schema, &deep);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("nested more than"), "{}", said[0]);
    let wide = format!("[{}1]", "1,".repeat(120_000));
    let said = says(&json!({ "items": { "type": "string" } }), &wide);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("more may follow"), "{}", said[0]);
    let branch =
        |key: &str| json!({ "required": [key], "properties": { "a": { "$ref": "#/$defs/n" } } });
    let both =
        json!({ "$defs": { "n": { "anyOf": [branch("b"), branch("c")] } }, "$ref": "#/$defs/n" });
    let nested = |depth| format!("{}{{}}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(says(&both, &nested(8))[0].contains("missing key"));
    let said = says(&both, &nested(100));
    assert!(said[0].contains("where cannot be said"), "{}", said[0]);
    let slow = json!({ "pattern": "^(?=(a+)+$)(a|a)*b$" });
    let said = says(&slow, &format!("\"{}\"", "a".repeat(60)));
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn schemas_that_go_in_circles_end() {
    let itself = json!({ "$ref": "#" });
    assert_eq!(says(&itself, "{}"), [""; 0]);
    let each_other = json!({
        "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/b" }] }, "b": { "not": { "$ref": "#/$defs/a" } } },
        "$ref": "#/$defs/a",
    });
    assert!(says(&each_other, "1").len() <= 1);
    // As deep as documents may be, on the small stack of a thread.
    let node = json!({ "anyOf": [
        { "type": "array", "items": { "allOf": [{ "$ref": "#/$defs/n" }] } },
        { "type": "object", "additionalProperties": { "oneOf": [{ "$ref": "#/$defs/n" }, { "type": "null" }] } },
        { "type": "string" },
    ] });
    let schema = json!({ "$defs": { "n": node }, "$ref": "#/$defs/n" });
    for end in ["\"x\"", "1"] {
        let text = format!("{}{end}{}", "[{\"a\":".repeat(127), "}]".repeat(127));
        assert_eq!(says(&schema, &text).len(), usize::from(end == "1"));
    }
}
