//! `json-syntax`: files that JSON parsers do not read.

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
    id: "json-syntax",
    summary: "a file is not the JSON that its name promises",
    why: "A comma too many stops the program that reads the file, often only after the deployment; and of a key that is set twice, \
          one of the values is lost without a word.",
    fix: "Correct the place that the message names. If the program that reads the file takes comments or JSON5, say so with `notation`.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<JsonSyntax>(),
    build: build::<JsonSyntax>,
    examples: &[
        Example {
            title: "JSON, and comments where they belong",
            options: "",
            files: &[ExampleFile {
                path: "tsconfig.json",
                is: ExampleKind::Text("// for all\n{ \"strict\": true, }\n"),
            }],
            violations: &[],
        },
        Example {
            title: "Two mistakes and a lost value",
            options: "",
            files: &[ExampleFile {
                path: "a.json",
                is: ExampleKind::Text("{\n  'a': 1,\n  \"b\": [1, 2,],\n  \"b\": 3\n}\n"),
            }],
            violations: &["a.json:2:3", "a.json:3:13", "a.json:4:3"],
        },
        Example {
            title: "A file that its program reads as JSON5",
            options: "{ paths: ['*.conf'], notation: json5 }",
            files: &[ExampleFile {
                path: "a.conf",
                is: ExampleKind::Text("{a: 0x10, b: .5}\n"),
            }],
            violations: &[],
        },
        Example {
            title: "Each line of JSON Lines is a text of its own",
            options: "",
            files: &[ExampleFile {
                path: "log.jsonl",
                is: ExampleKind::Text("{\"a\": 1}\n{\"a\": 2\n"),
            }],
            violations: &["log.jsonl:2:1"],
        },
    ],
};

/// Options of `json-syntax`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct JsonSyntax {
    /// The notation of all files that the rule looks at, whatever their names; say which by `paths`. Without it, a file's
    /// name and folder decide: `tsconfig.json` and `.vscode/*.json` may have comments, `.json5` is JSON5, `.jsonl` JSON Lines.
    notation: Option<JsonNotation>,
    /// Whether a key that is set twice is a mistake. Parsers take one of the values and drop the other.
    duplicate_keys: bool,
    /// What to do with files that a template engine makes the real file from.
    templates: Templates,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

/// A way to write JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum JsonNotation {
    /// RFC 8259.
    Json,
    /// Comments and trailing commas.
    JsonWithComments,
    /// JSON5.
    Json5,
    /// A value on each line.
    JsonLines,
}

impl From<JsonNotation> for Notation {
    fn from(notation: JsonNotation) -> Self {
        match notation {
            JsonNotation::Json => Self::Json,
            JsonNotation::JsonWithComments => Self::JsonWithComments,
            JsonNotation::Json5 => Self::Json5,
            JsonNotation::JsonLines => Self::JsonLines,
        }
    }
}

impl Default for JsonSyntax {
    fn default() -> Self {
        Self {
            notation: None,
            duplicate_keys: true,
            templates: Templates::default(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for JsonSyntax {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let notation = match self.notation {
            Some(notation) => notation.into(),
            None => match Notation::of(file.entry.path()) {
                Some(
                    notation @ (Notation::Json
                    | Notation::JsonWithComments
                    | Notation::Json5
                    | Notation::JsonLines),
                ) => notation,
                _ => return,
            },
        };
        let terms = Terms {
            duplicate_keys: self.duplicate_keys,
            templates: self.templates,
            max_findings: self.max_findings,
        };
        syntax_check::tell(file, notation, &terms, found);
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
    fn names_decide_unless_a_notation_is_given() {
        assert!(messages("", "a.txt", "{").is_empty());
        assert!(messages("", "a.jsonc", "// a").is_empty());
        assert_eq!(messages("", "a.json", "[1] // a").len(), 1);
        assert!(messages("notation: json-with-comments", "a.json", "[1] // a").is_empty());
        assert_eq!(messages("notation: json", "a.txt", "{").len(), 1);
    }

    #[test]
    fn duplicate_keys_can_be_fine() {
        let text = "{\"a\": 1, \"a\": 2}";
        assert_eq!(
            messages("", "a.json", text),
            ["duplicate key `a`: it is already set in line 1, column 2"]
        );
        assert!(messages("duplicate_keys: false", "a.json", text).is_empty());
    }

    #[test]
    fn templates_are_judged_up_to_where_they_begin() {
        assert!(messages("", "a.json", "{\"a\": {{ b }}}").is_empty());
        assert_eq!(messages("", "a.json", "{'a': 1,\n\"a\": {{ b }}}").len(), 1);
        assert!(!messages("templates: check", "a.json", "{\"a\": {{ b }}}").is_empty());
    }
}
