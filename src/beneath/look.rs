//! What lies at a name right now, as an identity.

use super::identity::{Identity, ObjectKind};
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;
use std::path::Path;

/// Looks at what is at `path`, links followed.
pub(super) fn look_through(path: &Path) -> Result<Identity, Errno> {
    stat_at(rustix::fs::CWD, path, AtFlags::empty())
}

/// Looks at `name` in an open directory without following it and without opening it.
///
/// # Errors
/// Nothing is there, or the operating system refused.
pub fn look(directory: impl AsFd, name: &[u8]) -> Result<Identity, Errno> {
    stat_at(directory, name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Looks at an open directory itself.
///
/// # Errors
/// The operating system refused.
pub fn look_at_open(directory: impl AsFd) -> Result<Identity, Errno> {
    stat_at(directory, ".", AtFlags::SYMLINK_NOFOLLOW)
}

/// Looks at an open file itself, whatever its name is by now.
///
/// # Errors
/// As the operating system says.
#[cfg(target_os = "linux")]
pub fn look_at_file(file: impl AsFd) -> Result<Identity, Errno> {
    stat_at(file, "", AtFlags::EMPTY_PATH)
}

/// Looks at an open file itself, whatever its name is by now.
///
/// # Errors
/// As the operating system says.
#[cfg(not(target_os = "linux"))]
pub fn look_at_file(file: impl AsFd) -> Result<Identity, Errno> {
    Ok(from_stat(rustix::fs::fstat(file)?))
}

#[cfg(target_os = "linux")]
fn stat_at(
    directory: impl AsFd,
    name: impl rustix::path::Arg + Copy,
    flags: AtFlags,
) -> Result<Identity, Errno> {
    use rustix::fs::{StatxFlags, makedev, statx};
    // Ids that are never given out again, since Linux 6.8. rustix has no name for the flag yet.
    let unique = StatxFlags::from_bits_retain(0x4000);
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID | unique;
    let with_mount = (StatxFlags::MNT_ID | unique).bits();
    match statx(&directory, name, flags | AtFlags::NO_AUTOMOUNT, wanted) {
        Ok(seen) => Ok(Identity {
            kind: kind_of(FileType::from_raw_mode(seen.stx_mode.into())),
            device: makedev(seen.stx_dev_major, seen.stx_dev_minor),
            inode: seen.stx_ino,
            mount: (seen.stx_mask & with_mount != 0).then_some(seen.stx_mnt_id),
            size: seen.stx_size,
            modified_ns: nanoseconds(seen.stx_mtime.tv_sec, seen.stx_mtime.tv_nsec),
            changed_ns: nanoseconds(seen.stx_ctime.tv_sec, seen.stx_ctime.tv_nsec),
            links: seen.stx_nlink.into(),
        }),
        // Old kernels lack the call, old sandboxes forbid it; the device number still tells most mounts apart.
        Err(Errno::NOSYS | Errno::PERM) => plain_stat_at(directory, name, flags),
        Err(error) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn stat_at(
    directory: impl AsFd,
    name: impl rustix::path::Arg + Copy,
    flags: AtFlags,
) -> Result<Identity, Errno> {
    plain_stat_at(directory, name, flags)
}

fn plain_stat_at(
    directory: impl AsFd,
    name: impl rustix::path::Arg + Copy,
    flags: AtFlags,
) -> Result<Identity, Errno> {
    Ok(from_stat(rustix::fs::statat(directory, name, flags)?))
}

fn from_stat(seen: rustix::fs::Stat) -> Identity {
    Identity {
        kind: kind_of(FileType::from_raw_mode(seen.st_mode)),
        device: widen(seen.st_dev),
        inode: widen(seen.st_ino),
        mount: None,
        size: widen(seen.st_size),
        modified_ns: nanoseconds(seen.st_mtime, seen.st_mtime_nsec),
        changed_ns: nanoseconds(seen.st_ctime, seen.st_ctime_nsec),
        links: widen(seen.st_nlink),
    }
}

fn kind_of(kind: FileType) -> ObjectKind {
    match kind {
        FileType::RegularFile => ObjectKind::File,
        FileType::Directory => ObjectKind::Directory,
        FileType::Symlink => ObjectKind::Symlink,
        _ => ObjectKind::Special,
    }
}

/// The fields of `stat` differ in width and sign from system to system; none is ever negative in practice.
fn widen(field: impl TryInto<u64>) -> u64 {
    field.try_into().unwrap_or(u64::MAX)
}

/// A time of `stat` as nanoseconds since 1970-01-01 UTC: the same number that the walk computes, saturating far outside
/// of any real time.
pub fn nanoseconds(seconds: impl TryInto<i64>, rest: impl TryInto<i64>) -> i64 {
    let seconds = seconds.try_into().unwrap_or(i64::MAX);
    let rest = rest.try_into().unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
