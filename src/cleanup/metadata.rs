//! Mode, owner, times and extended attributes of a file that is put back: compared with the record, and set where they
//! differ.

use super::manifest::{Attribute, attributes, open, permissions};
use super::restore::Kept;
use crate::beneath::ObjectKind;
use rustix::fd::AsFd;
use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags, fchmod, fchown, fsetxattr,
    fstat, futimens, openat, utimensat,
};
use rustix::io::Errno;

/// Something of a file that could not be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// What belongs to the file: its mode, its times or an attribute.
    Lost(String),
    /// What belongs to the machine: its owner, or a label of the system's.
    Elsewhere(String),
}

/// Brings everything back that the record knows of a file, and answers what it could not.
pub(super) fn bring_back(holder: impl AsFd, name: &[u8], kept: &Kept) -> Vec<Shortfall> {
    if kept.kind == ObjectKind::File {
        return open(&holder, name).map_or_else(
            |_| vec![lost("mode, times and attributes")],
            |file| set_all(&file, kept),
        );
    }
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    match utimensat(&holder, name, &times(kept), flags) {
        Ok(()) => Vec::new(),
        Err(_) => vec![lost("times")],
    }
}

/// Sets owner, attributes, mode and times of an open file, in this order: each may change those before it.
pub(super) fn set_all(file: impl AsFd, kept: &Kept) -> Vec<Shortfall> {
    let manifest = &kept.manifest;
    let mut shortfalls = Vec::new();
    let Ok(seen) = fstat(&file) else {
        return vec![lost("mode, times and attributes")];
    };
    if (seen.st_uid, seen.st_gid) != (manifest.uid, manifest.gid) {
        let owner = Some(Uid::from_raw(manifest.uid));
        let group = Some(Gid::from_raw(manifest.gid));
        if fchown(&file, owner, group).is_err() {
            let why = format!("owner {}:{}", manifest.uid, manifest.gid);
            shortfalls.push(Shortfall::Elsewhere(why));
        }
    }
    let present = attributes(&file).unwrap_or_default();
    for attribute in &manifest.xattrs {
        if present.contains(attribute) {
            continue;
        }
        let Attribute { name, value } = attribute;
        if fsetxattr(&file, name.as_str(), value, XattrFlags::empty()).is_err() {
            let why = format!("extended attribute {name}");
            shortfalls.push(if name.starts_with("security.") {
                Shortfall::Elsewhere(why)
            } else {
                Shortfall::Lost(why)
            });
        }
    }
    let mode_fits = || fstat(&file).is_ok_and(|seen| permissions(&seen) == manifest.mode);
    if !mode_fits() && (fchmod(&file, mode(manifest.mode)).is_err() || !mode_fits()) {
        shortfalls.push(lost("mode"));
    }
    if futimens(&file, &times(kept)).is_err() {
        shortfalls.push(lost("times"));
    }
    shortfalls
}

fn lost(what: &str) -> Shortfall {
    Shortfall::Lost(what.to_owned())
}

/// Sets the permissions of a directory, which is no link.
pub(super) fn set_mode(holder: impl AsFd, name: &[u8], wanted: u32) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(holder, name, flags, Mode::empty())?;
    fchmod(&directory, mode(wanted))
}

/// Only what [`permissions`] lets through.
pub(super) fn mode(bits: u32) -> Mode {
    Mode::from_bits_truncate(narrow(bits))
}

/// The bits of a mode have different widths on different systems.
fn narrow<T: TryFrom<u32> + Default>(bits: u32) -> T {
    T::try_from(bits).unwrap_or_default()
}

fn times(kept: &Kept) -> Timestamps {
    Timestamps {
        last_access: timespec(kept.manifest.accessed_ns),
        last_modification: timespec(kept.modified_ns),
    }
}

fn timespec(nanoseconds: i64) -> Timespec {
    Timespec {
        tv_sec: nanoseconds.div_euclid(1_000_000_000),
        tv_nsec: nanoseconds.rem_euclid(1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_have_positive_nanoseconds() {
        let time = timespec(-1);
        assert_eq!((time.tv_sec, time.tv_nsec), (-1, 999_999_999));
        let time = timespec(1_500_000_000);
        assert_eq!((time.tv_sec, time.tv_nsec), (1, 500_000_000));
    }
}
