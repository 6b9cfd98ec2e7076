//! This program's own directories in a workspace, `.factory-gate/KIND/DEPLOYMENT_ID`: made private, and taken for ours
//! only after a look at each of them.

use super::leaf::{At, Leaf};
use crate::beneath::{
    Holder, Root, give_to_owner_of, has_right_owner, look_at_open, make_directory, names,
};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, fsync, openat};
use rustix::io::Errno;

/// The directory of this program in each workspace.
const HOME: &str = ".factory-gate";
/// Private directories that one run has for staging: threads that work in one directory wait for each other.
pub(super) const SHARDS: usize = 4;
/// Neighbours in the plan that share one of them. Threads take neighbours, so that mostly each has a directory to itself.
const NEIGHBOURS: usize = 256;
/// How often a directory that another run takes away again is made anew.
const ATTEMPTS: usize = 8;

/// What one of our directories is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Where a thing is looked at once more before it is removed.
    Staging,
    /// Where things are kept.
    Quarantine,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Quarantine => "quarantine",
        }
    }

    /// Which of the run's private directories is for a target: it follows from the number in the plan, from 1.
    pub(super) fn shard(self, number: usize) -> usize {
        match self {
            Self::Staging => number.saturating_sub(1) / NEIGHBOURS % SHARDS,
            Self::Quarantine => 0,
        }
    }

    /// The private directory of one run, relative to the workspace.
    pub(super) fn directory(self, deployment_id: &str) -> String {
        format!("{HOME}/{}/{deployment_id}", self.name())
    }

    /// The name of one of the run's private directories: the first has the name of the run.
    fn name_of(deployment_id: &str, shard: usize) -> String {
        match shard {
            0 => deployment_id.to_owned(),
            _ => format!("{deployment_id}.{shard}"),
        }
    }

    /// The private name of a target, relative to the workspace. It follows from what is durable in the record before
    /// the act: the run, and the number in its plan, from 1.
    pub(super) fn path(self, deployment_id: &str, number: usize) -> String {
        let owner = Self::name_of(deployment_id, self.shard(number));
        format!("{}/{number}", self.directory(&owner))
    }
}

/// An open private directory of one run.
pub(super) struct Private {
    purpose: Purpose,
    /// The run, and for all but the first of its directories a number.
    name: String,
    /// [`HOME`], the directory of the purpose, and the run's own.
    chain: [OwnedFd; 3],
}

impl Private {
    /// Makes a directory of a new run. Says why not if anything is at its place or in its way.
    pub(super) fn make(
        root: &Root,
        purpose: Purpose,
        (deployment_id, shard): (&str, usize),
    ) -> Result<Self, String> {
        let name = Purpose::name_of(deployment_id, shard);
        let mut last = Err("other runs take the directory away all the time".to_owned());
        for _ in 0..ATTEMPTS {
            last = match Self::chain(root, purpose, (&name, Make::All)) {
                // Another run removed one of the directories above because it was empty.
                Err((_, Errno::NOENT)) => continue,
                other => other.map_err(|(what, error)| describe(&what, error)),
            };
            break;
        }
        let private = last?;
        if purpose == Purpose::Quarantine {
            private
                .settle_quarantine(root)
                .map_err(|error| describe(&purpose.directory(&name), error))?;
        }
        Ok(private)
    }

    /// Opens a directory that an earlier run left behind. `None` if there is none.
    pub(super) fn open(
        root: &Root,
        purpose: Purpose,
        (deployment_id, shard): (&str, usize),
    ) -> Result<Option<Self>, String> {
        let name = Purpose::name_of(deployment_id, shard);
        match Self::chain(root, purpose, (&name, Make::Nothing)) {
            Ok(private) => Ok(Some(private)),
            Err((_, Errno::NOENT)) => Ok(None),
            Err((what, error)) => Err(describe(&what, error)),
        }
    }

    fn chain(
        root: &Root,
        purpose: Purpose,
        (name, make): (&str, Make),
    ) -> Result<Self, (String, Errno)> {
        let path = purpose.directory(name);
        if names::escapes(name.as_bytes()) || name.contains('/') {
            return Err((path, Errno::INVAL));
        }
        let failed = |error| (path.clone(), error);
        let Ok((Holder::Root(top), _)) = root.holder(HOME.as_bytes()) else {
            return Err(failed(Errno::NOTDIR));
        };
        let shared = Privacy::NobodyElseWrites;
        let (home, _) = step(root, (top, HOME), (make, shared)).map_err(failed)?;
        let (middle, _) = step(root, (&home, purpose.name()), (make, shared)).map_err(failed)?;
        let own = (make, Privacy::NobodyElseEnters);
        let (last, is_new) = step(root, (&middle, name), own).map_err(failed)?;
        if make == Make::All && !is_new {
            return Err(failed(Errno::EXIST));
        }
        Ok(Self {
            purpose,
            name: name.to_owned(),
            chain: [home, middle, last],
        })
    }

