//! The totals of a stage: computed by the view that auditors use, never by a second formula.

use super::error::{SqlContext, StoreError};
use super::recorder::{Compliance, created_at};
use super::rows::Stage;
use rusqlite::{Connection, params};
use serde_json::json;

/// What `v_compliance` says of a stage that looked at `files` files, before that is recorded: the row goes in, the
/// view is asked, the row is taken back.
pub(super) fn compliance(
    conn: &Connection,
    session: &str,
    stage: Stage,
    files: i64,
) -> Result<Compliance, StoreError> {
    const DOING: &str = "compute the totals";
    conn.execute_batch("SAVEPOINT totals").doing(DOING)?;
    let result = conn
        .execute(
            "INSERT INTO factory_validation (deployment_id, validation_type, validation_result, files_checked, \
             timestamp) VALUES (?1, ?2, '', ?3, '')",
            params![session, stage.as_str(), files],
        )
        .and_then(|_| ask(conn, session, stage));
    conn.execute_batch("ROLLBACK TO totals; RELEASE totals")
        .doing(DOING)?;
    result.doing(DOING)
}

/// The view's row of a stage.
fn ask(conn: &Connection, session: &str, stage: Stage) -> rusqlite::Result<Compliance> {
    conn.query_row(
        "SELECT things_checked, things_failing, violations_found, compliance_score FROM v_compliance \
         WHERE deployment_id = ?1 AND stage = ?2",
        params![session, stage.as_str()],
        |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(Compliance {
                things_checked: count(0)?,
                things_failing: count(1)?,
                violations_found: count(2)?,
                compliance_score: row.get(3)?,
            })
        },
    )
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
