//! `duplicate-file`: files whose content the workspace already has elsewhere.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, OptionError, Rule, Scope};
use super::name_set::NameSet;
use super::options::{ByteSize, build};
use crate::finding::{Found, Severity, Subject};
use crate::walk::Entry;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-file",
    summary: "a file has the same content as another one",
    why: "Of two copies, one gets the next bug fix. Copies of big files also cost every clone and every deployment.",
    fix: "Keep one and refer to it; if both have to be there, exclude one of them from this rule.",
    severity: Severity::Warning,
    levels: &[Level::Tree, Level::Digest],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<DuplicateFile>(),
    build: build::<DuplicateFile>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Different contents",
        options: "min_size: 1",
        files: &[text("a.txt", "one\n"), text("b.txt", "two\n")],
        violations: &[],
    },
    Example {
        title: "Small files and licences may be there twice",
        options: "",
        files: &[
            text("a/empty.py", "\n"),
            text("b/empty.py", "\n"),
            zeros("a/LICENSE-MIT", 4096),
            zeros("b/LICENSE-MIT", 4096),
        ],
        violations: &[],
    },
    Example {
        title: "A copy of 2 KiB",
        options: "",
        files: &[zeros("assets/logo.png", 2048), zeros("web/logo.png", 2048)],
        violations: &["web/logo.png"],
    },
    Example {
        title: "Two copies are fine, the third is not",
        options: "{ max_copies: 2, min_size: 1 }",
        files: &[
            text("a.txt", "one\n"),
            text("b.txt", "one\n"),
            text("c.txt", "one\n"),
        ],
        violations: &["c.txt"],
    },
    Example {
        title: "Names of one's own to ignore",
        options: "{ ignore_names: ['*.snap'] }",
        files: &[zeros("a.snap", 2048), zeros("b.snap", 2048)],
        violations: &[],
    },
];

const fn text(path: &'static str, text: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text(text),
    }
}

const fn zeros(path: &'static str, size: u64) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Size(size),
    }
}

/// Options of `duplicate-file`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DuplicateFile {
    /// Smaller files are not compared.
    min_size: ByteSize,
    /// Most files that may have the same content; the first ones in the order of their paths are fine.
    #[schemars(range(min = 1))]
    max_copies: u32,
    /// Names of files that are not compared; `*` stands for any characters.
    ignore_names: NameSet,
}

impl Default for DuplicateFile {
    fn default() -> Self {
        Self {
            min_size: ByteSize(1024),
            max_copies: 1,
            ignore_names: NameSet::of(&["LICENSE*", "LICENCE*", "COPYING*", "NOTICE*"]),
        }
    }
}

impl Check for DuplicateFile {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let mut seen: HashMap<u128, (Entry<'_>, u32)> = HashMap::new();
        for file in scope.files() {
            if file.size() < self.min_size.0 || self.ignore_names.contains(file.name()) {
                continue;
            }
            let Some(digest) = scope.digest(file) else {
                continue;
            };
            let (first, copies) = seen.entry(digest).or_insert((file, 0));
            *copies = copies.saturating_add(1);
            if *copies > self.max_copies {
                let (size, first) = (ByteSize(file.size()), first.path());
                found.on(
                    file.path(),
                    Subject::File,
                    format!("file has the same content as `{first}` ({size})"),
                );
            }
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        if self.max_copies == 0 {
            return vec![OptionError::new(
                "max_copies",
                "0 would refuse every file: expected at least 1",
            )];
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_refused_and_named() {
        let mistakes = |yaml: &str| match (RULE.build)(&serde_yaml::from_str(yaml).unwrap()) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.path).collect(),
        };
        assert_eq!(mistakes("max_copies: 0"), [["max_copies"]]);
        assert_eq!(mistakes("min_size: big"), [["min_size"]]);
        assert_eq!(
            mistakes("ignore_names: [a, b/c, '']"),
            [["ignore_names", "1"]]
        );
    }
}
