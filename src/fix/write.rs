//! Puts fixed files in the place of the old ones: staged, synced, exchanged in one step, and what came out of that step
//! compared with what was planned. At every moment the name holds the old file or the new one.

use super::disk::{Disk, Place, System};
use super::original::{self, unresolved};
use super::settle::State;
use super::staging::{IN_PART, Staging};
use crate::beneath::{
    Holder, Identity, Root, give_to_owner_of, look, look_at_file, make_directory, names,
};
use anyhow::Context as _;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, fchmod, openat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

/// The permission to fix files of the workspace. A run without `--apply` never has one.
#[derive(Debug)]
pub struct ApplyToken(());

impl ApplyToken {
    /// For the one place that has read `--apply` (or `--apply=fix`) from the command line.
    pub fn because_apply_was_asked_for() -> Self {
        Self(())
    }
}

/// By what means a fix was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The new file and the old one exchanged their names, and the old one was the planned one.
    Exchanged,
    /// The new file took the name of the old one, which was looked at right before: here names cannot be exchanged.
    Replaced,
    /// The mode was changed.
    Mode,
    /// A file was created.
    Created,
}

/// What was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as planned.
    Applied(Applied),
    /// It is not what was planned for, and stays as it is.
    Skipped(String),
    /// A guard says no.
    Refused(String),
    /// The operating system said no; the file is as it was.
    Failed(String),
    /// The new file is in its place, but the operating system said no afterwards.
    FailedAfter(String),
}

impl Outcome {
    pub(super) fn failed(error: Errno) -> Self {
        Self::Failed(std::io::Error::from(error).to_string())
    }

    /// Whether the workspace is changed.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Applied(_) | Self::FailedAfter(_))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Applied(_) => out.write_str("applied"),
            Self::Skipped(why) => write!(out, "skipped: {why}"),
            Self::Refused(why) => write!(out, "refused: {why}"),
            Self::Failed(why) => write!(out, "failed: {why}"),
            Self::FailedAfter(why) => write!(out, "failed: written, but {why}"),
        }
    }
}

/// One file that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Its number in this run.
    pub number: u32,
    /// Relative to the workspace, with `/`.
    pub path: &'a [u8],
    /// What is there, and what it holds; `None` if it is to be created.
    pub before: Option<(&'a Identity, &'a State)>,
    /// What it is to be.
    pub after: &'a State,
}

/// The capability to write fixed files beneath one root. Shared by all threads.
pub struct Fixer<'r> {
    root: &'r Root,
    staging: Staging,
    disk: Box<dyn Disk>,
    _permission: ApplyToken,
}

/// So many times a foreign change is answered by an exchange back.
const EXCHANGES: usize = 16;

type Done<T> = Result<T, Outcome>;

