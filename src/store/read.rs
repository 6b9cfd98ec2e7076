//! Reading sessions back: from the run's own database, or from a published file that anybody may have changed.

use super::error::{SqlContext, StoreError};
use super::open;
use super::private::PrivateDir;
use super::rows::{
    ActionRow, Order, PhaseRow, RowSource, RuleResultRow, RunRecord, SessionDetails, SessionEnd,
    SessionStart, SkippedRow, SuppressionRow, ValidationRow, ViolationRow,
};
use super::schema::Shape;
use super::words;
use super::writer::Feed;
use crate::finding::{Excerpt, Region, Severity};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

/// How to open a file that is not trusted.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// A directory for the private copy; it needs as much room as the file.
    pub scratch: PathBuf,
    /// Larger files are refused, in bytes.
    pub max_bytes: u64,
}

/// A session of a published database.
pub struct Reader {
    // Dropped in this order: the file closes before it is removed.
    conn: Connection,
    _copy: Copy,
    deployment_id: String,
}

/// A private copy that goes when its reader goes.
pub(super) struct Copy(Option<PrivateDir>);

impl Copy {
    pub(super) fn new(private: PrivateDir) -> Self {
        Self(Some(private))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Some(private) = self.0.take() {
            // What cannot be removed stays in the scratch directory, which belongs to the caller.
            private.remove().ok();
        }
    }
}

/// Opens a session of a published database, hardened: the one named, or the one that was added last. It says nothing
/// about seals; [`verify`](super::verify) does.
///
/// # Errors
/// The file is not one of ours, is damaged or busy, or has no such session.
pub fn open_reader(
    path: &Path,
    deployment_id: Option<&str>,
    options: &ReadOptions,
) -> Result<Reader, StoreError> {
    let scratch = PrivateDir::create_scratch(&options.scratch)?;
    let copied = open::private_copy(path, &scratch, "verify.db", options.max_bytes);
    let copy = Copy::new(scratch);
    let (file, bytes) = copied?;
    let (conn, shape) = open::known(&file, path, bytes)?;
    let none = || StoreError::NoSession {
        path: path.into(),
        wanted: deployment_id.unwrap_or("of this program").into(),
    };
    if shape == Shape::Legacy {
        return Err(none());
    }
    let found: Option<String> = conn
        .query_row(
            "SELECT s.deployment_id FROM deployment_sessions s JOIN session_details d \
             ON d.deployment_id = s.deployment_id WHERE ?1 IS NULL OR s.deployment_id = ?1 ORDER BY s.id DESC LIMIT 1",
            [deployment_id],
            |row| row.get(0),
        )
        .map(Some)
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            other => Err(other),
        })
        .doing("look for the session")?;
    Ok(Reader {
        deployment_id: found.ok_or_else(none)?,
        conn,
        _copy: copy,
    })
}

impl Reader {
    /// The session that is read.
    pub fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// Everything about the session that is small.
    ///
    /// # Errors
    /// The database could not be read, or holds what this program never writes.
    pub fn record(&self) -> Result<RunRecord, StoreError> {
        record(&self.conn, &self.deployment_id)
    }
}

impl RowSource for Reader {
    fn violations(
        &self,
        order: Order,
        each: &mut dyn FnMut(ViolationRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        violations(&self.conn, &self.deployment_id, order, each)
    }

    fn skipped(
        &self,
        each: &mut dyn FnMut(SkippedRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        stream(&self.conn, &self.deployment_id, SKIPPED, skipped_row, each)
    }

    fn actions(
        &self,
        each: &mut dyn FnMut(ActionRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        stream(&self.conn, &self.deployment_id, ACTIONS, action_row, each)
    }
}

/// Reads the run's own database through its writer thread, which owns it. While rows are handed to a callback, that
/// thread waits for it: a callback that calls the recorder would wait for ever.
pub struct RunReader<'r> {
    feed: &'r Feed,
}

impl<'r> RunReader<'r> {
    pub(super) fn new(feed: &'r Feed) -> Self {
        Self { feed }
    }

    /// Everything about the run that is small, so far.
    ///
    /// # Errors
    /// An earlier write failed, or the database could not be read.
    pub fn record(&self) -> Result<RunRecord, StoreError> {
        self.feed.read(record)?
    }

    /// Lets the thread read and send rows, and hands them over here.
    fn relay<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &str, Each<'_, T>) -> anyhow::Result<()> + Send + 'static,
        each: Each<'_, T>,
    ) -> anyhow::Result<()> {
        let (sender, receiver) = sync_channel(1024);
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                self.feed.read(move |conn, session| {
                    // A receiver that is gone has seen enough.
                    read(conn, session, &mut |row| {
                        Ok(match sender.send(row) {
                            Ok(()) => ControlFlow::Continue(()),
                            Err(_) => ControlFlow::Break(()),
                        })
                    })
                })
            });
            let mut result = Ok(());
            for row in &receiver {
                match each(row) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => break,
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            drop(receiver);
            let read = reading
                .join()
                .map_err(|_| anyhow::anyhow!("reading the record did not come to its end"))?;
            result.and(read?)
        })
    }
}

