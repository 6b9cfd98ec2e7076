//! Places and locks: the destination of the record, and the private directory beside it in which a run works.
//!
//! The private directory is `.NAME.run-SUFFIX` (0700) in the directory of the database, so that the
//! finished file gets to its place by one rename. Its `lock` file is locked while the run lives.

use super::disk::{self, Folder, Lock};
use super::error::{FileContext, StoreError};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Everything that may lie in a private directory. Nothing else is ever removed.
const CONTENTS: [&str; 15] = [
    "run.db",
    "run.db-wal",
    "run.db-journal",
    "run.db-shm",
    "old.db",
    "old.db-journal",
    "publish.db",
    "publish.db-journal",
    "publish.db-wal",
    "publish.db-shm",
    "verify.db",
    "verify.db-journal",
    "ballast",
    "probe",
    "lock",
];

/// Where the record is to be.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) path: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) name: String,
}

impl Destination {
    /// Takes an absolute UTF-8 path with a file name; SQLite would read others in ways of its own.
    pub(super) fn new(path: &Path) -> Result<Self, StoreError> {
        let bad = |reason| StoreError::BadPath {
            path: path.into(),
            reason,
        };
        if !path.is_absolute() {
            return Err(bad("the path is not absolute"));
        }
        if path.to_str().is_none_or(|text| text.contains('\0')) {
            return Err(bad("the path is not UTF-8 text"));
        }
        match (
            path.parent(),
            path.file_name().and_then(|name| name.to_str()),
        ) {
            (Some(directory), Some(name)) => Ok(Self {
                path: path.into(),
                directory: directory.into(),
                name: name.into(),
            }),
            _ => Err(bad("the path names no file")),
        }
    }

    /// Whether a file is there; refuses whatever is no plain file, and sidecars of another program.
    pub(super) fn occupied(&self) -> Result<Option<std::fs::Metadata>, StoreError> {
        refuse_sidecars(&self.path)?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(meta) if meta.is_file() => Ok(Some(meta)),
            Ok(meta) => Err(StoreError::BadPath {
                path: self.path.clone(),
                reason: if meta.is_symlink() {
                    "it is a symbolic link"
                } else {
                    "it is not a regular file"
                },
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("look at", &self.path),
        }
    }

    /// Waits until no other run publishes in this directory.
    pub(super) fn lock(&self) -> Result<DirectoryLock, StoreError> {
        let file = disk::lock_directory(&self.directory, &self.name)?;
        Ok(DirectoryLock { file })
    }

    /// Makes the names in the directory survive a power cut.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        disk::sync_directory_at(&self.directory).at("make durable the directory", &self.directory)
    }

