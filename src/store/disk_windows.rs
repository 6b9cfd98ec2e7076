//! What the store asks of the file system, on Windows.
//!
//! A directory is held by a handle that lets nobody rename or remove it, nor any above it; so its path stays what it
//! was, and paths are as good as handles. What is weaker here than on Unix, and why it is not hidden:
//!
//! - A private directory has the access rights of the one that it is made in. Whose it is cannot be told without code
//!   that this crate forbids itself, so none is ever adopted: [`Folder::open_private`] refuses.
//! - Windows makes names durable by itself, in its own time: there is no call for it without special rights.
//! - No room is reserved, and no file system is known to be over a network.

use super::error::{FileContext, StoreError};
use std::fs::{File, OpenOptions};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SHARE_READ: u32 = 1;
const SHARE_WRITE: u32 = 2;
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const DELETE_ON_CLOSE: u32 = 0x0400_0000;
/// "The process cannot access the file because it is being used by another process."
const SHARING_VIOLATION: i32 = 32;
/// Also what a file answers that is being deleted.
const ACCESS_DENIED: i32 = 5;

/// Whether a file can be renamed that a connection has open: `SQLite` does not allow it to others.
pub(super) const OPEN_FILES_CAN_MOVE: bool = false;

/// What a directory's lock is asked for.
pub(super) enum Lock {
    /// Held until it is dropped.
    Held(File),
    /// Another process holds it.
    Taken,
}

/// Locks what is called `name` in a directory, waiting for whoever holds it: a file that nobody else can open while it
/// is open, and that goes when it is closed, by the death of the process too.
pub(super) fn lock_directory(directory: &Path, name: &str) -> Result<File, StoreError> {
    // In the walk it counts as our own, and its ending makes it no run's directory.
    let path = directory.join(format!(".{name}.run-lock"));
    let mut denials = 0;
    loop {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0)
            .custom_flags(DELETE_ON_CLOSE | OPEN_REPARSE_POINT)
            .open(&path);
        match opened.as_ref().map_err(std::io::Error::raw_os_error) {
            Err(Some(SHARING_VIOLATION)) => {}
            Err(Some(ACCESS_DENIED)) if denials < 20 => denials += 1,
            _ => return opened.at("lock the directory", directory),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Makes the content of a file that is open for reading survive a power cut. Only a handle for writing may ask for it.
pub(super) fn sync_file(_file: &File, path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Windows makes names durable by itself.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn sync_directory(_directory: &File) -> std::io::Result<()> {
    Ok(())
}

/// As [`sync_directory`].
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn sync_directory_at(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Opens a file for reading that anybody may have made: through no link at its end.
pub(super) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OPEN_REPARSE_POINT)
        .open(path)?;
    not_a_link(file)
}

fn not_a_link(file: File) -> std::io::Result<File> {
    if file.metadata()?.is_symlink() {
        return Err(std::io::Error::other("it is a symbolic link"));
    }
    Ok(file)
}

/// A directory that nobody can rename or remove while it is held.
pub(super) struct Folder {
    path: PathBuf,
    held: File,
}

impl Folder {
    /// Makes a directory, with the access rights that Windows gives it here.
    pub(super) fn make_private(path: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir(path).at("create the private directory", path)?;
        let held = OpenOptions::new()
            .read(true)
            .share_mode(SHARE_READ | SHARE_WRITE)
            .custom_flags(BACKUP_SEMANTICS | OPEN_REPARSE_POINT)
            .open(path)
            .and_then(not_a_link)
            .at("open the private directory", path)?;
        Ok(Self {
            path: path.into(),
            held,
        })
    }

    /// Refuses: whose a directory is cannot be told here.
    pub(super) fn open_private(path: &Path) -> Result<Option<Self>, StoreError> {
        Err(StoreError::BadPath {
            path: path.into(),
            reason: "refused: on Windows it cannot be told whether this directory is a dead run's or somebody else's",
        })
    }

    /// Creates a file that was not there, for reading and writing.
    pub(super) fn create_new(&self, name: &str) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        options.open(self.path.join(name))
    }

    /// Opens a file for reading and writing, or creates it.
    pub(super) fn open_or_create(&self, name: &str) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.custom_flags(OPEN_REPARSE_POINT);
        options.open(self.path.join(name)).and_then(not_a_link)
    }

    /// Opens the file and locks it, without waiting. `None` if there is no such file.
    pub(super) fn lock_existing(&self, name: &str, of: &Path) -> Result<Option<Lock>, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        options.custom_flags(OPEN_REPARSE_POINT);
        match options.open(self.path.join(name)).and_then(not_a_link) {
            Ok(file) => lock_file(file)
                .at("lock the private directory", of)
                .map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("open the lock in", of),
        }
    }

    /// The size of what is at this name, in bytes, if anything is.
    pub(super) fn size_of(&self, name: &str) -> Option<u64> {
        let meta = std::fs::symlink_metadata(self.path.join(name)).ok()?;
        Some(meta.len())
    }

    /// Removes a file.
    pub(super) fn discard(&self, name: &'static str) -> std::io::Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a known file of our own private directory, which nobody can exchange while it is held"
        )]
        std::fs::remove_file(self.path.join(name))
    }

    /// Gives the file `name` of this directory its place in another one. Without replacing it gets a second name
    /// first, which fails if there is a file of that name.
    pub(super) fn put(&self, name: &str, put: &Put<'_>) -> Result<(), StoreError> {
        const DOING: &str = "put the finished database at";
        let (from, to) = (self.path.join(name), put.directory.join(put.name));
        if !put.replaces {
            match std::fs::hard_link(&from, &to) {
                // The name in the private directory goes with all others.
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    return Err(error).at(DOING, &to);
                }
                // Not every file system has links; the lock on the directory keeps our own kind away.
                Err(_) => {}
            }
        }
        #[expect(clippy::disallowed_methods, reason = "the rename of the publisher")]
        std::fs::rename(&from, &to).at(DOING, &to)
    }

    /// Removes the directory, which has to be empty by now.
    pub(super) fn remove(self, path: &Path) -> std::io::Result<()> {
        // Who holds it keeps it from being removed.
        drop(self.held);
        #[expect(
            clippy::disallowed_methods,
            reason = "our own private directory, empty; it fails if it is not"
        )]
        std::fs::remove_dir(path)
    }
}

/// Where a finished file goes.
pub(super) struct Put<'a> {
    pub(super) directory: &'a Path,
    pub(super) name: &'a str,
    /// Whether there is a file that is to be replaced; else nothing is.
    pub(super) replaces: bool,
}

/// Locks a file without waiting.
pub(super) fn lock_file(file: File) -> std::io::Result<Lock> {
    match file.try_lock() {
        Ok(()) => Ok(Lock::Held(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(Lock::Taken),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Nothing is reserved: there is no call for it here.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn reserve(_file: &File, _bytes: u64) -> std::io::Result<()> {
    Ok(())
}

/// What lies on a share over the network has a name that begins with two slashes; a drive's letter tells nothing.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn on_network(path: &Path) -> Result<bool, StoreError> {
    use std::path::{Component, Prefix};
    let prefix = path.components().next();
    Ok(matches!(
        prefix,
        Some(Component::Prefix(prefix))
            if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
    ))
}
