//! The recorder: what the phases of one run write to.

use super::error::{SqlContext, StoreError};
use super::open::{self, Survive};
use super::private::{Destination, PrivateDir};
use super::publish::{self, Published};
use super::read::{Reader, RunReader};
use super::rows::{
    PhaseRow, PlannedRow, PolicyRow, RuleResultRow, SessionDetails, SessionEnd, SessionStart,
    SessionStatus, SettledRow, Stage, SuppressionRow, ValidationRow,
};
use super::schema;
use super::writer::{Feed, integer, transaction};
use super::{journal, quarantined, seal, session, totals};
use crate::finding::{Finding, Severity};
use crate::walk::Skipped;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::path::Path;

/// Room reserved on the disk for the seal, in bytes.
const BALLAST: u64 = 4 << 20;

/// Room that a run with few findings needs beside it, in bytes: the schema, the start and the log of both.
const FIRST_ROWS: u64 = 1 << 20;

/// Records one run. Rows are kept in the order in which they are handed over: equal input gives equal digests.
///
/// What a call has answered survives the death of the process at any moment. A power cut is survived by what acts and
/// promises rest on: the start, the plan and the journal of the cleanup (each with everything before it), and the
/// published file. The other rows then come with the next of these; without them the file is consistent all
/// the same, and says that the run did not end.
///
/// A write that fails is answered by the next call and by every call after it: nothing that is recorded
/// later could be true. What was committed before stays, for [`recover`](super::recover).
pub struct Recorder {
    // Dropped in this order: the thread ends before the lock is given back.
    pub(super) feed: Feed,
    private: PrivateDir,
    pub(super) destination: Destination,
    deployment_id: String,
}

impl Recorder {
    /// Starts the record of a run that will be published at `database` (absolute, UTF-8). `scratch_suffix` is random
    /// hex and names the private directory. When this returns, the session is durable as `in_progress`.
    ///
    /// # Errors
    /// The destination is a foreign, damaged or busy file; the directory cannot be written; the disk is full.
    pub fn start(
        database: &Path,
        scratch_suffix: &str,
        start: &SessionStart,
        policies: &[PolicyRow],
    ) -> Result<Self, StoreError> {
        Self::start_within(database, scratch_suffix, start, (policies, None))
    }

    /// As [`Recorder::start`], with a limit in pages of 4096 bytes.
    pub(super) fn start_within(
        database: &Path,
        scratch_suffix: &str,
        start: &SessionStart,
        (policies, max_pages): (&[PolicyRow], Option<u32>),
    ) -> Result<Self, StoreError> {
        let destination = Destination::new(database)?;
        publish::check_destination(&destination)?;
        let lock = destination.lock()?;
        let private = PrivateDir::create(&destination, scratch_suffix, &lock)?;
        drop(lock);
        match begin(&private, start, policies, max_pages) {
            Ok(feed) => Ok(Self {
                feed,
                private,
                destination,
                deployment_id: start.deployment_id.clone(),
            }),
            Err(error) => {
                // Nothing was recorded. If the directory cannot even be removed, the first error says why.
                private.remove().ok();
                Err(error.needing(&destination.directory, BALLAST + FIRST_ROWS))
            }
        }
    }

    /// The run that is recorded.
    pub fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// Records findings. Of stage `post_deployment` only those are new rows whose fingerprint the session does
    /// not have yet; one that it has as resolved is open again.
    ///
    /// # Errors
    /// An earlier write failed.
    pub fn findings(&self, stage: Stage, findings: Vec<Finding>) -> Result<(), StoreError> {
        self.feed.findings(stage, findings)
    }

    /// Records paths that were seen and not fully checked.
    ///
    /// # Errors
    /// An earlier write failed.
    pub fn skipped(&self, skipped: Vec<Skipped>) -> Result<(), StoreError> {
        self.feed.skipped(skipped)
    }

