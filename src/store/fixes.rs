//! The rows of `fixes`: planned, then intended, then what was observed; and the violations that went away with them.

use super::error::{SqlContext, StoreError};
use super::paths::{escape, raw_if_needed, unescape};
use super::recorder::Recorder;
use super::recover::{Intent, Sight};
use super::rows::{FixRow, SettledFix};
use super::writer::integer;
use crate::finding::{Fingerprint, State};
use rusqlite::{Connection, params};
use std::collections::HashSet;

impl Recorder {
    /// Records planned fixes; the order gives the numbers, from 1 and on.
    ///
    /// # Errors
    /// The rows could not be written, or they claim that something was done.
    pub fn plan_fixes(&self, rows: Vec<FixRow>) -> Result<(), StoreError> {
        self.feed
            .transact_later(move |conn, session| plan(conn, session, &rows))
    }

    /// Records what was observed of earlier fixes, and which numbers are made next, as [`Recorder::journal`] does. The
    /// planned ones are durable with the first of these calls.
    ///
    /// # Errors
    /// The rows could not be written, or they claim what cannot be.
    pub fn journal_fixes(
        &self,
        settled: Vec<SettledFix>,
        intents: Vec<u32>,
    ) -> Result<(), StoreError> {
        // Whoever acts next must find the private directory after a power cut, by its name.
        self.destination.sync()?;
        self.feed
            .transact_durably(move |conn, _| advance(conn, &settled, &intents))
    }

    /// Marks as `fixed` the violations that phase 1 found in files that were fixed and looked at again, but for those
    /// that were found again. Answers how many there are.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn mark_fixed(
        &self,
        paths: HashSet<Box<[u8]>>,
        found_again: HashSet<(Fingerprint, State)>,
    ) -> Result<u64, StoreError> {
        self.feed
            .transact(move |conn, _| mark_fixed(conn, &paths, &found_again))
    }

    /// Marks violations as `fixed` by their identities. Answers how many there are.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn mark_fixed_findings(&self, fixed: Vec<Fingerprint>) -> Result<u64, StoreError> {
        self.feed
            .transact(move |conn, _| mark_fixed_findings(conn, &fixed))
    }
}

/// The words that an observed result may begin with.
const RESULTS: [&str; 4] = ["applied", "skipped", "refused", "failed"];

/// Records what is planned. In the run's own database the number of a row, from 1, is also its id.
fn plan(conn: &Connection, session: &str, rows: &[FixRow]) -> Result<(), StoreError> {
    const DOING: &str = "record the planned fixes";
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO fixes (deployment_id, rule_id, path, path_bytes, status, edits, safety, before_sha256, \
             after_sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .doing(DOING)?;
    for row in rows {
        if !matches!(
            first_word(&row.status),
            "planned" | "refused" | "skipped" | "failed"
        ) {
            return Err(StoreError::Untrue(format!(
                "a planned fix that is `{}`",
                row.status
            )));
        }
        insert
            .execute(params![
                session,
                row.rule_id,
                escape(&row.path),
                raw_if_needed(&row.path),
                row.status,
                integer(row.edits)?,
                row.safety.as_str(),
                row.before_sha256,
                row.after_sha256,
            ])
            .doing(DOING)?;
    }
    Ok(())
}

/// Records observations and the next intents.
fn advance(conn: &Connection, settled: &[SettledFix], intents: &[u32]) -> Result<(), StoreError> {
    for row in settled {
        let word = first_word(&row.status);
        // What changed a file, and what may have, must have been intended, durably, before.
        let is_untouched = matches!(word, "skipped" | "refused");
        let updated = conn
            .prepare_cached(
                "UPDATE fixes SET status = ?2 WHERE id = ?1 AND (status = 'intent' OR (status = 'planned' AND ?3))",
            )
            .and_then(|mut update| update.execute(params![row.number, row.status, is_untouched]))
            .doing("record the result of a fix")?;
        if updated != 1 || !RESULTS.contains(&word) {
            let what = format!(
                "`{}` of fix {}, which was not begun",
                row.status, row.number
            );
            return Err(StoreError::Untrue(what));
        }
    }
    for number in intents {
        let updated = conn
            .prepare_cached(
                "UPDATE fixes SET status = 'intent' WHERE id = ?1 AND status = 'planned'",
            )
            .and_then(|mut update| update.execute([number]))
            .doing("record the intent of a fix")?;
        if updated != 1 {
            let what = format!("an intent for fix {number}, which is not planned");
            return Err(StoreError::Untrue(what));
        }
    }
    Ok(())
}

fn first_word(status: &str) -> &str {
    status.split_once(':').map_or(status, |(word, _)| word)
}

/// Marks the violations of files that were fixed and looked at again, but for those that were found again (`left`).
fn mark_fixed(
    conn: &Connection,
    paths: &HashSet<Box<[u8]>>,
    left: &HashSet<(Fingerprint, State)>,
) -> Result<u64, StoreError> {
    const DOING: &str = "mark fixed violations";
    let left: HashSet<(String, bool)> = left
        .iter()
        .map(|(print, state)| (print.to_string(), *state == State::Suppressed))
        .collect();
    let mut select = conn
        .prepare(
            "SELECT id, path, path_bytes, fingerprint, state = 'suppressed' FROM violations WHERE resolution IS NULL \
             AND subject = 'file' AND stage = 'pre_deployment' ORDER BY id",
        )
        .doing(DOING)?;
    let mut rows = select.query(()).doing(DOING)?;
    let mut ids: Vec<i64> = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        let text = row
            .get_ref(1)
            .and_then(|path| Ok(path.as_str()?))
            .doing(DOING)?;
        let raw = row
            .get_ref(2)
            .and_then(|raw| Ok(raw.as_blob_or_null()?))
            .doing(DOING)?;
        if !paths.contains(unescape(text, raw)) {
            continue;
        }
        let print: String = row.get(3).doing(DOING)?;
        let is_suppressed = row.get(4).doing(DOING)?;
        if !left.contains(&(print, is_suppressed)) {
            ids.push(row.get(0).doing(DOING)?);
        }
    }
    drop(rows);
    let mut update = conn
        .prepare("UPDATE violations SET resolution = 'fixed' WHERE id = ?1")
        .doing(DOING)?;
    for id in &ids {
        update.execute([id]).doing(DOING)?;
    }
    Ok(ids.len() as u64)
}

