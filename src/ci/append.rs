//! Appending to the files through which a job talks to GitHub: the one place that opens them.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// GitHub drops a summary whole if its file is over this many bytes.
const SUMMARY_LIMIT: u64 = 1 << 20;
/// Left free for what other programs of the step may append.
const SUMMARY_RESERVE: u64 = 64 << 10;

/// How many bytes may be appended to the summary file at `path`, which other programs may have written to.
///
/// # Errors
/// The file's size could not be read. A file that is not there yet has none.
pub fn summary_budget(path: &Path) -> io::Result<usize> {
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let budget = SUMMARY_LIMIT
        .saturating_sub(SUMMARY_RESERVE)
        .saturating_sub(size);
    Ok(usize::try_from(budget).unwrap_or(usize::MAX))
}

/// Appends all bytes in one go, so that programs that write at the same time do not cut into each other.
///
/// # Errors
/// The file could not be opened or written.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .write_all(bytes)
}

/// Makes a new file with these bytes.
///
/// # Errors
/// There is something at `path` already, or it could not be written.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .open(path)?
        .write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_what_the_file_leaves() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.md");
        assert_eq!(summary_budget(&path).unwrap(), (1 << 20) - (64 << 10));
        append(&path, b"first\n").unwrap();
        append(&path, b"second\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first\nsecond\n");
        assert_eq!(summary_budget(&path).unwrap(), (1 << 20) - (64 << 10) - 13);
        append(&path, &vec![b'x'; 2 << 20]).unwrap();
        assert_eq!(summary_budget(&path).unwrap(), 0);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        assert!(append(directory.path(), b"x").is_err());
        assert!(summary_budget(&directory.path().join("a\0b")).is_err());
    }
}