    /// Records what the rules did in a stage.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn rule_results(&self, rows: Vec<RuleResultRow>) -> Result<(), StoreError> {
        self.feed.transact_later(move |conn, session| {
            rows.iter()
                .try_for_each(|row| insert_rule(conn, session, row))
        })
    }

    /// Records a phase that ended.
    ///
    /// # Errors
    /// The row could not be written.
    pub fn phase(&self, row: PhaseRow) -> Result<(), StoreError> {
        self.feed
            .transact_later(move |conn, session| insert_phase(conn, session, &row))
    }

    /// Records what the run was compared with, and which part of the workspace it looks at.
    ///
    /// # Errors
    /// The row could not be written.
    pub fn compared(&self, base: Option<String>, scope: &'static str) -> Result<(), StoreError> {
        self.feed
            .transact_later(move |conn, id| session::compared(conn, id, base.as_deref(), scope))
    }

    /// Records all suppressions of the session; their order gives their numbers.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn suppressions(&self, rows: Vec<SuppressionRow>) -> Result<(), StoreError> {
        self.feed.transact_later(move |conn, session| {
            let mut number: i64 = conn
                .query_row("SELECT COUNT(*) FROM suppressions", (), |row| row.get(0))
                .doing("count the suppressions")?;
            rows.iter().try_for_each(|row| {
                number += 1;
                insert_suppression(conn, session, number, row)
            })
        })
    }

    /// Computes the totals of a stage in SQL from what is recorded, without recording them. `files_checked` is how
    /// many files the stage looked at; rule results and violations must be recorded before.
    ///
    /// # Errors
    /// The rows could not be read.
    pub fn compliance(&self, stage: Stage, files_checked: u64) -> Result<Compliance, StoreError> {
        self.feed.transact(move |conn, session| {
            totals::compliance(conn, session, stage, integer(files_checked)?)
        })
    }

    /// Computes the totals of a stage as [`Recorder::compliance`] does, and records them as its row of
    /// `factory_validation`. No caller can record a score that the rows do not give.
    ///
    /// # Errors
    /// The row could not be written.
    pub fn validation(
        &self,
        stage: Stage,
        files_checked: u64,
        timestamp: &str,
    ) -> Result<ValidationRow, StoreError> {
        let timestamp = timestamp.to_owned();
        self.feed.transact(move |conn, session| {
            let totals = totals::record(conn, session, (stage, files_checked), &timestamp)?;
            Ok(ValidationRow {
                stage,
                files_checked,
                violations_found: totals.violations_found,
                things_checked: totals.things_checked,
                things_failing: totals.things_failing,
                compliance_score: totals.compliance_score,
                timestamp,
            })
        })
    }

    /// As [`Recorder::validation`], without waiting for it: the next call answers if it fails.
    ///
    /// # Errors
    /// An earlier write failed.
    pub fn validate_later(
        &self,
        stage: Stage,
        files_checked: u64,
        timestamp: &str,
    ) -> Result<(), StoreError> {
        let timestamp = timestamp.to_owned();
        self.feed.transact_later(move |conn, session| {
            totals::record(conn, session, (stage, files_checked), &timestamp).map(|_| ())
        })
    }

    /// Records the plan of the cleanup; the order gives the numbers, from 1 and on.
    ///
    /// # Errors
    /// The rows could not be written.
    pub fn plan(&self, rows: Vec<PlannedRow>) -> Result<(), StoreError> {
        if !rows.is_empty() {
            // Whoever acts next must find the private directory after a power cut, by its name.
            self.destination.sync()?;
        }
        self.feed
            .transact_durably(move |conn, session| journal::plan(conn, session, &rows))
    }

    /// Records what was observed of earlier actions, and which numbers are acted on next, in one transaction that is
    /// durable when this returns. Act on `intents` only then; if it fails, act on nothing any more.
    ///
    /// # Errors
    /// The rows could not be written, or they claim what cannot be: a removal without an intent.
    pub fn journal(&self, settled: &[SettledRow], intents: &[u32]) -> Result<(), StoreError> {
        let (settled, intents) = (settled.to_vec(), intents.to_vec());
        self.feed
            .transact_durably(move |conn, _| journal::advance(conn, &settled, &intents))
    }

    /// Counts of unresolved violations by rule: (open, suppressed).
    ///
    /// # Errors
    /// The rows could not be read.
    pub fn left_by_rule(&self) -> Result<BTreeMap<String, (u64, u64)>, StoreError> {
        self.feed.read(session::left_by_rule)?
    }

    /// Counts of violations by (severity, state, resolved).
    ///
    /// # Errors
    /// The rows could not be read.
    pub fn counts(&self) -> Result<BTreeMap<(Severity, String, bool), u64>, StoreError> {
        self.feed.read(session::counts)?
    }

    /// Reads the run's own rows, everything that was handed over before included.
    pub fn reader(&self) -> RunReader<'_> {
        RunReader::new(&self.feed)
    }

    /// Ends the session, seals it and publishes it. After an error nothing is published, and the private
    /// directory stays for [`recover`](super::recover).
    ///
    /// # Errors
    /// The record could not be made durable, or what is read back from the finished file is not what was recorded.
    pub fn finish(self, end: &SessionEnd, phase5: &PhaseRow) -> Result<Published, StoreError> {
        self.finish_and_read(end, phase5)
            .map(|(published, _)| published)
    }

    /// As [`Recorder::finish`]; the session is then read from the very file that was verified and published, by the
    /// connection that verified it.
    ///
    /// # Errors
    /// As [`Recorder::finish`].
    pub fn finish_and_read(
        self,
        end: &SessionEnd,
        phase5: &PhaseRow,
    ) -> Result<(Published, Reader), StoreError> {
        let Self {
            feed,
            private,
            destination,
            deployment_id,
        } = self;
        let conn = feed.stop()?;
        private.discard("ballast")?;
        // The budget was for rows; the seal must find room.
        conn.pragma_update(None, "max_page_count", i32::MAX)
            .doing("lift the page budget")?;
        transaction(&conn, |conn| {
            insert_phase(conn, &deployment_id, phase5)?;
            update_end(conn, &deployment_id, end)?;
            let complete = end.status != SessionStatus::Interrupted;
            seal::write(conn, &deployment_id, complete, &end.end_time)
        })?;
        let lock = destination.lock()?;
        publish::publish((conn, private), &destination, &lock)
            .map(|(published, conn)| (published, Reader::new(conn, deployment_id)))
    }
}

