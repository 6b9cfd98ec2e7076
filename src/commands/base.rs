//! Finding the commit to compare with: reads at the edge what the base room decides on.

use crate::base::{Asked, Change, Payload, Repository, Resolution, resolve};
use crate::ci::Environment;
use crate::cli::{CiSystem, RunArgs};
use crate::walk::read_named;
use std::path::Path;

/// Most bytes of the file that describes the event: more than GitHub sends.
const MOST_EVENT_BYTES: usize = 32 << 20;

/// What is known of the CI job, recognised or as the user says.
pub(super) fn environment(asked: CiSystem) -> Environment {
    use crate::ci::System;
    let lookup = |name: &str| super::run::environment_variable(name);
    let system = match asked {
        CiSystem::Auto => return Environment::from_lookup(&lookup),
        CiSystem::None => return Environment::default(),
        CiSystem::Github => System::GitHub,
        CiSystem::Gitlab => System::GitLab,
        CiSystem::Azure => System::Azure,
        CiSystem::Buildkite => System::Buildkite,
        CiSystem::Teamcity => System::TeamCity,
        CiSystem::Jenkins => System::Jenkins,
        CiSystem::Gitea => System::Gitea,
        CiSystem::Forgejo => System::Forgejo,
    };
    Environment::of_system(system, &lookup)
}

/// The commit to compare with; `None` if nobody wants one: the user named none, and the CI system knows of no change.
pub(super) fn find(
    arguments: &RunArgs,
    environment: &Environment,
    workspace: &Path,
) -> Option<Resolution> {
    let is_wanted = arguments.base.is_some() || environment.base.is_some();
    is_wanted.then(|| look(arguments, environment, workspace))
}

/// The commit to compare with, whether or not someone told of one.
pub(super) fn look(arguments: &RunArgs, environment: &Environment, workspace: &Path) -> Resolution {
    let change = Change::of(environment);
    let repository = match Repository::open(workspace) {
        Ok(Some(repository)) => repository,
        Ok(None) => {
            return Resolution::none(
                change,
                "the workspace lies in no git repository, so there is no commit to compare with",
            );
        }
        Err(why) => return Resolution::none(change, why.to_string()),
    };
    let event = match &environment.event {
        Some(path) if arguments.base.is_none() => Some(read_named(path, MOST_EVENT_BYTES)),
        _ => None,
    };
    let event = event.map(|read| read.map_err(|why| why.to_string()));
    let asked = Asked {
        explicit: arguments.base.as_deref(),
        environment,
        payload: match &event {
            None => Payload::Absent,
            Some(Ok(text)) => Payload::Text(text),
            Some(Err(why)) => Payload::Unreadable(why),
        },
    };
    resolve(&repository.reader(), &asked)
}
