//! A quarantine that comes from an archive: what of it is wanted, and whether it can come back.

use super::{Answer, Item, Problem, Work, dry_run};
use crate::beneath::Root;
use crate::cleanup::{Outcome, Packed, Staging, unpack};
use crate::commands::stdout;
use crate::phases::Exit;
use crate::report::encode::log_line;
use anyhow::Context as _;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// What an archive was found to be.
pub(super) struct Archive {
    pub(super) path: String,
    pub(super) unknown: u64,
    pub(super) broken: Option<String>,
    pub(super) numbers: Vec<u32>,
}

impl Archive {
    /// Why it could not be read to its end, as a sentence, if so.
    pub(super) fn problem(&self) -> Option<String> {
        let why = self.broken.as_ref()?;
        let path = &self.path;
        Some(format!(
            "the archive `{path}` could not be read to its end: {why}"
        ))
    }
}

pub(super) fn open(path: &Path) -> Result<File, Problem> {
    File::open(path)
        .with_context(|| format!("the archive `{}` cannot be read", path.display()))
        .map_err(Problem::usage)
}

/// Unpacks the files that are wanted, each to a place from where it is put back like one in the quarantine; without a
/// staging directory it is only looked whether each is whole. What the archive need not have and has not is dropped.
pub(super) fn take(
    work: &mut Work,
    staging: Option<&Staging<'_>>,
    (file, path, known): (File, &Path, &Packed),
) -> Archive {
    let wanted: BTreeSet<u32> = work.items.iter().map(|item| item.file.number).collect();
    let is_wanted = |number| wanted.contains(&number);
    let mut unpacked = unpack(staging, (known, &is_wanted), std::io::BufReader::new(file));
    let archive = Archive {
        path: path.display().to_string(),
        unknown: unpacked.unknown,
        broken: unpacked.broken.take(),
        numbers: wanted.into_iter().collect(),
    };
    work.items.retain_mut(|item| {
        let Ok(kept) = &mut item.kept else {
            return true;
        };
        match (unpacked.files.remove(&item.file.number), staging) {
            (Some(Ok(())), Some(staging)) => kept.source = staging.path(item.file.number).into(),
            (Some(Ok(())), None) => {}
            (Some(Err(outcome)), _) => item.kept = Err(outcome),
            (None, _) if !item.file.is_certain && archive.broken.is_none() => return false,
            (None, _) => item.kept = Err(Outcome::Skipped("not in the archive".into())),
        }
        true
    });
    archive
}

/// Says what would come back from an archive: it is read to its end, and nothing is written.
pub(super) fn tell(mut work: Work, root: &Root, (path, known): (&Path, &Packed)) -> Answer {
    let archive = take(&mut work, None, (open(path)?, path, known));
    if work.items.is_empty() {
        return super::nothing(&work);
    }
    let can_come_back = |item: &Item| match &item.kept {
        Ok(kept) => root.examine_place(kept),
        Err(outcome) => Err(outcome.clone()),
    };
    let mut out = stdout();
    let exit = dry_run(&work.items, &can_come_back, &mut out)?;
    let Some(problem) = archive.problem() else {
        return Ok(exit);
    };
    writeln!(out, "{}", log_line(&problem))?;
    Ok(Exit::Undecided)
}
