//! The files that reports and patches go to.

use super::places::absolute;
use anyhow::{Context as _, anyhow};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Opens the report's file before anything is scanned, so that a wrong path is known at once; what it held stays until
/// there is a report.
pub(super) fn own_file(path: &Path, database: &Path) -> anyhow::Result<BufWriter<EmptiedFile>> {
    let what = || format!("the report cannot be written to `{}`", path.display());
    if absolute(path)? == database {
        return Err(anyhow!("it is the database").context(what()));
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    follow_no_link(&mut options);
    let file = options.open(path).with_context(what)?;
    if !file.metadata()?.is_file() {
        return Err(anyhow!("it is no regular file").context(what()));
    }
    Ok(BufWriter::new(EmptiedFile {
        file,
        is_emptied: false,
    }))
}

/// A link at the end of the path is an error.
#[cfg(unix)]
fn follow_no_link(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options.custom_flags(no_link);
}

/// A link at the end of the path is opened itself, and is no regular file.
#[cfg(windows)]
fn follow_no_link(options: &mut OpenOptions) {
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

/// A file that loses its old content when the first new byte comes, or when it is known that none does.
pub(super) struct EmptiedFile {
    file: std::fs::File,
    is_emptied: bool,
}

impl EmptiedFile {
    fn empty(&mut self) -> std::io::Result<()> {
        if !self.is_emptied {
            self.file.set_len(0)?;
            self.is_emptied = true;
        }
        Ok(())
    }
}

impl Write for EmptiedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.empty()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.empty()?;
        self.file.flush()
    }
}