impl<'r> Fixer<'r> {
    /// The workspace.
    pub fn root(&self) -> &'r Root {
        self.root
    }

    /// Opens a workspace for fixing, with a staging directory for the run of this id.
    ///
    /// # Errors
    /// The staging directory cannot be made.
    pub fn open(root: &'r Root, deployment_id: &str, token: ApplyToken) -> anyhow::Result<Self> {
        Self::with_disk((root, token), deployment_id, Box::new(System))
    }

    pub(super) fn with_disk(
        (root, token): (&'r Root, ApplyToken),
        deployment_id: &str,
        disk: Box<dyn Disk>,
    ) -> anyhow::Result<Self> {
        let staging = Staging::create(root, deployment_id).context("no directory for new files")?;
        Ok(Self {
            root,
            staging,
            disk,
            _permission: token,
        })
    }

    /// Removes the staging directory, if nothing had to stay in it.
    pub fn close(self) {
        self.staging.remove(self.root);
    }

    /// Writes one file, and says what was observed.
    pub fn apply(&self, act: &Act<'_>) -> Outcome {
        let done = match act.before {
            None => self.create(act),
            Some((planned, before)) if before.content == act.after.content => {
                self.set_mode(act, planned)
            }
            Some((planned, before)) => self.replace(act, planned, before),
        };
        done.map_or_else(|other| other, Outcome::Applied)
    }

    /// The mode goes to the very file that was planned, through a handle, by no name.
    fn set_mode(&self, act: &Act<'_>, planned: &Identity) -> Done<Applied> {
        let (holder, name) = self.root.holder(act.path).map_err(|why| unresolved(&why))?;
        let file = original::open(&holder, name)?;
        check(&file, planned)?;
        fchmod(&file, mode(act.after.permissions)).map_err(Outcome::failed)?;
        self.disk
            .sync(file.as_fd())
            .map_err(|error| after("not synced", error))?;
        Ok(Applied::Mode)
    }

    fn replace(&self, act: &Act<'_>, planned: &Identity, before: &State) -> Done<Applied> {
        let (holder, name) = self.root.holder(act.path).map_err(|why| unresolved(&why))?;
        let old = original::open(&holder, name)?;
        check(&old, planned)?;
        let number = act.number.to_string();
        let staged_place = self.staged_place(&number);
        let staged = self.stage(&number, act.after, Giver::File(&old))?;
        let target = Place {
            directory: holder.as_fd(),
            name,
        };
        let how = match self.disk.exchange(staged_place, target) {
            Ok(()) => {
                self.keep_if_planned((staged_place, target), &staged, (planned, before, &old))?;
                Applied::Exchanged
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                self.replace_by_name((staged_place, target), planned)?;
                Applied::Replaced
            }
            Err(error) => return Err(self.discard(staged_place, error_outcome(error))),
        };
        self.sync_holder(&holder)?;
        Ok(how)
    }

    /// After an exchange: lets the old file go if it is the planned one, or exchanges back.
    fn keep_if_planned(
        &self,
        (staged_place, target): (Place<'_>, Place<'_>),
        staged: &Identity,
        (planned, before, old): (&Identity, &State, &OwnedFd),
    ) -> Done<()> {
        let is_planned = look(staged_place.directory, staged_place.name)
            .is_ok_and(|out| is_same_but_renamed(planned, &out))
            && is_unwritten(old, planned, before);
        if !is_planned {
            return Err(self.exchange_back(staged_place, target, staged));
        }
        self.disk
            .unlink(staged_place)
            .map_err(|error| after("the old file is left in the staging directory", error))
    }

    /// What came out is somebody's: it gets its name back, and only the file that this run made is thrown away.
    fn exchange_back(
        &self,
        staged_place: Place<'_>,
        target: Place<'_>,
        staged: &Identity,
    ) -> Outcome {
        let changed = || Outcome::Skipped("changed since planned".into());
        for _ in 0..EXCHANGES {
            match self.disk.exchange(staged_place, target) {
                Ok(()) => {}
                // Meanwhile the new file was removed by someone; the name is free.
                Err(Errno::NOENT) => match self.disk.rename_new(staged_place, target) {
                    Ok(()) => return changed(),
                    Err(Errno::EXIST) => continue,
                    Err(error) => return self.kept(staged_place, error),
                },
                Err(error) => return self.kept(staged_place, error),
            }
            let is_ours = look(staged_place.directory, staged_place.name)
                .is_ok_and(|out| out.id() == staged.id());
            if is_ours {
                return self.discard(staged_place, changed());
            }
        }
        self.kept(staged_place, Errno::AGAIN)
    }

    /// Nothing is lost: what cannot go back stays where it is, and the record says where.
    fn kept(&self, staged_place: Place<'_>, error: Errno) -> Outcome {
        let name = String::from_utf8_lossy(staged_place.name);
        let what = format!(
            "what came in its place by then is kept as {}/{name}",
            self.staging.path()
        );
        after(&what, error)
    }

    /// Without an exchange the last look comes right before the rename.
    fn replace_by_name(&self, (from, to): (Place<'_>, Place<'_>), planned: &Identity) -> Done<()> {
        let is_untouched =
            look(to.directory, to.name).is_ok_and(|now| planned.is_untouched(&now, 0));
        if !is_untouched {
            return Err(self.discard(from, Outcome::Skipped("changed since planned".into())));
        }
        let answer = self.disk.replace(from, to);
        answer.map_err(|error| self.discard(from, error_outcome(error)))
    }

    fn create(&self, act: &Act<'_>) -> Done<Applied> {
        if names::escapes(act.path)
            || act
                .path
                .split(|byte| *byte == b'/')
                .any(names::is_git_directory)
        {
            return Err(Outcome::Refused("no place for a file".into()));
        }
        self.make_parents(act.path)?;
        let (holder, name) = self.root.holder(act.path).map_err(|why| unresolved(&why))?;
        let number = act.number.to_string();
        let from = self.staged_place(&number);
        self.stage(&number, act.after, Giver::Directory(holder.as_fd()))?;
        let to = Place {
            directory: holder.as_fd(),
            name,
        };
        self.disk.rename_new(from, to).map_err(|error| {
            let outcome = match error {
                Errno::EXIST => Outcome::Skipped("something is there by now".into()),
                error => error_outcome(error),
            };
            self.discard(from, outcome)
        })?;
        self.sync_holder(&holder)?;
        Ok(Applied::Created)
    }

    fn make_parents(&self, path: &[u8]) -> Done<()> {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (slash, _) in slashes {
            let (holder, name) = self
                .root
                .holder(&path[..slash])
                .map_err(|why| unresolved(&why))?;
            let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
            match make_directory(&holder, name, mode) {
                Ok(_) => self.sync_holder(&holder)?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error_outcome(error)),
            }
        }
        Ok(())
    }

    fn staged_place<'p>(&'p self, number: &'p str) -> Place<'p> {
        Place {
            directory: self.staging.directory(),
            name: number.as_bytes(),
        }
    }

    /// Makes the new file: content, then owner, attributes and mode of the old one; durable. If anything fails there is
    /// no new file. It gets the name of its number when it is whole: what a killed run leaves under the other is in part
    /// its own and nobody else's.
    fn stage(&self, number: &str, after: &State, giver: Giver<'_>) -> Done<Identity> {
        let in_part = format!("{number}{IN_PART}");
        let file = self
            .staging
            .file(in_part.as_bytes())
            .map_err(Outcome::failed)?;
        let part = self.staged_place(&in_part);
        let made = self.fill(&file, after, giver).and_then(|identity| {
            let whole = self.staged_place(number);
            self.disk.rename_new(part, whole).map_err(error_outcome)?;
            Ok(identity)
        });
        made.map_err(|outcome| self.discard(part, outcome))
    }

    fn fill(&self, file: &OwnedFd, after: &State, giver: Giver<'_>) -> Done<Identity> {
        let mut rest = after.content.as_slice();
        while !rest.is_empty() {
            match self.disk.write(file.as_fd(), rest).map_err(error_outcome)? {
                0 => return Err(error_outcome(Errno::IO)),
                written => rest = rest.get(written..).unwrap_or_default(),
            }
        }
        match giver {
            Giver::File(old) => super::attributes::copy(old, file)?,
            Giver::Directory(holder) => give_to_owner_of(holder, file).map_err(error_outcome)?,
        }
        fchmod(file, mode(after.permissions)).map_err(error_outcome)?;
        self.disk.sync(file.as_fd()).map_err(error_outcome)?;
        look_at_file(file).map_err(error_outcome)
    }

    /// Throws away a file that this run made.
    fn discard(&self, staged: Place<'_>, outcome: Outcome) -> Outcome {
        match (self.disk.unlink(staged), outcome) {
            (Ok(()), outcome) => outcome,
            (Err(error), Outcome::Failed(why)) => {
                let second = std::io::Error::from(error);
                Outcome::Failed(format!(
                    "{why}; and what was staged is left behind: {second}"
                ))
            }
            (Err(error), outcome) => {
                let why = std::io::Error::from(error);
                Outcome::Failed(format!("{outcome}; what was staged is left behind: {why}"))
            }
        }
    }

    fn sync_holder(&self, holder: &Holder<'_>) -> Done<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let readable = openat(holder, ".", flags, Mode::empty());
        readable
            .and_then(|directory| self.disk.sync(directory.as_fd()))
            .map_err(|error| after("its directory is not synced", error))
    }
}

