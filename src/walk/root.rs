//! The workspace as an open directory: every read is relative to it and follows no symlink, so that a
//! path that changes its nature while we look cannot lead us outside.

use super::facts::{Changed, Facts};
use super::regular::read_regular;
use super::tree::Kind;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How files are opened: a FIFO that took a file's place must not make us wait.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
/// How everything is opened.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// The directory that a file was opened in last.
#[derive(Default)]
pub struct LastDirectory {
    path: Vec<u8>,
    handle: Option<OwnedFd>,
}

/// An open workspace. Shared by all threads.
pub struct Root {
    path: PathBuf,
    handle: OwnedFd,
    has_openat2: AtomicBool,
}

impl Root {
    /// Opens the workspace at an absolute path. The path itself may lead through symlinks.
    ///
    /// # Errors
    /// It does not exist, is no directory, or may not be read.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())?;
        let has_openat2 = AtomicBool::new(cfg!(target_os = "linux"));
        Ok(Self {
            path: path.to_owned(),
            handle,
            has_openat2,
        })
    }

    /// A second handle on the same directory.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn try_clone(&self) -> std::io::Result<Self> {
        let has_openat2 = self.has_openat2.load(Ordering::Relaxed);
        Ok(Self {
            path: self.path.clone(),
            handle: self.handle.try_clone()?,
            has_openat2: AtomicBool::new(has_openat2),
        })
    }

    /// The absolute path it was opened at.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a directory and lists the names in it; an empty path is the workspace itself.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way is an error.
    pub(super) fn list(&self, path: &[u8]) -> std::io::Result<(Listing, Vec<Vec<u8>>)> {
        let mut directory = Dir::new(self.open_directory(path)?)?;
        let mut names = Vec::new();
        while let Some(entry) = directory.read() {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if bytes != b"." && bytes != b".." {
                names.push(bytes.to_vec());
            }
        }
        Ok((Listing(directory), names))
    }

    /// The names in a directory, in no order; an empty path is the workspace itself.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way is an error.
    pub fn names(&self, path: &[u8]) -> std::io::Result<Vec<Vec<u8>>> {
        Ok(self.list(path)?.1)
    }

    /// Opens a directory; an empty path is the workspace itself.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way is an error.
    pub fn open_directory(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() {
            b".".as_slice()
        } else {
            path
        };
        self.open_beneath(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Opens a file for reading, without waiting for a FIFO's writer.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way or at the end is an error.
    pub fn open_file(&self, path: &[u8]) -> std::io::Result<File> {
        Ok(self.open_beneath(path, FILE)?.into())
    }

    /// Opens a file for reading, as [`Self::open_file`], through its directory, which is opened once for all the files
    /// in it that are asked for one after the other.
    ///
    /// # Errors
    /// As [`Self::open_file`].
    pub fn open_in(&self, path: &[u8], last: &mut LastDirectory) -> std::io::Result<File> {
        let Some(slash) = memchr::memrchr(b'/', path) else {
            return self.open_file(path);
        };
        let (directory, name) = (&path[..slash], &path[slash + 1..]);
        if last.handle.is_none() || last.path != directory {
            last.handle = Some(self.open_directory(directory)?);
            last.path.clear();
            last.path.extend_from_slice(directory);
        }
        let Some(handle) = &last.handle else {
            return self.open_file(path);
        };
        let name = OsStr::from_bytes(name);
        Ok(rustix::fs::openat(handle, name, FILE | SAFE, Mode::empty())?.into())
    }

    /// Reads a small file whole.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way or at the end, and more bytes than `most`, are errors.
    pub fn read_file(&self, path: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
        read_regular(self.open_file(path)?, most)
    }

    fn open_beneath(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | SAFE;
        #[cfg(target_os = "linux")]
        if self.has_openat2.load(Ordering::Relaxed) {
            match self.open_with_openat2(path, flags) {
                // Old kernels lack it, some sandboxes forbid it.
                Err(Errno::NOSYS | Errno::PERM) => self.has_openat2.store(false, Ordering::Relaxed),
                answer => return answer,
            }
        }
        self.open_by_component(path, flags)
    }

    #[cfg(target_os = "linux")]
    fn open_with_openat2(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        use rustix::fs::ResolveFlags;
        const ATTEMPTS: u32 = 16;
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let mut attempt = 0;
        loop {
            let path = OsStr::from_bytes(path);
            match rustix::fs::openat2(&self.handle, path, flags, Mode::empty(), resolve) {
                // A rename somewhere on the way raced with the kernel's look-up.
                Err(Errno::AGAIN) if attempt < ATTEMPTS => attempt += 1,
                answer => return answer,
            }
        }
    }

    fn open_by_component(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let mut components = path.split(|byte| *byte == b'/');
        let last = components.next_back().ok_or(Errno::INVAL)?;
        let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut parent: Option<OwnedFd> = None;
        for component in components {
            let from = parent.as_ref().map_or(self.handle.as_fd(), OwnedFd::as_fd);
            parent = Some(rustix::fs::openat(
                from,
                OsStr::from_bytes(component),
                step,
                Mode::empty(),
            )?);
        }
        let from = parent.as_ref().map_or(self.handle.as_fd(), OwnedFd::as_fd);
        rustix::fs::openat(from, OsStr::from_bytes(last), flags, Mode::empty())
    }
}

/// Reads a small file that the user named: links are followed, a FIFO is not waited for.
///
/// # Errors
/// As the operating system says; anything but a regular file, and more bytes than `most`, are errors.
pub fn read_named(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let file = rustix::fs::open(path, FILE | OFlags::CLOEXEC, Mode::empty())?;
    read_regular(file.into(), most)
}

/// A directory that was opened and listed.
pub(super) struct Listing(Dir);

impl Listing {
    /// The facts about one name in it, not followed.
    pub(super) fn facts(&self, name: &[u8]) -> std::io::Result<Facts> {
        let seen = rustix::fs::statat(self.0.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(facts_from(&seen))
    }

    /// Reads a small file in it whole.
    pub(super) fn read_file(&self, name: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.0.fd()?, name, flags, Mode::empty())?;
        let mut bytes = Vec::new();
        loop {
            bytes.reserve(16 << 10);
            let read = rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes))?;
            if read == 0 {
                return Ok(bytes);
            }
            if bytes.len() > most {
                return Err(Errno::FBIG.into());
            }
        }
    }
}

