//! Which commit a change is compared with, and why. Where it cannot be known for sure, as in a clone that is too
//! shallow, there is none: a wrong base would hide violations.

mod event;
mod history;
mod pull_request;
mod push;
mod revision;

use super::{CommitId, Reader};
use crate::ci::{BaseHint, Environment, System};
use event::Event;

pub use revision::is_revision;

/// What the run is about to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A pull request, or a merge request.
    PullRequest,
    /// What a merge queue is about to merge.
    MergeQueue,
    /// New commits on a branch.
    Push,
    /// A branch that was not there before.
    NewBranch,
    /// Work on somebody's machine.
    Local,
    /// Nothing that is known to be a change: a schedule, a tag, a system that does not say.
    Unknown,
}

impl Change {
    /// As the CI system describes it.
    pub fn of(environment: &Environment) -> Self {
        match &environment.base {
            Some(BaseHint::PullRequest(_) | BaseHint::PullRequestTarget) => Self::PullRequest,
            Some(BaseHint::MergeQueue { .. }) => Self::MergeQueue,
            Some(BaseHint::Push { .. }) => Self::Push,
            Some(BaseHint::NoChange(_)) => Self::Unknown,
            None if environment.is_ci() => Self::Unknown,
            None => Self::Local,
        }
    }

    /// For reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull request",
            Self::MergeQueue => "merge queue",
            Self::Push => "push",
            Self::NewBranch => "new branch",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }
}

/// The text of the file that describes the event which started the job.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// The system has no such file.
    Absent,
    /// It could not be read, for this reason.
    Unreadable(&'a str),
    /// Its bytes.
    Text(&'a [u8]),
}

/// What the base is found from.
pub struct Asked<'a> {
    /// The commit that the user named.
    pub explicit: Option<&'a str>,
    /// What is known of the CI job.
    pub environment: &'a Environment,
    /// What started it.
    pub payload: Payload<'a>,
}

/// The commit to compare with, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The commit; `None` if there is none, or it could not be found for sure.
    pub base: Option<CommitId>,
    /// The tip of what the change goes into, as the clone has it: later than the base if the change is behind. What
    /// must not be chosen by the age of a branch comes from here. `None` only if there is no base.
    pub target: Option<CommitId>,
    /// What is judged.
    pub change: Change,
    /// Each decision as a plain sentence, in order. The last one says how the base was found, or why it was not and
    /// what to do about it. They quote untrusted text.
    pub steps: Vec<String>,
}

impl Resolution {
    /// There is no base, for this reason.
    pub fn none(change: Change, why: impl Into<String>) -> Self {
        Self {
            base: None,
            target: None,
            change,
            steps: vec![why.into()],
        }
    }
}

/// Finds the commit to compare with. Looks at nothing but what it is given.
pub fn resolve(reader: &Reader<'_>, asked: &Asked<'_>) -> Resolution {
    let environment = asked.environment;
    let mut search = Search {
        reader,
        system: environment.system,
        event: Event::Absent,
        target: None,
        steps: Vec::new(),
    };
    let change = Change::of(environment);
    if let Some(name) = asked.explicit {
        let base = search.explicit(name);
        return search.end(base, change);
    }
    let (event, problem) = Event::parse(asked.payload);
    search.event = event;
    search.steps.extend(problem);
    let Some(head) = reader.head() else {
        search.say("there is no commit yet, so nothing to compare with");
        return search.end(None, change);
    };
    let (base, change) = search.ci_or_local(head, environment);
    // In CI an empty change is a mistake of the wiring far more often than it is one, and it would pass every gate.
    let base = base.filter(|base| {
        let is_change = *base != head || !environment.is_ci();
        if !is_change {
            search.say(format!(
                "{base} is the commit that was checked out, so there is no change to see; `--base` names another commit"
            ));
        }
        is_change
    });
    search.end(base, change)
}

/// A search under way.
struct Search<'a> {
    reader: &'a Reader<'a>,
    system: Option<System>,
    event: Event,
    /// The tip of the branch that a fork point was looked for with.
    target: Option<CommitId>,
    steps: Vec<String>,
}

impl Search<'_> {
    fn say(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    fn end(self, base: Option<CommitId>, change: Change) -> Resolution {
        Resolution {
            base,
            target: base.and_then(|base| self.target.or(Some(base))),
            change,
            steps: self.steps,
        }
    }

    /// What the CI system says, or else what the repository does.
    fn ci_or_local(
        &mut self,
        head: CommitId,
        environment: &Environment,
    ) -> (Option<CommitId>, Change) {
        let mut change = Change::of(environment);
        let base = match &environment.base {
            Some(BaseHint::PullRequest(hint)) => self.pull_request(head, hint),
            Some(BaseHint::PullRequestTarget) => {
                self.say(
                "the event is `pull_request_target`, which runs on the target branch and not on the change: there is \
                 nothing to compare; let the workflow run on `pull_request`",
            );
                None
            }
            Some(BaseHint::MergeQueue { base }) => self.merge_queue(base.as_deref()),
            Some(BaseHint::Push {
                before,
                default_branch,
            }) => {
                let (base, found) = self.push(head, before.as_deref(), default_branch.as_deref());
                change = found;
                base
            }
            Some(BaseHint::NoChange(cause)) => {
                self.say(format!(
                "the job was started by {cause} and not by a change, so there is nothing to compare with; `--base` \
                 names a commit"
            ));
                None
            }
            None if environment.is_ci() => {
                self.say(
                "the CI system does not say what the change is to be compared with; `--base` names a commit",
            );
                None
            }
            None => self.local(head),
        };
        (base, change)
    }

    /// The commit with this id, if the clone has it; says so if not.
    fn known(&mut self, sha: &str, what: &str) -> Option<CommitId> {
        match self.reader.commit(sha) {
            Ok(commit) => Some(commit),
            Err(why) => {
                self.say(format!("{what}, {sha}, is not in the clone: {why}"));
                None
            }
        }
    }

    /// How to get more history.
    fn whole_history(&self) -> &'static str {
        match self.system {
            Some(System::GitHub | System::Gitea | System::Forgejo) => {
                "check out with `fetch-depth: 0`"
            }
            Some(System::GitLab) => "set the variable `GIT_DEPTH` to 0",
            Some(System::Azure) => "check out with `fetchDepth: 0`",
            _ => "fetch the whole history (`git fetch --unshallow`)",
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
