//! The totals of a stage: what `v_compliance` says of it, in one pass over the rows.
//!
//! The view is the definition, which every reader can run; it passes over the violations six times. Before a file is
//! published, and whenever one is verified, the view is asked and must say the same.

use super::error::{SqlContext, StoreError};
use super::recorder::{Compliance, created_at};
use super::rows::Stage;
use super::writer::integer;
use rusqlite::{Connection, params};
use serde_json::json;
use std::collections::HashSet;

/// Computes the totals of a stage that looked at `files` files.
pub(super) fn compliance(
    conn: &Connection,
    session: &str,
    stage: Stage,
    files: i64,
) -> Result<Compliance, StoreError> {
    const DOING: &str = "compute the totals";
    let requirements: i64 = conn
        .query_row(
            "SELECT COALESCE(SUM(requirements), 0) FROM rule_results WHERE deployment_id = ?1 AND stage = ?2",
            params![session, stage.as_str()],
            |row| row.get(0),
        )
        .doing(DOING)?;
    let failing = failing(conn, session, stage).doing(DOING)?;
    let checked = files
        .cast_unsigned()
        .saturating_add(requirements.cast_unsigned())
        .saturating_add(failing.other_things);
    Ok(Compliance {
        things_checked: checked,
        things_failing: failing.things,
        violations_found: failing.violations,
        compliance_score: score(checked, failing.things),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "SQLite converts in the same way"
)]
fn score(checked: u64, failing: u64) -> f64 {
    if checked == 0 {
        100.0
    } else {
        100.0 * (1.0 - failing as f64 / checked as f64)
    }
}

/// What fails: counts of violations, of different things, and of those that are neither files nor requirements.
#[derive(Default)]
struct Failing {
    violations: u64,
    things: u64,
    other_things: u64,
}

fn failing(conn: &Connection, session: &str, stage: Stage) -> rusqlite::Result<Failing> {
    let of_stage = match stage {
        Stage::PreDeployment => "stage = 'pre_deployment'",
        Stage::PostDeployment => "resolution IS NULL",
    };
    let mut select = conn.prepare(&format!(
        "SELECT subject, path, path_bytes FROM violations WHERE deployment_id = ?1 \
         AND state <> 'suppressed' AND severity <> 'note' AND {of_stage} ORDER BY id"
    ))?;
    let mut rows = select.query([session])?;
    let mut found = Failing::default();
    let mut seen: HashSet<Box<[u8]>> = HashSet::new();
    let (mut thing, mut last) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        found.violations += 1;
        let subject = row.get_ref(0)?.as_bytes()?;
        thing.clear();
        thing.extend_from_slice(subject);
        thing.push(0);
        // Raw bytes are kept only where they are not the text itself: their beginning tells the two apart.
        match row.get_ref(2)?.as_blob_or_null()? {
            None => thing.push(b'T'),
            Some(raw) => {
                thing.push(b'B');
                thing.extend_from_slice(&raw.len().to_le_bytes());
                thing.extend_from_slice(raw);
            }
        }
        thing.extend_from_slice(row.get_ref(1)?.as_bytes()?);
        // Violations of one file mostly come together.
        if thing == last || !seen.insert(thing.as_slice().into()) {
            continue;
        }
        std::mem::swap(&mut thing, &mut last);
        found.things += 1;
        found.other_things += u64::from(matches!(subject, b"directory" | b"policy"));
    }
    Ok(found)
}

/// Computes the totals of a stage from what is recorded, and records them.
pub(super) fn record(
    conn: &Connection,
    session: &str,
    (stage, files_checked): (Stage, u64),
    timestamp: &str,
) -> Result<Compliance, StoreError> {
    let files = integer(files_checked)?;
    let totals = compliance(conn, session, stage, files)?;
    insert(conn, session, (stage, files, &totals), timestamp)?;
    Ok(totals)
}

/// Records the totals of a stage.
pub(super) fn insert(
    conn: &Connection,
    session: &str,
    (stage, files, totals): (Stage, i64, &Compliance),
    timestamp: &str,
) -> Result<(), StoreError> {
    let result = json!({
        "files_scanned": files,
        "violations_found": totals.violations_found,
        "compliance_score": totals.compliance_score,
        "things_checked": totals.things_checked,
        "things_failing": totals.things_failing,
        "validation_details": details(conn, session, stage).doing("read the rules' results")?,
    });
    conn.execute(
        "INSERT INTO factory_validation (deployment_id, validation_type, validation_result, files_checked, \
         violations_found, compliance_score, timestamp, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            session,
            stage.as_str(),
            result.to_string(),
            files,
            totals.violations_found.cast_signed(),
            totals.compliance_score,
            timestamp,
            created_at(timestamp)
        ],
    )
    .doing("record the totals")?;
    Ok(())
}

fn details(
    conn: &Connection,
    session: &str,
    stage: Stage,
) -> rusqlite::Result<Vec<serde_json::Value>> {
    let mut select = conn.prepare(
        "SELECT rule_id, severity, files_checked, violations_found FROM rule_results \
         WHERE deployment_id = ?1 AND stage = ?2 ORDER BY id",
    )?;
    let rows = select.query_map(params![session, stage.as_str()], |row| {
        Ok(json!({
            "rule": row.get::<_, String>(0)?,
            "severity": row.get::<_, String>(1)?,
            "files_checked": row.get::<_, i64>(2)?,
            "violations_found": row.get::<_, i64>(3)?,
        }))
    })?;
    rows.collect()
}