/// Totals of a stage, as `v_compliance` computes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compliance {
    /// Files looked at + required things looked for + directories and policy entries that fail.
    pub things_checked: u64,
    /// Different things with an unsuppressed error or warning.
    pub things_failing: u64,
    /// Unsuppressed errors and warnings.
    pub violations_found: u64,
    /// 100 × (1 − failing / checked); 100 if nothing was to be checked.
    pub compliance_score: f64,
}

/// Folds the write-ahead log into the file and closes it: from here on it is one self-contained file.
pub(super) fn close(conn: Connection) -> Result<(), StoreError> {
    let busy: i64 = conn
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))
        .doing("fold in the write-ahead log")?;
    if busy != 0 {
        return Err(StoreError::Failed("the write-ahead log is in use".into()));
    }
    open::set(&conn, "journal_mode", "delete")?;
    conn.close()
        .map_err(|(_, error)| error)
        .doing("close the private database")
}

/// Creates the run's database with the session in progress, durably, and the thread that owns it from now on.
fn begin(
    private: &PrivateDir,
    start: &SessionStart,
    policies: &[PolicyRow],
    max_pages: Option<u32>,
) -> Result<Feed, StoreError> {
    private.reserve(BALLAST)?;
    let conn = open::create_run(&private.file("run.db"), max_pages)?;
    transaction(&conn, schema::create)?;
    open::commits_survive(&conn, Survive::PowerCut)?;
    transaction(&conn, |conn| insert_start(conn, start, policies))?;
    probe(&conn, &start.deployment_id)?;
    open::commits_survive(&conn, Survive::Kill)?;
    Feed::start(conn, &start.deployment_id)
}

/// Reads the first row back: what was committed is what is there.
fn probe(conn: &Connection, deployment_id: &str) -> Result<(), StoreError> {
    let found: String = conn
        .query_row("SELECT deployment_id FROM session_details", (), |row| {
            row.get(0)
        })
        .doing("read the first row back")?;
    if found == deployment_id {
        Ok(())
    } else {
        Err(StoreError::Mismatch("the first row".into()))
    }
}

