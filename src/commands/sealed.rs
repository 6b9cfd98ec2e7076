//! Databases that commands read: as hostile as any file that somebody was sent.

use super::Problem;
use crate::store::{self, ReadOptions, StoreError, Verification, VerifyOptions};
use std::path::Path;

/// A database of more bytes is refused.
const MOST_BYTES: u64 = 64 << 30;

/// How a database is read.
pub(super) fn reading() -> ReadOptions {
    ReadOptions {
        scratch: std::env::temp_dir(),
        max_bytes: MOST_BYTES,
    }
}

/// Whether a database is what was sealed, without anything that its reader expects of it.
pub(super) fn verified(database: &Path) -> Result<Verification, Problem> {
    let options = VerifyOptions {
        reading: reading(),
        expect_digest: None,
        expect_sha256: None,
    };
    store::verify(database, &options).map_err(refused)
}

/// What is no database of ours, or has no such session, is the user's to correct.
pub(super) fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Foreign { .. } | StoreError::NoSession { .. } => Problem::usage(error),
        other => other.into(),
    }
}
