//! The base of a pull request.

use super::Search;
use super::event::is_sha;
use super::history::{MergeBase, merge_base};
use crate::base::CommitId;
use crate::ci::{PullRequest, System};

/// What HEAD is, of a pull request.
enum Head {
    /// The merge commit that the CI system made for this job, with its first parent.
    Merged(String),
    /// Something else, for this reason.
    Other(String),
}

impl Search<'_> {
    /// Of a merge commit that the system made, the first parent; else the commit where the pull request left its target.
    pub(super) fn pull_request(&mut self, head: CommitId, hint: &PullRequest) -> Option<CommitId> {
        match self.judge_head(head, hint) {
            Head::Merged(parent) => {
                let base = self.reader.commit(&parent);
                let step = match &base {
                    Ok(_) => format!("pull request: first parent of the merge commit {head}"),
                    Err(why) => {
                        let depth = self.two_commits();
                        format!(
                            "the first parent of the merge commit {head} is not in the clone ({why}); {depth}"
                        )
                    }
                };
                self.say(step);
                return base.ok();
            }
            Head::Other(why) => self.say(why),
        }
        if let Some(fork_point) = &hint.fork_point {
            let what = "the commit where the merge request left its target branch";
            if let Some(base) = self.known(fork_point, what) {
                let target = hint.target.as_deref();
                self.target = target.and_then(|branch| self.remote_branch(branch));
                self.say(format!("pull request: {what}, as the CI system names it"));
                return Some(base);
            }
            let depth = self.whole_history();
            self.say(format!("{what} is needed; {depth}"));
            return None;
        }
        let target = self.target(hint)?;
        self.fork_point(head, target, "the pull request and its target branch")
    }

    /// Whether HEAD is the merge that the system made. The author of a pull request can make merge commits, too, with
    /// any first parent: one that the system did not make is none.
    fn judge_head(&self, head: CommitId, hint: &PullRequest) -> Head {
        let parents = match self.reader.parents(head) {
            Ok(parents) => parents,
            Err(why) => return Head::Other(format!("the parents of HEAD cannot be read: {why}")),
        };
        let tip = hint.head.as_deref().map(str::to_ascii_lowercase);
        let tip = tip.or_else(|| self.event.sha("/pull_request/head/sha"));
        let [first, second] = &parents[..] else {
            let count = parents.len();
            return Head::Other(format!(
                "HEAD ({head}) has {count} parent{}, so it is not the merge commit of the pull request",
                if count == 1 { "" } else { "s" }
            ));
        };
        let is_named = hint
            .merge_commit
            .as_ref()
            .is_some_and(|named| named.eq_ignore_ascii_case(&head.to_string()));
        match tip {
            Some(tip) if tip == *second => Head::Merged(first.clone()),
            Some(tip) => Head::Other(format!(
                "HEAD ({head}) is a merge commit, but not of the pull request's last commit {tip}"
            )),
            None if is_named => Head::Merged(first.clone()),
            None => Head::Other(format!(
                "HEAD ({head}) is a merge commit, but nothing shows that it is the one of the pull request"
            )),
        }
    }

    /// The tip of the branch that the pull request is to be merged into.
    fn target(&mut self, hint: &PullRequest) -> Option<CommitId> {
        if let Some(sha) = self.event.sha("/pull_request/base/sha") {
            let what = "the target branch's commit that the event names";
            if let Some(target) = self.known(&sha, what) {
                self.say(format!(
                    "the event names {target} as the target branch's commit"
                ));
                return Some(target);
            }
        }
        let event = self.event.text("/pull_request/base/ref").map(str::to_owned);
        let Some(branch) = hint.target.clone().or(event) else {
            self.say("nothing names the branch that the pull request is to be merged into; `--base` names a commit");
            return None;
        };
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
        let target = self.remote_branch(branch);
        if target.is_none() {
            let depth = self.whole_history();
            self.say(format!(
                "the target branch `{branch}` is not in the clone; {depth}, or name a commit by `--base`"
            ));
        }
        target
    }

    /// The commit where the histories of `head` and `target` part.
    pub(super) fn fork_point(
        &mut self,
        head: CommitId,
        target: CommitId,
        of: &str,
    ) -> Option<CommitId> {
        self.target = Some(target);
        let depth = self.whole_history();
        let (base, step) = match merge_base(self.reader, head, target) {
            Err(why) => (None, format!("the history cannot be read: {why}")),
            Ok(MergeBase::Unrelated) => (
                None,
                format!(
                    "{of} ({head} and {target}) have no commit in common; `--base` names a commit"
                ),
            ),
            Ok(MergeBase::CutOff(missing)) => (
                None,
                format!(
                    "the latest commit that is in both {of} cannot be known for sure, because the clone does not have \
                     commit {missing} and what is before it; {depth}"
                ),
            ),
            Ok(MergeBase::At(bases)) => {
                let more = match bases.len() {
                    0 | 1 => String::new(),
                    many => format!(" (the latest of {many}: they were merged crosswise)"),
                };
                let step = format!("the latest commit that is in both {of}{more}");
                (bases.first().copied(), step)
            }
        };
        self.say(step);
        base
    }

    fn two_commits(&self) -> &'static str {
        match self.system {
            Some(System::GitHub | System::Gitea | System::Forgejo) => {
                "check out with `fetch-depth: 2`"
            }
            Some(System::GitLab) => "set the variable `GIT_DEPTH` to 2 or more",
            Some(System::Azure) => "check out with `fetchDepth: 2`",
            _ => "fetch one commit more (`git fetch --deepen=1`)",
        }
    }

    /// The base of what a merge queue is about to merge.
    pub(super) fn merge_queue(&mut self, base: Option<&str>) -> Option<CommitId> {
        let named = base.filter(|sha| is_sha(sha)).map(str::to_owned);
        let Some(sha) = named.or_else(|| self.event.sha("/merge_group/base_sha")) else {
            self.say("nothing names the commit that the merge queue builds on; `--base` names one");
            return None;
        };
        let what = "the commit that the merge queue builds on";
        let base = self.known(&sha, what);
        let depth = self.whole_history();
        self.say(match base {
            Some(_) => format!("merge queue: {what}"),
            None => format!("{what} is needed; {depth}"),
        });
        base
    }
}