fn insert_start(
    conn: &Connection,
    start: &SessionStart,
    policies: &[PolicyRow],
) -> Result<(), StoreError> {
    let session = &start.deployment_id;
    conn.execute(
        "INSERT INTO deployment_sessions (deployment_id, start_time, workspace_path, total_phases, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            session,
            start.start_time,
            start.workspace_path,
            quarantined::phases(&start.details),
            created_at(&start.start_time)
        ],
    )
    .doing("record the session")?;
    let SessionDetails {
        tool_version,
        policy_sha256,
        policy_source,
        head_sha,
        base_sha,
        scope,
        shard,
        ci_system,
        run_url,
        os,
        arch,
    } = &start.details;
    conn.execute(
        "INSERT INTO session_details (deployment_id, tool_version, policy_sha256, policy_source, head_sha, \
         base_sha, scope, shard, ci_system, run_url, os, arch) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            session, tool_version, policy_sha256, policy_source, head_sha, base_sha, scope, shard, ci_system,
            run_url, os, arch
        ],
    )
    .doing("record the session's details")?;
    for policy in policies {
        conn.execute(
            "INSERT INTO policies (deployment_id, sha256, name, text) VALUES (?1, ?2, ?3, ?4)",
            params![session, policy.sha256, policy.name, policy.text],
        )
        .doing("record a policy")?;
    }
    Ok(())
}

/// The session's own time in the format of `CURRENT_TIMESTAMP`: no clock of SQLite's gets into the record.
pub(super) fn created_at(timestamp: &str) -> String {
    timestamp
        .chars()
        .take(19)
        .collect::<String>()
        .replace('T', " ")
}

/// Writes the end of a session.
pub(super) fn update_end(
    conn: &Connection,
    session: &str,
    end: &SessionEnd,
) -> Result<(), StoreError> {
    let sessions = conn
        .execute(
            "UPDATE deployment_sessions SET end_time = ?2, status = ?3, phases_completed = ?4, \
             success_rate = 100.0 * ?4 / total_phases WHERE deployment_id = ?1",
            params![
                session,
                end.end_time,
                end.status.as_str(),
                end.phases_completed
            ],
        )
        .doing("record the session's end")?;
    let details = conn
        .execute(
            "UPDATE session_details SET verdict = ?2, verdict_reasons = ?3, exit_code = ?4, files_scanned = ?5, \
             files_skipped = ?6, bytes_scanned = ?7, containment = ?8 WHERE deployment_id = ?1",
            params![
                session,
                end.verdict.as_str(),
                serde_json::json!(end.verdict_reasons).to_string(),
                end.exit_code,
                integer(end.files_scanned)?,
                integer(end.files_skipped)?,
                integer(end.bytes_scanned)?,
                end.containment.as_ref().map(ToString::to_string)
            ],
        )
        .doing("record the session's end")?;
    if (sessions, details) == (1, 1) {
        Ok(())
    } else {
        Err(StoreError::Mismatch("the session's row is gone".into()))
    }
}

fn insert_rule(conn: &Connection, session: &str, row: &RuleResultRow) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO rule_results (deployment_id, stage, rule_id, uses, severity, files_checked, \
         violations_found, suppressed, requirements, duration_us) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            session,
            row.stage.as_str(),
            row.rule_id,
            row.uses,
            row.severity.as_str(),
            i64::try_from(row.files_checked).ok(),
            i64::try_from(row.violations_found).ok(),
            i64::try_from(row.suppressed).ok(),
            i64::try_from(row.requirements).ok(),
            i64::try_from(row.duration_us).ok()
        ])
    })
    .doing("record a rule's result")?;
    Ok(())
}

fn insert_phase(conn: &Connection, session: &str, row: &PhaseRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO phases (deployment_id, phase, name, status, start_time, end_time, duration_ms, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            session,
            row.phase,
            row.name,
            row.status,
            row.start_time,
            row.end_time,
            integer(row.duration_ms)?,
            row.detail.to_string()
        ],
    )
    .doing("record a phase")?;
    Ok(())
}

fn insert_suppression(
    conn: &Connection,
    session: &str,
    number: i64,
    row: &SuppressionRow,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO suppressions (deployment_id, number, source, rule_id, path, line, reason, owner, expires, \
         matched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            session,
            number,
            row.source,
            row.rule_id,
            row.path,
            row.line,
            row.reason,
            row.owner,
            row.expires,
            i64::try_from(row.matched).ok()
        ])
    })
    .doing("record a suppression")?;
    Ok(())
}
