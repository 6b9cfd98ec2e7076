//! What the store asks of the file system, where systems differ: directories as handles, locks, the rename.

use super::error::{FileContext, StoreError};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::path::Path;

/// Whether a file can be renamed that a connection has open.
pub(super) const OPEN_FILES_CAN_MOVE: bool = true;

/// What a directory's lock is asked for.
pub(super) enum Lock {
    /// Held until it is dropped.
    Held(File),
    /// Another process holds it.
    Taken,
}

/// Locks a directory itself, waiting for whoever holds it. `_name` is what the lock is for.
pub(super) fn lock_directory(directory: &Path, _name: &str) -> Result<File, StoreError> {
    let file = File::open(directory).at("open the directory", directory)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive).at("lock the directory", directory)?;
    Ok(file)
}

/// Makes the content of a file that is open for reading survive a power cut.
pub(super) fn sync_file(file: &File, _path: &Path) -> std::io::Result<()> {
    file.sync_all()
}

/// Makes the names in a directory survive a power cut.
pub(super) fn sync_directory(directory: &File) -> std::io::Result<()> {
    directory.sync_all()
}

/// As [`sync_directory`], by path.
pub(super) fn sync_directory_at(directory: &Path) -> std::io::Result<()> {
    File::open(directory).and_then(|directory| sync_directory(&directory))
}

/// Opens a file for reading that anybody may have made: through no link at its end, waiting for nobody.
pub(super) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// An open directory; what is in it is reached through it, whatever its path names by now.
pub(super) struct Folder(File);

impl Folder {
    /// Makes a directory that only its owner may enter.
    pub(super) fn make_private(path: &Path) -> Result<Self, StoreError> {
        rustix::fs::mkdir(path, Mode::RWXU).at("create the private directory", path)?;
        let handle = File::open(path).at("open the private directory", path)?;
        Ok(Self(handle))
    }

    /// Opens a directory if it is one that only this user may enter, as [`Self::make_private`] makes them.
    pub(super) fn open_private(path: &Path) -> Result<Option<Self>, StoreError> {
        let meta = std::fs::symlink_metadata(path).at("look at", path)?;
        if !is_private(&meta) {
            return Ok(None);
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle =
            rustix::fs::open(path, flags, Mode::empty()).at("open the private directory", path)?;
        Ok(Some(Self(handle.into())))
    }

    /// Creates a file that was not there, for reading and writing.
    pub(super) fn create_new(&self, name: &str) -> std::io::Result<File> {
        self.create(name, OFlags::EXCL)
    }

    /// Opens a file for reading and writing, or creates it.
    pub(super) fn open_or_create(&self, name: &str) -> std::io::Result<File> {
        self.create(name, OFlags::empty())
    }

    fn create(&self, name: &str, how: OFlags) -> std::io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | how;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Opens the file and locks it, without waiting. `None` if there is no such file, or a link.
    pub(super) fn lock_existing(&self, name: &str, of: &Path) -> Result<Option<Lock>, StoreError> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(lock) => lock_file(lock.into())
                .at("lock the private directory", of)
                .map(Some),
            Err(Errno::NOENT | Errno::LOOP) => Ok(None),
            Err(error) => Err(error).at("open the lock in", of),
        }
    }

    /// The size of what is at this name, in bytes, if anything is.
    pub(super) fn size_of(&self, name: &str) -> Option<u64> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(u64::try_from(stat.st_size).unwrap_or_default())
    }

    /// Removes a file.
    pub(super) fn discard(&self, name: &'static str) -> std::io::Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a known file of our own private directory"
        )]
        let removal = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
        Ok(removal?)
    }

    /// Gives the file `name` of this directory its place in another one, by one rename.
    pub(super) fn put(&self, name: &str, put: &Put<'_>) -> Result<(), StoreError> {
        let to = File::open(put.directory).at("open the directory", put.directory)?;
        let replace = || rustix::fs::renameat(&self.0, name, &to, put.name);
        let renamed = if put.replaces {
            replace()
        } else {
            match rustix::fs::renameat_with(&self.0, name, &to, put.name, RenameFlags::NOREPLACE) {
                // Not every file system can promise it; the lock on the directory keeps our own kind away.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => replace(),
                other => other,
            }
        };
        renamed.at(
            "put the finished database at",
            &put.directory.join(put.name),
        )
    }

    /// Removes the directory, which has to be empty by now, and its lock with it.
    #[expect(
        clippy::unused_self,
        reason = "nobody has it open afterwards, which Windows asks for"
    )]
    pub(super) fn remove(self, path: &Path) -> std::io::Result<()> {
        Ok(rustix::fs::rmdir(path)?)
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
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock::Held(file)),
        Err(Errno::WOULDBLOCK) => Ok(Lock::Taken),
        Err(error) => Err(error.into()),
    }
}

/// Reserves room for a file of this many bytes. A file system that cannot reserve is no error.
pub(super) fn reserve(file: &File, bytes: u64) -> std::io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        Err(error @ Errno::NOSPC) => Err(error.into()),
        _ => Ok(()),
    }
}

fn is_private(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // No bit for the group or for others.
    let closed = meta.is_dir() && meta.mode().trailing_zeros() >= 6;
    closed && meta.uid() == rustix::process::geteuid().as_raw()
}

/// Whether the file lies on a file system over a network, by the numbers in Linux's `magic.h`.
#[cfg(target_os = "linux")]
pub(super) fn on_network(path: &Path) -> Result<bool, StoreError> {
    const NFS: u32 = 0x6969;
    const SMB: u32 = 0x517b;
    const SMB2: u32 = 0xfe53_4d42;
    const CIFS: u32 = 0xff53_4d42;
    const PLAN_9: u32 = 0x0102_1997;
    const FUSE: u32 = 0x6573_5546;
    let kind = rustix::fs::statfs(path)
        .at("look at the file system of", path)?
        .f_type;
    let low = u32::try_from(i128::from(kind) & 0xffff_ffff).unwrap_or_default();
    Ok(matches!(low, NFS | SMB | SMB2 | CIFS | PLAN_9 | FUSE))
}

/// Whether the file lies on a file system over a network, by `MNT_LOCAL` of macOS's `mount.h`.
#[cfg(target_os = "macos")]
pub(super) fn on_network(path: &Path) -> Result<bool, StoreError> {
    const LOCAL: u32 = 0x1000;
    let flags = rustix::fs::statfs(path)
        .at("look at the file system of", path)?
        .f_flags;
    Ok(flags & LOCAL == 0)
}

/// Elsewhere nobody asks.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn on_network(_path: &Path) -> Result<bool, StoreError> {
    Ok(false)
}
