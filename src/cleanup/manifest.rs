//! What a quarantined file has to be again when it is restored: the digest of its content, mode, owner, times and
//! extended attributes, read through one handle and compared with the file's identity.

use super::identify::{Identified, Look};
use super::outcome::Outcome;
use super::sweep::Sweeper;
use super::target::{Action, Target};
use crate::beneath::{Identity, ObjectKind, Root, look, look_at_file, nanoseconds};
use rayon::prelude::*;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Bytes that are read at once.
pub(super) const PIECE: usize = 64 << 10;

/// Most bytes of the names, and of the values, of one file's extended attributes.
const MOST_ATTRIBUTES: usize = 64 << 10;

/// The facts of a file or symbolic link that are not in its identity. Its kind, size and time of modification are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// SHA-256 (hex) of the content; of a symbolic link, of the path that it holds.
    pub sha256: String,
    /// Permissions, with set-user-id, set-group-id and sticky bit.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access, nanoseconds since 1970-01-01 UTC.
    pub accessed_ns: i64,
    /// Extended attributes, access control lists among them, by name; of a symbolic link none.
    pub xattrs: Vec<Attribute>,
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name, with its namespace.
    pub name: String,
    /// Its value; Base64 in the record.
    #[serde(with = "in_base64")]
    pub value: Vec<u8>,
}

/// What is recorded of a directory that goes, so that it can be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryManifest {
    /// As of a file.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Sweeper {
    /// Collects what a restore will need of everything that goes into the quarantine, and of the directories that go
    /// with it: one JSON value a target, in the plan's order; `None` where nothing is needed. Reads every such file. A
    /// target whose facts cannot be collected is settled, so that the sweep leaves it alone.
    pub fn manifests(&self, identified: &mut Identified<'_>) -> Vec<Option<serde_json::Value>> {
        let targets = identified.plan.targets();
        let is_needed = targets
            .iter()
            .any(|target| target.action == Action::FileQuarantine);
        if !is_needed {
            return vec![None; targets.len()];
        }
        let root = &self.root;
        let one = |(target, look): (&Target, &mut Look)| {
            let Look::Present(identity) = look else {
                return None;
            };
            if target.action == Action::FileRemoval {
                return None;
            }
            match facts(root, &target.path, identity) {
                Ok(facts) => Some(facts),
                Err(outcome) => {
                    *look = Look::Settled(outcome);
                    None
                }
            }
        };
        let looks = identified.looks.par_iter_mut();
        targets.par_iter().zip(looks).map(one).collect()
    }
}

