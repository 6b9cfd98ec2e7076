//! The workspace on Windows: every directory on the way is opened first, is seen to be no link, and is held by a handle
//! that lets nobody rename or remove it until what lies in it has been opened. So a path cannot change its nature
//! while we look, and cannot lead us outside.

use super::facts::Facts;
use super::path_bytes::{bytes_of, path_of};
use super::regular::read_regular;
use super::tree::Kind;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _};
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const SHARE_READ: u32 = 1;
const SHARE_WRITE: u32 = 2;
/// Without it nobody opens a directory.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// A link is opened itself, not what it leads to.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
/// A file's attribute: it is a link, or what only another driver can read.
const REPARSE_POINT: u32 = 0x400;
/// "The create operation stopped after reaching a symbolic link."
const STOPPED_ON_SYMLINK: i32 = 681;

/// The directory that a file was opened in last.
#[derive(Default)]
pub struct LastDirectory {
    path: Vec<u8>,
    held: Option<Held>,
}

/// An open workspace. Shared by all threads.
pub struct Root {
    path: PathBuf,
    held: Held,
}

/// A directory, and those above it up to the workspace, that nobody can rename or remove while it is held.
struct Held {
    /// In the form that Windows takes as it is: `\\?\C:\..`.
    path: PathBuf,
    handles: Vec<File>,
}

impl Root {
    /// Opens the workspace at an absolute path. The path itself may lead through symlinks.
    ///
    /// # Errors
    /// It does not exist, is no directory, or may not be read.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let real = std::fs::canonicalize(path)?;
        let handle = hold(&real)?;
        Ok(Self {
            path: path.to_owned(),
            held: Held {
                path: real,
                handles: vec![handle],
            },
        })
    }

    /// A second handle on the same directory.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn try_clone(&self) -> std::io::Result<Self> {
        Ok(Self {
            path: self.path.clone(),
            held: self.hold_directory(b"")?,
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
        let held = self.hold_directory(path)?;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&held.path)? {
            names.push(bytes_of(&entry?.file_name()).into_owned());
        }
        Ok((Listing(held), names))
    }

    /// The names in a directory, in no order; an empty path is the workspace itself.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way is an error.
    pub fn names(&self, path: &[u8]) -> std::io::Result<Vec<Vec<u8>>> {
        Ok(self.list(path)?.1)
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way or at the end is an error.
    pub fn open_file(&self, path: &[u8]) -> std::io::Result<File> {
        self.open_in(path, &mut LastDirectory::default())
    }

    /// Opens a file for reading, as [`Self::open_file`], through its directory, which is opened once for all the files
    /// in it that are asked for one after the other.
    ///
    /// # Errors
    /// As [`Self::open_file`].
    pub fn open_in(&self, path: &[u8], last: &mut LastDirectory) -> std::io::Result<File> {
        let Some(slash) = memchr::memrchr(b'/', path) else {
            return self.held.open_file(path);
        };
        let (directory, name) = (&path[..slash], &path[slash + 1..]);
        if last.path != directory {
            last.held = None;
        }
        let held = match &mut last.held {
            Some(held) => held,
            none => none.insert(self.hold_directory(directory)?),
        };
        last.path.clear();
        last.path.extend_from_slice(directory);
        held.open_file(name)
    }

    /// Reads a small file whole.
    ///
    /// # Errors
    /// As the operating system says; a symlink on the way or at the end, and more bytes than `most`, are errors.
    pub fn read_file(&self, path: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
        read_regular(self.open_file(path)?, most)
    }

    fn hold_directory(&self, path: &[u8]) -> std::io::Result<Held> {
        let mut held = Held {
            path: self.held.path.clone(),
            handles: vec![hold(&self.held.path)?],
        };
        if path.is_empty() {
            return Ok(held);
        }
        for component in path.split(|byte| *byte == b'/') {
            held.path = held.path_of(component)?;
            held.handles.push(hold(&held.path)?);
        }
        Ok(held)
    }
}

impl Held {
    /// The path of what has this name here. What no name can be names nothing.
    fn path_of(&self, name: &[u8]) -> std::io::Result<PathBuf> {
        let is_name = !matches!(name, b"" | b"." | b"..")
            && !name
                .iter()
                .any(|byte| matches!(byte, b'/' | b'\\' | b':' | 0));
        if is_name {
            Ok(self.path.join(path_of(name)))
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }

    fn open_file(&self, name: &[u8]) -> std::io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(OPEN_REPARSE_POINT)
            .open(self.path_of(name)?)?;
        let facts = file.metadata()?;
        if facts.is_symlink() {
            Err(Error::from_raw_os_error(STOPPED_ON_SYMLINK))
        } else if facts.file_attributes() & REPARSE_POINT != 0 {
            // What would be read is the driver's own note, not the content.
            Err(Error::other("it is a reparse point that is no link"))
        } else {
            Ok(file)
        }
    }
}

