//! Where the quarantined files of a run are packed to.

use super::places::absolute;
use crate::cli::RunArgs;
use crate::phases::Export;
use anyhow::{Context as _, anyhow};
use std::path::Path;

/// Where the quarantined files are packed to. What is wrong with the place is known before anything is scanned.
pub(super) fn export(
    arguments: &RunArgs,
    (database, deployment_id): (&Path, &str),
) -> anyhow::Result<Option<Export>> {
    let Some(given) = &arguments.export_quarantine else {
        return Ok(None);
    };
    let what = || format!("the quarantine cannot be exported to `{}`", given.display());
    let path = absolute(given).with_context(what)?;
    let output = arguments.output.as_deref().map(absolute).transpose()?;
    if path == database || output.as_deref() == Some(&path) {
        return Err(anyhow!("another output of this run goes there").context(what()));
    }
    let is_file = |meta: std::fs::Metadata| meta.is_file();
    if !path.symlink_metadata().map_or(true, is_file) {
        return Err(anyhow!("it is no regular file").context(what()));
    }
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(anyhow!("there is no such directory").context(what()));
    }
    let deployment_id = deployment_id.to_owned();
    Ok(Some(Export {
        path,
        deployment_id,
    }))
}
