//! Recovery: what a killed run left behind is sealed as it is, honestly, and published.
//!
//! Nothing is done again and nothing is promoted. For each action that was intended and not settled it looks:
//!
//! | sight | `action_result` | `state` |
//! |---|---|---|
//! | the same object is still there | `skipped: not applied, the run was interrupted` | `skipped` |
//! | it had been moved aside, and was put back | the same, with `and it was put back` | `skipped` |
//! | another object had been moved aside, and was put back | `skipped: changed since planned, and put back` | `skipped` |
//! | something is aside and cannot be put back | `failed: interrupted, and what was there is at PLACE: WHY` | `failed` |
//! | it is in the quarantine | `quarantined` | `quarantined` |
//! | it is absent | `failed: interrupted before it was confirmed; it is gone now` | `applied_unconfirmed` |
//! | another object is there | `failed: interrupted before it was confirmed; something else is there now` | `unknown` |
//!
//! Of a file that was to be put back two places are looked at; a rename keeps the object, so that its being at the one
//! and not at the other was the act:
//!
//! | where it was kept | at its place | `action_result` | `state` |
//! |---|---|---|---|
//! | still there | anything | `skipped: not applied, the run was interrupted` | `skipped` |
//! | absent | the same object | `restored`, with `files_affected` 1 | `restored` |
//! | otherwise | | `failed: interrupted, ...` | `applied_unconfirmed` or `unknown` |
//!
//! `files_affected` stays 0 where nobody observed the act; the seal counts `applied_unconfirmed` and `unknown` as
//! ambiguous. What was only
//! planned stays `planned`: it was.

use super::error::{FileContext, SqlContext, StoreError};
use super::paths::unescape;
use super::private::{Destination, DirectoryLock, PrivateDir};
use super::publish::{self, Published};
use super::writer::transaction;
use super::{fixes, journal, open, schema, seal};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::{Path, PathBuf};

/// What is at the place of an action that was intended and not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The object that was planned.
    Same,
    /// What the act was to bring about: only a fix can be told by that.
    Done,
    /// Nothing.
    Absent,
    /// Something else, or nobody can tell.
    Different,
    /// The object that was planned is in the quarantine, where it was to go.
    Kept,
    /// The object that was planned had been moved aside; it was put back.
    PutBack,
    /// Another object had been moved aside; it was put back.
    PutBackOther,
    /// The file that was to come back is at its place, and no longer where it was kept.
    Restored,
    /// Something is aside and could not be put back: where, and why.
    Aside(String),
}

impl Sight {
    /// `action_result`, `state` and `files_affected`.
    fn result(&self) -> (String, &'static str, i64) {
        match self {
            Self::Same => (NOT_APPLIED.into(), "skipped", 0),
            Self::PutBack => (format!("{NOT_APPLIED}, and it was put back"), "skipped", 0),
            Self::PutBackOther => {
                let text = "skipped: changed since planned, and put back";
                (text.into(), "skipped", 0)
            }
            Self::Restored => ("restored".into(), "restored", 1),
            Self::Kept => ("quarantined".into(), "quarantined", 1),
            Self::Aside(place) => {
                let text = format!("failed: interrupted, and what was there is at {place}");
                (text, "failed", 1)
            }
            Self::Absent => {
                let text = "failed: interrupted before it was confirmed; it is gone now";
                (text.into(), "applied_unconfirmed", 0)
            }
            Self::Different | Self::Done => {
                let text =
                    "failed: interrupted before it was confirmed; something else is there now";
                (text.into(), "unknown", 0)
            }
        }
    }
}

/// What is said of an action that was not done.
const NOT_APPLIED: &str = "skipped: not applied, the run was interrupted";

/// An action that was intended and not settled.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// `deployment_sessions.workspace_path` of the dead run.
    pub workspace: &'a str,
    /// The dead run. Untrusted.
    pub deployment_id: &'a str,
    /// Its number in the plan, from 1.
    pub number: u32,
    /// `cleanup_actions.action_type`.
    pub action_type: &'a str,
    /// Relative to the workspace, raw bytes. Untrusted: look, and never follow.
    pub path: &'a [u8],
    /// What identified the object when it was planned; of a fix `before_sha256` (null: there was no file) and
    /// `after_sha256`.
    pub identity: &'a serde_json::Value,
    /// Where a file is kept that was to go into the quarantine, or to come back. Untrusted.
    pub kept_at: Option<&'a str>,
}