    /// The private directories beside the destination, by name.
    pub(super) fn run_directories(&self) -> Result<Vec<PathBuf>, StoreError> {
        let prefix = format!(".{}.run-", self.name);
        let mut found = Vec::new();
        let entries = std::fs::read_dir(&self.directory).at("list", &self.directory)?;
        for entry in entries {
            let entry = entry.at("list", &self.directory)?;
            let name = entry.file_name();
            let suffix = name.to_str().and_then(|name| name.strip_prefix(&prefix));
            if suffix.is_some_and(is_suffix) {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Refuses a database beside which SQLite's own files lie: their content would be taken for part of it.
pub(super) fn refuse_sidecars(path: &Path) -> Result<(), StoreError> {
    for ending in ["-wal", "-journal", "-shm"] {
        let mut sidecar = path.as_os_str().to_owned();
        sidecar.push(ending);
        let sidecar = PathBuf::from(sidecar);
        match std::fs::symlink_metadata(&sidecar) {
            Ok(_) => return Err(StoreError::Sidecar { sidecar }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("look at", &sidecar),
        }
    }
    Ok(())
}

fn is_suffix(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Held while the destination directory may change under our hands.
pub(super) struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    /// Makes what was renamed or removed in the directory survive a power cut.
    pub(super) fn sync(&self, destination: &Destination) -> Result<(), StoreError> {
        disk::sync_directory(&self.file).at("make durable the directory", &destination.directory)
    }
}

/// A private directory and the lock that says that its owner lives.
pub(super) struct PrivateDir {
    pub(super) path: PathBuf,
    folder: Folder,
    lock: File,
}

impl PrivateDir {
    /// Creates the directory of a new run. The caller holds the destination's lock, so that nobody takes it for dead
    /// before it is locked.
    pub(super) fn create(
        destination: &Destination,
        suffix: &str,
        _held: &DirectoryLock,
    ) -> Result<Self, StoreError> {
        if !is_suffix(suffix) {
            return Err(StoreError::BadPath {
                path: suffix.into(),
                reason: "the suffix of the private directory is not hexadecimal",
            });
        }
        let name = format!(".{}.run-{suffix}", destination.name);
        Self::make(destination.directory.join(name))
    }

    /// Creates a private directory for copies under `scratch`, with the first free number in its name.
    pub(super) fn create_scratch(scratch: &Path) -> Result<Self, StoreError> {
        for number in 0..10_000_u32 {
            let name = format!("factory-gate-{}-{number}", std::process::id());
            match Self::make(scratch.join(name)) {
                Err(StoreError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => return other,
            }
        }
        Err(StoreError::BadPath {
            path: scratch.into(),
            reason: "it is full of private directories of factory-gate",
        })
    }

    fn make(path: PathBuf) -> Result<Self, StoreError> {
        let folder = Folder::make_private(&path)?;
        let lock = folder.create_new("lock").at("create the lock in", &path)?;
        match disk::lock_file(lock).at("lock the private directory", &path)? {
            Lock::Held(lock) => Ok(Self { path, folder, lock }),
            Lock::Taken => Err(StoreError::BadPath {
                path,
                reason: "another process holds the lock of the directory that was just made",
            }),
        }
    }

    /// Takes over the directory of a dead run. `None` if its run lives, or if it is not a private directory of ours:
    /// a checkout can hold a directory with such a name, but not one that only its owner may enter and that has a lock.
    pub(super) fn adopt(path: &Path) -> Result<Option<Self>, StoreError> {
        let Some(folder) = Folder::open_private(path)? else {
            return Ok(None);
        };
        match folder.lock_existing("lock", path)? {
            Some(Lock::Held(lock)) => Ok(Some(Self {
                path: path.into(),
                folder,
                lock,
            })),
            Some(Lock::Taken) => Ok(None),
            // A run died after everything else of it was gone: only what is empty goes.
            None => {
                let _not_empty = folder.remove(path);
                Ok(None)
            }
        }
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether it holds a file of this name.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.folder.size_of(name).is_some()
    }

    /// The open directory itself.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Reserves room on the disk that is given back before the seal, which so has a chance on a full disk.
    /// A file system that cannot reserve is no error.
    pub(super) fn reserve(&self, bytes: u64) -> Result<(), StoreError> {
        let path = self.file("ballast");
        let file = self.folder.open_or_create("ballast").at("create", &path)?;
        disk::reserve(&file, bytes).at("reserve room in", &path)
    }

    /// How many bytes its files have.
    pub(super) fn size(&self) -> u64 {
        CONTENTS
            .iter()
            .filter_map(|name| self.folder.size_of(name))
            .sum()
    }

    /// Removes one of the known files, if it is there.
    pub(super) fn discard(&self, name: &'static str) -> Result<(), StoreError> {
        match self.folder.discard(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).at("remove", &self.file(name))
            }
            _ => Ok(()),
        }
    }

    /// Removes the known files and then the directory, which fails if anything else is in it.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        for name in CONTENTS {
            self.discard(name)?;
        }
        drop(self.lock);
        self.folder
            .remove(&self.path)
            .at("remove the private directory", &self.path)
    }
}
