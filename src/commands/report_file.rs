//! The file that a report goes to, where operating systems differ.

use std::fs::OpenOptions;

/// A link at the end of the path is an error.
#[cfg(unix)]
pub(super) fn follow_no_link(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options.custom_flags(no_link);
}

/// A link at the end of the path is opened itself, and is no regular file.
#[cfg(windows)]
pub(super) fn follow_no_link(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt as _;
    const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    options.custom_flags(OPEN_REPARSE_POINT);
}

/// Whether standard output goes to a regular file.
#[cfg(unix)]
pub(super) fn stdout_is_a_file() -> bool {
    use rustix::fs::{FileType, fstat};
    fstat(std::io::stdout())
        .is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile)
}

/// Whether standard output goes to a regular file.
#[cfg(windows)]
pub(super) fn stdout_is_a_file() -> bool {
    use std::os::windows::io::AsHandle as _;
    let handle = std::io::stdout().as_handle().try_clone_to_owned();
    handle
        .and_then(|handle| std::fs::File::from(handle).metadata())
        .is_ok_and(|facts| facts.is_file())
}
