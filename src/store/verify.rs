//! Verification: whether a database still holds what was sealed, without trusting a byte of it.

use super::chain;
use super::error::{SqlContext, StoreError};
use super::finished;
use super::open;
use super::private::PrivateDir;
use super::read::{Copy, ReadOptions};
use super::schema::Shape;
use super::{seal, words};
use crate::store::rows::{SessionStatus, Verdict};
use rusqlite::{Connection, OptionalExtension as _};
use std::path::Path;

/// What to verify against.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// How to open the file.
    pub reading: ReadOptions,
    /// A session digest from elsewhere (the log of the job), hex: a session of the file must have it.
    pub expect_digest: Option<String>,
    /// The SHA-256 of the file from elsewhere, hex.
    pub expect_sha256: Option<String>,
}

/// What a session, or the whole file, turned out to be. The order is from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All that was sealed is there, unchanged.
    Ok,
    /// A session did not come to its end, or its record did not.
    Incomplete,
    /// Something was changed, or is not what was expected.
    Tampered,
}

/// What a session turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Sealed, complete, unchanged.
    Sealed,
    /// Taken over from before there were seals (the given tables only): nothing to verify, nothing wrong.
    Unsealed,
    /// The run did not come to its end; what it recorded until then is sealed and unchanged.
    Incomplete(String),
    /// Changed since it was sealed; one entry each, beginning with the name of the table.
    Tampered(Vec<String>),
}

/// The verification of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCheck {
    /// The session.
    pub deployment_id: String,
    /// What it turned out to be.
    pub state: SessionState,
    /// The digest in its seal, hex. Trust it only if `state` is not `Tampered`.
    pub digest: Option<String>,
    /// Cleanup actions of which nobody knows whether they happened.
    pub ambiguous: u64,
}

/// The verification of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The worst of everything below.
    pub outcome: Outcome,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Every session, in the order in which they were added.
    pub sessions: Vec<SessionCheck>,
    /// What is wrong with the file as a whole, or differs from what was expected.
    pub problems: Vec<String>,
}

/// Verifies a database: structure, references, and each session's seal, rows, words and score.
///
/// # Errors
/// The file could not be opened as a database of ours: foreign, busy, damaged so that nothing can be said.
pub fn verify(path: &Path, options: &VerifyOptions) -> Result<Verification, StoreError> {
    let scratch = PrivateDir::create_scratch(&options.reading.scratch)?;
    let copied = open::private_copy(path, &scratch, "verify.db", options.reading.max_bytes);
    let _copy = Copy::new(scratch);
    let (file, bytes) = copied?;
    let (sha256, _) = finished::file_digest(&file)?;
    let damaged = |error: &StoreError| StoreError::Damaged {
        path: path.into(),
        reason: error.in_full(),
    };
    let (conn, shape) = open::known(&file, path, bytes)?;
    // Broken b-trees answer queries wrongly: they come first, and nothing is read from them.
    let mut problems = finished::structure(&conn).map_err(|error| damaged(&error))?;
    let mut sessions = Vec::new();
    if problems.is_empty() {
        problems = finished::foreign_keys(&conn).map_err(|error| damaged(&error))?;
        sessions = check_sessions(&conn, shape).map_err(|error| damaged(&error))?;
    }
    if shape == Shape::Ours && problems.is_empty() {
        problems.extend(orphans(&conn).map_err(|error| damaged(&error))?);
        problems.extend(chain::check(&conn).map_err(|error| damaged(&error))?);
        problems.extend(chain::strays(&conn).map_err(|error| damaged(&error))?);
    }
    problems.extend(unexpected(options, &sha256, &sessions));
    let outcome = sessions.iter().map(SessionCheck::outcome).max();
    Ok(Verification {
        outcome: if problems.is_empty() {
            outcome.unwrap_or(Outcome::Ok)
        } else {
            Outcome::Tampered
        },
        sha256,
        bytes,
        sessions,
        problems,
    })
}

impl SessionCheck {
    fn outcome(&self) -> Outcome {
        match self.state {
            SessionState::Sealed | SessionState::Unsealed => Outcome::Ok,
            SessionState::Incomplete(_) => Outcome::Incomplete,
            SessionState::Tampered(_) => Outcome::Tampered,
        }
    }
}

