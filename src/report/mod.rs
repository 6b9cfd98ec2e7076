//! Reports: the record in, bytes out. Pure, except for the progress display. Nothing untrusted leaves this
//! room without passing [`encode`].

mod azure;
mod base;
mod buildkite;
pub mod catalogue;
mod csv;
pub mod detectors;
pub mod encode;
pub mod github;
mod gitlab;
pub mod json;
mod junit;
mod kind;
mod levels;
mod line_hash;
mod markdown;
pub mod patch;
mod place;
pub mod progress;
pub mod reference;
mod sarif;
mod tally;
mod teamcity;
pub mod terminal;
mod text;
pub mod wiring;

#[cfg(test)]
mod kind_tests;
#[cfg(test)]
mod sample;

pub use azure::{azure_summary, azure_variables};
pub use json::schema as json_schema;
pub use kind::{Context, Kind, Told};
pub use levels::{Plan, Shown};
pub use line_hash::{LineHashes, NoFiles, line_hashes};
pub use tally::Tally;

use crate::store::rows::{RowSource, RunRecord};

/// What a report is made from.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The session, without what may be large.
    pub record: &'a RunRecord,
    /// The rows that may be many.
    pub rows: &'a dyn RowSource,
    /// The published database, if there is one.
    pub database: Option<&'a Database>,
}

/// The published database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its path, as the user would type it.
    pub path: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// The digest of the session in its seal, hex.
    pub session_digest: String,
}

/// The query that lists every open violation of the session with nothing but `sqlite3`.
fn query(record: &RunRecord) -> String {
    format!(
        "SELECT severity, path, line, rule_id, message FROM violations WHERE deployment_id = '{}' \
         AND state <> 'suppressed' AND resolution IS NULL",
        record.start.deployment_id.replace('\'', "''")
    )
}

/// The counts as a sentence: `1 error, 2 warnings (3 suppressed)`.
fn sentence(tally: &Tally) -> String {
    let open: Vec<String> = [
        (tally.errors, "error"),
        (tally.warnings, "warning"),
        (tally.notes, "note"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, noun)| text::count(count, noun))
    .collect();
    let open = if open.is_empty() && tally.existing > 0 {
        "no new violations".to_owned()
    } else if open.is_empty() {
        "no open violations".to_owned()
    } else {
        open.join(", ")
    };
    let closed: Vec<String> = [
        (tally.existing, "existing"),
        (tally.suppressed, "suppressed"),
        (tally.resolved, "resolved"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", text::grouped(count)))
    .collect();
    if closed.is_empty() {
        open
    } else {
        format!("{open} ({})", closed.join(", "))
    }
}