/// The facts about an open file.
///
/// # Errors
/// As the operating system says.
pub(crate) fn facts_of(file: &File) -> std::io::Result<Facts> {
    Ok(facts_from(&rustix::fs::fstat(file)?))
}

fn facts_from(seen: &Stat) -> Facts {
    let kind = match FileType::from_raw_mode(seen.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Special,
    };
    Facts {
        kind,
        permissions: u16::try_from(seen.st_mode & 0o7777).unwrap_or(0),
        size: u64::try_from(seen.st_size).unwrap_or(0),
        modified_ns: nanoseconds(seen.st_mtime, seen.st_mtime_nsec),
        changed: Some(Changed {
            time_ns: nanoseconds(seen.st_ctime, seen.st_ctime_nsec),
            inode: seen.st_ino,
        }),
    }
}

/// Nanoseconds since 1970; times beyond the range of `i64` stop at its ends.
fn nanoseconds(seconds: i64, rest: impl TryInto<i64>) -> i64 {
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(rest.try_into().unwrap_or(0))
}

/// Reads on, as much as the buffer has room for; 0 at the end of the file.
pub(crate) fn read_more(file: &File, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    let read = rustix::io::retry_on_intr(|| {
        rustix::io::read(file, rustix::buffer::spare_capacity(buffer))
    });
    Ok(read?)
}

/// The error of a path that is not opened because a symlink is on it.
pub(crate) fn link_error() -> std::io::Error {
    Errno::LOOP.into()
}

/// Whether a path was not opened because a symlink is on it.
pub(crate) fn is_link_error(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_way_of_opening_follows_a_symlink() {
        let outside = tempfile::tempdir().unwrap();
        File::create(outside.path().join("secret")).unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("dir")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), inside.path().join("file"))
            .unwrap();
        std::fs::create_dir(inside.path().join("real")).unwrap();
        File::create(inside.path().join("real/a")).unwrap();
        std::os::unix::fs::symlink("a", inside.path().join("real/link")).unwrap();
        let root = Root::open(inside.path()).unwrap();
        for has_openat2 in [true, false] {
            root.has_openat2.store(has_openat2, Ordering::Relaxed);
            assert!(root.open_file(b"file").is_err());
            assert!(root.open_file(b"dir/secret").is_err());
            assert!(
                root.open_in(b"dir/secret", &mut LastDirectory::default())
                    .is_err()
            );
            assert!(root.open_directory(b"dir").is_err());
            assert!(root.open_directory(b"").is_ok());
            let mut last = LastDirectory::default();
            assert!(root.open_in(b"real/a", &mut last).is_ok());
            assert!(root.open_in(b"real/link", &mut last).is_err());
            assert!(root.open_in(b"file", &mut last).is_err());
        }
    }
}
