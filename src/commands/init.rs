//! `init`: a job that runs the gate, for a CI system to begin with.

use super::{Answer, Problem, stdout};
use crate::beneath::{give_to_owner_of, make_directory};
use crate::cli::{InitArgs, InitCi};
use crate::phases::Exit;
use crate::walk::Root;
use anyhow::{Context as _, anyhow};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

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
    let path = arguments.path.canonicalize();
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

/// Writes a new file, never over something, and through no symbolic link.
fn write(root: &Root, place: &str, text: &[u8]) -> Result<(), Problem> {
    let (directory, name) = place.rsplit_once('/').unwrap_or(("", place));
    let holder = directories(root, directory)
        .with_context(|| format!("the directory of {place} cannot be made"))
        .map_err(Problem::usage)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match openat(&holder, name, flags, Mode::from_raw_mode(0o644)) {
        Ok(file) => file,
        Err(Errno::EXIST) => {
            return Err(Problem::usage(anyhow!(
                "{place} is there already and stays as it is: without `--write` the job is printed, to be put into it"
            )));
        }
        Err(error) => {
            return Err(anyhow!(error)
                .context(format!("{place} cannot be written"))
                .into());
        }
    };
    give_to_owner_of(&holder, &file)?;
    let mut file = File::from(file);
    file.write_all(text)
        .with_context(|| format!("{place} is not written to its end"))?;
    file.sync_all()?;
    Ok(())
}

/// Opens a directory below the repository, and makes what of it is missing.
fn directories(root: &Root, path: &str) -> anyhow::Result<OwnedFd> {
    let mut at = root.open_directory(b"")?;
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if !so_far.is_empty() {
            so_far.push('/');
        }
        so_far.push_str(part);
        at = match root.open_directory(so_far.as_bytes()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => make_directory(&at, part.as_bytes(), Mode::from_raw_mode(0o755))?,
            Err(error) => {
                return Err(anyhow!(error).context(format!("`{so_far}` cannot be opened")));
            }
        };
    }
    Ok(at)
}