/// What rows are handed to.
type Each<'a, T> = &'a mut dyn FnMut(T) -> anyhow::Result<ControlFlow<()>>;

impl RowSource for RunReader<'_> {
    fn violations(&self, order: Order, each: Each<'_, ViolationRow>) -> anyhow::Result<()> {
        self.relay(
            move |conn, session, each| violations(conn, session, order, each),
            each,
        )
    }

    fn skipped(&self, each: Each<'_, SkippedRow>) -> anyhow::Result<()> {
        self.relay(
            |conn, session, each| stream(conn, session, SKIPPED, skipped_row, each),
            each,
        )
    }

    fn actions(&self, each: Each<'_, ActionRow>) -> anyhow::Result<()> {
        self.relay(
            |conn, session, each| stream(conn, session, ACTIONS, action_row, each),
            each,
        )
    }
}

const SKIPPED: &str = "SELECT path, reason, size FROM skipped_files WHERE deployment_id = ?1 \
                       ORDER BY path, path_bytes, id";
const ACTIONS: &str = "SELECT a.action_type, a.target_path, a.action_result, a.files_affected, a.timestamp, \
                       d.cleanup_rule, d.bytes FROM cleanup_actions a JOIN cleanup_details d ON d.action_id = a.id \
                       WHERE a.deployment_id = ?1 ORDER BY a.id";

fn stream<T>(
    conn: &Connection,
    session: &str,
    sql: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    each: Each<'_, T>,
) -> anyhow::Result<()> {
    let mut select = conn.prepare(sql)?;
    let mut rows = select.query([session])?;
    while let Some(row) = rows.next()? {
        if each(read(row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Sorts the keys alone, then fetches row by row: memory does not grow with messages and excerpts.
fn violations(
    conn: &Connection,
    session: &str,
    order: Order,
    each: Each<'_, ViolationRow>,
) -> anyhow::Result<()> {
    let by_path = "path, path_bytes, line, \"column\", rule_id, id";
    let order = match order {
        Order::ByPath => by_path.to_owned(),
        Order::WorstFirst => {
            format!("CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, {by_path}")
        }
    };
    let mut ids = conn.prepare(&format!(
        "SELECT id FROM violations WHERE deployment_id = ?1 ORDER BY {order}"
    ))?;
    let mut fetch = conn.prepare(
        "SELECT stage, rule_id, severity, subject, path, line, \"column\", end_line, end_column, message, \
         excerpt, excerpt_column, fingerprint, state, resolution, suppression_id FROM violations WHERE id = ?1",
    )?;
    let mut ids = ids.query([session])?;
    while let Some(id) = ids.next()? {
        let row = fetch.query_row([id.get::<_, i64>(0)?], violation_row)?;
        if each(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn violation_row(row: &Row<'_>) -> rusqlite::Result<ViolationRow> {
    let region = match row.get::<_, Option<u32>>(5)? {
        None => None,
        Some(line) => Some(Region {
            line,
            column: row.get(6)?,
            end_line: row.get(7)?,
            end_column: row.get(8)?,
        }),
    };
    let excerpt = match row.get::<_, Option<String>>(10)? {
        None => None,
        Some(text) => Some(Excerpt {
            text,
            first_column: row.get(11)?,
        }),
    };
    Ok(ViolationRow {
        stage: word(row, 0, words::stage)?,
        rule_id: row.get(1)?,
        severity: severity(row, 2)?,
        subject: row.get(3)?,
        path: row.get(4)?,
        region,
        message: row.get(9)?,
        excerpt,
        fingerprint: row.get(12)?,
        state: row.get(13)?,
        resolution: row.get(14)?,
        suppression: row.get(15)?,
    })
}

fn skipped_row(row: &Row<'_>) -> rusqlite::Result<SkippedRow> {
    Ok(SkippedRow {
        path: row.get(0)?,
        reason: row.get(1)?,
        size: optional_count(row, 2)?,
    })
}

fn action_row(row: &Row<'_>) -> rusqlite::Result<ActionRow> {
    Ok(ActionRow {
        action_type: row.get(0)?,
        target_path: row.get(1)?,
        action_result: row.get(2)?,
        files_affected: count(row, 3)?,
        timestamp: row.get(4)?,
        cleanup_rule: row.get(5)?,
        bytes: count(row, 6)?,
    })
}

/// A value that this program never writes is an error, not a default.
fn strange(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        kind,
        "not a value that is written here".into(),
    )
}

fn word<T>(row: &Row<'_>, column: usize, read: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    read(&row.get::<_, String>(column)?).ok_or_else(|| strange(column, Type::Text))
}

fn severity(row: &Row<'_>, column: usize) -> rusqlite::Result<Severity> {
    word(row, column, |word| word.parse().ok())
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| strange(column, Type::Integer))
}

fn optional_count(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => count(row, column).map(Some),
    }
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| strange(column, Type::Text))
}

fn list<T>(
    conn: &Connection,
    session: &str,
    sql: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare(sql)?.query_map([session], read)?.collect()
}

/// Everything about a session that is small.
fn record(conn: &Connection, session: &str) -> Result<RunRecord, StoreError> {
    read_record(conn, session).doing("read the session")
}

fn read_record(conn: &Connection, session: &str) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        start: start(conn, session)?,
        end: end(conn, session)?,
        phases: list(
            conn,
            session,
            "SELECT phase, name, status, start_time, end_time, duration_ms, detail FROM phases \
             WHERE deployment_id = ?1 ORDER BY id",
            phase_row,
        )?,
        rules: list(
            conn,
            session,
            "SELECT stage, rule_id, uses, severity, files_checked, violations_found, suppressed, requirements, \
             duration_us FROM rule_results WHERE deployment_id = ?1 ORDER BY id",
            rule_row,
        )?,
        validations: list(
            conn,
            session,
            "SELECT validation_type, files_checked, violations_found, validation_result, compliance_score, timestamp \
             FROM factory_validation WHERE deployment_id = ?1 ORDER BY id",
            validation_row,
        )?,
        suppressions: list(
            conn,
            session,
            "SELECT source, rule_id, path, line, reason, owner, expires, matched FROM suppressions \
             WHERE deployment_id = ?1 ORDER BY number",
            suppression_row,
        )?,
        skipped: list(
            conn,
            session,
            "SELECT CASE instr(reason, ':') WHEN 0 THEN reason ELSE substr(reason, 1, instr(reason, ':') - 1) END, \
             COUNT(*) FROM skipped_files WHERE deployment_id = ?1 GROUP BY 1",
            |row| Ok((row.get(0)?, count(row, 1)?)),
        )?
        .into_iter()
        .collect(),
        actions: actions(conn, session)?,
        counts: read_counts(conn, session)?,
    })
}

