//! Puts quarantined files back: what lies in the quarantine is compared with the record first, the directory is
//! resolved beneath the workspace, and one rename that never replaces anything brings it home.

use super::leftover;
use super::manifest::{Manifest, examine};
use super::metadata::{self, Shortfall};
use super::outcome::Outcome;
use crate::beneath::{
    Identity, MOUNT_POINT, ObjectKind, Root, RootError, RootRules, look, make_directory, names,
};
use crate::walk::OWN_DIRECTORIES;
use rustix::fs::{RenameFlags, renameat_with};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::path::Path;

/// The permission to put files back. `restore --dry-run` never has one.
#[derive(Debug)]
pub struct RestoreToken(());

impl RestoreToken {
    /// For the one place that has read `restore` without `--dry-run` from the command line.
    pub fn because_restore_was_asked_for() -> Self {
        Self(())
    }
}

/// A file or symbolic link that is kept in one of our own directories, and all that the record says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it was, relative to the workspace.
    pub target: Box<[u8]>,
    /// Where it is, relative to the workspace.
    pub source: Box<[u8]>,
    /// A file or a symbolic link.
    pub kind: ObjectKind,
    /// Bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
    /// Everything else.
    pub manifest: Manifest,
}

impl Kept {
    /// Reads what the record says of a file: its identity, with its manifest beside it.
    ///
    /// # Errors
    /// The record does not say enough to know the file again.
    pub fn from_record(
        target: &[u8],
        source: Vec<u8>,
        identity: &serde_json::Value,
    ) -> Result<Self, Outcome> {
        let unknown = |_| Outcome::Refused("the record does not say what it has to be".into());
        let manifest = serde_json::from_value(identity["manifest"].clone()).map_err(unknown)?;
        let identity = leftover::identity(identity).map_err(unknown)?;
        Ok(Self {
            target: target.into(),
            source: source.into(),
            kind: identity.kind,
            size: identity.size,
            modified_ns: identity.modified_ns,
            manifest,
        })
    }
}

/// What an attempt to put a file back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutBack {
    /// It is at its place again.
    Restored(Vec<Shortfall>),
    /// It is not, or not surely; with the number of names that changed nevertheless.
    Not(Outcome, u64),
}

/// What is said where something is at a file's place already.
const OCCUPIED: &str = "something is there";

impl Root {
    /// Looks whether a kept file is what the record says and could be put back: its whole content is read. Changes
    /// nothing.
    ///
    /// # Errors
    /// The result of the file, which must then stay where it is.
    pub fn examine_kept(&self, kept: &Kept) -> Result<Identity, Outcome> {
        check_target(&kept.target)?;
        let (holder, name) = self.holder(&kept.source)?;
        let refused = |why: &str| Outcome::Refused(why.to_owned());
        let seen = look(&holder, name).map_err(Outcome::from_look)?;
        if self.is_other_mount(&seen) {
            return Err(refused(MOUNT_POINT));
        }
        if seen.kind != kept.kind {
            return Err(refused("another kind of file is in its place"));
        }
        if seen.size != kept.size {
            return Err(refused("content differs"));
        }
        let (seen, manifest) = examine(&holder, name, kept.kind)?;
        if manifest.sha256 != kept.manifest.sha256 {
            return Err(refused("content differs"));
        }
        // Not every system gives links a mode of their own.
        if kept.kind == ObjectKind::File && manifest.mode != kept.manifest.mode {
            return Err(refused("mode differs"));
        }
        self.examine_place(kept).map(|()| seen)
    }

    /// Whether the place of a kept file is free for it.
    ///
    /// # Errors
    /// The result of the file, which cannot come back.
    pub fn examine_place(&self, kept: &Kept) -> Result<(), Outcome> {
        check_target(&kept.target)?;
        match self.holder(&kept.target) {
            Ok((holder, name)) => match look(&holder, name) {
                Err(Errno::NOENT) => Ok(()),
                Ok(_) => Err(occupied()),
                Err(error) => Err(Outcome::from_look(error)),
            },
            Err(unresolved) => match on_the_way(unresolved.into()) {
                // The directory is made again.
                Outcome::AlreadyGone => Ok(()),
                other => Err(other),
            },
        }
    }
}