/// Opens a directory so that nobody can rename or remove it, nor any above it.
fn hold(path: &Path) -> std::io::Result<File> {
    let directory = OpenOptions::new()
        .read(true)
        .share_mode(SHARE_READ | SHARE_WRITE)
        .custom_flags(BACKUP_SEMANTICS | OPEN_REPARSE_POINT)
        .open(path)?;
    let facts = directory.metadata()?;
    if facts.is_symlink() {
        Err(Error::from_raw_os_error(STOPPED_ON_SYMLINK))
    } else if facts.is_dir() {
        Ok(directory)
    } else {
        Err(ErrorKind::NotADirectory.into())
    }
}

/// Reads a small file that the user named: links are followed.
///
/// # Errors
/// As the operating system says; anything but a regular file, and more bytes than `most`, are errors.
pub fn read_named(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    read_regular(File::open(path)?, most)
}

/// A directory that was opened and listed.
pub(super) struct Listing(Held);

impl Listing {
    /// The facts about one name in it, not followed.
    pub(super) fn facts(&self, name: &[u8]) -> std::io::Result<Facts> {
        let seen = std::fs::symlink_metadata(self.0.path_of(name)?)?;
        Ok(facts_from(&seen))
    }

    /// Reads a small file in it whole.
    pub(super) fn read_file(&self, name: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
        read_regular(self.0.open_file(name)?, most)
    }
}

/// The facts about an open file.
///
/// # Errors
/// As the operating system says.
pub(crate) fn facts_of(file: &File) -> std::io::Result<Facts> {
    Ok(facts_from(&file.metadata()?))
}

fn facts_from(seen: &Metadata) -> Facts {
    /// 1970-01-01 in units of 100 ns since 1601-01-01.
    const EPOCH: i64 = 116_444_736_000_000_000;
    let kind = if seen.is_symlink() {
        Kind::Symlink
    } else if seen.is_dir() {
        Kind::Directory
    } else {
        Kind::File
    };
    let ticks = i64::try_from(seen.last_write_time()).unwrap_or(i64::MAX);
    Facts {
        kind,
        // There are no such bits; `Entry::tells_executable` says so to who would ask.
        permissions: 0,
        size: seen.file_size(),
        modified_ns: ticks.saturating_sub(EPOCH).saturating_mul(100),
        changed: None,
    }
}

/// Reads on, as much as the buffer has room for; 0 at the end of the file.
pub(crate) fn read_more(mut file: &File, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    let start = buffer.len();
    buffer.resize(buffer.capacity(), 0);
    let read = loop {
        match file.read(&mut buffer[start..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            answer => break answer,
        }
    };
    buffer.truncate(start + *read.as_ref().unwrap_or(&0));
    read
}

/// The error of a path that is not opened because a symlink is on it.
pub(crate) fn link_error() -> Error {
    Error::from_raw_os_error(STOPPED_ON_SYMLINK)
}

/// Whether a path was not opened because a symlink is on it.
pub(crate) fn is_link_error(error: &Error) -> bool {
    error.raw_os_error() == Some(STOPPED_ON_SYMLINK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_directory() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir(outside.path().join("work")).unwrap();
        std::fs::create_dir(outside.path().join("work/d")).unwrap();
        File::create(outside.path().join("secret")).unwrap();
        File::create(outside.path().join("work/d/a")).unwrap();
        let root = Root::open(&outside.path().join("work")).unwrap();
        assert!(root.open_file(b"d/a").is_ok());
        assert!(root.open_in(b"d/a", &mut LastDirectory::default()).is_ok());
        for name in [
            b"../secret".as_slice(),
            b"..\\secret",
            b"d/../../secret",
            b"d\\a",
            b"d//a",
            b"d/a:stream",
            b"d/a::$DATA",
            b"",
        ] {
            assert!(root.open_file(name).is_err(), "{name:?}");
        }
        assert!(root.open_file(b"d").is_err());
        assert!(root.list(b"d/a").is_err());
        assert_eq!(root.list(b"d").unwrap().1, [b"a".to_vec()]);
    }

    #[test]
    fn what_is_held_cannot_be_renamed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(outside.path().join("work/d/e")).unwrap();
        let root = Root::open(&outside.path().join("work")).unwrap();
        let listing = root.list(b"d/e").unwrap();
        for name in ["work/d", "work"] {
            #[expect(clippy::disallowed_methods, reason = "what somebody else would do")]
            let renamed = std::fs::rename(outside.path().join(name), outside.path().join("x"));
            assert!(renamed.is_err(), "{name}");
        }
        drop(listing);
    }
}
