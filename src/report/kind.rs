//! The forms in which a finding set is written, one function each, all with one signature.

use super::github::{self, Source};
use super::levels::Plan;
use super::line_hash::LineHashes;
use super::{Run, azure, buildkite, csv, gitlab, json, junit, markdown, sarif, teamcity};
use crate::ci::System;
use std::io::Write;

/// A form of the whole finding set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The document `factory-gate/1`.
    Json,
    /// SARIF 2.1.0, within what GitHub takes.
    Sarif,
    /// `JUnit` XML, within what GitLab takes.
    Junit,
    /// GitLab Code Quality.
    Gitlab,
    /// Markdown that fits into a comment.
    Markdown,
    /// Comma-separated values: every violation.
    Csv,
    /// GitHub's workflow commands, for a log.
    Github,
    /// Azure Pipelines' logging commands, for a log.
    Azure,
    /// The body of an annotation for `buildkite-agent annotate`.
    Buildkite,
    /// `TeamCity`'s service messages, for a log.
    Teamcity,
}

/// What a writer has to know beside the run.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the workspace is in the repository.
    pub source: &'a Source,
    /// What tells this analysis from others of one commit: letters, digits, `.`, `_`, `-` and `/`; may be empty.
    pub category: &'a str,
    /// Hashes of the lines in which something was found.
    pub lines: &'a dyn LineHashes,
    /// What forms for a log show.
    pub plan: Plan<'a>,
}

/// What a writer did not write, because the form has no room for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many violations.
    pub left_out: u64,
    /// Why, as a phrase that follows "left out: "; empty if none was.
    pub why: String,
}

impl Told {
    /// Everything was written.
    pub(super) fn all() -> Self {
        Self::default()
    }

    /// `left_out` were not, because of `why`.
    pub(super) fn without(left_out: u64, why: impl Into<String>) -> Self {
        match left_out {
            0 => Self::default(),
            _ => Self {
                left_out,
                why: why.into(),
            },
        }
    }
}

impl Kind {
    /// Writes the run in this form. Nothing that could be taken for a command is in it, except for the commands that it
    /// is made of.
    ///
    /// # Errors
    /// The rows could not be read, or `out` not be written.
    pub fn write(
        self,
        run: &Run<'_>,
        context: &Context<'_>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Told> {
        let write = match self {
            Self::Json => json_document,
            Self::Sarif => sarif::write,
            Self::Junit => junit::write,
            Self::Gitlab => gitlab::write,
            Self::Markdown => markdown::write,
            Self::Csv => csv::write,
            Self::Github => github_commands,
            Self::Azure => azure::write,
            Self::Buildkite => buildkite::write,
            Self::Teamcity => teamcity::write,
        };
        let told = write(run, context, out)?;
        out.flush()?;
        Ok(told)
    }

    /// What a CI system reads in the log of a job; `None` where it reads nothing there.
    pub fn of_log(system: System) -> Option<Self> {
        match system {
            System::GitHub => Some(Self::Github),
            System::Azure => Some(Self::Azure),
            System::TeamCity => Some(Self::Teamcity),
            System::Gitea
            | System::Forgejo
            | System::GitLab
            | System::Buildkite
            | System::Jenkins
            | System::Other => None,
        }
    }

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Github => "github",
            Self::Azure => "azure",
            Self::Buildkite => "buildkite",
            Self::Teamcity => "teamcity",
        }
    }
}

fn json_document(run: &Run<'_>, _: &Context<'_>, out: &mut dyn Write) -> anyhow::Result<Told> {
    json::write(run, out)?;
    Ok(Told::all())
}

fn github_commands(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let annotations = github::annotations(run, context.source, &context.plan)?;
    out.write_all(annotations.commands.as_bytes())?;
    Ok(Told::without(
        annotations.dropped,
        "a log shows few annotations of a level; the last of each level says what is missing",
    ))
}