/// Refuses places that no cleanup ever takes a file from.
fn check_target(path: &[u8]) -> Result<(), Outcome> {
    let refused = |why: &str| Err(Outcome::Refused(why.to_owned()));
    if names::escapes(path) {
        return refused("not a path beneath the workspace");
    }
    if path
        .split(|byte| *byte == b'/')
        .any(names::is_git_directory)
    {
        return refused("protected: a git directory");
    }
    let is_own = |own: &[u8]| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    if OWN_DIRECTORIES.into_iter().any(is_own) {
        return refused("protected: a directory of this program");
    }
    Ok(())
}

fn occupied() -> Outcome {
    Outcome::Skipped(OCCUPIED.to_owned())
}

/// Words for a directory that is a file by now.
fn on_the_way(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Skipped(_) => Outcome::Skipped("a file is where its directory was".into()),
        other => other,
    }
}

/// The capability to put files back beneath one root.
pub struct Restorer {
    pub(super) root: Root,
    _permission: RestoreToken,
}

/// The directories that may have to be made again, and those that were.
#[derive(Clone, Debug, Default)]
pub struct Directories {
    /// Permissions of those that went with the files, by path.
    recorded: BTreeMap<Vec<u8>, u32>,
    /// Of those that were made again, in this order.
    made: Vec<(Vec<u8>, Option<u32>)>,
}

impl Directories {
    /// Takes the permissions of directories that went with the files, by path; others get those of any new directory.
    pub fn new(recorded: BTreeMap<Vec<u8>, u32>) -> Self {
        let made = Vec::new();
        Self { recorded, made }
    }

    /// How many were made again.
    pub fn made(&self) -> usize {
        self.made.len()
    }
}

impl Restorer {
    /// Opens a workspace for putting files back.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open(path: &Path, rules: &RootRules, token: RestoreToken) -> Result<Self, RootError> {
        Ok(Self::new(Root::open(path, rules)?, token))
    }

    pub(super) fn new(root: Root, token: RestoreToken) -> Self {
        Self {
            root,
            _permission: token,
        }
    }

    /// The workspace, for looking.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Puts one file back that [`Root::examine_kept`] has just found to have this identity. Whatever fails leaves it
    /// where it is.
    pub fn put_back(
        &self,
        kept: &Kept,
        examined: &Identity,
        directories: &mut Directories,
    ) -> PutBack {
        let not = |outcome| PutBack::Not(outcome, 0);
        if let Err(outcome) =
            check_target(&kept.target).and_then(|()| self.make_parents(kept, directories))
        {
            return not(outcome);
        }
        let (from, from_name) = match self.root.holder(&kept.source) {
            Ok(held) => held,
            Err(unresolved) => return not(unresolved.into()),
        };
        match look(&from, from_name) {
            Ok(now) if examined.is_untouched(&now, 0) => {}
            Ok(_) => return not(Outcome::Skipped("changed since it was looked at".into())),
            Err(error) => return not(Outcome::from_look(error)),
        }
        let (to, name) = match self.root.holder(&kept.target) {
            Ok(held) => held,
            Err(unresolved) => return not(on_the_way(unresolved.into())),
        };
        let answer = renameat_with(&from, from_name, &to, name, RenameFlags::NOREPLACE);
        let after = look(&to, name);
        match observe(answer, after, examined) {
            Ok(()) => PutBack::Restored(metadata::bring_back(&to, name, kept)),
            Err((outcome, changed)) => PutBack::Not(outcome, changed),
        }
    }

    /// Makes the directories that are missing above a file.
    fn make_parents(&self, kept: &Kept, directories: &mut Directories) -> Result<(), Outcome> {
        let ends = kept.target.iter().enumerate();
        for (end, _) in ends.filter(|(_, byte)| **byte == b'/') {
            let path = &kept.target[..end];
            let (holder, name) = self
                .root
                .holder(path)
                .map_err(|error| on_the_way(error.into()))?;
            match look(&holder, name) {
                // What it is shows when something below it is resolved.
                Ok(_) => continue,
                Err(Errno::NOENT) => {}
                Err(error) => return Err(Outcome::from_look(error)),
            }
            let recorded = directories.recorded.get(path).copied();
            // While files are put into it, its owner must be able to.
            let mode = recorded.map_or(0o755, |mode| mode | 0o700);
            match make_directory(&holder, name, metadata::mode(mode)) {
                Ok(_) => {
                    if recorded.is_some() {
                        metadata::set_mode(&holder, name, mode).map_err(Outcome::failed)?;
                    }
                    directories.made.push((path.into(), recorded));
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(Outcome::failed(error)),
            }
        }
        Ok(())
    }

    /// Gives the directories that were made again exactly the permissions that they had; call it after the last file.
    /// Answers those for which it failed.
    pub fn finish_directories(&self, directories: &Directories) -> Vec<Vec<u8>> {
        let mut failed = Vec::new();
        for (path, recorded) in directories.made.iter().rev() {
            let Some(mode) = recorded.filter(|mode| mode & 0o700 != 0o700) else {
                continue;
            };
            let done = self
                .root
                .holder(path)
                .is_ok_and(|(holder, name)| metadata::set_mode(&holder, name, mode).is_ok());
            if !done {
                failed.push(path.clone());
            }
        }
        failed
    }
}

