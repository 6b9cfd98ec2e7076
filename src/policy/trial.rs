//! For tests: a small catalogue that does not change with the real one, and policies from texts.

use super::load::{PolicyFile, load_with};
use super::merge::Catalogue;
use super::{Policy, Problems};
use crate::finding::Severity;
use crate::rules::{ByteSize, Check, Level, OptionError, Pattern, Rule};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// `file-size` (on everything), `forbidden-content` (needs paths), `path-length` and `dead-pattern` (of the engine).
pub(super) static RULES: &Catalogue = &[&FILE_SIZE, &FORBIDDEN_CONTENT, &PATH_LENGTH, &ENGINE];

static FILE_SIZE: Rule = Rule {
    id: "file-size",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<FileSize>(),
    build: build::<FileSize>,
    ..BLANK
};

static FORBIDDEN_CONTENT: Rule = Rule {
    id: "forbidden-content",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: true,
    schema: |generator| generator.subschema_for::<ForbiddenContent>(),
    build: build::<ForbiddenContent>,
    ..BLANK
};

static PATH_LENGTH: Rule = Rule {
    id: "path-length",
    schema: |generator| generator.subschema_for::<PathLength>(),
    build: build::<PathLength>,
    ..BLANK
};

static ENGINE: Rule = Rule {
    id: "dead-pattern",
    severity: Severity::Note,
    levels: &[Level::Engine],
    schema: |generator| generator.subschema_for::<DeadPattern>(),
    build: build::<DeadPattern>,
    ..BLANK
};

const BLANK: Rule = Rule {
    id: "",
    summary: "summary",
    why: "Why.",
    fix: "Fix.",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<PathLength>(),
    build: build::<PathLength>,
    examples: &[],
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct FileSize {
    max: ByteSize,
}

impl Default for FileSize {
    fn default() -> Self {
        Self {
            max: ByteSize(1 << 20),
        }
    }
}

impl Check for FileSize {
    fn entry(&self, entry: crate::walk::Entry<'_>, found: &mut crate::finding::Found) {
        if entry.size() > self.max.0 {
            found.whole(self.max.to_string());
        }
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ForbiddenContent {
    pattern: Option<Pattern>,
    style: Style,
    within: Vec<Within>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Style {
    #[default]
    WholeFile,
    EachLine,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Within {
    lines: u32,
}

impl Check for ForbiddenContent {
    fn validate(&self) -> Vec<OptionError> {
        let lines = self.within.iter().any(|within| within.lines == 0);
        let mut mistakes = Vec::new();
        if self.pattern.is_none() {
            mistakes.push(OptionError {
                path: Vec::new(),
                message: "missing key `pattern`".into(),
            });
        }
        if lines && !matches!(self.style, Style::WholeFile) {
            mistakes.push(OptionError::new("within", "0 lines is nowhere"));
        }
        mistakes
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PathLength {
    max: Option<usize>,
}

impl Check for PathLength {}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DeadPattern {
    quiet: bool,
}

impl Check for DeadPattern {}

/// Each key alone first, as the rules themselves do it.
fn build<T: DeserializeOwned + Check + 'static>(
    options: &serde_yaml::Value,
) -> Result<Box<dyn Check>, Vec<OptionError>> {
    let read = |value: serde_yaml::Value| {
        serde_path_to_error::deserialize::<_, T>(value).map_err(|error| OptionError {
            path: error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
                    serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                    _ => None,
                })
                .collect(),
            message: error.into_inner().to_string(),
        })
    };
    let alone = |(key, value): (&serde_yaml::Value, &serde_yaml::Value)| {
        let alone = serde_yaml::Mapping::from_iter([(key.clone(), value.clone())]);
        read(serde_yaml::Value::Mapping(alone)).err()
    };
    let mistakes: Vec<_> = options
        .as_mapping()
        .unwrap()
        .iter()
        .filter_map(alone)
        .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let check = read(options.clone()).map_err(|mistake| vec![mistake])?;
    let mistakes = check.validate();
    if mistakes.is_empty() {
        Ok(Box::new(check))
    } else {
        Err(mistakes)
    }
}

/// A policy at `.factory-gate.yml`, with these other files in the workspace.
pub(super) fn load_files(text: &str, files: &[(&str, &str)]) -> Result<Policy, Problems> {
    let loader = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no such file"))
    };
    load_with(Some(policy_file(text.as_bytes())), &loader, RULES)
}

/// A policy at `.factory-gate.yml`.
pub(super) fn policy_file(text: &[u8]) -> PolicyFile {
    PolicyFile {
        name: "p.yml".into(),
        workspace_path: Some(".factory-gate.yml".into()),
        outside_path: None,
        text: text.to_vec(),
    }
}

/// A valid policy without its first line, which is `version: 1`.
pub(super) fn policy(body: &str) -> Policy {
    match load_files(&format!("version: 1\n{body}"), &[]) {
        Ok(policy) => policy,
        Err(problems) => panic!("{problems}"),
    }
}

/// The mistakes of a policy without its first line, which is `version: 1`.
pub(super) fn mistakes(body: &str) -> Vec<String> {
    mistakes_with(&format!("version: 1\n{body}"), &[])
}

/// The mistakes of a policy with other files around it.
pub(super) fn mistakes_with(text: &str, files: &[(&str, &str)]) -> Vec<String> {
    match load_files(text, files) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}