/// Collects the facts of what is at `path` and has this identity, as JSON. Reads a file's whole content.
///
/// # Errors
/// The result of the target, which must then stay: it is no longer what was planned, or its facts cannot be read.
pub fn facts(root: &Root, path: &[u8], identity: &Identity) -> Result<serde_json::Value, Outcome> {
    let (holder, name) = root.holder(path)?;
    if identity.kind == ObjectKind::Directory {
        let seen = rustix::fs::statat(&holder, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(Outcome::from_look)?;
        return json(&DirectoryManifest {
            mode: permissions(&seen),
            uid: seen.st_uid,
            gid: seen.st_gid,
        });
    }
    let (seen, manifest) = examine(&holder, name, identity.kind)?;
    if identity.is_untouched(&seen, 0) {
        json(&manifest)
    } else {
        Err(changed())
    }
}

fn json(facts: &impl Serialize) -> Result<serde_json::Value, Outcome> {
    serde_json::to_value(facts).map_err(|error| Outcome::Failed(error.to_string()))
}

/// Reads all facts of a file or symbolic link, of which nothing may change in the meantime.
pub(super) fn examine(
    holder: impl AsFd,
    name: &[u8],
    kind: ObjectKind,
) -> Result<(Identity, Manifest), Outcome> {
    match kind {
        ObjectKind::File => {
            let file = open(&holder, name)?;
            let before = look_at_file(&file).map_err(Outcome::failed)?;
            if before.kind != ObjectKind::File {
                return Err(changed());
            }
            let seen = rustix::fs::fstat(&file).map_err(Outcome::failed)?;
            let sha256 = content_digest(&file, before.size)?;
            let xattrs = attributes(&file)?;
            unchanged(before, look_at_file(&file))?;
            Ok((before, manifest(&seen, sha256, xattrs)))
        }
        ObjectKind::Symlink => {
            let before = look(&holder, name).map_err(Outcome::from_look)?;
            if before.kind != ObjectKind::Symlink {
                return Err(changed());
            }
            let seen = rustix::fs::statat(&holder, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(Outcome::from_look)?;
            let path = rustix::fs::readlinkat(&holder, name, Vec::new()).map_err(|_| changed())?;
            unchanged(before, look(&holder, name))?;
            Ok((
                before,
                manifest(&seen, digest_of(path.as_bytes()), Vec::new()),
            ))
        }
        ObjectKind::Directory | ObjectKind::Special => {
            Err(Outcome::Refused("neither file nor symbolic link".into()))
        }
    }
}

/// Opens a file without following a link, and without waiting for whoever is at the other end of a FIFO.
pub(super) fn open(holder: impl AsFd, name: &[u8]) -> Result<OwnedFd, Outcome> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(holder, name, flags, Mode::empty()) {
        Ok(file) => Ok(file),
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => Err(changed()),
        Err(error) => Err(Outcome::from_look(error)),
    }
}

pub(super) fn changed() -> Outcome {
    Outcome::Skipped("changed since planned".into())
}

fn unchanged(before: Identity, after: Result<Identity, Errno>) -> Result<(), Outcome> {
    match after {
        Ok(after) if after == before => Ok(()),
        Ok(_) => Err(changed()),
        Err(error) => Err(Outcome::from_look(error)),
    }
}

fn content_digest(file: &OwnedFd, size: u64) -> Result<String, Outcome> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
    let mut left = size;
    loop {
        match rustix::io::read(file, &mut buffer[..]) {
            Ok(0) if left == 0 => return Ok(hex(&hash.finalize())),
            Ok(0) => return Err(changed()),
            Ok(read) => {
                left = left.checked_sub(read as u64).ok_or_else(changed)?;
                hash.update(&buffer[..read]);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(Outcome::failed(error)),
        }
    }
}

/// SHA-256, hex.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn manifest(seen: &Stat, sha256: String, xattrs: Vec<Attribute>) -> Manifest {
    Manifest {
        sha256,
        mode: permissions(seen),
        uid: seen.st_uid,
        gid: seen.st_gid,
        accessed_ns: nanoseconds(seen.st_atime, seen.st_atime_nsec),
        xattrs,
    }
}

/// Without the bits that say what kind of object it is.
pub(super) fn permissions(seen: &Stat) -> u32 {
    widen(Mode::from_raw_mode(seen.st_mode).bits())
}

/// The bits of a mode have different widths on different systems.
fn widen(bits: impl Into<u32>) -> u32 {
    bits.into()
}

/// The extended attributes of an open file, by name.
pub(super) fn attributes(file: impl AsFd) -> Result<Vec<Attribute>, Outcome> {
    let too_many = || Outcome::Refused("its extended attributes are too large to record".into());
    let mut names = vec![0; MOST_ATTRIBUTES];
    let length = match rustix::fs::flistxattr(&file, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        Err(Errno::RANGE) => return Err(too_many()),
        Err(error) => return Err(Outcome::failed(error)),
    };
    let mut found = Vec::new();
    let mut left = MOST_ATTRIBUTES;
    let names = names[..length].split(|byte| *byte == 0);
    for name in names.filter(|name| !name.is_empty()) {
        let name = std::str::from_utf8(name).map_err(|_| {
            Outcome::Refused("the name of an extended attribute is not UTF-8".into())
        })?;
        if left == 0 {
            // An empty buffer would ask for the length only.
            return Err(too_many());
        }
        let mut value = vec![0; left];
        match rustix::fs::fgetxattr(&file, name, &mut value[..]) {
            Ok(length) => value.truncate(length),
            Err(Errno::RANGE) => return Err(too_many()),
            Err(Errno::NODATA) => return Err(changed()),
            Err(error) => return Err(Outcome::failed(error)),
        }
        left -= value.len();
        let name = name.to_owned();
        found.push(Attribute { name, value });
    }
    found.sort();
    Ok(found)
}

/// Bytes as text in JSON.
mod in_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
