//! `recover` where it cannot be told whose a directory is.

use super::{Answer, Problem};
use anyhow::anyhow;
use std::path::Path;

pub(super) fn recover(_database: &Path) -> Answer {
    Err(Problem::usage(anyhow!(
        "this platform cannot recover what a killed run left: whose a directory is cannot be told here; nothing was done"
    )))
}
