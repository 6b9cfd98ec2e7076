//! Reads a file once: into a reused buffer if it is text, past it if only its digest is wanted.

use super::source::{Opened, Source};
use crate::base::{BlobHash, digest_of};
use crate::rules::Reads;
use crate::text::{self, Encoding};
use crate::walk::{Entry, Kind, LastDirectory, SkipReason, is_gone};
use std::io::Read as _;
use xxhash_rust::xxh3::Xxh3;

/// How much is read at a time when the content itself is not kept.
const PIECE: usize = 256 << 10;
/// What all threads' buffers together keep after a large file; what grew beyond is given back, since memory
/// must not depend on the number of cores.
const KEEP: usize = 64 << 20;

/// What reading a file came to.
pub(super) struct Reading {
    /// What of the content there is to look at.
    pub(super) held: Held,
    /// Why not all content rules can look at it.
    pub(super) skipped: Option<SkipReason>,
    /// The content's digest, if it was wanted and the file could be read to its end.
    pub(super) digest: Option<u128>,
    /// Bytes read.
    pub(super) bytes: u64,
}

/// What of a content there is to look at after [`read`].
pub(super) enum Held {
    /// Nothing.
    Nothing,
    /// The whole content is in [`Desk::text`], as UTF-8 if it is UTF-16 in the file.
    Whole(Encoding),
    /// It is to be read on in segments.
    Segments(Opened),
}

/// What to read of a file.
#[derive(Clone, Copy)]
pub(super) struct Want {
    /// The most that any content rule can work with; `None` if no rule wants the content.
    pub(super) content: Option<Reads>,
    /// Some rule wants the digest, of this kind.
    pub(super) digest: Option<DigestKind>,
    /// Most bytes of a text that is looked at as a whole.
    pub(super) limit: u64,
    /// Most bytes of a file that is looked at in segments.
    pub(super) segments_limit: u64,
}

impl Want {
    /// Whether some rule looks at binaries.
    fn binaries(self) -> bool {
        self.content == Some(Reads::AnythingInParts)
    }

    /// Whether a file of so many bytes is looked at in segments.
    fn goes_on(self, size: u64) -> bool {
        let is_large = size > self.limit && size <= self.segments_limit;
        is_large && self.content >= Some(Reads::TextInParts)
    }
}

/// How contents are told apart.
#[derive(Clone, Copy)]
pub(super) enum DigestKind {
    /// Fast.
    Fast,
    /// As git does with an id like this, so that what is known from git's objects need not be read.
    Git(gix::ObjectId),
}

/// A digest on its way.
pub(super) enum Digest {
    Fast(Box<Xxh3>),
    Git(BlobHash),
}

impl Digest {
    /// Of a file of `size` bytes.
    pub(super) fn new(kind: DigestKind, size: u64) -> Self {
        match kind {
            DigestKind::Fast => Self::Fast(Box::default()),
            DigestKind::Git(like) => Self::Git(BlobHash::new(like, size)),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Fast(hash) => hash.update(bytes),
            Self::Git(hash) => hash.update(bytes),
        }
    }

    /// `None` for a content that was made to collide with another.
    pub(super) fn finish(self) -> Option<u128> {
        match self {
            Self::Fast(hash) => Some(hash.digest128()),
            Self::Git(hash) => hash.finish().map(digest_of),
        }
    }
}

/// What a thread keeps from file to file.
#[derive(Default)]
pub(super) struct Desk {
    /// What was read of the file.
    buffer: Vec<u8>,
    /// The same text as UTF-8, if it is UTF-16 in the file.
    transcoded: Vec<u8>,
    directory: LastDirectory,
}

impl Desk {
    /// With the buffers, but without the directory: by the next chunk another one may have its name.
    pub(super) fn cleared(self) -> Self {
        Self {
            directory: LastDirectory::default(),
            ..self
        }
    }

    /// The whole content after a reading that came to [`Held::Whole`].
    pub(super) fn text(&self, encoding: Encoding) -> &[u8] {
        if encoding.is_utf16() {
            &self.transcoded
        } else {
            &self.buffer
        }
    }
}

/// Reads one file.
pub(super) fn read(source: Source<'_>, entry: Entry<'_>, want: Want, desk: &mut Desk) -> Reading {
    for buffer in [&mut desk.buffer, &mut desk.transcoded] {
        buffer.clear();
        if buffer.capacity() > KEEP / rayon::current_num_threads() {
            buffer.shrink_to(PIECE);
        }
    }
    let mut reading = Reading {
        held: Held::Nothing,
        skipped: None,
        digest: None,
        bytes: 0,
    };
    if let Err(error) = read_file(source, entry, want, (desk, &mut reading)) {
        reading.refuse(&error);
    }
    reading
}

impl Reading {
    /// The operating system refused to open it, or to read on.
    pub(super) fn refuse(&mut self, error: &std::io::Error) {
        self.digest = None;
        self.held = Held::Nothing;
        self.skipped = Some(if is_gone(error) {
            SkipReason::ChangedWhileRead
        } else {
            SkipReason::Unreadable(error.to_string())
        });
    }
}

