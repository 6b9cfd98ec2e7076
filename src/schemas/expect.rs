//! One mistake in words: what was expected, what was found, which known name was probably meant.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;
use std::collections::HashMap;

/// The most characters that are quoted of a value.
const MOST_QUOTED: usize = 60;
/// The most alternatives that are listed.
const MOST_LISTED: usize = 24;
/// Where a schema has its own words for a mistake; editors know the key too.
const OWN_MESSAGE: &str = "errorMessage";

/// What there is to say about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// What was expected, as a phrase after "expected".
    Expected(String),
    /// A sentence that says it all.
    All(String),
}

impl Said {
    fn from_text(text: &str) -> Self {
        match text.strip_prefix("expected ") {
            Some(phrase) => Self::Expected(phrase.to_owned()),
            None => Self::All(text.to_owned()),
        }
    }

    /// The sentence, with what was found.
    pub(super) fn with_found(self, found: &Value) -> String {
        match self {
            Self::All(sentence) => sentence,
            Self::Expected(phrase) => format!("expected {phrase}, found {}", describe(found)),
        }
    }
}

/// What the schema itself says about a mistake: `errorMessage` beside the keyword.
pub(super) fn own_message(error: &ValidationError<'_>, source: &Value) -> Option<Said> {
    let (parent, keyword) = owner(error, source)?;
    match parent.get(OWN_MESSAGE)? {
        Value::String(text) => Some(Said::from_text(text)),
        Value::Object(by_keyword) => {
            let text = by_keyword.get(keyword)?.as_str()?;
            Some(Said::from_text(text))
        }
        _ => None,
    }
}

/// The part of the schema with the keyword that an error is about, if it is in this document.
fn owner<'s>(
    error: &ValidationError<'_>,
    source: &'s Value,
) -> Option<(&'s serde_json::Map<String, Value>, &'static str)> {
    let (pointer, _) = error.schema_path().as_str().rsplit_once('/')?;
    let keyword = KEYWORDS
        .iter()
        .find(|keyword| **keyword == error.kind().keyword())?;
    let owner = source.pointer(pointer)?.as_object()?;
    owner.contains_key(*keyword).then_some((owner, keyword))
}

const KEYWORDS: [&str; 28] = [
    "additionalItems",
    "additionalProperties",
    "anyOf",
    "const",
    "contains",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "propertyNames",
    "required",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "dependentRequired",
];

/// The names of the keys that a mapping with an unknown key may have.
pub(super) fn known_keys<'s>(error: &ValidationError<'_>, source: &'s Value) -> Vec<&'s str> {
    let owner = owner(error, source).map(|(owner, _)| owner);
    let keys = owner
        .and_then(|owner| owner.get("properties"))
        .and_then(Value::as_object);
    keys.map_or_else(Vec::new, |keys| keys.keys().map(String::as_str).collect())
}

/// What to say of a key that is not known.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(near) => format!("unknown key, is `{near}` meant?"),
        None if known.is_empty() || known.len() > MOST_LISTED => "unknown key".into(),
        None => {
            let known = known.iter().map(|known| format!("`{known}`"));
            format!("unknown key: expected {}", either(known.collect()))
        }
    }
}

/// The known name that was probably meant.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    const LONGEST: usize = 80;
    if name.len() > LONGEST {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace(['_', ' '], "-");
    let name = plain(name);
    let length = name.chars().count();
    let far = |known: &&str| strsim::osa_distance(&name, &plain(known));
    let near = known.iter().copied().min_by_key(far)?;
    (far(&near) < length.min(2 + length / 4)).then_some(near)
}

/// The alternatives, as a phrase.
pub(super) fn either(mut phrases: Vec<String>) -> String {
    let mut seen = std::collections::HashSet::new();
    phrases.retain(|phrase| seen.insert(phrase.clone()));
    let beyond = phrases.len().saturating_sub(MOST_LISTED);
    phrases.truncate(MOST_LISTED);
    if beyond > 0 {
        phrases.push(format!("{beyond} others"));
    }
    match phrases.pop() {
        None => "nothing".into(),
        Some(only) if phrases.is_empty() => only,
        Some(last) => format!("{} or {last}", phrases.join(", ")),
    }
}

/// A value, shortly: plain ones as they are, of others what they are.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".into(),
        Value::String(text) => format!("the text `{}`", clip(text)),
        Value::Array(items) if items.is_empty() => "an empty list".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(members) if members.is_empty() => "an empty mapping".into(),
        Value::Object(_) => "a mapping".into(),
    }
}

fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(MOST_QUOTED).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

/// A value that is expected, as a phrase.
fn quote(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", clip(text)),
        Value::Null => "nothing".into(),
        other => format!("`{}`", clip(&other.to_string())),
    }
}