fn start(conn: &Connection, session: &str) -> rusqlite::Result<SessionStart> {
    conn.query_row(
        "SELECT s.deployment_id, s.start_time, s.workspace_path, d.tool_version, d.policy_sha256, d.policy_source, \
         d.head_sha, d.base_sha, d.scope, d.shard, d.ci_system, d.run_url, d.os, d.arch \
         FROM deployment_sessions s JOIN session_details d ON d.deployment_id = s.deployment_id \
         WHERE s.deployment_id = ?1",
        [session],
        |row| {
            Ok(SessionStart {
                deployment_id: row.get(0)?,
                start_time: row.get(1)?,
                workspace_path: row.get(2)?,
                details: SessionDetails {
                    tool_version: row.get(3)?,
                    policy_sha256: row.get(4)?,
                    policy_source: row.get(5)?,
                    head_sha: row.get(6)?,
                    base_sha: row.get(7)?,
                    scope: row.get(8)?,
                    shard: row.get(9)?,
                    ci_system: row.get(10)?,
                    run_url: row.get(11)?,
                    os: row.get(12)?,
                    arch: row.get(13)?,
                },
            })
        },
    )
}

fn end(conn: &Connection, session: &str) -> rusqlite::Result<Option<SessionEnd>> {
    conn.query_row(
        "SELECT s.end_time, s.status, s.phases_completed, d.verdict, d.verdict_reasons, d.exit_code, \
         d.files_scanned, d.files_skipped, d.bytes_scanned FROM deployment_sessions s \
         JOIN session_details d ON d.deployment_id = s.deployment_id WHERE s.deployment_id = ?1",
        [session],
        |row| {
            if row.get::<_, Option<String>>(0)?.is_none() {
                return Ok(None);
            }
            Ok(Some(SessionEnd {
                end_time: row.get(0)?,
                status: word(row, 1, words::status)?,
                phases_completed: row.get(2)?,
                verdict: word(row, 3, words::verdict)?,
                verdict_reasons: json(row, 4)?,
                exit_code: row.get(5)?,
                // An interrupted session does not know all of them; the database says NULL.
                files_scanned: optional_count(row, 6)?.unwrap_or_default(),
                files_skipped: optional_count(row, 7)?.unwrap_or_default(),
                bytes_scanned: optional_count(row, 8)?.unwrap_or_default(),
            }))
        },
    )
}

