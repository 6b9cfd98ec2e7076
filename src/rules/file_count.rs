//! `file-count`: too many or too few things in a directory, below one, or in total.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, OptionError, Rule, Scope};
use super::folders::Folders;
use super::options::build;
use crate::finding::{Found, Severity, Subject};
use crate::walk::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) static RULE: Rule = Rule {
    id: "file-count",
    summary: "too many or too few files",
    why: "GitHub shows the first 1,000 entries of a directory and hides the rest, and tools slow down in very large ones. \
          A count that leaves its range is also the first sign of a generator that ran wild, or did not run at all.",
    fix: "Divide the directory, remove what a tool left there, or raise the limit for this path in an override.",
    severity: Severity::Warning,
    levels: &[Level::Tree],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<FileCount>(),
    build: build::<FileCount>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Two entries in each directory are fine",
        options: "in_directory: { max: 2 }",
        files: &[text("a/1"), text("a/2"), text("b/1"), text("b/2")],
        violations: &[],
    },
    Example {
        title: "Three are not; the directory in it counts as one entry",
        options: "in_directory: { max: 2 }",
        files: &[text("a/1"), text("a/2"), text("a/b/1")],
        violations: &["a"],
    },
    Example {
        title: "A directory whose files were not generated",
        options: "{ paths: ['gen/'], in_directory: { min: 2 }, count: files }",
        files: &[text("gen/api.rs"), text("src/main.rs")],
        violations: &["gen"],
    },
    Example {
        title: "Everything below a directory",
        options: "{ paths: ['data/'], below_directory: { max: 2 }, count: files }",
        files: &[
            text("data/a/1"),
            text("data/a/2"),
            text("data/b/3"),
            text("src/4"),
        ],
        violations: &["data"],
    },
    Example {
        title: "At most one log in the whole workspace; the violation is on the workspace",
        options: "{ paths: ['**/*.log'], in_total: { max: 1 } }",
        files: &[text("a.log"), text("logs/b.log"), text("src/main.rs")],
        violations: &[""],
    },
    Example {
        title: "Exactly one is one",
        options: "{ paths: ['**/*.log'], in_total: { min: 1, max: 1 } }",
        files: &[text("logs/b.log"), text("src/main.rs")],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `file-count`. Only what the rule's `paths` match is counted; write `data/` for a directory with
/// everything in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct FileCount {
    /// What is counted.
    count: Counted,
    /// The range for what lies directly in each directory. `max` also holds for the workspace itself and for
    /// directories of which only some files are counted; `min` only for directories that `paths` match.
    in_directory: Range,
    /// The range for what lies in each directory that `paths` match, with the directories below it.
    below_directory: Range,
    /// The range for everything together.
    in_total: Range,
}

impl Default for FileCount {
    fn default() -> Self {
        Self {
            count: Counted::Entries,
            in_directory: Range {
                min: None,
                max: Some(1000),
            },
            below_directory: Range::default(),
            in_total: Range::default(),
        }
    }
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Counted {
    /// Files, links and directories.
    Entries,
    /// Everything but directories.
    Files,
    /// Only directories.
    Directories,
}

impl Counted {
    fn counts(self, kind: Kind) -> bool {
        match self {
            Self::Entries => true,
            Self::Files => !matches!(kind, Kind::Directory | Kind::NestedRepository),
            Self::Directories => matches!(kind, Kind::Directory | Kind::NestedRepository),
        }
    }

    fn words(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Entries, 1) => "entry",
            (Self::Entries, _) => "entries",
            (Self::Files, 1) => "file",
            (Self::Files, _) => "files",
            (Self::Directories, 1) => "directory",
            (Self::Directories, _) => "directories",
        }
    }
}

/// A range of counts; a limit that is not given does not exist.
#[derive(Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Range {
    /// The least count that is fine.
    min: Option<u64>,
    /// The greatest count that is fine.
    max: Option<u64>,
}

impl Range {
    /// The limit that a count breaks, in words.
    fn broken_by(self, count: u64) -> Option<String> {
        if let Some(max) = self.max.filter(|max| count > *max) {
            return Some(format!("more than {max}"));
        }
        self.min
            .filter(|min| count < *min)
            .map(|min| format!("fewer than {min}"))
    }
}

/// What was counted for one directory, by its number.
#[derive(Clone, Copy, Default)]
struct Counts {
    direct: u64,
    below: u64,
    in_scope: bool,
}

impl Check for FileCount {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let mut folders = Folders::new();
        let mut counts = vec![Counts::default()];
        for entry in scope.entries() {
            let parent = folders.number(entry.parent());
            counts.resize(folders.all().len(), Counts::default());
            if self.count.counts(entry.kind()) {
                counts[parent as usize].direct += 1;
            }
            if entry.kind() == Kind::Directory {
                let number = folders.number(entry.path());
                counts.resize(folders.all().len(), Counts::default());
                counts[number as usize].in_scope = true;
            }
        }
        // Numbers ascend from the outside in, so each directory is complete before it is added to its parent.
        for number in (1..counts.len()).rev() {
            counts[number].below += counts[number].direct;
            let below = counts[number].below;
            counts[folders.all()[number].parent as usize].below += below;
        }
        counts[0].below += counts[0].direct;
        self.report_total(counts[0].below, found);
        for (folder, counts) in folders.all().iter().zip(&counts) {
            self.report(folder.path, *counts, found);
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let ranges = [
            ("in_directory", self.in_directory),
            ("below_directory", self.below_directory),
            ("in_total", self.in_total),
        ];
        ranges
            .into_iter()
            .filter_map(|(key, range)| {
                let (min, max) = range.min.zip(range.max).filter(|(min, max)| min > max)?;
                Some(OptionError::new(
                    key,
                    format!("`min` is {min}, more than `max`, which is {max}"),
                ))
            })
            .collect()
    }
}

impl FileCount {
    fn report_total(&self, count: u64, found: &mut Found) {
        if let Some(broken) = self.in_total.broken_by(count) {
            let words = self.count.words(count);
            found.on(
                b"",
                Subject::Directory,
                format!("{count} {words} in total, {broken}"),
            );
        }
    }

    fn report(&self, path: &[u8], counts: Counts, found: &mut Found) {
        let mut in_directory = self.in_directory;
        let mut below_directory = self.below_directory;
        if !counts.in_scope {
            in_directory.min = None;
            below_directory = Range::default();
        }
        for (range, count, place) in [
            (in_directory, counts.direct, "directly in it"),
            (below_directory, counts.below, "in it and below"),
        ] {
            if let Some(broken) = range.broken_by(count) {
                let words = self.count.words(count);
                found.on(
                    path,
                    Subject::Directory,
                    format!("directory has {count} {words} {place}, {broken}"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_must_not_be_empty() {
        let yaml = "{ in_total: { min: 3, max: 2 }, in_directory: { max: 0 } }";
        let Err(mistakes) = (RULE.build)(&serde_yaml::from_str(yaml).unwrap()) else {
            panic!("accepted");
        };
        assert_eq!(
            mistakes,
            [OptionError::new(
                "in_total",
                "`min` is 3, more than `max`, which is 2"
            )]
        );
    }

    #[test]
    fn both_ends_of_a_range_belong_to_it() {
        let range = Range {
            min: Some(1),
            max: Some(2),
        };
        assert_eq!(range.broken_by(0).as_deref(), Some("fewer than 1"));
        assert_eq!(range.broken_by(1), None);
        assert_eq!(range.broken_by(2), None);
        assert_eq!(range.broken_by(3).as_deref(), Some("more than 2"));
    }
}
