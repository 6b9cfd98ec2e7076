//! What a file has beside its content and its mode: owner, group, and extended attributes, access lists among them.

use super::write::Outcome;
use rustix::fd::OwnedFd;
use rustix::fs::{XattrFlags, fchown, fgetxattr, flistxattr, fsetxattr, fstat};
use rustix::io::Errno;
use std::ffi::CStr;

/// Bytes: Linux allows no more in a list or in a value; others may, and then it cannot be kept.
const MOST: usize = 1 << 20;

/// Gives the new file what the old one has.
///
/// # Errors
/// Something of it cannot be kept.
pub(super) fn copy(old: &OwnedFd, new: &OwnedFd) -> Result<(), Outcome> {
    let (facts, own) = (
        fstat(old).map_err(Outcome::failed)?,
        fstat(new).map_err(Outcome::failed)?,
    );
    if (facts.st_uid, facts.st_gid) != (own.st_uid, own.st_gid) {
        let owner = rustix::fs::Uid::from_raw(facts.st_uid);
        let group = rustix::fs::Gid::from_raw(facts.st_gid);
        fchown(new, Some(owner), Some(group)).map_err(|error| lost("its owner", error))?;
    }
    let list = match sized(|buffer| flistxattr(old, buffer)) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
        list => list.map_err(Outcome::failed)?,
    };
    for name in list.split_inclusive(|byte| *byte == 0) {
        let name = CStr::from_bytes_with_nul(name).map_err(|_| Outcome::failed(Errno::IO))?;
        let what = || format!("its extended attribute {}", name.to_string_lossy());
        let value =
            sized(|buffer| fgetxattr(old, name, buffer)).map_err(|error| lost(&what(), error))?;
        // A label that a new file gets by itself need not be set.
        let has = sized(|buffer| fgetxattr(new, name, buffer));
        if has.as_deref() != Ok(&*value) {
            fsetxattr(new, name, &value, XattrFlags::empty())
                .map_err(|error| lost(&what(), error))?;
        }
    }
    Ok(())
}

fn lost(what: &str, error: Errno) -> Outcome {
    Outcome::Failed(format!(
        "{what} cannot be kept: {}",
        std::io::Error::from(error)
    ))
}

/// Asks with more and more room; an empty buffer is no question to every system.
fn sized(mut ask: impl FnMut(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; 256];
    loop {
        match ask(&mut bytes) {
            Err(Errno::RANGE) if bytes.len() < MOST => bytes.resize(bytes.len() * 4, 0),
            Err(error) => return Err(error),
            Ok(size) => {
                bytes.truncate(size);
                return Ok(bytes);
            }
        }
    }
}
