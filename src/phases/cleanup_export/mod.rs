//! After phase 3: the quarantined files of this run as one archive, for machines that do not outlive the job.

mod place;

use super::{Did, Run};
use crate::beneath::{Root, RootRules};
use crate::cleanup::{Kept, Packed, pack, quarantined_at};
use anyhow::{Context as _, anyhow, bail};
use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
use serde_json::json;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::MetadataExt as _;

pub use place::Export;
use place::partial;

/// Packs what phase 3 has quarantined, however it ended. That the archive failed leaves the verdict open; the files
/// stay where they are.
pub(super) fn run(run: &mut Run<'_>, did: anyhow::Result<Did<bool>>) -> anyhow::Result<Did<bool>> {
    let Some(export) = run.job.export.clone() else {
        return did;
    };
    let packed = write(run, &export);
    let detail = match &packed {
        Ok((files, bytes)) => json!({ "files": files, "archive_bytes": bytes }),
        Err(error) => {
            let why = format!("{error:#}");
            run.reasons.push(format!(
                "the quarantine could not be exported to `{}`: {why}",
                export.path.display()
            ));
            json!({ "error": why })
        }
    };
    let mut did = did?;
    did.detail["export"] = detail;
    Ok(did)
}

/// Answers how many files the archive has, and its size in bytes.
fn write(run: &Run<'_>, export: &Export) -> anyhow::Result<(usize, u64)> {
    let files = files(run, export)?;
    let name = export.path.file_name().context("it names no file")?;
    let directory = export.path.parent().context("it names no file")?;
    let directory = File::open(directory)?;
    let partial = partial(name);
    let file = create(&directory, &partial)?;
    let written = fill(run, (export, &files), &file).and_then(|bytes| {
        renameat(&directory, &partial, &directory, name).map_err(std::io::Error::from)?;
        directory.sync_all()?;
        Ok((files.len(), bytes))
    });
    if written.is_err() {
        #[expect(
            clippy::disallowed_methods,
            reason = "the file that was made here, by its name in its directory"
        )]
        // The first error says what is wrong; the next run uses the same name.
        unlinkat(&directory, &partial, AtFlags::empty()).ok();
    }
    written
}

fn files(run: &Run<'_>, export: &Export) -> anyhow::Result<Packed> {
    let rows = run.recorder.quarantined()?;
    rows.into_iter()
        .map(|row| {
            let source = quarantined_at(&export.deployment_id, row.number);
            let kept = Kept::from_record(&row.target, source, &row.identity)
                .map_err(|outcome| anyhow!("quarantined file {}: {outcome}", row.number))?;
            Ok((row.number, kept))
        })
        .collect()
}

/// Makes the file, or takes over what a killed run has left of it: never a link, nor a file with another name.
fn create(directory: &File, name: &OsStr) -> anyhow::Result<File> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = File::from(openat(directory, name, flags, mode).map_err(std::io::Error::from)?);
    let meta = file.metadata()?;
    if !meta.is_file() || meta.nlink() != 1 {
        bail!("`{}` is in the way", name.display());
    }
    file.set_len(0)?;
    Ok(file)
}

fn fill(run: &Run<'_>, (export, files): (&Export, &Packed), file: &File) -> anyhow::Result<u64> {
    let root = Root::open(run.job.root.path(), &RootRules::default());
    let mut out = BufWriter::new(file);
    match root {
        Ok(root) => pack(&root, &export.deployment_id, files, &mut out)?,
        // A workspace that cleanup refuses has no quarantine.
        Err(error) => return Err(error.into()),
    }
    out.flush()?;
    drop(out);
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
