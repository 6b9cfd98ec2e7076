//! The file of `init` where no write can be kept beneath the repository.

use super::Problem;
use crate::walk::Root;
use anyhow::anyhow;

pub(super) fn write(_root: &Root, place: &str, _text: &[u8]) -> Result<(), Problem> {
    Err(Problem::usage(anyhow!(
        "{place} is not written: this platform cannot keep a write beneath the repository; without `--write` the job is \
         printed, to be put into it"
    )))
}
