//! A session's quarantine as one file, `tar` compressed with Zstandard, and back. The names in the archive are numbers;
//! what a file is and where it belongs says the record, never the archive.

use super::manifest::{PIECE, digest_of, hex, open};
use super::metadata;
use super::outcome::Outcome;
use super::own_directories::Staging;
use super::restore::Kept;
use crate::beneath::{ObjectKind, Root};
use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use tar::{EntryType, Header};

/// The first entry: what is in the archive, for people and other programs.
const MANIFEST: &str = "manifest.json";

/// The name of an entry that holds the path of the symbolic link that follows, where it is too long for a header.
const LONG_LINK: &str = "././@LongLink";

/// Longest path of a symbolic link in a header, and longest at all, in bytes.
const SHORT_LINK: usize = 100;
const LONGEST_LINK: u64 = 64 << 10;

/// What the archive may hold for each file beside its content, in bytes: headers, and its part of the manifest.
const OVERHEAD: u64 = 256 << 10;

/// Zstandard's compression level: its own default.
const LEVEL: i32 = 3;

/// Largest window that an archive may ask for, as a power of two.
const WINDOW: u32 = 27;

/// The kept files of a session by their numbers.
pub type Packed = BTreeMap<u32, Kept>;

/// Packs a session's quarantine. Equal files give equal bytes.
///
/// # Errors
/// A file is not what the record says, or something could not be read or written. What was written is then no archive.
pub fn pack(
    root: &Root,
    deployment_id: &str,
    files: &Packed,
    out: impl Write,
) -> anyhow::Result<()> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    let mut builder = tar::Builder::new(encoder);
    let manifest = manifest(deployment_id, files);
    let mut header = Header::new_gnu();
    header.set_path(MANIFEST)?;
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_size(manifest.len() as u64);
    header.set_cksum();
    builder.append(&header, manifest.as_slice())?;
    for (number, kept) in files {
        let what = || format!("quarantined file {number} cannot be packed");
        match kept.kind {
            ObjectKind::Symlink => pack_link(root, *number, kept, &mut builder),
            _ => pack_file(root, *number, kept, &mut builder),
        }
        .with_context(what)?;
    }
    builder.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn manifest(deployment_id: &str, files: &Packed) -> Vec<u8> {
    let files = files.iter().map(|(number, kept)| {
        let mut file = json!({
            "number": number,
            "kind": kept.kind,
            "size": kept.size,
            "modified_ns": kept.modified_ns,
            "manifest": kept.manifest,
        });
        if let Ok(path) = std::str::from_utf8(&kept.target) {
            file["path"] = path.into();
        } else {
            let engine = base64::engine::general_purpose::STANDARD;
            file["path_base64"] = engine.encode(&kept.target).into();
        }
        file
    });
    let document = json!({
        "format": "factory-gate-quarantine-1",
        "deployment_id": deployment_id,
        "files": files.collect::<Vec<_>>(),
    });
    format!("{document:#}\n").into_bytes()
}

fn header(number: u32, kept: &Kept, kind: EntryType) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_path(number.to_string())?;
    header.set_entry_type(kind);
    header.set_mode(kept.manifest.mode);
    header.set_uid(kept.manifest.uid.into());
    header.set_gid(kept.manifest.gid.into());
    header.set_mtime(u64::try_from(kept.modified_ns / 1_000_000_000).unwrap_or_default());
    Ok(header)
}

fn pack_file<W: Write>(
    root: &Root,
    number: u32,
    kept: &Kept,
    builder: &mut tar::Builder<W>,
) -> anyhow::Result<()> {
    let (holder, name) = root
        .holder(&kept.source)
        .map_err(|error| described(&error.into()))?;
    let file = File::from(open(&holder, name).map_err(|outcome| described(&outcome))?);
    if !file.metadata()?.is_file() {
        bail!("it is no regular file");
    }
    let mut header = header(number, kept, EntryType::Regular)?;
    header.set_size(kept.size);
    header.set_cksum();
    let mut content = Hashed::new((&file).take(kept.size));
    builder.append(&header, &mut content)?;
    let is_whole = content.bytes == kept.size && (&file).read(&mut [0])? == 0;
    if !is_whole || content.digest() != kept.manifest.sha256 {
        bail!("its content is not what was quarantined");
    }
    Ok(())
}

fn pack_link<W: Write>(
    root: &Root,
    number: u32,
    kept: &Kept,
    builder: &mut tar::Builder<W>,
) -> anyhow::Result<()> {
    let (holder, name) = root
        .holder(&kept.source)
        .map_err(|error| described(&error.into()))?;
    let path = rustix::fs::readlinkat(&holder, name, Vec::new()).map_err(io::Error::from)?;
    let path = path.as_bytes();
    if digest_of(path) != kept.manifest.sha256 {
        bail!("it does not lead where it led when it was quarantined");
    }
    if path.len() > SHORT_LINK {
        let mut long = Header::new_gnu();
        long.set_path(LONG_LINK)?;
        long.set_entry_type(EntryType::GNULongLink);
        long.set_mode(0);
        long.set_mtime(0);
        long.set_size(path.len() as u64 + 1);
        long.set_cksum();
        builder.append(&long, path.chain(&b"\0"[..]))?;
    }
    let mut header = header(number, kept, EntryType::Symlink)?;
    header.set_size(0);
    header.set_link_name_literal(&path[..path.len().min(SHORT_LINK)])?;
    header.set_cksum();
    Ok(builder.append(&header, io::empty())?)
}

