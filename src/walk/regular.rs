//! Small files that are read whole.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _};

/// Reads an open file to its end; anything but a regular file, and more bytes than `most`, are errors.
pub(super) fn read_regular(file: File, most: usize) -> std::io::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        Err(ErrorKind::FileTooLarge.into())
    } else {
        Ok(bytes)
    }
}