/// A dead run that was dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The private directory it left behind; it is gone now.
    pub directory: PathBuf,
    /// The session; `None` if the run died before it had recorded one.
    pub deployment_id: Option<String>,
    /// `deployment_sessions.workspace_path` of that session.
    pub workspace: Option<String>,
    /// Whether the run had sealed its record itself and only its publication was cut off.
    pub was_sealed: bool,
    /// Intended actions that were looked at.
    pub looked_at: u64,
    /// What was published; `None` if there was nothing to publish.
    pub published: Option<Published>,
}

/// Deals with every dead run beside `database` (absolute). `now` (ISO 8601, UTC, milliseconds, `Z`) becomes the
/// sessions' end. A directory that is locked by a living run, or that is not a private one of this user, is left alone.
///
/// # Errors
/// A dead run could not be read or published; its directory stays. Runs before it, in the order of their
/// directories' names, are done.
pub fn recover(
    database: &Path,
    now: &str,
    look: &dyn Fn(Intent<'_>) -> Sight,
) -> Result<Vec<Recovered>, StoreError> {
    let destination = Destination::new(database)?;
    let held = destination.lock()?;
    let mut done = Vec::new();
    for directory in destination.run_directories()? {
        if let Some(private) = PrivateDir::adopt(&directory)? {
            let room = publish::room_for(&private, &destination)?;
            let one = recover_one(private, (&destination, &held), now, look)
                .map_err(|error| error.needing(&destination.directory, room))?;
            done.push(one);
        }
    }
    Ok(done)
}

fn recover_one(
    private: PrivateDir,
    (destination, held): (&Destination, &DirectoryLock),
    now: &str,
    look: &dyn Fn(Intent<'_>) -> Sight,
) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered {
        directory: private.path.clone(),
        deployment_id: None,
        workspace: None,
        was_sealed: false,
        looked_at: 0,
        published: None,
    };
    private.discard("ballast")?;
    if !has_content(&private)? {
        private.remove()?;
        return Ok(recovered);
    }
    let path = private.file("run.db");
    let conn = open::reopen_run(&path)?;
    let objects: i64 = conn
        .query_row("SELECT COUNT(*) FROM sqlite_schema", (), |row| row.get(0))
        .doing("read the dead run's schema")?;
    if objects == 0 {
        drop(conn);
        private.remove()?;
        return Ok(recovered);
    }
    if let Err(reason) = schema::recognise(&conn)?.and_then(only_ours) {
        return Err(StoreError::Foreign { path, reason });
    }
    let Some((session, workspace)) = first_session(&conn)? else {
        drop(conn);
        private.remove()?;
        return Ok(recovered);
    };
    if seal::read(&conn, &session)?.is_some() {
        recovered.was_sealed = true;
    } else {
        recovered.looked_at =
            transaction(&conn, |conn| seal_interrupted(conn, &session, now, look))?;
    }
    recovered.workspace = conn
        .query_row(
            "SELECT workspace_path FROM deployment_sessions",
            (),
            |row| row.get(0),
        )
        .map(Some)
        .doing("read the dead run's workspace")?;
    recovered.deployment_id = Some(session);
    recovered.workspace = Some(workspace);
    let (published, _) = publish::publish((conn, private), destination, held)?;
    recovered.published = Some(published);
    Ok(recovered)
}

/// The session of the run and its workspace; `None` if it died between the schema and its first row.
fn first_session(conn: &Connection) -> Result<Option<(String, String)>, StoreError> {
    conn.query_row(
        "SELECT deployment_id, workspace_path FROM deployment_sessions",
        (),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()
    .doing("read the dead run's session")
}

fn only_ours(shape: schema::Shape) -> Result<(), String> {
    match shape {
        schema::Shape::Ours => Ok(()),
        schema::Shape::Legacy => Err("it is no run of this program".into()),
    }
}

/// Whether there is a database to read. `publish` takes `run.db` away only by the rename of the full-disk fallback,
/// after which it is at the destination.
fn has_content(private: &PrivateDir) -> Result<bool, StoreError> {
    if !private.holds("run.db") {
        return Ok(false);
    }
    let path = private.file("run.db");
    let meta = std::fs::symlink_metadata(&path).at("look at", &path)?;
    Ok(meta.len() > 0 || private.holds("run.db-wal"))
}

fn seal_interrupted(
    conn: &Connection,
    session: &str,
    now: &str,
    look: &dyn Fn(Intent<'_>) -> Sight,
) -> Result<u64, StoreError> {
    let looked_at =
        settle_intents(conn, session, now, look)? + fixes::settle_intents(conn, session, look)?;
    conn.execute(
        "UPDATE deployment_sessions SET end_time = ?2, status = 'interrupted', phases_completed = phases.done, \
         success_rate = 100.0 * phases.done / total_phases \
         FROM (SELECT COUNT(*) AS done FROM phases WHERE deployment_id = ?1 AND status = 'completed') AS phases \
         WHERE deployment_id = ?1",
        [session, now],
    )
    .doing("record the interruption")?;
    // What was looked at before the end is counted from the rows; the bytes nobody counted stay unknown.
    conn.execute(
        "UPDATE session_details SET verdict = 'undecided', exit_code = 3, verdict_reasons = ?2, \
         files_scanned = (SELECT files_checked FROM factory_validation WHERE deployment_id = ?1 ORDER BY id LIMIT 1), \
         files_skipped = (SELECT COUNT(*) FROM skipped_files WHERE deployment_id = ?1) WHERE deployment_id = ?1",
        params![session, REASONS],
    )
    .doing("record the interruption")?;
    seal::write(conn, session, false, now)?;
    Ok(looked_at)
}

/// `verdict_reasons` of an interrupted run.
const REASONS: &str = "[\"The run was interrupted before its end\"]";

fn settle_intents(
    conn: &Connection,
    session: &str,
    now: &str,
    look: &dyn Fn(Intent<'_>) -> Sight,
) -> Result<u64, StoreError> {
    const DOING: &str = "read the intended actions";
    let mut select = conn
        .prepare(
            "SELECT d.action_id, a.target_path, d.path_bytes, d.identity, s.workspace_path, d.number, a.action_type, \
             d.kept_at FROM cleanup_details d \
             JOIN cleanup_actions a ON a.id = d.action_id \
             JOIN deployment_sessions s ON s.deployment_id = d.deployment_id \
             WHERE d.deployment_id = ?1 AND d.state = 'intent' ORDER BY d.action_id",
        )
        .doing(DOING)?;
    let rows = select
        .query_map([session], |row| {
            Ok(IntentRow {
                action: row.get(0)?,
                target_path: row.get(1)?,
                path_bytes: row.get(2)?,
                identity: row.get(3)?,
                workspace: row.get(4)?,
                number: row.get(5)?,
                action_type: row.get(6)?,
                kept_at: row.get(7)?,
            })
        })
        .doing(DOING)?
        .collect::<Result<Vec<_>, _>>()
        .doing(DOING)?;
    for row in &rows {
        // An identity that cannot be read identifies nothing.
        let sight = serde_json::from_str(&row.identity).map_or(Sight::Different, |identity| {
            look(Intent {
                workspace: &row.workspace,
                deployment_id: session,
                number: row.number,
                action_type: &row.action_type,
                path: unescape(&row.target_path, row.path_bytes.as_deref()),
                identity: &identity,
                kept_at: row.kept_at.as_deref(),
            })
        });
        let (result, state, files) = sight.result();
        journal::write_result(conn, row.action, (&result, files), now)?;
        conn.execute(
            "UPDATE cleanup_details SET state = ?2, kept_at = CASE WHEN ?2 = 'quarantined' OR ?3 THEN kept_at END \
             WHERE action_id = ?1",
            params![row.action, state, matches!(sight, Sight::Aside(_) | Sight::Different)],
        )
        .doing("record what was seen")?;
    }
    Ok(rows.len() as u64)
}

/// An intended action, as the dead run wrote it.
struct IntentRow {
    action: i64,
    target_path: String,
    path_bytes: Option<Vec<u8>>,
    identity: String,
    workspace: String,
    number: u32,
    action_type: String,
    kept_at: Option<String>,
}