/// Marks the violations with these identities.
fn mark_fixed_findings(conn: &Connection, fixed: &[Fingerprint]) -> Result<u64, StoreError> {
    const DOING: &str = "mark fixed violations";
    let mut update = conn
        .prepare("UPDATE violations SET resolution = 'fixed' WHERE fingerprint = ?1 AND resolution IS NULL")
        .doing(DOING)?;
    fixed.iter().try_fold(0, |marked, one| {
        Ok(marked + update.execute([one.to_string()]).doing(DOING)? as u64)
    })
}

/// Settles what a dead run had intended, by what is in the files now. Nothing is done again and nothing is promoted.
///
/// | content | `status` |
/// |---|---|
/// | that from before | `skipped: not applied, the run was interrupted` |
/// | that from after | `applied_unconfirmed` |
/// | another, or nobody can tell | `unknown` |
pub(super) fn settle_intents(
    conn: &Connection,
    session: &str,
    look: &dyn Fn(Intent<'_>) -> Sight,
) -> Result<u64, StoreError> {
    const DOING: &str = "read the intended fixes";
    let mut select = conn
        .prepare(
            "SELECT f.id, f.path, f.path_bytes, f.before_sha256, f.after_sha256, s.workspace_path FROM fixes f \
             JOIN deployment_sessions s ON s.deployment_id = f.deployment_id \
             WHERE f.deployment_id = ?1 AND f.status = 'intent' ORDER BY f.id",
        )
        .doing(DOING)?;
    let rows = select
        .query_map([session], |row| {
            let path: (String, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
            let digests: (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
            Ok((
                row.get::<_, i64>(0)?,
                path,
                digests,
                row.get::<_, String>(5)?,
            ))
        })
        .doing(DOING)?
        .collect::<Result<Vec<_>, _>>()
        .doing(DOING)?;
    for (id, (text, raw), (before, after), workspace) in &rows {
        let sight = look(Intent {
            workspace,
            deployment_id: session,
            number: 0,
            action_type: "fix",
            kept_at: None,
            path: unescape(text, raw.as_deref()),
            identity: &serde_json::json!({ "before_sha256": before, "after_sha256": after }),
        });
        let status = match sight {
            Sight::Same => "skipped: not applied, the run was interrupted",
            Sight::Done => "applied_unconfirmed",
            _ => "unknown",
        };
        conn.execute(
            "UPDATE fixes SET status = ?2 WHERE id = ?1",
            params![id, status],
        )
        .doing("record what was seen")?;
    }
    Ok(rows.len() as u64)
}
