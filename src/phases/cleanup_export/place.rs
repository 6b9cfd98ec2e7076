//! Where the archive of the quarantine is to be.

use anyhow::Context as _;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Where the archive is to be.
#[derive(Clone, Debug)]
pub struct Export {
    /// The archive, absolute.
    pub path: PathBuf,
    /// The run whose files are packed.
    pub deployment_id: String,
}

impl Export {
    /// The file in which the archive is made, beside its place.
    ///
    /// # Errors
    /// The path names no file.
    pub fn partial(&self) -> anyhow::Result<PathBuf> {
        let name = self
            .path
            .file_name()
            .context("the archive's path names no file")?;
        Ok(self.path.with_file_name(partial(name)))
    }
}

pub(super) fn partial(name: &OsStr) -> OsString {
    let mut partial = OsString::from(".");
    partial.push(name);
    partial.push(".partial");
    partial
}