fn read_file(
    source: Source<'_>,
    entry: Entry<'_>,
    want: Want,
    (desk, reading): (&mut Desk, &mut Reading),
) -> std::io::Result<()> {
    let size = entry.size();
    let wants_content = size <= want.limit || want.goes_on(size) || want.digest.is_some();
    let mut file = source.open(entry, wants_content, &mut desk.directory)?;
    if want.content.is_some() && size > want.limit {
        return read_large(file, entry, want, (desk, reading));
    }
    let buffer = &mut desk.buffer;
    if want.content.is_some() {
        read_start(&mut file, size, buffer)?;
        let encoding = text::detect(buffer, buffer.len() as u64 == size);
        if encoding == Encoding::Binary && !want.binaries() {
            reading.skipped = Some(SkipReason::Binary);
        } else {
            read_rest(&mut file, size, buffer)?;
            reading.held = Held::Whole(encoding);
        }
        if encoding == Encoding::Binary && want.binaries() {
            reading.skipped = Some(SkipReason::BinarySearched);
        }
        reading.bytes = buffer.len() as u64;
    }
    let complete = matches!(reading.held, Held::Whole(_));
    if let Some(kind) = want.digest {
        let mut hash = Digest::new(kind, size);
        hash.update(buffer);
        if !complete {
            reading.bytes += hash_rest(&mut file, buffer, &mut hash)?;
        }
        reading.digest = hash.finish();
    }
    if complete || want.digest.is_some() {
        check_unchanged(&file, entry, reading)?;
    }
    if let Held::Whole(encoding) = reading.held
        && encoding.is_utf16()
    {
        text::transcode(&desk.buffer, encoding, &mut desk.transcoded);
    }
    Ok(())
}

/// Leaves a file beyond the content limit to be read in segments, or reads only what its digest needs.
fn read_large(
    mut file: Opened,
    entry: Entry<'_>,
    want: Want,
    (desk, reading): (&mut Desk, &mut Reading),
) -> std::io::Result<()> {
    let in_reach = entry.size() <= want.segments_limit;
    if want.goes_on(entry.size()) {
        reading.skipped = Some(SkipReason::TooLargeSearched(want.limit));
        reading.held = Held::Segments(file);
        return Ok(());
    }
    reading.skipped = Some(if in_reach {
        SkipReason::TooLarge(want.limit)
    } else {
        SkipReason::TooLargeToSearch(want.segments_limit)
    });
    if let Some(kind) = want.digest {
        let mut hash = Digest::new(kind, entry.size());
        reading.bytes = hash_rest(&mut file, &mut desk.buffer, &mut hash)?;
        reading.digest = hash.finish();
        check_unchanged(&file, entry, reading)?;
    }
    Ok(())
}

/// Reads until there is enough to tell text from binary.
fn read_start(file: &mut Opened, size: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    read_up_to(file, size.min(PIECE as u64), buffer)
}

/// How a whole content is encoded, told by as much of it as [`read`] tells it by.
pub(super) fn encoding_of(content: &[u8]) -> Encoding {
    let start = &content[..content.len().min(PIECE)];
    text::detect(start, start.len() == content.len())
}

/// Reads on to the size that the file had; what grew beyond it shows in the check afterwards.
fn read_rest(file: &mut Opened, size: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    read_up_to(file, size.saturating_sub(buffer.len() as u64), buffer)
}

/// Reads at most `most` bytes more, whatever room the buffer has: what is read must not depend on the file before.
fn read_up_to(file: &mut Opened, most: u64, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.reserve(usize::try_from(most).unwrap_or(0));
    // Each by itself: a reader that may be either would have its buffer cleared first.
    match file {
        Opened::File(file) => file.take(most).read_to_end(buffer)?,
        Opened::Blob(blob) => blob.take(most).read_to_end(buffer)?,
    };
    Ok(())
}

fn hash_rest(file: &mut Opened, buffer: &mut Vec<u8>, hash: &mut Digest) -> std::io::Result<u64> {
    let mut bytes = 0;
    loop {
        buffer.clear();
        buffer.reserve(PIECE);
        let read = match file {
            Opened::File(file) => crate::walk::read_more(file, buffer)?,
            Opened::Blob(_) => file.take(PIECE as u64).read_to_end(buffer)?,
        };
        if read == 0 {
            return Ok(bytes);
        }
        hash.update(buffer);
        bytes += buffer.len() as u64;
    }
}

/// A file that is not what it was when the walk saw it was checked in a state that never was.
pub(super) fn check_unchanged(
    file: &Opened,
    entry: Entry<'_>,
    reading: &mut Reading,
) -> std::io::Result<()> {
    let meta = entry.meta();
    let complete = reading.digest.is_some() || !matches!(reading.held, Held::Nothing);
    let is_as_walked = match file {
        Opened::Blob(_) => true,
        Opened::File(file) => {
            let facts = crate::walk::facts_of(file)?;
            facts.kind == Kind::File
                && facts.size == meta.size
                && facts.modified_ns == meta.modified_ns
        }
    };
    let same = is_as_walked && (!complete || reading.bytes == meta.size);
    if !same {
        reading.digest = None;
        reading.held = Held::Nothing;
        reading.skipped = Some(SkipReason::ChangedWhileRead);
    }
    Ok(())
}
