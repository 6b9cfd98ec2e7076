//! The file that a report goes to.

use anyhow::{Context as _, anyhow};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Opens the report's file before anything is scanned, so that a wrong path is known at once; what it held stays until
/// there is a report.
pub(super) fn report_file(path: &Path, database: &Path) -> anyhow::Result<impl Write + use<>> {
    let what = || format!("the report cannot be written to `{}`", path.display());
    if super::run::absolute(path)? == database {
        return Err(anyhow!("it is the database").context(what()));
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    follow_no_link(&mut options);
    let file = options.open(path).with_context(what)?;
    if !file.metadata()?.is_file() {
        return Err(anyhow!("it is no regular file").context(what()));
    }
    let out: Box<dyn Write + Send> = Box::new(std::io::BufWriter::new(EmptiedFile {
        file,
        is_emptied: false,
    }));
    Ok(anstream::StripStream::new(out))
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

/// A file that loses its old content when the first new byte comes.
struct EmptiedFile {
    file: std::fs::File,
    is_emptied: bool,
}

impl Write for EmptiedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.is_emptied {
            self.file.set_len(0)?;
            self.is_emptied = true;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
