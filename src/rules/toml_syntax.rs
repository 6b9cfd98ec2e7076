//! `toml-syntax`: files that TOML parsers do not read.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::listing::DEFAULT_MAX_FINDINGS;
use super::options::build;
use super::syntax_check::{self, Templates, Terms};
use crate::finding::{Found, Severity};
use crate::syntax::Notation;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "toml-syntax",
    summary: "a file is not the TOML that its name promises",
    why: "A mistake in a manifest or a configuration stops the program that reads it, often only after the deployment.",
    fix: "Correct the place that the message names.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<TomlSyntax>(),
    build: build::<TomlSyntax>,
    examples: &[
        Example {
            title: "A manifest",
            options: "",
            files: &[ExampleFile {
                path: "Cargo.toml",
                is: ExampleKind::Text("[package]\nname = \"a\"\n"),
            }],
            violations: &[],
        },
        Example {
            title: "Three mistakes",
            options: "",
            files: &[ExampleFile {
                path: "a.toml",
                is: ExampleKind::Text("a = 01\nb = \nc = 1\nc = 2\n"),
            }],
            violations: &["a.toml:1:5", "a.toml:2:5", "a.toml:4:1"],
        },
    ],
};

/// Options of `toml-syntax`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct TomlSyntax {
    /// Whether all files that the rule looks at are TOML, whatever their names; say which by `paths`.
    any_name: bool,
    /// Whether a key that is set twice is a mistake. Parsers take one of the values and drop the other.
    duplicate_keys: bool,
    /// What to do with files that a template engine makes the real file from.
    templates: Templates,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for TomlSyntax {
    fn default() -> Self {
        Self {
            any_name: false,
            duplicate_keys: true,
            templates: Templates::default(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for TomlSyntax {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if !self.any_name && Notation::of(file.entry.path()) != Some(Notation::Toml) {
            return;
        }
        let terms = Terms {
            duplicate_keys: self.duplicate_keys,
            templates: self.templates,
            max_findings: self.max_findings,
        };
        syntax_check::tell(file, Notation::Toml, &terms, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    fn messages(options: &str, path: &str, text: &str) -> Vec<String> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::content(check.as_ref(), path, text.as_bytes());
        drafts.into_iter().map(|draft| draft.message).collect()
    }

    #[test]
    fn names_decide_unless_any_name_is_meant() {
        assert!(messages("", "a.txt", "a =").is_empty());
        assert_eq!(messages("any_name: true", "a.txt", "a =").len(), 1);
        assert!(messages("duplicate_keys: false", "Cargo.lock", "a = 1\na = 2").is_empty());
        assert!(messages("", "a.toml", "name = {{ name }}").is_empty());
    }
}
