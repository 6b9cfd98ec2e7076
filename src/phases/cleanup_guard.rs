//! What has to be true of the workspace, and what in it has to stay, before anything in it is changed.

use super::Run;
use crate::beneath::{FileId, RootRules, WorkspaceMarks};
use crate::cleanup::{Protection, Reach, repository_places};
use anyhow::Context as _;

/// Which directory a phase may change: the very one that was scanned, none of the places that are never a workspace, and
/// with a sign that it is one.
pub(super) fn root_rules(run: &Run<'_>) -> anyhow::Result<RootRules> {
    let job = run.job;
    let scanned = job
        .root
        .open_directory(b"")
        .map_err(std::io::Error::from)
        .and_then(FileId::of_open)
        .context("the workspace cannot be looked at")?;
    Ok(RootRules {
        expected: Some(scanned),
        forbidden: job.places.forbidden_roots.clone(),
        marks: Some(WorkspaceMarks {
            paths: job.places.policy_paths.clone(),
            checkout: job.places.checkout,
        }),
    })
}

/// Adds git's own directories, by what they are: a repository can keep its objects in the workspace under any name.
pub(super) fn with_repository(
    run: &Run<'_>,
    mut protection: Protection,
) -> anyhow::Result<Protection> {
    let places = repository_places(run.job.root.path())
        .context("it is not known which directories git needs, so nothing can be planned")?;
    for (place, name) in places {
        protection = protection.file(place, Reach::Subtree, &name);
    }
    Ok(protection)
}
