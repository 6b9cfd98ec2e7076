//! `restore` where no file can be put back safely.

use super::{Answer, Problem};
use crate::cli::RestoreArgs;
use anyhow::anyhow;

pub(super) fn restore(_arguments: &RestoreArgs) -> Answer {
    Err(Problem::usage(anyhow!(
        "this platform cannot restore: it cannot keep a move beneath the workspace; nothing was done"
    )))
}
