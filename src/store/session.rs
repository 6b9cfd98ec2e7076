//! Everything about one session that is small, read back at once.

use super::error::{SqlContext, StoreError};
use super::rows::{
    PhaseRow, RuleResultRow, RunRecord, SessionDetails, SessionEnd, SessionStart, SuppressionRow,
    ValidationRow,
};
use super::words::{self, boolean, count, json, optional_count, severity, strange, word};
use crate::finding::Severity;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

fn list<T>(
    conn: &Connection,
    session: &str,
    sql: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare(sql)?.query_map([session], read)?.collect()
}

/// Everything about a session that is small.
pub(super) fn record(conn: &Connection, session: &str) -> Result<RunRecord, StoreError> {
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
        fixes: list(
            conn,
            session,
            "SELECT CASE instr(status, ':') WHEN 0 THEN status ELSE substr(status, 1, instr(status, ':') - 1) END, \
             COUNT(DISTINCT COALESCE(path_bytes, path)), SUM(edits) FROM fixes WHERE deployment_id = ?1 GROUP BY 1",
            |row| Ok((row.get(0)?, (count(row, 1)?, count(row, 2)?))),
        )?
        .into_iter()
        .collect(),
        fix_reasons: list(
            conn,
            session,
            "SELECT status, COUNT(DISTINCT COALESCE(path_bytes, path)) FROM fixes \
             WHERE deployment_id = ?1 AND instr(status, ':') > 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 32",
            |row| Ok((row.get(0)?, count(row, 1)?)),
        )?,
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
         d.files_scanned, d.files_skipped, d.bytes_scanned, d.containment FROM deployment_sessions s \
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
                containment: match row.get_ref(9)? {
                    rusqlite::types::ValueRef::Null => None,
                    _ => Some(json(row, 9)?),
                },
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

/// Corrects what the run is compared with, and which part of the workspace it looks at.
pub(super) fn compared(
    conn: &Connection,
    session: &str,
    base_sha: Option<&str>,
    scope: &str,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE session_details SET base_sha = ?2, scope = ?3 WHERE deployment_id = ?1",
        (session, base_sha, scope),
    )
    .doing("record the base")?;
    Ok(())
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
