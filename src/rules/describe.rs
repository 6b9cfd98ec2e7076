//! What a rule's options are, read off its schema, for people.

use super::Rule;
use serde_json::Value;

/// An option of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionDoc {
    /// The key in the policy.
    pub name: String,
    /// What may be written: `number`, `text`, `list of text`, `one of a, b`.
    pub kind: String,
    /// The value without it, as YAML; `None` if there is none.
    pub default: Option<String>,
    /// What it does.
    pub description: String,
}

/// The options of a rule, in the order of their declaration.
pub fn options(rule: &Rule) -> Vec<OptionDoc> {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = (rule.schema)(&mut settings.into_generator()).to_value();
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    properties
        .iter()
        .map(|(name, property)| OptionDoc {
            name: name.clone(),
            kind: kind(property),
            default: property
                .get("default")
                .filter(|value| !value.is_null())
                .map(flow),
            description: text(property, "description").replace('\n', " "),
        })
        .collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn kind(property: &Value) -> String {
    if let Some(alternatives) = choices(property) {
        return format!("one of {}", alternatives.join(", "));
    }
    if let Some(any) = property["anyOf"]
        .as_array()
        .or_else(|| property["oneOf"].as_array())
    {
        let mut kinds: Vec<String> = any
            .iter()
            .map(kind)
            .filter(|kind| kind != "nothing")
            .collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    match &property["type"] {
        Value::String(name) => simple(name, property),
        Value::Array(names) => {
            let names = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null");
            names
                .map(|name| simple(name, property))
                .collect::<Vec<_>>()
                .join(" or ")
        }
        _ => "value".to_owned(),
    }
}

fn simple(name: &str, property: &Value) -> String {
    match name {
        "integer" | "number" => "number".to_owned(),
        "string" => "text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(&property["items"])),
        "object" => "mapping".to_owned(),
        "null" => "nothing".to_owned(),
        other => other.to_owned(),
    }
}

fn choices(property: &Value) -> Option<Vec<String>> {
    if let Some(values) = property["enum"].as_array() {
        return Some(values.iter().map(flow).collect());
    }
    let values = property["oneOf"]
        .as_array()?
        .iter()
        .map(|one| one.get("const").map(flow));
    values.collect()
}

/// A value as YAML on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(flow).collect::<Vec<_>>().join(", ")
        ),
        Value::String(text)
            if text
                .chars()
                .all(|c| c.is_alphanumeric() || "-_. /".contains(c)) =>
        {
            text.clone()
        }
        other => other.to_string(),
    }
}
