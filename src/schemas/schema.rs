//! A schema, compiled once.

use super::convert::{Finder, convert};
use super::effort;
use super::judge::{self, Fault, Remark};
use super::resolve::{Library, Resolver, address};
use crate::syntax::Node;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;
use std::sync::Arc;

/// How often a pattern with look-around or back-references may step back; all others take linear time.
const MOST_BACKTRACKING: usize = 100_000;
/// The most bytes that one compiled pattern may take.
const MOST_PATTERN: usize = 4 << 20;

/// A JSON Schema, ready to judge values.
pub struct Schema {
    pub(super) source: Value,
    pub(super) validator: Validator,
    /// By how much a level of a document multiplies what there is to explain.
    pub(super) factor: u64,
}

/// A schema by which nothing can be judged: all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Unusable(pub Vec<String>);

impl Schema {
    /// Compiles a schema from a file of the workspace. Other files that it refers to, relative to `path`, come from the
    /// library.
    ///
    /// # Errors
    /// Each mistake, with its place in the schema's text.
    pub fn compile(node: &Node, path: &str, library: Arc<dyn Library>) -> Result<Self, Vec<Fault>> {
        let Some(converted) = convert(node) else {
            return Err(vec![judge::too_deep(node)]);
        };
        build(converted.json, Some(path), library).map_err(|remarks| {
            let mut finder = Finder::new(node);
            judge::locate(remarks, &mut finder)
        })
    }

    /// Compiles a schema that is written in a policy or built in.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn from_value(source: Value, library: Arc<dyn Library>) -> Result<Self, Unusable> {
        build(source, None, library).map_err(|remarks| {
            let said = remarks.into_iter().map(|remark| match &*remark.pointer {
                "" => remark.message,
                pointer => format!("{pointer}: {}", remark.message),
            });
            Unusable(said.collect())
        })
    }

    /// All that is wrong with a value, in the order of the text.
    pub fn judge(&self, document: &Node) -> Vec<Fault> {
        judge::judge(self, document)
    }
}

fn build(
    source: Value,
    path: Option<&str>,
    library: Arc<dyn Library>,
) -> Result<Schema, Vec<Remark>> {
    check(&source)?;
    let id = ["$id", "id"]
        .iter()
        .find_map(|key| source.get(key)?.as_str());
    let resolver = Resolver::new(library, id, path);
    let patterns = PatternOptions::fancy_regex()
        .backtrack_limit(MOST_BACKTRACKING)
        .size_limit(MOST_PATTERN);
    let mut options = jsonschema::options()
        .with_retriever(resolver)
        .with_pattern_options(patterns);
    if let Some(path) = path {
        options = options.with_base_uri(address(path));
    }
    match options.build(&source) {
        Ok(validator) => Ok(Schema {
            factor: effort::factor(&source),
            source,
            validator,
        }),
        Err(error) => Err(vec![Remark {
            pointer: error.instance_path().as_str().to_owned(),
            key: None,
            message: reason(&error),
        }]),
    }
}

/// Holds a schema against the schema of its draft.
fn check(source: &Value) -> Result<(), Vec<Remark>> {
    let draft = Draft::default().detect(source);
    if matches!(draft, Draft::Unknown) {
        let named = source["$schema"].as_str().unwrap_or_default();
        let named: String = named.chars().take(100).collect();
        return Err(vec![Remark {
            pointer: "/$schema".into(),
            key: None,
            message: format!(
                "`{named}` is no draft that is known: expected draft 4, 6, 7, 2019-09 or 2020-12"
            ),
        }]);
    }
    let remarks = match jsonschema::meta::validator_for(source) {
        Ok(meta) => {
            let errors: Vec<_> = meta.iter_errors(source).collect();
            judge::remarks(&errors, &Value::Null)
        }
        Err(error) => vec![Remark {
            pointer: String::new(),
            key: None,
            message: reason(&error),
        }],
    };
    if remarks.is_empty() {
        Ok(())
    } else {
        Err(remarks)
    }
}

/// Why a schema that is of the right form cannot be compiled.
fn reason(error: &jsonschema::ValidationError<'_>) -> String {
    use jsonschema::ReferencingError;
    use jsonschema::error::ValidationErrorKind;
    match error.kind() {
        ValidationErrorKind::Referencing(ReferencingError::Unretrievable { source, .. }) => {
            format!("`$ref`: {source}")
        }
        ValidationErrorKind::Referencing(ReferencingError::PointerToNowhere { pointer }) => {
            format!("`$ref`: there is nothing at `{pointer}`")
        }
        ValidationErrorKind::Referencing(other) => format!("`$ref`: {other}"),
        ValidationErrorKind::Format { .. } => {
            format!("{error}: expected a regular expression")
        }
        _ => error.to_string(),
    }
}
