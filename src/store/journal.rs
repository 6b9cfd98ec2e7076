//! The journal of the cleanup: planned, then intended, then what was observed. Never a result before the act.

use super::error::{SqlContext, StoreError};
use super::paths::{escape, raw_if_needed};
use super::recorder::created_at;
use super::rows::{PlannedRow, SettledRow};
use super::writer::integer;
use crate::finding::Fingerprint;
use rusqlite::{CachedStatement, Connection, params};
use std::collections::HashSet;

/// The words that an observed result may begin with.
const RESULTS: [&str; 7] = [
    "removed",
    "quarantined",
    "restored",
    "already_gone",
    "skipped",
    "refused",
    "failed",
];
/// Of those, the ones that say that the workspace was changed.
const CHANGES: [&str; 3] = ["removed", "quarantined", "restored"];

/// Records the plan. In the run's own database the number of a row is also its id, since nothing else is in there.
pub(super) fn plan(
    conn: &Connection,
    session: &str,
    rows: &[PlannedRow],
) -> Result<(), StoreError> {
    const DOING: &str = "record the cleanup plan";
    let mut action = conn
        .prepare(
            "INSERT INTO cleanup_actions (deployment_id, action_type, target_path, action_result, timestamp, \
             created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .doing(DOING)?;
    let mut detail = conn
        .prepare(
            "INSERT INTO cleanup_details (action_id, number, deployment_id, cleanup_rule, bytes, state, \
             path_bytes, identity, kept_at) VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .doing(DOING)?;
    let mut created = (String::new(), String::new());
    for row in rows {
        let state = first_word(&row.result);
        if !matches!(state, "planned" | "refused" | "skipped") {
            let what = format!("a plan with the result `{}`", row.result);
            return Err(StoreError::Untrue(what));
        }
        // Rows of one plan mostly have one time.
        if created.0 != row.timestamp {
            created = (row.timestamp.clone(), created_at(&row.timestamp));
        }
        action
            .execute(params![
                session,
                row.action_type,
                escape(&row.target),
                row.result,
                row.timestamp,
                created.1
            ])
            .doing(DOING)?;
        detail
            .execute(params![
                conn.last_insert_rowid(),
                session,
                row.cleanup_rule,
                integer(row.bytes)?,
                state,
                raw_if_needed(&row.target),
                row.identity,
                row.kept_at
            ])
            .doing(DOING)?;
    }
    Ok(())
}

/// Records observations and the next intents.
pub(super) fn advance(
    conn: &Connection,
    settled: &[SettledRow],
    intents: &[u32],
) -> Result<(), StoreError> {
    let mut settle = Settle::prepare(conn)?;
    for row in settled {
        settle.record(row)?;
    }
    let mut intend = conn
        .prepare_cached(
            "UPDATE cleanup_details SET state = 'intent' WHERE action_id = ?1 AND state = 'planned'",
        )
        .doing("record an intent")?;
    for number in intents {
        if intend.execute([number]).doing("record an intent")? != 1 {
            let what = format!("an intent for action {number}, which is not planned");
            return Err(StoreError::Untrue(what));
        }
    }
    Ok(())
}

const SETTLING: &str = "record the result of an action";

/// What was observed of an action goes into both of its rows.
struct Settle<'c> {
    detail: CachedStatement<'c>,
    action: CachedStatement<'c>,
}

impl<'c> Settle<'c> {
    fn prepare(conn: &'c Connection) -> Result<Self, StoreError> {
        // What changed the workspace must have been intended, durably, before. What is kept nowhere has no place; of
        // what failed nobody knows without a look.
        let detail = conn.prepare_cached(
            "UPDATE cleanup_details SET state = ?2, \
             kept_at = CASE WHEN ?2 IN ('quarantined', 'failed') THEN kept_at END WHERE action_id = ?1 \
             AND (state = 'intent' OR (state = 'planned' AND NOT ?3))",
        );
        Ok(Self {
            detail: detail.doing(SETTLING)?,
            action: result_statement(conn)?,
        })
    }

    fn record(&mut self, row: &SettledRow) -> Result<(), StoreError> {
        let state = first_word(&row.result);
        let changed = CHANGES.contains(&state);
        // A removal can fail and take the name away nevertheless: something new is then at its place.
        let is_affected = row.files_affected > 0;
        if !RESULTS.contains(&state)
            || (is_affected != changed && !(is_affected && state == "failed"))
        {
            let what = format!(
                "`{}` with {} files affected",
                row.result, row.files_affected
            );
            return Err(StoreError::Untrue(what));
        }
        let details = self
            .detail
            .execute(params![row.number, state, changed])
            .doing(SETTLING)?;
        if details != 1 {
            let what = format!(
                "`{}` of action {}, which was not begun",
                row.result, row.number
            );
            return Err(StoreError::Untrue(what));
        }
        self.action
            .execute(params![
                row.number,
                row.result,
                integer(row.files_affected)?,
                row.timestamp
            ])
            .doing(SETTLING)?;
        Ok(())
    }
}

fn result_statement(conn: &Connection) -> Result<CachedStatement<'_>, StoreError> {
    conn.prepare_cached(
        "UPDATE cleanup_actions SET action_result = ?2, files_affected = ?3, timestamp = ?4 WHERE id = ?1",
    )
    .doing(SETTLING)
}

/// Writes what was observed into the given table.
pub(super) fn write_result(
    conn: &Connection,
    action_id: i64,
    (result, files): (&str, i64),
    timestamp: &str,
) -> Result<(), StoreError> {
    result_statement(conn)?
        .execute(params![action_id, result, files, timestamp])
        .doing(SETTLING)?;
    Ok(())
}

fn first_word(result: &str) -> &str {
    result.split_once(':').map_or(result, |(word, _)| word)
}

/// Marks the violations of these paths. Requirements and policy entries do not go away with a file.
pub(super) fn mark_removed(conn: &Connection, paths: &[Box<[u8]>]) -> Result<u64, StoreError> {
    const DOING: &str = "mark resolved violations";
    let gone: HashSet<&[u8]> = paths.iter().map(|path| &**path).collect();
    let mut select = conn
        .prepare(
            "SELECT id, path, path_bytes FROM violations WHERE resolution IS NULL \
             AND subject IN ('file', 'directory') ORDER BY id",
        )
        .doing(DOING)?;
    let mut rows = select.query(()).doing(DOING)?;
    let mut ids: Vec<i64> = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        let text = row
            .get_ref(1)
            .and_then(|path| Ok(path.as_bytes()?))
            .doing(DOING)?;
        let raw = row
            .get_ref(2)
            .and_then(|raw| Ok(raw.as_blob_or_null()?))
            .doing(DOING)?;
        if gone.contains(raw.unwrap_or(text)) {
            ids.push(row.get(0).doing(DOING)?);
        }
    }
    drop(rows);
    let mut update = conn
        .prepare("UPDATE violations SET resolution = 'removed' WHERE id = ?1")
        .doing(DOING)?;
    for id in &ids {
        update.execute([id]).doing(DOING)?;
    }
    Ok(ids.len() as u64)
}

/// Marks the violations with these identities.
pub(super) fn mark_not_found(conn: &Connection, gone: &[Fingerprint]) -> Result<u64, StoreError> {
    const DOING: &str = "mark resolved violations";
    let mut update = conn
        .prepare("UPDATE violations SET resolution = 'removed' WHERE fingerprint = ?1 AND resolution IS NULL")
        .doing(DOING)?;
    gone.iter().try_fold(0, |marked, one| {
        Ok(marked + update.execute([one.to_string()]).doing(DOING)? as u64)
    })
}
