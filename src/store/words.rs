//! The words and numbers of the record, read back: what this program never writes is an error.

use super::rows::{SessionStatus, Stage, Verdict};
use crate::finding::Severity;
use rusqlite::Row;
use rusqlite::types::{FromSql as _, Type};

pub(super) fn stage(word: &str) -> Option<Stage> {
    [Stage::PreDeployment, Stage::PostDeployment]
        .into_iter()
        .find(|stage| stage.as_str() == word)
}

pub(super) fn status(word: &str) -> Option<SessionStatus> {
    [
        SessionStatus::InProgress,
        SessionStatus::Completed,
        SessionStatus::CompletedWithIssues,
        SessionStatus::Interrupted,
        SessionStatus::Failed,
    ]
    .into_iter()
    .find(|status| status.as_str() == word)
}

pub(super) fn verdict(word: &str) -> Option<Verdict> {
    [Verdict::Pass, Verdict::Fail, Verdict::Undecided]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
}

/// A value that this program never writes is an error, not a default.
pub(super) fn strange(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        kind,
        "not a value that is written here".into(),
    )
}

pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    read: fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    read(&row.get::<_, String>(column)?).ok_or_else(|| strange(column, Type::Text))
}

pub(super) fn severity(row: &Row<'_>, column: usize) -> rusqlite::Result<Severity> {
    word(row, column, |word| word.parse().ok())
}

pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| strange(column, Type::Integer))
}

pub(super) fn optional_count(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => count(row, column).map(Some),
    }
}

pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| strange(column, Type::Text))
}

pub(super) fn boolean(row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
    bool::column_result(row.get_ref(column)?).map_err(|_| strange(column, Type::Integer))
}
