//! Whose new directories and files are: a run by root leaves nothing behind that the workspace's owner cannot use.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Dir, Gid, Mode, OFlags, Stat, Uid, fchown, fstat, mkdirat, openat};
use rustix::io::Errno;

/// Makes a directory (`mode` has to let its owner read it); root gives it to the owner and the group of the one that
/// holds it.
///
/// # Errors
/// Something is at its place ([`Errno::EXIST`]), or the operating system refused.
pub fn make_directory(holder: impl AsFd, name: &[u8], mode: Mode) -> Result<OwnedFd, Errno> {
    mkdirat(&holder, name, mode)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(&holder, name, flags, Mode::empty())?;
    // Whoever may write in the holder can have put another directory of root's here: only an empty one is given away.
    if is_root() && is_empty(&directory)? {
        give_to_owner_of(&holder, &directory)?;
    }
    Ok(directory)
}

/// Gives something that root has made the owner and the group of the directory that holds it; for anybody else a new
/// file's owner is right already.
///
/// # Errors
/// The operating system refused.
pub fn give_to_owner_of(holder: impl AsFd, new: impl AsFd) -> Result<(), Errno> {
    if !is_root() {
        return Ok(());
    }
    let (above, own) = (fstat(holder)?, fstat(&new)?);
    if (above.st_uid, above.st_gid) == (own.st_uid, own.st_gid) {
        return Ok(());
    }
    let (owner, group) = (Uid::from_raw(above.st_uid), Gid::from_raw(above.st_gid));
    fchown(new, Some(owner), Some(group))
}

/// Whether a directory of ours has the right owner: this process's user; where that is root, also the owner of the
/// directory that holds it, who can replace it anyway.
///
/// # Errors
/// The holder could not be looked at.
pub fn has_right_owner(holder: impl AsFd, directory: &Stat) -> Result<bool, Errno> {
    let own = rustix::process::geteuid().as_raw();
    Ok(directory.st_uid == own || (is_root() && directory.st_uid == fstat(holder)?.st_uid))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn is_empty(directory: &OwnedFd) -> Result<bool, Errno> {
    for entry in Dir::read_from(directory)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, chown};

    #[test]
    fn a_new_directory_belongs_to_whom_the_one_above_belongs() {
        let above = tempfile::tempdir().unwrap();
        let owner = if is_root() {
            chown(above.path(), Some(12_345), Some(54_321)).unwrap();
            (12_345, 54_321)
        } else {
            let facts = above.path().metadata().unwrap();
            (facts.uid(), facts.gid())
        };
        let holder = std::fs::File::open(above.path()).unwrap();
        let made = make_directory(&holder, b"own", Mode::RWXU).unwrap();
        let facts = fstat(&made).unwrap();
        assert_eq!((facts.st_uid, facts.st_gid), owner);
        assert_eq!(facts.st_mode & 0o7777, 0o700);
        assert!(has_right_owner(&holder, &facts).unwrap());
        let again = make_directory(&holder, b"own", Mode::RWXU);
        assert_eq!(again.unwrap_err(), Errno::EXIST);
    }

    #[test]
    fn a_directory_of_somebody_else_has_not_the_right_owner() {
        let above = tempfile::tempdir().unwrap();
        let holder = std::fs::File::open(above.path()).unwrap();
        let mut facts = fstat(&holder).unwrap();
        assert!(has_right_owner(&holder, &facts).unwrap());
        facts.st_uid = 12_345;
        assert!(!has_right_owner(&holder, &facts).unwrap());
    }
}
