//! The base of a push, and of work on somebody's machine.

use super::event::is_zero;
use super::{Change, Search};
use crate::base::CommitId;

impl Search<'_> {
    /// Where the branch was before the push; of a new or rewritten one, where it left the default branch.
    pub(super) fn push(
        &mut self,
        head: CommitId,
        before: Option<&str>,
        default_branch: Option<&str>,
    ) -> (Option<CommitId>, Change) {
        let mut change = Change::Push;
        let before = before.map(str::to_owned);
        match before.or_else(|| self.event.sha("/before")) {
            None => self.say("nothing says where the branch was before the push"),
            Some(before) if is_zero(&before) => {
                change = Change::NewBranch;
                self.say("the branch is new");
            }
            Some(before) => {
                if let Some(base) = self.known(&before, "where the branch was before the push") {
                    self.say("push: where the branch was before it");
                    return (Some(base), change);
                }
                // In a whole clone it is not there because the branch was rewritten; in a shallow one it may be cut off.
                match self.reader.is_shallow() {
                    Ok(false) => self.say("the clone is whole, so the branch was rewritten"),
                    Ok(true) => {
                        let depth = self.whole_history();
                        self.say(format!(
                            "the clone is shallow, so it may be cut off; {depth}"
                        ));
                        return (None, change);
                    }
                    Err(why) => {
                        self.say(why.to_string());
                        return (None, change);
                    }
                }
            }
        }
        let event = self
            .event
            .text("/repository/default_branch")
            .map(str::to_owned);
        let named = default_branch.map(str::to_owned).or(event);
        let target = match named {
            Some(branch) => {
                let target = self.remote_branch(&branch);
                if target.is_none() {
                    let depth = self.whole_history();
                    self.say(format!(
                        "the default branch `{branch}` is not in the clone; {depth}, or name a commit by `--base`"
                    ));
                }
                target
            }
            None => self.default_branch(),
        };
        let base =
            target.and_then(|target| self.fork_point(head, target, "HEAD and the default branch"));
        (base, change)
    }

    /// Where the work on this machine left what it is for: the branch's upstream if that has another name, else the
    /// default branch.
    pub(super) fn local(&mut self, head: CommitId) -> Option<CommitId> {
        if let Some((name, upstream)) = self.reader.upstream() {
            self.say(format!("the branch's upstream is {name} ({upstream})"));
            return self.fork_point(head, upstream, "HEAD and its upstream");
        }
        let target = self.default_branch()?;
        self.fork_point(head, target, "HEAD and the default branch")
    }

    /// The tip of the branch of this name in the repository that this one was cloned from.
    pub(super) fn remote_branch(&mut self, branch: &str) -> Option<CommitId> {
        let name = format!("refs/remotes/origin/{branch}");
        let found = self.reader.reference(&name)?;
        self.say(format!("{name}, as it was fetched last, is {found}"));
        Some(found)
    }

    fn default_branch(&mut self) -> Option<CommitId> {
        const NAMES: [&str; 5] = [
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
            "refs/remotes/origin/master",
            "refs/heads/main",
            "refs/heads/master",
        ];
        for name in NAMES {
            if let Some(found) = self.reader.reference(name) {
                self.say(format!(
                    "the default branch is taken to be {name} ({found})"
                ));
                return Some(found);
            }
        }
        self.say(format!(
            "no default branch is in the clone (looked for {}); `--base` names a commit",
            NAMES.join(", ")
        ));
        None
    }
}
