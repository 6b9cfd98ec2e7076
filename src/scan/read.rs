//! Reads a file once: into a reused buffer if it is text, past it if only its digest is wanted.

use crate::walk::{Entry, LastDirectory, Root, SkipReason};
use rustix::buffer::spare_capacity;
use rustix::fs::FileType;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use xxhash_rust::xxh3::Xxh3;

/// How many bytes decide whether a file is text: as many as git looks at.
const SNIFF: usize = 8 << 10;
/// How much is read at a time when the content itself is not kept.
const PIECE: usize = 256 << 10;
/// What all threads' buffers together keep after a large file; what grew beyond is given back, since memory
/// must not depend on the number of cores.
const KEEP: usize = 64 << 20;

/// What reading a file came to.
pub(super) struct Reading {
    /// `Ok`: the buffer holds the whole text. `Err`: why the content is not checked.
    pub(super) text: Result<(), SkipReason>,
    /// The content's digest, if it was wanted and the file could be read to its end.
    pub(super) digest: Option<u128>,
    /// Bytes read.
    pub(super) bytes: u64,
}

/// What to read of a file.
#[derive(Clone, Copy)]
pub(super) struct Want {
    /// Content rules want the text.
    pub(super) text: bool,
    /// Some rule wants the digest.
    pub(super) digest: bool,
    /// Most bytes of a text.
    pub(super) limit: u64,
}

/// What a thread keeps from file to file.
#[derive(Default)]
pub(super) struct Desk {
    /// Holds the text after [`read`].
    pub(super) buffer: Vec<u8>,
    directory: LastDirectory,
}

impl Desk {
    /// With the buffer, but without the directory: by the next chunk another one may have its name.
    pub(super) fn cleared(self) -> Self {
        Self {
            directory: LastDirectory::default(),
            ..self
        }
    }
}

/// Reads one file.
pub(super) fn read(root: &Root, entry: Entry<'_>, want: Want, desk: &mut Desk) -> Reading {
    let buffer = &mut desk.buffer;
    buffer.clear();
    if buffer.capacity() > KEEP / rayon::current_num_threads() {
        buffer.shrink_to(PIECE);
    }
    let mut reading = Reading {
        text: Ok(()),
        digest: None,
        bytes: 0,
    };
    if let Err(error) = read_file(root, entry, want, (desk, &mut reading)) {
        reading.digest = None;
        reading.text = Err(match error {
            error if is_gone(&error) => SkipReason::ChangedWhileRead,
            error => SkipReason::Unreadable(error.to_string()),
        });
    }
    reading
}

/// Whether the path is not any more what the walk saw.
fn is_gone(error: &std::io::Error) -> bool {
    let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    is_link || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read_file(
    root: &Root,
    entry: Entry<'_>,
    want: Want,
    (desk, reading): (&mut Desk, &mut Reading),
) -> std::io::Result<()> {
    let file = File::from(root.open_in(entry.path(), &mut desk.directory)?);
    let buffer = &mut desk.buffer;
    let size = entry.size();
    let fits = want.text && size <= want.limit;
    if want.text && !fits {
        reading.text = Err(SkipReason::TooLarge(want.limit));
    }
    if fits {
        read_start(&file, size, buffer)?;
        if is_binary(buffer) {
            reading.text = Err(SkipReason::Binary);
        } else {
            read_rest(&file, size, buffer)?;
        }
        reading.bytes = buffer.len() as u64;
    }
    let complete = fits && reading.text.is_ok();
    if want.digest {
        let mut hash = Xxh3::new();
        hash.update(buffer);
        if !complete {
            reading.bytes += hash_rest(&file, buffer, &mut hash)?;
        }
        reading.digest = Some(hash.digest128());
    }
    if complete || want.digest {
        check_unchanged(&file, entry, reading)?;
    }
    Ok(())
}

/// Reads until there is enough to tell text from binary.
fn read_start(file: &File, size: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    read_up_to(file, size.min(PIECE as u64), buffer)
}

/// Reads on to the size that the file had; what grew beyond it shows in the check afterwards.
fn read_rest(file: &File, size: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    read_up_to(file, size.saturating_sub(buffer.len() as u64), buffer)
}

/// Reads at most `most` bytes more, whatever room the buffer has: what is read must not depend on the file before.
fn read_up_to(mut file: &File, most: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.reserve(usize::try_from(most).unwrap_or(0));
    file.by_ref().take(most).read_to_end(buffer)?;
    Ok(())
}

fn hash_rest(file: &File, buffer: &mut Vec<u8>, hash: &mut Xxh3) -> std::io::Result<u64> {
    let mut bytes = 0;
    loop {
        buffer.clear();
        buffer.reserve(PIECE);
        if rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(buffer)))? == 0 {
            return Ok(bytes);
        }
        hash.update(buffer);
        bytes += buffer.len() as u64;
    }
}

/// A file that is not what it was when the walk saw it was checked in a state that never was.
fn check_unchanged(file: &File, entry: Entry<'_>, reading: &mut Reading) -> std::io::Result<()> {
    let facts = rustix::fs::fstat(file)?;
    let meta = entry.meta();
    let same = FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile
        && u64::try_from(facts.st_size) == Ok(meta.size)
        && crate::walk::modified_ns(&facts) == meta.modified_ns
        && (reading.text.is_err() || reading.bytes == meta.size);
    if !same {
        reading.digest = None;
        reading.text = Err(SkipReason::ChangedWhileRead);
    }
    Ok(())
}

/// A NUL among the first bytes, as git decides; or a UTF-16 mark, whose text is not in bytes.
fn is_binary(start: &[u8]) -> bool {
    start.starts_with(b"\xff\xfe")
        || start.starts_with(b"\xfe\xff")
        || memchr::memchr(0, &start[..start.len().min(SNIFF)]).is_some()
}