/// What a rename's answer and the look after it say together: either the file is at its place, or this is its result,
/// with the number of names that changed.
fn observe(
    answer: Result<(), Errno>,
    after: Result<Identity, Errno>,
    examined: &Identity,
) -> Result<(), (Outcome, u64)> {
    let is_there = matches!(&after, Ok(now) if examined.is_same_renamed(now));
    let refused = |why: &str| Err((Outcome::Refused(why.to_owned()), 0));
    match answer {
        Ok(()) if is_there => Ok(()),
        Ok(()) => {
            let why = "moved, but something else is at its place".to_owned();
            Err((Outcome::Failed(why), 1))
        }
        Err(Errno::EXIST | Errno::NOTEMPTY | Errno::ISDIR) => Err((occupied(), 0)),
        Err(error) if is_there => {
            let why = std::io::Error::from(error);
            Err((Outcome::Failed(format!("{why}, and yet it is back")), 1))
        }
        Err(Errno::XDEV) => refused(MOUNT_POINT),
        Err(Errno::INVAL | Errno::NOSYS) => {
            refused("this file system cannot promise not to overwrite")
        }
        Err(error) => Err((Outcome::failed(error), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined() -> Identity {
        Identity {
            kind: ObjectKind::File,
            device: 1,
            inode: 2,
            mount: None,
            size: 3,
            modified_ns: 4,
            changed_ns: 5,
            links: 1,
        }
    }

    #[test]
    fn only_a_look_that_finds_the_file_makes_it_restored() {
        let there = Ok(Identity {
            changed_ns: 99,
            ..examined()
        });
        let other = Ok(Identity {
            inode: 9,
            ..examined()
        });
        let text = |answer, after| {
            observe(answer, after, &examined())
                .map_err(|(outcome, names)| (outcome.to_string(), names))
        };
        assert_eq!(text(Ok(()), there), Ok(()));
        let elsewhere = "failed: moved, but something else is at its place".to_owned();
        assert_eq!(text(Ok(()), other), Err((elsewhere.clone(), 1)));
        assert_eq!(text(Ok(()), Err(Errno::NOENT)), Err((elsewhere, 1)));
        let occupied = "skipped: something is there".to_owned();
        assert_eq!(text(Err(Errno::EXIST), other), Err((occupied.clone(), 0)));
        // A second name of the same file is still something.
        assert_eq!(text(Err(Errno::EXIST), there), Err((occupied, 0)));
        assert_eq!(
            text(Err(Errno::XDEV), Err(Errno::NOENT)).unwrap_err().0,
            "refused: mount point"
        );
        assert!(
            text(Err(Errno::INVAL), other)
                .unwrap_err()
                .0
                .starts_with("refused: this file system")
        );
        let (text, names) = text(Err(Errno::IO), there).unwrap_err();
        assert!(text.ends_with("and yet it is back") && names == 1);
    }

    #[test]
    fn no_record_can_send_a_file_where_cleanup_never_is() {
        for path in [
            "../x",
            "/etc/x",
            "a/../b",
            "",
            ".git/hooks/pre-commit",
            "a/.GIT/x",
            ".factory-gate/quarantine/x",
            ".factory-gate/staging",
        ] {
            let refused = check_target(path.as_bytes());
            assert!(matches!(refused, Err(Outcome::Refused(_))), "{path}");
        }
        for path in [
            "a",
            ".factory-gate/x",
            ".factory-gate/quarantined",
            ".github/x",
        ] {
            assert_eq!(check_target(path.as_bytes()), Ok(()), "{path}");
        }
    }
}