fn phase_row(row: &Row<'_>) -> rusqlite::Result<PhaseRow> {
    Ok(PhaseRow {
        phase: row.get(0)?,
        name: row.get(1)?,
        status: row.get(2)?,
        start_time: row.get(3)?,
        end_time: row.get(4)?,
        duration_ms: count(row, 5)?,
        detail: json(row, 6)?,
    })
}

fn rule_row(row: &Row<'_>) -> rusqlite::Result<RuleResultRow> {
    Ok(RuleResultRow {
        stage: word(row, 0, words::stage)?,
        rule_id: row.get(1)?,
        uses: row.get(2)?,
        severity: severity(row, 3)?,
        files_checked: count(row, 4)?,
        violations_found: count(row, 5)?,
        suppressed: count(row, 6)?,
        requirements: count(row, 7)?,
        duration_us: count(row, 8)?,
    })
}

fn validation_row(row: &Row<'_>) -> rusqlite::Result<ValidationRow> {
    let result: serde_json::Value = json(row, 3)?;
    let from_result = |key: &str| {
        result
            .get(key)
            .and_then(serde_json::Value::as_u64)
            .ok_or_else(|| strange(3, Type::Text))
    };
    Ok(ValidationRow {
        stage: word(row, 0, words::stage)?,
        files_checked: count(row, 1)?,
        violations_found: count(row, 2)?,
        things_checked: from_result("things_checked")?,
        things_failing: from_result("things_failing")?,
        compliance_score: row.get(4)?,
        timestamp: row.get(5)?,
    })
}

fn suppression_row(row: &Row<'_>) -> rusqlite::Result<SuppressionRow> {
    Ok(SuppressionRow {
        source: row.get(0)?,
        rule_id: row.get(1)?,
        path: row.get(2)?,
        line: row.get(3)?,
        reason: row.get(4)?,
        owner: row.get(5)?,
        expires: row.get(6)?,
        matched: count(row, 7)?,
    })
}

type Actions = BTreeMap<(String, String), (u64, u64, u64)>;

fn actions(conn: &Connection, session: &str) -> rusqlite::Result<Actions> {
    let rows = list(
        conn,
        session,
        "SELECT a.action_type, CASE instr(a.action_result, ':') WHEN 0 THEN a.action_result \
         ELSE substr(a.action_result, 1, instr(a.action_result, ':') - 1) END, COUNT(*), SUM(a.files_affected), \
         SUM(d.bytes) FROM cleanup_actions a JOIN cleanup_details d ON d.action_id = a.id \
         WHERE a.deployment_id = ?1 GROUP BY 1, 2",
        |row| {
            let totals = (count(row, 2)?, count(row, 3)?, count(row, 4)?);
            Ok(((row.get(0)?, row.get(1)?), totals))
        },
    )?;
    Ok(rows.into_iter().collect())
}

type Counts = BTreeMap<(Severity, String, bool), u64>;

/// Counts of violations by (severity, state, resolved).
pub(super) fn counts(conn: &Connection, session: &str) -> Result<Counts, StoreError> {
    read_counts(conn, session).doing("count the violations")
}

fn read_counts(conn: &Connection, session: &str) -> rusqlite::Result<Counts> {
    let rows = list(
        conn,
        session,
        "SELECT severity, state, resolution IS NOT NULL, COUNT(*) FROM violations WHERE deployment_id = ?1 \
         GROUP BY 1, 2, 3",
        |row| {
            Ok((
                (severity(row, 0)?, row.get(1)?, boolean(row, 2)?),
                count(row, 3)?,
            ))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// Unresolved violations by rule: (open, suppressed).
pub(super) fn left_by_rule(
    conn: &Connection,
    session: &str,
) -> Result<BTreeMap<String, (u64, u64)>, StoreError> {
    let rows = list(
        conn,
        session,
        "SELECT rule_id, SUM(state <> 'suppressed'), SUM(state = 'suppressed') FROM violations \
         WHERE deployment_id = ?1 AND resolution IS NULL GROUP BY 1",
        |row| Ok((row.get(0)?, (count(row, 1)?, count(row, 2)?))),
    );
    Ok(rows.doing("count the violations")?.into_iter().collect())
}

fn boolean(row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
    bool::column_result(row.get_ref(column)?).map_err(|_| strange(column, Type::Integer))
}
