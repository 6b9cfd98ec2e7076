//! The schemas that are built in, each compiled when the first file is judged by it.

use super::resolve::NoLibrary;
use super::schema::{Schema, Unusable};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// A built-in schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// Workflows of GitHub Actions.
    GithubWorkflow,
    /// The metadata of actions for GitHub Actions.
    GithubAction,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::GithubWorkflow, Self::GithubAction];

    /// The name in policies, after `builtin:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GithubWorkflow => "github-workflow",
            Self::GithubAction => "github-action",
        }
    }

    /// The one with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The files that it is about, as path patterns.
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Self::GithubWorkflow => &[".github/workflows/*.yml", ".github/workflows/*.yaml"],
            Self::GithubAction => &[
                "action.yml",
                "action.yaml",
                ".github/**/action.yml",
                ".github/**/action.yaml",
            ],
        }
    }

    /// Whether the file with this path is one of them.
    pub fn is_about(self, path: &[u8]) -> bool {
        let Some(stem) = [".yml", ".yaml"]
            .iter()
            .find_map(|extension| path.strip_suffix(extension.as_bytes()))
        else {
            return false;
        };
        match self {
            Self::GithubWorkflow => stem
                .strip_prefix(b".github/workflows/")
                .is_some_and(|name| !name.contains(&b'/')),
            Self::GithubAction => {
                stem == b"action" || (stem.starts_with(b".github/") && stem.ends_with(b"/action"))
            }
        }
    }

    /// The schema as it is written.
    ///
    /// # Errors
    /// It is no YAML, which a test rules out.
    pub fn source(self) -> Result<Value, Unusable> {
        let text = match self {
            Self::GithubWorkflow => include_str!("builtin/github-workflow.yaml"),
            Self::GithubAction => include_str!("builtin/github-action.yaml"),
        };
        serde_yaml::from_str(text).map_err(|error| Unusable(vec![error.to_string()]))
    }

    /// The schema, compiled once.
    ///
    /// # Errors
    /// It is no schema, which a test rules out.
    pub fn schema(self) -> Result<&'static Schema, Unusable> {
        static COMPILED: [OnceLock<Result<Schema, Unusable>>; 2] =
            [OnceLock::new(), OnceLock::new()];
        let place = match self {
            Self::GithubWorkflow => &COMPILED[0],
            Self::GithubAction => &COMPILED[1],
        };
        let compiled = place.get_or_init(|| {
            let source = self.source()?;
            Schema::from_value(source, Arc::new(NoLibrary))
        });
        compiled.as_ref().map_err(Clone::clone)
    }
}