    /// The open directory.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.chain[2].as_fd()
    }

    /// Where it is, relative to the workspace.
    pub(super) fn own_path(&self) -> String {
        self.purpose.directory(&self.name)
    }

    /// Where a target is meanwhile, relative to the workspace.
    pub(super) fn path(&self, number: usize) -> String {
        format!("{}/{number}", self.purpose.directory(&self.name))
    }

    /// Makes the names in it survive a power cut.
    pub(super) fn sync(&self) -> Result<(), Errno> {
        fsync(&self.chain[2])
    }

    /// Git is to ignore what is kept, and the directories are to be found again after a power cut.
    fn settle_quarantine(&self, root: &Root) -> Result<(), Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.chain[1], ".gitignore", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => {
                give_to_owner_of(&self.chain[1], &file)?;
                rustix::io::write(&file, b"*\n")?;
                fsync(&file)?;
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        self.chain.iter().try_for_each(fsync)?;
        match root.holder(HOME.as_bytes()) {
            Ok((holder, _)) => sync(holder.as_fd()),
            Err(_) => Err(Errno::NOTDIR),
        }
    }

    /// Removes the run's directory and our own above it, as far as they are empty: of several runs at once the last
    /// leaves nothing. Answers whether the run's own is gone.
    pub(super) fn remove_if_empty(&self, root: &Root, leaf: &dyn Leaf) -> bool {
        let Ok((Holder::Root(top), _)) = root.holder(HOME.as_bytes()) else {
            return false;
        };
        let steps = [
            (self.chain[1].as_fd(), self.name.as_str()),
            (self.chain[0].as_fd(), self.purpose.name()),
            (top.as_fd(), HOME),
        ];
        let mut is_gone = false;
        for (directory, name) in steps {
            let at = At {
                directory,
                name: name.as_bytes(),
            };
            if leaf.unlink(at, AtFlags::REMOVEDIR).is_err() {
                break;
            }
            is_gone = true;
        }
        is_gone
    }
}

/// Makes the names in a directory survive a power cut, whatever its handle is good for.
pub(super) fn sync(directory: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fsync(openat(directory, ".", flags, Mode::empty())?)
}

/// Whether missing directories are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Make {
    All,
    Nothing,
}

/// Which bits of others a directory may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Privacy {
    NobodyElseWrites,
    NobodyElseEnters,
}

/// Opens one directory of the chain, makes it first if asked to, and looks at what was opened. Answers whether it was
/// made.
fn step(
    root: &Root,
    (above, name): (&OwnedFd, &str),
    (make, privacy): (Make, Privacy),
) -> Result<(OwnedFd, bool), Errno> {
    let is_new = match make {
        Make::All => match make_directory(above, name.as_bytes(), Mode::RWXU) {
            Ok(_) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error),
        },
        Make::Nothing => false,
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(above, name, flags, Mode::empty())?;
    let stat = fstat(&directory)?;
    let bits = Mode::from_raw_mode(stat.st_mode);
    let forbidden = match privacy {
        Privacy::NobodyElseWrites => Mode::WGRP | Mode::WOTH,
        Privacy::NobodyElseEnters => Mode::RWXG | Mode::RWXO,
    };
    if !has_right_owner(above, &stat)? || bits.intersects(forbidden) {
        return Err(Errno::PERM);
    }
    if root.is_other_mount(&look_at_open(&directory)?) {
        return Err(Errno::XDEV);
    }
    Ok((directory, is_new))
}

fn describe(path: &str, error: Errno) -> String {
    let why = match error {
        Errno::LOOP | Errno::NOTDIR => "a link or file is in its way".to_owned(),
        Errno::PERM => "it, or one above it, belongs to another user or is open to others".into(),
        Errno::XDEV => "it is on another mount".into(),
        Errno::EXIST => "it is there already".into(),
        error => std::io::Error::from(error).to_string(),
    };
    format!("the directory `{path}` cannot be used: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_follows_from_the_number_alone() {
        let path = |number| Purpose::Staging.path("run", number);
        assert_eq!(path(1), ".factory-gate/staging/run/1");
        assert_eq!(path(256), ".factory-gate/staging/run/256");
        assert_eq!(path(257), ".factory-gate/staging/run.1/257");
        assert_eq!(path(1024), ".factory-gate/staging/run.3/1024");
        assert_eq!(path(1025), ".factory-gate/staging/run/1025");
        let kept = Purpose::Quarantine.path("run", 1025);
        assert_eq!(kept, ".factory-gate/quarantine/run/1025");
    }
}
