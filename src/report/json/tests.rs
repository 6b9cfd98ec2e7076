//! The document and its schema.

use super::streamed::stream;
use super::*;
use crate::finding::Severity;
use crate::report::encode::runner;
use crate::report::sample;
use serde_json::Value;

fn written(sample: &sample::Sample) -> String {
    let mut bytes = Vec::new();
    write(&sample.run(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn everything_is_in_the_document() {
    let sample = sample::failing();
    let document: Value = serde_json::from_str(&written(&sample)).unwrap();
    assert_eq!(document["format"], "factory-gate/1");
    assert_eq!(document["verdict"]["result"], "fail");
    assert_eq!(document["counts"]["errors"], 2);
    assert_eq!(document["violations"].as_array().unwrap().len(), 5);
    assert_eq!(document["cleanup"].as_array().unwrap().len(), 2);
    assert_eq!(document["skipped"][0]["reason"], "binary");
    let key = &document["violations"][3];
    assert_eq!((&key["line"], &key["end_column"]), (&12.into(), &34.into()));
    assert_eq!(
        document["violations"][2]["path"],
        "docs/a\u{1b}[31m::error::/x.md"
    );
}

/// Follows `$ref`s and checks that objects have exactly the properties of the schema, required ones included.
fn fits(value: &Value, schema: &Value, root: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, root.pointer(&name[1..]).unwrap(), root, place);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let chosen = options
            .iter()
            .find(|option| (option["type"] == "null") == value.is_null());
        return fits(value, chosen.unwrap(), root, place);
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    {
        for (key, part) in object {
            let part_schema = properties
                .get(key)
                .unwrap_or_else(|| panic!("{place}.{key} is not in the schema"));
            fits(part, part_schema, root, &format!("{place}.{key}"));
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            assert!(
                object.contains_key(key.as_str().unwrap()),
                "{place} lacks {key}"
            );
        }
    }
    for (index, part) in value.as_array().into_iter().flatten().enumerate() {
        fits(part, &schema["items"], root, &format!("{place}[{index}]"));
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{place}: unexpected type {other}"),
    };
    assert!(
        types.iter().any(|kind| is(kind)),
        "{place}: {value} is none of {types:?}"
    );
}

#[test]
fn the_document_fits_its_schema() {
    let schema = schema().to_value();
    let mut unfinished = sample::failing();
    unfinished.record.end = None;
    unfinished.record.validations.clear();
    for sample in [sample::failing(), sample::passing(), unfinished] {
        fits(
            &serde_json::from_str(&written(&sample)).unwrap(),
            &schema,
            &schema,
            "$",
        );
    }
}

#[test]
fn every_field_of_the_schema_is_documented() {
    fn check(schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                property["description"].is_string(),
                "{name} has no description"
            );
        }
        schema["$defs"]
            .as_object()
            .into_iter()
            .flatten()
            .for_each(|(_, part)| check(part));
    }
    let schema = schema().to_value();
    assert!(schema["$defs"].as_object().unwrap().len() >= 10);
    check(&schema);
}

#[test]
fn a_log_that_holds_the_document_holds_no_command() {
    let mut sample = sample::failing();
    let hostile = "\r::error::a\n##[group]b ##vso[task.complete]c";
    sample.rows.violations.push(sample::violation(
        Severity::Error,
        hostile,
        hostile,
        hostile,
    ));
    let text = written(&sample);
    assert!(!runner::is_command(&text) && !runner::is_other_command(&text));
    assert!(text.contains("##\\u005bgroup]"));
}

#[test]
fn rows_that_cannot_be_read_are_an_error() {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let outcome = stream::<_, u8>(&mut serializer, |_| anyhow::bail!("disk on fire"));
    assert!(outcome.unwrap_err().to_string().contains("disk on fire"));
}
