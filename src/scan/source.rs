//! Where contents come from: the workspace's directory, or a commit's blobs.

use crate::base::Blobs;
use crate::rules::Files;
use crate::walk::{Entry, LastDirectory, Root, is_link_error, link_error};
use std::fs::File;
use std::io::{Cursor, Error, ErrorKind, Read, Result};
use std::sync::Arc;

/// Where the contents of a tree are.
#[derive(Clone, Copy)]
pub enum Source<'s> {
    /// On disk.
    Workspace(&'s Root),
    /// In git's objects. A file beyond the content limit is held in memory as a whole while it is looked at.
    Commit(&'s Blobs),
}

/// A content that is being read.
pub(super) enum Opened {
    File(File),
    Blob(Cursor<Vec<u8>>),
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Blob(blob) => blob.read(buffer),
        }
    }

    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> Result<usize> {
        match self {
            Self::File(file) => file.read_to_end(buffer),
            Self::Blob(blob) => blob.read_to_end(buffer),
        }
    }
}

impl Source<'_> {
    /// Opens a file. `wants_content` is false where its facts are enough.
    pub(super) fn open(
        self,
        entry: Entry<'_>,
        wants_content: bool,
        last: &mut LastDirectory,
    ) -> Result<Opened> {
        match self {
            Self::Workspace(root) => {
                let file = root.open_in(entry.path(), last)?;
                Ok(Opened::File(file))
            }
            Self::Commit(_) if !wants_content => Ok(Opened::Blob(Cursor::default())),
            Self::Commit(blobs) => {
                blob(blobs, entry.path(), entry.size()).map(|blob| Opened::Blob(Cursor::new(blob)))
            }
        }
    }

    /// Reads a small file whole, at most `most` bytes.
    pub(super) fn read_file(self, path: &[u8], most: usize) -> Result<Vec<u8>> {
        match self {
            Self::Workspace(root) => root.read_file(path, most),
            Self::Commit(blobs) => blob(blobs, path, most as u64),
        }
    }

    /// The files that checks judge by, each of at most `most` bytes.
    pub(super) fn files(self, most: usize) -> Result<Arc<dyn Files>> {
        let place = match self {
            Self::Workspace(root) => Place::Workspace(root.try_clone()?),
            Self::Commit(blobs) => Place::Commit(blobs.clone()),
        };
        Ok(Arc::new(Judged { place, most }))
    }
}

fn blob(blobs: &Blobs, path: &[u8], most: u64) -> Result<Vec<u8>> {
    if let Some(entry) = blobs.tree().find(path)
        && !matches!(
            entry.mode,
            crate::base::Mode::Regular | crate::base::Mode::Executable
        )
    {
        return Err(link_error());
    }
    match blobs.read(path, most) {
        Ok(Some(blob)) => Ok(blob),
        Ok(None) => Err(ErrorKind::NotFound.into()),
        Err(error) => Err(Error::other(error.to_string())),
    }
}

/// The files of the workspace, or of a commit, read through a handle of their own.
struct Judged {
    place: Place,
    /// The content limit.
    most: usize,
}

enum Place {
    Workspace(Root),
    Commit(Blobs),
}

impl Files for Judged {
    fn read(&self, path: &str) -> std::result::Result<Vec<u8>, String> {
        let leaves = path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if leaves || path.contains('\0') {
            return Err("it is no path inside the workspace".into());
        }
        let source = match &self.place {
            Place::Workspace(root) => Source::Workspace(root),
            Place::Commit(blobs) => Source::Commit(blobs),
        };
        let read = source.read_file(path.as_bytes(), self.most);
        read.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such file".into(),
            ErrorKind::FileTooLarge => format!("it has more than {} bytes", self.most),
            _ if is_link_error(&error) => "it is a symlink, or lies behind one".into(),
            _ => format!("it cannot be read: {error}"),
        })
    }
}