fn unexpected(options: &VerifyOptions, sha256: &str, sessions: &[SessionCheck]) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(expected) = &options.expect_sha256
        && !expected.eq_ignore_ascii_case(sha256)
    {
        problems.push(format!(
            "the file's SHA-256 is {sha256}, not the expected one"
        ));
    }
    if let Some(expected) = &options.expect_digest {
        let has = |check: &SessionCheck| {
            check.outcome() != Outcome::Tampered
                && check
                    .digest
                    .as_ref()
                    .is_some_and(|digest| digest.eq_ignore_ascii_case(expected))
        };
        if !sessions.iter().any(has) {
            problems.push("no session has the expected digest".into());
        }
    }
    problems
}

/// Rows of the given tables that belong to no session: references do not cover those. Names as the earlier system gave
/// them (without the six last digits) are none of our business.
fn orphans(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for (table, detail) in [
        ("factory_validation", "session_details"),
        ("cleanup_actions", "session_details"),
    ] {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} WHERE deployment_id GLOB 'FACTORY_DEPLOY_????????_??????_??????' \
             AND deployment_id NOT IN (SELECT deployment_id FROM {detail}) \
             AND deployment_id NOT IN (SELECT deployment_id FROM deployment_sessions)"
        );
        let count: i64 = conn
            .query_row(&sql, (), |row| row.get(0))
            .doing("look for rows without a session")?;
        if count > 0 {
            problems.push(format!("{table}: {count} rows belong to no session"));
        }
    }
    Ok(problems)
}

fn check_sessions(conn: &Connection, shape: Shape) -> Result<Vec<SessionCheck>, StoreError> {
    const DOING: &str = "read the sessions";
    let mut select = conn
        .prepare("SELECT id, deployment_id FROM deployment_sessions ORDER BY id")
        .doing(DOING)?;
    let sessions = select
        .query_map((), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .doing(DOING)?
        .collect::<Result<Vec<_>, _>>()
        .doing(DOING)?;
    let taken_over_below = match shape {
        Shape::Legacy => Some(i64::MAX),
        Shape::Ours => chain::first_own_session(conn)?,
    };
    sessions
        .into_iter()
        .map(|(number, session)| {
            let is_taken_over = taken_over_below.is_some_and(|first| number < first);
            check_session(conn, shape, (session, is_taken_over))
        })
        .collect()
}

fn check_session(
    conn: &Connection,
    shape: Shape,
    (deployment_id, is_taken_over): (String, bool),
) -> Result<SessionCheck, StoreError> {
    let unsealed = |deployment_id, state| SessionCheck {
        deployment_id,
        state,
        digest: None,
        ambiguous: 0,
    };
    if shape == Shape::Legacy {
        return Ok(unsealed(deployment_id, SessionState::Unsealed));
    }
    let Some(sealed) = seal::read(conn, &deployment_id)? else {
        // A run that was killed gets a seal by recovery; so the only sessions without one are older than all seals.
        let state = if is_taken_over && !has_side_rows(conn, &deployment_id)? {
            SessionState::Unsealed
        } else {
            SessionState::Tampered(vec![
                "seal: the session has none, and it was not in the file before there were seals"
                    .into(),
            ])
        };
        return Ok(unsealed(deployment_id, state));
    };
    let contents = seal::contents(conn, &deployment_id)?;
    let mut differences = seal::compare(&contents, &sealed).err().unwrap_or_default();
    let status = check_words(conn, &deployment_id, &mut differences)?;
    check_scores(conn, &deployment_id, &mut differences)?;
    let state = if !differences.is_empty() {
        SessionState::Tampered(differences)
    } else if status == Some(SessionStatus::InProgress) {
        SessionState::Incomplete("it is still in progress".into())
    } else if !sealed.statement.complete {
        SessionState::Incomplete("it was interrupted and sealed afterwards".into())
    } else {
        SessionState::Sealed
    };
    Ok(SessionCheck {
        deployment_id,
        state,
        digest: Some(sealed.digest),
        ambiguous: u64::try_from(sealed.statement.ambiguous).unwrap_or_default(),
    })
}

fn has_side_rows(conn: &Connection, deployment_id: &str) -> Result<bool, StoreError> {
    conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM session_details WHERE deployment_id = ?1) \
         OR EXISTS (SELECT 1 FROM phases WHERE deployment_id = ?1) \
         OR EXISTS (SELECT 1 FROM rule_results WHERE deployment_id = ?1) \
         OR EXISTS (SELECT 1 FROM violations WHERE deployment_id = ?1)",
        [deployment_id],
        |row| row.get(0),
    )
    .doing("look for rows of the session")
}