/// From what a new file takes its owner.
#[derive(Clone, Copy)]
enum Giver<'f> {
    /// The file that it replaces, which gives its attributes, too.
    File(&'f OwnedFd),
    /// The directory that it comes into: what root makes is not to be root's there.
    Directory(BorrowedFd<'f>),
}

/// Whether an open file is the planned one, untouched.
fn check(file: &OwnedFd, planned: &Identity) -> Done<()> {
    match look_at_file(file) {
        Ok(now) if planned.is_untouched(&now, 0) => Ok(()),
        Ok(_) => Err(Outcome::Skipped("changed since planned".into())),
        Err(error) => Err(Outcome::failed(error)),
    }
}

/// A rename changes nothing of a file but the time of its last change, which therefore tells nothing any more.
fn is_same_but_renamed(planned: &Identity, out: &Identity) -> bool {
    let out = Identity {
        changed_ns: planned.changed_ns,
        ..*out
    };
    planned.is_untouched(&out, 0)
}

/// Whether the old file still holds what was read, and has its mode: two changes within one tick of the clock have one time.
fn is_unwritten(old: &OwnedFd, planned: &Identity, before: &State) -> bool {
    use rustix::fs::{SeekFrom, seek};
    let mode = rustix::fs::fstat(old).map(|facts| facts.st_mode & 0o7777);
    mode == Ok(before.permissions.into())
        && seek(old, SeekFrom::Start(0)).is_ok()
        && original::content(old, planned.size).is_ok_and(|content| content == before.content)
}

fn mode(permissions: u16) -> Mode {
    Mode::from_bits_truncate(permissions.into())
}

fn after(what: &str, error: Errno) -> Outcome {
    Outcome::FailedAfter(format!("{what}: {}", std::io::Error::from(error)))
}

fn error_outcome(error: Errno) -> Outcome {
    Outcome::failed(error)
}

/// SHA-256 of a content, hex.
pub fn sha256(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(content);
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
