//! `init`: a job that runs the gate, for a CI system to begin with.

use super::new_file::write;
use super::{Answer, Problem, stdout};
use crate::cli::{InitArgs, InitCi};
use crate::phases::Exit;
use crate::walk::Root;
use anyhow::Context as _;
use std::io::Write as _;

/// What stands in the snippets for the commit that the user reviewed.
const PLACEHOLDER: &str = "0000000000000000000000000000000000000000";

/// A job for one CI system, and where the system looks for it.
struct Snippet {
    text: &'static str,
    place: &'static str,
}

/// The examples themselves, which CI validates: what is printed is what was tried.
fn snippet(ci: InitCi) -> Snippet {
    let (text, place) = match ci {
        InitCi::Github => (
            include_str!("../../examples/workflows/pull-request.yml"),
            ".github/workflows/gate.yml",
        ),
        InitCi::Gitlab => (
            include_str!("../../examples/other-ci/gitlab-ci.yml"),
            ".gitlab-ci.yml",
        ),
        InitCi::Azure => (
            include_str!("../../examples/other-ci/azure-pipelines.yml"),
            "azure-pipelines.yml",
        ),
        InitCi::Buildkite => (
            include_str!("../../examples/other-ci/buildkite.yml"),
            ".buildkite/pipeline.yml",
        ),
        InitCi::Gitea => (
            include_str!("../../examples/other-ci/gitea.yml"),
            ".gitea/workflows/gate.yml",
        ),
        InitCi::Jenkins => (
            include_str!("../../examples/other-ci/Jenkinsfile"),
            "Jenkinsfile",
        ),
    };
    Snippet { text, place }
}

pub(super) fn init(arguments: &InitArgs) -> Answer {
    let Snippet { text, place } = snippet(arguments.ci);
    let text = match &arguments.commit {
        Some(commit) => text.replace(PLACEHOLDER, commit),
        None => text.to_owned(),
    };
    if !arguments.write {
        stdout().write_all(text.as_bytes())?;
        return Ok(Exit::Pass);
    }
    let path = dunce::canonicalize(&arguments.path);
    let path = path
        .with_context(|| format!("there is no repository at `{}`", arguments.path.display()))
        .map_err(Problem::usage)?;
    let root = Root::open(&path).map_err(Problem::usage)?;
    write(&root, place, text.as_bytes())?;
    writeln!(stdout(), "{place} is written")?;
    if text.contains(PLACEHOLDER) {
        writeln!(
            stdout(),
            "Put the commit of factory-gate that you reviewed in place of the zeros (or give it with --commit)."
        )?;
    }
    writeln!(stdout(), "`factory-gate doctor` says what is left to do.")?;
    Ok(Exit::Pass)
}
