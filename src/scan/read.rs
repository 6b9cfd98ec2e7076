//! Reads a file once: into a reused buffer if it is text, past it if only its digest is wanted.

use crate::walk::{Entry, Root, SkipReason};
use rustix::buffer::spare_capacity;
use rustix::fs::FileType;
use std::os::fd::OwnedFd;
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

/// Reads one file. The buffer is the thread's own and is reused.
pub(super) fn read(root: &Root, entry: Entry<'_>, want: Want, buffer: &mut Vec<u8>) -> Reading {
    buffer.clear();
    if buffer.capacity() > KEEP / rayon::current_num_threads() {
        buffer.shrink_to(PIECE);
    }
    let mut reading = Reading {
        text: Ok(()),
        digest: None,
        bytes: 0,
    };
    if let Err(error) = read_file(root, entry, want, (buffer, &mut reading)) {
        reading.digest = None;
        reading.text = Err(match error {
            rustix::io::Errno::NOENT | rustix::io::Errno::LOOP => SkipReason::ChangedWhileRead,
            error => SkipReason::Unreadable(error.to_string()),
        });
    }
    reading
}

fn read_file(
    root: &Root,
    entry: Entry<'_>,
    want: Want,
    (buffer, reading): (&mut Vec<u8>, &mut Reading),
) -> rustix::io::Result<()> {
    let file = root.open_file(entry.path())?;
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
fn read_start(file: &OwnedFd, size: u64, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    let expected = usize::try_from(size).unwrap_or(PIECE).min(PIECE);
    buffer.reserve(expected.max(1));
    let enough = expected.min(SNIFF);
    while buffer.len() < enough {
        if rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(buffer)))? == 0 {
            break;
        }
    }
    Ok(())
}

/// Reads on to the size that the file had; what grew beyond it shows in the check afterwards.
fn read_rest(file: &OwnedFd, size: u64, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    while buffer.len() < size {
        buffer.reserve_exact(size - buffer.len());
        if rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(buffer)))? == 0 {
            break;
        }
    }
    buffer.truncate(size);
    Ok(())
}

fn hash_rest(file: &OwnedFd, buffer: &mut Vec<u8>, hash: &mut Xxh3) -> rustix::io::Result<u64> {
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
fn check_unchanged(
    file: &OwnedFd,
    entry: Entry<'_>,
    reading: &mut Reading,
) -> rustix::io::Result<()> {
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
