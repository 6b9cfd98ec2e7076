//! A file that `init` makes in a repository.

use super::Problem;
use crate::beneath::{give_to_owner_of, make_directory};
use crate::walk::Root;
use anyhow::{Context as _, anyhow};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

/// Writes a new file, never over something, and through no symbolic link.
pub(super) fn write(root: &Root, place: &str, text: &[u8]) -> Result<(), Problem> {
    let (directory, name) = place.rsplit_once('/').unwrap_or(("", place));
    let holder = directories(root, directory)
        .with_context(|| format!("the directory of {place} cannot be made"))
        .map_err(Problem::usage)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match openat(&holder, name, flags, Mode::from_raw_mode(0o644)) {
        Ok(file) => file,
        Err(Errno::EXIST) => {
            return Err(Problem::usage(anyhow!(
                "{place} is there already and stays as it is: without `--write` the job is printed, to be put into it"
            )));
        }
        Err(error) => {
            return Err(anyhow!(error)
                .context(format!("{place} cannot be written"))
                .into());
        }
    };
    give_to_owner_of(&holder, &file)?;
    let mut file = File::from(file);
    file.write_all(text)
        .with_context(|| format!("{place} is not written to its end"))?;
    file.sync_all()?;
    Ok(())
}

/// Opens a directory below the repository, and makes what of it is missing.
fn directories(root: &Root, path: &str) -> anyhow::Result<OwnedFd> {
    let mut at = root.open_directory(b"")?;
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if !so_far.is_empty() {
            so_far.push('/');
        }
        so_far.push_str(part);
        at = match root.open_directory(so_far.as_bytes()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => make_directory(&at, part.as_bytes(), Mode::from_raw_mode(0o755))?,
            Err(error) => {
                return Err(anyhow!(error).context(format!("`{so_far}` cannot be opened")));
            }
        };
    }
    Ok(at)
}
