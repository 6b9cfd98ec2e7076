//! The base of what is judged, gathered from the machine: the repository, the event's payload, `--base`.

use crate::base::{self, Known, Repository, Resolution};
use crate::ci::{Change, Environment};
use crate::walk::read_named;
use std::path::Path;

/// More than any event has.
const MOST_PAYLOAD_BYTES: usize = 25 << 20;

/// The repository of the workspace, and what a change in it is compared with.
pub(super) struct Comparison {
    /// The repository, if the workspace is in one.
    pub(super) repository: Option<Repository>,
    /// What was found, and how.
    pub(super) resolution: Resolution,
}

/// Finds the base if one was asked for, or the CI system says that a change is judged. Whatever keeps it from being found
/// stands in the steps.
pub(super) fn compare(
    workspace: &Path,
    wanted: Option<&str>,
    environment: &Environment,
) -> Comparison {
    let change = &environment.change;
    if wanted.is_none() && change.hints.is_empty() && !change.kind.wants_merge() {
        return Comparison {
            repository: None,
            resolution: Resolution::not_asked(),
        };
    }
    let unknown = |step: String| Comparison {
        repository: None,
        resolution: Resolution {
            kind: change.kind,
            base: None,
            steps: vec![step],
        },
    };
    match Repository::open(workspace) {
        Err(error) => unknown(error.to_string()),
        Ok(None) => unknown("the workspace is in no git repository".into()),
        Ok(Some(repository)) => {
            let resolution = resolve(&repository, wanted, change);
            Comparison {
                repository: Some(repository),
                resolution,
            }
        }
    }
}

fn resolve(repository: &Repository, wanted: Option<&str>, change: &Change) -> Resolution {
    let reader = repository.reader();
    if let Some(wanted) = wanted {
        return base::resolve_explicit(wanted, change.kind, &reader);
    }
    let (payload, problem) = match &change.payload {
        None => (None, None),
        Some(path) => match payload(path) {
            Ok(payload) => (Some(payload), None),
            Err(error) => (None, Some(format!("the event's payload: {error:#}"))),
        },
    };
    let known = Known {
        reader: &reader,
        payload: payload.as_ref(),
    };
    let mut resolution = base::resolve(change, &known);
    resolution.steps.splice(0..0, problem);
    resolution
}

fn payload(path: &Path) -> anyhow::Result<serde_json::Value> {
    let bytes = read_named(path, MOST_PAYLOAD_BYTES)?;
    Ok(serde_json::from_slice(&bytes)?)
}
