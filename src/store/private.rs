//! Places and locks: the destination of the record, and the private directory beside it in which a run works.
//!
//! The private directory is `.NAME.run-SUFFIX` (0700) in the directory of the database, so that the
//! finished file gets to its place by one rename. Its `lock` file is locked while the run lives.

use super::error::{FileContext, StoreError};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
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
        let file = File::open(&self.directory).at("open the directory", &self.directory)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)
            .at("lock the directory", &self.directory)?;
        Ok(DirectoryLock { file })
    }

    /// Makes the names in the directory survive a power cut.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .at("make durable the directory", &self.directory)
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
        self.file
            .sync_all()
            .at("make durable the directory", &destination.directory)
    }
}

/// A private directory and the lock that says that its owner lives.
pub(super) struct PrivateDir {
    pub(super) path: PathBuf,
    handle: File,
    _lock: File,
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
        rustix::fs::mkdir(&path, Mode::RWXU).at("create the private directory", &path)?;
        let handle = File::open(&path).at("open the private directory", &path)?;
        let lock = rustix::fs::openat(
            &handle,
            "lock",
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        )
        .at("create the lock in", &path)?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .at("lock the private directory", &path)?;
        Ok(Self {
            path,
            handle,
            _lock: lock.into(),
        })
    }

    /// Takes over the directory of a dead run. `None` if its run lives, or if it is not a private directory of ours:
    /// a checkout can hold a directory with such a name, but not one that only its owner may enter and that has a lock.
    pub(super) fn adopt(path: &Path) -> Result<Option<Self>, StoreError> {
        use std::os::unix::fs::MetadataExt as _;
        let meta = std::fs::symlink_metadata(path).at("look at", path)?;
        // No bit for the group or for others.
        let private = meta.is_dir() && meta.mode().trailing_zeros() >= 6;
        if !private || meta.uid() != rustix::process::geteuid().as_raw() {
            return Ok(None);
        }
        let handle: File = rustix::fs::open(
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .at("open the private directory", path)?
        .into();
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let lock = match rustix::fs::openat(&handle, "lock", flags, Mode::empty()) {
            Ok(lock) => lock,
            // A run died after everything else of it was gone: only what is empty goes.
            Err(rustix::io::Errno::NOENT) => {
                let _not_empty = rustix::fs::rmdir(path);
                return Ok(None);
            }
            Err(rustix::io::Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error).at("open the lock in", path),
        };
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self {
                path: path.into(),
                handle,
                _lock: lock.into(),
            })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error).at("lock the private directory", path),
        }
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether it holds a file of this name.
    pub(super) fn holds(&self, name: &str) -> bool {
        rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// The handle that renames start from.
    pub(super) fn handle(&self) -> &File {
        &self.handle
    }

    /// Reserves room on the disk that is given back before the seal, which so has a chance on a full disk.
    /// A file system that cannot reserve is no error.
    pub(super) fn reserve(&self, bytes: u64) -> Result<(), StoreError> {
        let path = self.file("ballast");
        let file = rustix::fs::openat(
            &self.handle,
            "ballast",
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        )
        .at("create", &path)?;
        let empty = rustix::fs::FallocateFlags::empty();
        match rustix::fs::fallocate(&file, empty, 0, bytes) {
            Err(error @ rustix::io::Errno::NOSPC) => Err(error).at("reserve room in", &path),
            _ => Ok(()),
        }
    }

    /// How many bytes its files have.
    pub(super) fn size(&self) -> u64 {
        CONTENTS
            .iter()
            .filter_map(|name| {
                rustix::fs::statat(&self.handle, *name, AtFlags::SYMLINK_NOFOLLOW).ok()
            })
            .map(|stat| u64::try_from(stat.st_size).unwrap_or_default())
            .sum()
    }

    /// Removes one of the known files, if it is there.
    pub(super) fn discard(&self, name: &'static str) -> Result<(), StoreError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a known file of our own private directory"
        )]
        let removal = rustix::fs::unlinkat(&self.handle, name, AtFlags::empty());
        match removal {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error).at("remove", &self.file(name)),
        }
    }

    /// Removes the known files and then the directory, which fails if anything else is in it.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        for name in CONTENTS {
            self.discard(name)?;
        }
        rustix::fs::rmdir(&self.path).at("remove the private directory", &self.path)
    }
}