/// A seal can be made anew over nonsense: status, verdict, exit code and rate must fit each other.
fn check_words(
    conn: &Connection,
    deployment_id: &str,
    differences: &mut Vec<String>,
) -> Result<Option<SessionStatus>, StoreError> {
    let row = conn
        .query_row(
            "SELECT s.status, d.verdict, d.exit_code, s.phases_completed, s.total_phases, s.success_rate \
             FROM deployment_sessions s JOIN session_details d ON d.deployment_id = s.deployment_id \
             WHERE s.deployment_id = ?1",
            [deployment_id],
            |row| {
                let status: String = row.get(0)?;
                let verdict: Option<String> = row.get(1)?;
                let code: Option<i64> = row.get(2)?;
                let phases: (f64, f64) = (row.get(3)?, row.get(4)?);
                Ok((status, verdict, code, phases, row.get::<_, f64>(5)?))
            },
        )
        .optional()
        .doing("read the session")?;
    let Some((status, verdict, code, (completed, total), rate)) = row else {
        differences.push("session_details: the session has none".into());
        return Ok(None);
    };
    let status = words::status(&status);
    let fits = match verdict.as_deref().and_then(words::verdict) {
        Some(Verdict::Pass) => code == Some(0),
        Some(Verdict::Fail) => code == Some(1),
        Some(Verdict::Undecided) => !matches!(code, Some(0 | 1)),
        None => status == Some(SessionStatus::InProgress),
    };
    if !fits {
        differences.push("session_details: verdict and exit code do not fit".into());
    }
    if status.is_none() {
        differences.push("deployment_sessions: the status is none that is written here".into());
    }
    if completed > total || (rate - 100.0 * completed / total).abs() > 1e-9 {
        differences
            .push("deployment_sessions: success_rate does not follow from the phases".into());
    }
    Ok(status)
}

/// Recomputes what `factory_validation` says, by the view.
fn check_scores(
    conn: &Connection,
    deployment_id: &str,
    differences: &mut Vec<String>,
) -> Result<(), StoreError> {
    const DOING: &str = "read the stages";
    let mut select = conn
        .prepare(
            "SELECT validation_type FROM factory_validation WHERE deployment_id = ?1 GROUP BY 1 ORDER BY min(id)",
        )
        .doing(DOING)?;
    let stages = select
        .query_map([deployment_id], |row| row.get::<_, String>(0))
        .doing(DOING)?
        .collect::<Result<Vec<_>, _>>()
        .doing(DOING)?;
    for stage in stages {
        check_score(conn, deployment_id, &stage, differences)?;
    }
    Ok(())
}

/// Recomputes what `factory_validation` says of one stage, by the view.
pub(super) fn check_score(
    conn: &Connection,
    deployment_id: &str,
    stage: &str,
    differences: &mut Vec<String>,
) -> Result<(), StoreError> {
    const DOING: &str = "recompute the score";
    let mut select = conn
        .prepare(
            "SELECT f.violations_found = c.violations_found AND abs(f.compliance_score - c.compliance_score) < 1e-9, \
             f.validation_result, c.things_checked, c.things_failing, c.violations_found, c.compliance_score \
             FROM factory_validation f LEFT JOIN v_compliance c ON c.deployment_id = ?1 AND c.stage = ?2 \
             WHERE f.deployment_id = ?1 AND f.validation_type = ?2",
        )
        .doing(DOING)?;
    let mut rows = select.query([deployment_id, stage]).doing(DOING)?;
    while let Some(row) = rows.next().doing(DOING)? {
        let columns_fit = row.get::<_, Option<bool>>(0).doing(DOING)? == Some(true);
        let text: String = row.get(1).doing(DOING)?;
        let result: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let mut fits = columns_fit && words::stage(stage).is_some();
        for (column, key) in ["things_checked", "things_failing", "violations_found"]
            .into_iter()
            .enumerate()
        {
            let number: Option<i64> = row.get(2 + column).doing(DOING)?;
            fits &= number.is_some() && result[key].as_i64() == number;
        }
        let score: Option<f64> = row.get(5).doing(DOING)?;
        let stated = result["compliance_score"].as_f64();
        fits &=
            matches!((score, stated), (Some(score), Some(stated)) if (score - stated).abs() < 1e-9);
        if !fits {
            differences.push(format!(
                "factory_validation: the totals of {stage} do not follow from the rows"
            ));
        }
    }
    Ok(())
}
