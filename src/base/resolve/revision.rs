//! The commit that a name stands for: what the user named, and references.

use super::Search;
use super::event::is_sha;
use crate::base::{BaseError, CommitId, Reader};

/// Most bytes in the name of a commit.
const MOST_NAME: usize = 1024;

/// Whether this can be the name of a commit: an id, a branch, a tag, `HEAD^1`. Nothing that looks like an option, and
/// nothing that a terminal would act on.
pub fn is_revision(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MOST_NAME
        && !text.starts_with('-')
        && !text.contains("..")
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl Search<'_> {
    /// The commit that the user named.
    pub(super) fn explicit(&mut self, name: &str) -> Option<CommitId> {
        let found = if !is_revision(name) {
            Err(BaseError::Missing("a commit of such a name".to_owned()))
        } else if is_sha(name) {
            self.reader.commit(name)
        } else {
            self.reader.revision(name)
        };
        match found {
            Ok(commit) => {
                self.say(format!("`--base {name}`"));
                Some(commit)
            }
            Err(why) => {
                let depth = match self.reader.is_shallow() {
                    Ok(true) => format!("; the clone is shallow: {}", self.whole_history()),
                    Ok(false) => String::new(),
                    Err(why) => format!("; {why}"),
                };
                self.say(format!(
                    "`--base {name}` names no commit here: {why}{depth}"
                ));
                None
            }
        }
    }
}

impl Reader<'_> {
    /// The commit that a name stands for, by git's rules.
    pub(in crate::base) fn revision(&self, name: &str) -> Result<CommitId, BaseError> {
        let found = self.repository.rev_parse_single(name);
        let found = found.map_err(|why| BaseError::unreadable(format_args!("`{name}`"), why))?;
        let object = found.object();
        let object =
            object.map_err(|_| BaseError::Missing(format!("the commit that `{name}` names")))?;
        let commit = object.peel_to_commit();
        let commit = commit.map_err(|why| BaseError::unreadable(format_args!("`{name}`"), why))?;
        Ok(CommitId(commit.id))
    }

    /// The commit that a reference (its full name) points to, if it is there.
    pub(super) fn reference(&self, name: &str) -> Option<CommitId> {
        let mut found = self.repository.try_find_reference(name).ok()??;
        // git also looks for it in other places, where a name might have been put.
        if found.name().as_bstr() != name {
            return None;
        }
        let id = found.peel_to_id().ok()?.detach();
        self.repository.find_commit(id).ok()?;
        Some(CommitId(id))
    }

    /// The upstream of the branch that is checked out, if it has another name than the branch: then it is what the
    /// branch is for, and not just its copy.
    pub(super) fn upstream(&self) -> Option<(String, CommitId)> {
        let head = self.repository.head_name().ok()??;
        let tracked = self
            .repository
            .branch_remote_tracking_ref_name(head.as_ref(), gix::remote::Direction::Fetch)?
            .ok()?;
        let full = tracked.as_bstr().to_string();
        let head = head.as_bstr().to_string();
        let branch = head.strip_prefix("refs/heads/")?;
        let is_copy = full.ends_with(&format!("/{branch}"));
        let commit = self.reference(&full)?;
        (!is_copy).then_some((full, commit))
    }
}
