//! `xml-syntax`: files that XML parsers do not read.

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
    id: "xml-syntax",
    summary: "a file is not well-formed XML",
    why: "A tag that is never closed stops the program that reads the file, often only after the deployment.",
    fix: "Correct the place that the message names. Nothing that a file refers to is loaded, so entities that another file declares are taken as they are.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<XmlSyntax>(),
    build: build::<XmlSyntax>,
    examples: &[
        Example {
            title: "Well-formed",
            options: "",
            files: &[ExampleFile {
                path: "a.svg",
                is: ExampleKind::Text(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>\n",
                ),
            }],
            violations: &[],
        },
        Example {
            title: "A tag that is not closed",
            options: "",
            files: &[ExampleFile {
                path: "a.xml",
                is: ExampleKind::Text("<a>\n  <b>\n</a>\n"),
            }],
            violations: &["a.xml:3:1"],
        },
        Example {
            title: "A bare ampersand, and an attribute twice",
            options: "",
            files: &[ExampleFile {
                path: "a.xml",
                is: ExampleKind::Text("<a b=\"1\" b=\"2\">x & y</a>\n"),
            }],
            violations: &["a.xml:1:10", "a.xml:1:18"],
        },
    ],
};

/// Options of `xml-syntax`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct XmlSyntax {
    /// Whether all files that the rule looks at are XML, whatever their names; say which by `paths`.
    any_name: bool,
    /// What to do with files that a template engine makes the real file from.
    templates: Templates,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for XmlSyntax {
    fn default() -> Self {
        Self {
            any_name: false,

            templates: Templates::default(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for XmlSyntax {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if !self.any_name && Notation::of(file.entry.path()) != Some(Notation::Xml) {
            return;
        }
        // Property lists have another notation besides, which begins with a brace.
        let is_other_plist =
            file.has_extension(&["plist"]) && file.bytes.trim_ascii_start().first() != Some(&b'<');
        if is_other_plist && !self.any_name {
            return;
        }
        let terms = Terms {
            duplicate_keys: true,
            templates: self.templates,
            max_findings: self.max_findings,
        };
        syntax_check::tell(file, Notation::Xml, &terms, found);
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
        assert!(messages("", "a.txt", "<a>").is_empty());
        assert_eq!(messages("any_name: true", "a.txt", "<a>").len(), 1);
        assert!(messages("", "a.plist", "{ a = b; }").is_empty());
        assert_eq!(messages("", "a.plist", "<plist>").len(), 1);
        assert!(messages("", "a.xml", "<a>{% if b %}<b>{% endif %}</a>").is_empty());
    }
}