fn type_phrase(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a text",
    }
}

/// What an error that hides no others says.
pub(super) fn said(error: &ValidationError<'_>) -> Said {
    let characters = |least: &str, limit: u64| {
        let noun = if limit == 1 {
            "character"
        } else {
            "characters"
        };
        Said::Expected(format!("at {least} {limit} {noun}"))
    };
    let count = |least: &str, limit: u64, (one, many): (&str, &str)| {
        let noun = if limit == 1 { one } else { many };
        let found = match error.instance().as_ref() {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        };
        Said::All(format!("expected at {least} {limit} {noun}, found {found}"))
    };
    let (entries, keys) = (("entry", "entries"), ("key", "keys"));
    match error.kind() {
        Kind::Type { kind } => Said::Expected(match kind {
            TypeKind::Single(kind) => type_phrase(*kind).into(),
            TypeKind::Multiple(kinds) => {
                either(kinds.iter().map(|kind| type_phrase(kind).into()).collect())
            }
        }),
        Kind::Constant { expected_value } => Said::Expected(quote(expected_value)),
        Kind::Enum { options } => enumeration(options, error.instance()),
        Kind::Required { property } => Said::All(format!("missing key {}", quote(property))),
        Kind::Minimum { limit } => Said::Expected(format!("at least {limit}")),
        Kind::Maximum { limit } => Said::Expected(format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => Said::Expected(format!("more than {limit}")),
        Kind::ExclusiveMaximum { limit } => Said::Expected(format!("less than {limit}")),
        Kind::MultipleOf { multiple_of } => Said::Expected(format!("a multiple of {multiple_of}")),
        Kind::MinLength { limit } => characters("least", *limit),
        Kind::MaxLength { limit } => characters("most", *limit),
        Kind::MinItems { limit } => count("least", *limit, entries),
        Kind::MaxItems { limit } => count("most", *limit, entries),
        Kind::MinProperties { limit } => count("least", *limit, keys),
        Kind::MaxProperties { limit } => count("most", *limit, keys),
        Kind::Pattern { pattern } => {
            Said::Expected(format!("a text that matches `{}`", clip(pattern)))
        }
        Kind::Format { format } => Said::Expected(format_phrase(format)),
        Kind::Contains => Said::All("no entry is what `contains` in the schema asks for".into()),
        Kind::FalseSchema => Said::All("the schema allows nothing here".into()),
        Kind::Not { .. } => Said::All("is what `not` in the schema forbids".into()),
        Kind::OneOfMultipleValid { .. } => Said::All(
            "fits more than one of the alternatives of which the schema allows only one".into(),
        ),
        Kind::UnevaluatedItems { .. } => {
            Said::All("has entries that the schema does not know".into())
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => Said::All(
            "cannot be judged: a pattern of the schema takes too long on this text".into(),
        ),
        _ => Said::All(clip_sentence(&error.masked_with("the value").to_string())),
    }
}

fn clip_sentence(text: &str) -> String {
    text.chars().take(200).collect()
}

fn enumeration(all: &Value, found: &Value) -> Said {
    let options = all.as_array().map_or(&[][..], Vec::as_slice);
    let count = options.len();
    if let Value::String(text) = found {
        let texts: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        if let Some(near) = nearest(text, &texts).filter(|_| texts.len() > 4) {
            let found = describe(found);
            return Said::All(format!("unknown value: found {found}, is `{near}` meant?"));
        }
    }
    if count > MOST_LISTED {
        return Said::Expected(format!("one of {count} values"));
    }
    Said::Expected(either(quoted(all)))
}

/// The values of an `enum`, each as a phrase.
pub(super) fn quoted(options: &Value) -> Vec<String> {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    options.iter().map(quote).collect()
}

fn format_phrase(format: &str) -> String {
    match format {
        "date-time" => "a date and time (RFC 3339)".into(),
        "date" => "a date such as 2026-01-31".into(),
        "email" | "idn-email" => "an e-mail address".into(),
        "uri" | "iri" => "an address with a scheme (URI)".into(),
        "regex" => "a regular expression".into(),
        other => format!("a text of the format `{}`", clip(other)),
    }
}

/// The position of an entry that is the same as one before, and that one's.
pub(super) fn first_repeated(list: &Value) -> Option<(usize, usize)> {
    let mut seen = HashMap::new();
    for (at, item) in list.as_array()?.iter().enumerate() {
        if let Some(first) = seen.insert(canonical(item), at) {
            return Some((at, first));
        }
    }
    None
}

/// Equal for equal values, whatever the order of their keys.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key:?}:{}", canonical(value)))
                .collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}
