//! From what the validator says to what a person is told: each mistake once, with its place in the text.

use super::branch;
use super::convert::{Finder, convert, under};
use super::effort;
use super::expect::{self, Said};
use super::schema::Schema;
use crate::syntax::Node;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use std::ops::Range;

/// The most values in a document of which all mistakes are listed; of a larger one it is the first.
const MOST_LISTED: usize = 100_000;

/// A place at which a value is not what its schema asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Byte offsets into the text.
    pub bytes: Range<usize>,
    /// The key path, then what was expected and what was found. May hold untrusted text.
    pub message: String,
}

/// A mistake, before its place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// Where the value is: a JSON pointer.
    pub(super) pointer: String,
    /// The key of the value that it is about, if it is about a key.
    pub(super) key: Option<String>,
    pub(super) message: String,
}

pub(super) fn judge(schema: &Schema, document: &Node) -> Vec<Fault> {
    let Some(converted) = convert(document) else {
        return vec![too_deep(document)];
    };
    if schema.validator.is_valid(&converted.json) {
        return Vec::new();
    }
    if effort::is_too_much(document, schema.factor) {
        let remark = Remark {
            pointer: String::new(),
            key: None,
            message: "does not fit the schema; where cannot be said, since it is nested too deeply for alternatives that hold themselves".into(),
        };
        return locate(vec![remark], &mut Finder::new(document));
    }
    let is_small = converted.nodes <= MOST_LISTED;
    let errors: Vec<_> = if is_small {
        schema.validator.iter_errors(&converted.json).collect()
    } else {
        schema
            .validator
            .validate(&converted.json)
            .err()
            .into_iter()
            .collect()
    };
    let mut found = remarks(&errors, &schema.source);
    if found.is_empty() {
        found.push(Remark {
            pointer: String::new(),
            key: None,
            message: "does not fit the schema".into(),
        });
    }
    let mut faults = locate(found, &mut Finder::new(document));
    if !is_small && let Some(first) = faults.first_mut() {
        let rest = format!(
            "; more may follow: of a document with more than {MOST_LISTED} values only the first mistake is named"
        );
        first.message += &rest;
    }
    faults
}

pub(super) fn too_deep(node: &Node) -> Fault {
    let start = node.bytes.start;
    Fault {
        bytes: start..start,
        message: format!(
            "nested more than {} levels deep, so it cannot be judged",
            super::convert::MOST_DEPTH
        ),
    }
}

/// Gives each remark its place, in the order of the text.
pub(super) fn locate(remarks: Vec<Remark>, finder: &mut Finder<'_>) -> Vec<Fault> {
    let faults = remarks.into_iter().map(|remark| {
        let spot = finder.find(&remark.pointer);
        let key = remark.key.as_deref();
        let at_key = key.and_then(|key| Some((spot.key_bytes(key)?, under(&spot.path, key))));
        let (bytes, path) = at_key.unwrap_or_else(|| (spot.mark(), spot.path.clone()));
        let message = match &*path {
            "" => remark.message,
            path => format!("`{path}`: {}", remark.message),
        };
        Fault { bytes, message }
    });
    let mut faults: Vec<Fault> = faults.collect();
    faults.sort_by(|one, other| {
        let key = |fault: &Fault| (fault.bytes.start, fault.bytes.end);
        (key(one), &one.message).cmp(&(key(other), &other.message))
    });
    faults.dedup();
    faults
}

/// What to say about these mistakes.
pub(super) fn remarks(errors: &[ValidationError<'_>], source: &Value) -> Vec<Remark> {
    let mut told = Vec::new();
    for error in errors {
        explain(error, source, &mut told);
    }
    told
}

/// What to say about one mistake: several things, where it hides several.
pub(super) fn explain(error: &ValidationError<'_>, source: &Value, told: &mut Vec<Remark>) {
    let own = expect::own_message(error, source);
    match error.kind() {
        _ if own.is_some() => {
            let said = own.map(|own| own.with_found(error.instance()));
            told.extend(said.map(|message| at_value(error, message)));
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = expect::known_keys(error, source);
            told.extend(unexpected.iter().map(|key| Remark {
                key: Some(key.clone()),
                ..at_value(error, expect::unknown_key(key, &known))
            }));
        }
        Kind::AdditionalItems { limit } => {
            let surplus = error.instance().as_array().map_or(0, Vec::len);
            let message = format!("expected at most {limit} entries, found {surplus}");
            told.push(below(error, *limit, message));
        }
        Kind::UniqueItems => match expect::first_repeated(error.instance()) {
            Some((at, first)) => {
                let message = format!("the same entry is at [{first}] already");
                told.push(below(error, at, message));
            }
            None => told.push(at_value(error, "some entries are the same".into())),
        },
        Kind::PropertyNames { error: inner } => {
            let key = inner.instance().as_str().unwrap_or_default().to_owned();
            let message = match expect::own_message(inner, source) {
                Some(own) => own.with_found(inner.instance()),
                None => format!(
                    "the key is not as it should be: {}",
                    expect::said(inner).with_found(inner.instance())
                ),
            };
            told.push(Remark {
                key: Some(key),
                ..at_value(error, message)
            });
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            branch::explain(error, context, source, told);
        }
        _ => {
            let said: Said = expect::said(error);
            told.push(at_value(error, said.with_found(error.instance())));
        }
    }
}

fn at_value(error: &ValidationError<'_>, message: String) -> Remark {
    Remark {
        pointer: error.instance_path().as_str().to_owned(),
        key: None,
        message,
    }
}

fn below(error: &ValidationError<'_>, at: usize, message: String) -> Remark {
    Remark {
        pointer: format!("{}/{at}", error.instance_path().as_str()),
        ..at_value(error, message)
    }
}
