//! `yaml-syntax`: files that YAML parsers do not read.

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
    id: "yaml-syntax",
    summary: "a file is not the YAML that its name promises",
    why: "A wrong indentation stops the program that reads the file, often only after the deployment; and of a key that is set \
          twice, one of the values is lost without a word.",
    fix: "Correct the place that the message names. Put quotes around texts that begin with a character that means something in YAML.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<YamlSyntax>(),
    build: build::<YamlSyntax>,
    examples: &[
        Example {
            title: "Several documents, and the tags of any program",
            options: "",
            files: &[ExampleFile {
                path: "a.yml",
                is: ExampleKind::Text("a: !Ref b\n---\na: !vault |\n  6162\n"),
            }],
            violations: &[],
        },
        Example {
            title: "A key twice, a tab, and an alias of nothing",
            options: "",
            files: &[ExampleFile {
                path: "a.yaml",
                is: ExampleKind::Text("a: 1\na: 2\n---\nb:\n\t- 1\n---\nc: *d\n"),
            }],
            violations: &["a.yaml:2:1", "a.yaml:5:2", "a.yaml:7:4"],
        },
        Example {
            title: "What a template engine makes YAML of is judged up to its first mark",
            options: "",
            files: &[ExampleFile {
                path: "chart/templates/a.yaml",
                is: ExampleKind::Text("a: 1\na: 2\n{{- if .Values.b }}\nb: [\n{{- end }}\n"),
            }],
            violations: &["chart/templates/a.yaml:2:1"],
        },
    ],
};

/// Options of `yaml-syntax`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct YamlSyntax {
    /// Whether all files that the rule looks at are YAML, whatever their names; say which by `paths`.
    any_name: bool,
    /// Whether a key that is set twice is a mistake. Parsers take one of the values and drop the other.
    duplicate_keys: bool,
    /// What to do with files that a template engine makes the real file from.
    templates: Templates,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for YamlSyntax {
    fn default() -> Self {
        Self {
            any_name: false,
            duplicate_keys: true,
            templates: Templates::default(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for YamlSyntax {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if !self.any_name && Notation::of(file.entry.path()) != Some(Notation::Yaml) {
            return;
        }
        let terms = Terms {
            duplicate_keys: self.duplicate_keys,
            templates: self.templates,
            max_findings: self.max_findings,
        };
        syntax_check::tell(file, Notation::Yaml, &terms, found);
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
        assert!(messages("", "a.txt", "a: b: c").is_empty());
        assert_eq!(messages("any_name: true", "a.txt", "a: b: c").len(), 1);
        assert!(messages("duplicate_keys: false", "a.yml", "a: 1\na: 2").is_empty());
    }

    #[test]
    fn expressions_of_workflows_do_not_make_a_template() {
        assert_eq!(
            messages("", "a.yml", "a: ${{ b }}\nc: \"{{ d }}\"\ne: [\n").len(),
            1
        );
        assert!(messages("", "a.yml", "a: {{ b }}:{{ c }}\n").is_empty());
        assert_eq!(
            messages("templates: check", "a.yml", "a: {{ b }}:{{ c }} d\n").len(),
            1
        );
    }
}