fn described(outcome: &Outcome) -> anyhow::Error {
    anyhow!(outcome.to_string())
}

/// A reader that knows what went through it.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    fn digest(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What came out of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// The files that were wanted and found: whether each is staged, by number.
    pub files: BTreeMap<u32, Result<(), Outcome>>,
    /// Entries that the record knows nothing of, or that came twice.
    pub unknown: u64,
    /// Why the archive could not be read to its end, if so.
    pub broken: Option<String>,
}

/// Unpacks the wanted files of an archive into the staging directory: each has the recorded content, verified while it
/// was written, or is not there. `known` are all files of the session: no more is read than they could be. Without a
/// staging directory everything is read and verified all the same, and nothing is written.
pub fn unpack(
    staging: Option<&Staging<'_>>,
    (known, is_wanted): (&Packed, &dyn Fn(u32) -> bool),
    archive: impl Read,
) -> Unpacked {
    let mut unpacked = Unpacked::default();
    if let Err(error) = unpack_into(&mut unpacked, staging, (known, is_wanted), archive) {
        unpacked.broken = Some(format!("{error:#}"));
    }
    unpacked
}

fn unpack_into(
    unpacked: &mut Unpacked,
    staging: Option<&Staging<'_>>,
    (known, is_wanted): (&Packed, &dyn Fn(u32) -> bool),
    archive: impl Read,
) -> anyhow::Result<()> {
    let most = known.values().fold(4 * OVERHEAD, |sum, kept| {
        sum.saturating_add(kept.size).saturating_add(OVERHEAD)
    });
    let mut decoder = zstd::Decoder::new(archive)?;
    decoder.window_log_max(WINDOW)?;
    let mut archive = tar::Archive::new(Bounded {
        inner: decoder,
        left: most,
    });
    let mut long_link = None;
    // Raw: what an extension says is not read into memory before its size is known.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        if entry.header().entry_type() == EntryType::GNULongLink {
            long_link = Some(long_link_of(&mut entry)?);
            continue;
        }
        let link = long_link.take();
        let path = entry.header().path_bytes().into_owned();
        if path == MANIFEST.as_bytes() {
            continue;
        }
        let number = number_of(&path);
        let Some((number, kept)) = number.and_then(|number| Some((number, known.get(&number)?)))
        else {
            unpacked.unknown += 1;
            continue;
        };
        if !is_wanted(number) {
            continue;
        }
        if unpacked.files.contains_key(&number) {
            unpacked.unknown += 1;
            continue;
        }
        let staged = match kept.kind {
            ObjectKind::Symlink => stage_link(staging, (number, kept), &entry, link),
            _ => stage_file(staging, (number, kept), &mut entry),
        };
        if let (Err(_), Some(staging)) = (&staged, staging) {
            staging.discard(number).map_err(io::Error::from)?;
        }
        unpacked.files.insert(number, staged);
    }
    Ok(())
}

/// A number as we write it: no sign, no zero in front.
fn number_of(path: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(path).ok()?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn long_link_of(entry: &mut impl Read) -> anyhow::Result<Vec<u8>> {
    let mut path = Vec::new();
    entry.take(LONGEST_LINK + 1).read_to_end(&mut path)?;
    if path.len() as u64 > LONGEST_LINK {
        bail!("a symbolic link's path is too long");
    }
    if path.last() == Some(&0) {
        path.pop();
    }
    Ok(path)
}

fn differs() -> Outcome {
    Outcome::Refused("content differs".into())
}

fn stage_file(
    staging: Option<&Staging<'_>>,
    (number, kept): (u32, &Kept),
    entry: &mut tar::Entry<'_, impl Read>,
) -> Result<(), Outcome> {
    if entry.header().entry_type() != EntryType::Regular
        || entry.header().entry_size().ok() != Some(kept.size)
    {
        return Err(differs());
    }
    let file = staging.map(|staging| staging.file(number)).transpose()?;
    let file = file.map(File::from);
    let failed = |error: io::Error| Outcome::Failed(error.to_string());
    let mut content = Hashed::new(entry.take(kept.size));
    let mut buffer = vec![0; PIECE];
    loop {
        let read = content.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        if let Some(mut file) = file.as_ref() {
            file.write_all(&buffer[..read]).map_err(failed)?;
        }
    }
    if content.bytes != kept.size || content.digest() != kept.manifest.sha256 {
        return Err(differs());
    }
    let Some(file) = file else {
        return Ok(());
    };
    // What cannot be set is said when the file is back at its place, where the same is tried again.
    let _said_later = metadata::set_all(&file, kept);
    file.sync_all().map_err(failed)
}

fn stage_link(
    staging: Option<&Staging<'_>>,
    (number, kept): (u32, &Kept),
    entry: &tar::Entry<'_, impl Read>,
    long: Option<Vec<u8>>,
) -> Result<(), Outcome> {
    let short = || {
        entry
            .header()
            .link_name_bytes()
            .map(std::borrow::Cow::into_owned)
    };
    let path = long.or_else(short).unwrap_or_default();
    let is_link = entry.header().entry_type() == EntryType::Symlink;
    if !is_link || path.is_empty() || digest_of(&path) != kept.manifest.sha256 {
        return Err(differs());
    }
    staging.map_or(Ok(()), |staging| staging.link(number, &path))
}

/// Ends with an error where an archive has more than it can have.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other("it holds more than all files of the session together")
        })?;
        Ok(read)
    }
}
