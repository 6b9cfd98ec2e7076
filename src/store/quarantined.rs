//! Quarantined files in the record: which a session has, and the record of a session that puts them back.

use super::error::{SqlContext, StoreError};
use super::finished::file_digest;
use super::open;
use super::paths::unescape;
use super::private::PrivateDir;
use super::read::{Copy, ReadOptions};
use super::recorder::Recorder;
use super::rows::SessionDetails;
use super::schema::Shape;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// `session_details.scope` of a session that put files back.
pub const RESTORE_SCOPE: &str = "restore";

/// How many phases a session has. A restore has two: 3, which acts, and 5, which reports.
pub(super) fn phases(details: &SessionDetails) -> u8 {
    if details.scope == RESTORE_SCOPE { 2 } else { 5 }
}

/// A file that a session moved into the quarantine. Everything in it comes from the file that was read: untrusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Number in the session's plan, from 1.
    pub number: u32,
    /// Where it was, relative to the workspace.
    pub target: Vec<u8>,
    /// Where it was put, relative to the workspace; `None` if the record does not say.
    pub kept_at: Option<String>,
    /// The rule that wanted it.
    pub cleanup_rule: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// JSON object: its identity, and under `manifest` what it has to be again.
    pub identity: Value,
    /// Whether the move was observed. If not, the run was interrupted in the act.
    pub is_certain: bool,
    /// The later session that put it back, if one did.
    pub restored: Option<Restored>,
}

/// A session that put a file back. Everything in it comes from the file that was read: untrusted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Restored {
    /// The session.
    pub deployment_id: String,
    /// When it began: ISO 8601, UTC.
    pub start_time: String,
    /// The workspace into which it did, as recorded.
    pub workspace_path: String,
}

/// A session's quarantine.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantine {
    /// The session.
    pub deployment_id: String,
    /// Its workspace, as recorded.
    pub workspace_path: String,
    /// Its files, by number.
    pub files: Vec<Quarantined>,
    /// What is recorded of the directories that it removed, by path.
    pub directories: BTreeMap<Vec<u8>, Value>,
    /// SHA-256 of the file that was read, hex: compare it with that of the file that was verified.
    pub sha256: String,
}

/// Reads the quarantine of a session of a published database, hardened: of the one named, or of the latest that has
/// one. It says nothing about seals; [`verify`](super::verify) does. `None` if there is no quarantined file.
///
/// # Errors
/// The file is not one of ours, is damaged or busy, or has no such session.
pub fn quarantine(
    path: &Path,
    deployment_id: Option<&str>,
    options: &ReadOptions,
) -> Result<Option<Quarantine>, StoreError> {
    let scratch = PrivateDir::create_scratch(&options.scratch)?;
    let copied = open::private_copy(path, &scratch, "verify.db", options.max_bytes);
    let _copy = Copy::new(scratch);
    let (file, bytes) = copied?;
    let (sha256, _) = file_digest(&file)?;
    let (conn, shape) = open::known(&file, path, bytes)?;
    let none = |wanted: &str| StoreError::NoSession {
        path: path.into(),
        wanted: wanted.into(),
    };
    if shape == Shape::Legacy {
        return deployment_id.map_or(Ok(None), |wanted| Err(none(wanted)));
    }
    if let Some(wanted) = deployment_id
        && !has_session(&conn, wanted)?
    {
        return Err(none(wanted));
    }
    let Some((deployment_id, workspace_path)) = session_with_files(&conn, deployment_id)? else {
        return Ok(None);
    };
    let mut restored = restored(&conn, &deployment_id)?;
    let mut files = files(&conn, &deployment_id)?;
    for file in &mut files {
        file.restored = restored.remove(&file.number);
    }
    Ok(Some(Quarantine {
        directories: directories(&conn, &deployment_id)?,
        deployment_id,
        workspace_path,
        files,
        sha256,
    }))
}

fn has_session(conn: &Connection, wanted: &str) -> Result<bool, StoreError> {
    conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM session_details WHERE deployment_id = ?1)",
        [wanted],
        |row| row.get(0),
    )
    .doing("look for the session")
}

/// What makes a row one of a file that is, or may be, in the quarantine.
const IN_QUARANTINE: &str = "a.action_type = 'file_quarantine' \
                             AND (d.state = 'quarantined' OR d.state = 'applied_unconfirmed' OR d.state = 'unknown')";

fn session_with_files(
    conn: &Connection,
    wanted: Option<&str>,
) -> Result<Option<(String, String)>, StoreError> {
    let sql = format!(
        "SELECT s.deployment_id, s.workspace_path FROM deployment_sessions s \
         WHERE (?1 IS NULL OR s.deployment_id = ?1) AND EXISTS (SELECT 1 FROM cleanup_actions a \
         JOIN cleanup_details d ON d.action_id = a.id WHERE a.deployment_id = s.deployment_id AND {IN_QUARANTINE}) \
         ORDER BY s.id DESC LIMIT 1"
    );
    conn.query_row(&sql, [wanted], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .doing("look for quarantined files")
}

fn files(conn: &Connection, session: &str) -> Result<Vec<Quarantined>, StoreError> {
    const DOING: &str = "read the quarantined files";
    let sql = format!(
        "SELECT d.number, a.target_path, d.path_bytes, d.kept_at, d.cleanup_rule, d.bytes, d.identity, d.state \
         FROM cleanup_details d JOIN cleanup_actions a ON a.id = d.action_id \
         WHERE d.deployment_id = ?1 AND {IN_QUARANTINE} ORDER BY d.number"
    );
    let mut select = conn.prepare(&sql).doing(DOING)?;
    let rows = select.query_map([session], file).doing(DOING)?;
    rows.collect::<Result<_, _>>().doing(DOING)
}

fn file(row: &Row<'_>) -> rusqlite::Result<Quarantined> {
    Ok(Quarantined {
        number: row.get(0)?,
        target: path(row, 1)?,
        kept_at: row.get(3)?,
        cleanup_rule: row.get(4)?,
        bytes: super::words::count(row, 5)?,
        identity: super::words::json(row, 6)?,
        is_certain: row.get::<_, String>(7)? == "quarantined",
        restored: None,
    })
}

/// The path whose text is in this column and whose raw bytes are in the next.
fn path(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    let text: String = row.get(column)?;
    let raw: Option<Vec<u8>> = row.get(column + 1)?;
    Ok(unescape(&text, raw.as_deref()).to_vec())
}

fn directories(conn: &Connection, session: &str) -> Result<BTreeMap<Vec<u8>, Value>, StoreError> {
    const DOING: &str = "read the removed directories";
    let mut select = conn
        .prepare(
            "SELECT a.target_path, d.path_bytes, d.identity FROM cleanup_details d \
             JOIN cleanup_actions a ON a.id = d.action_id \
             WHERE d.deployment_id = ?1 AND a.action_type = 'directory_removal' ORDER BY d.number",
        )
        .doing(DOING)?;
    let rows = select
        .query_map([session], |row| {
            Ok((path(row, 0)?, super::words::json(row, 2)?))
        })
        .doing(DOING)?;
    rows.collect::<Result<_, _>>().doing(DOING)
}

/// By number the files of a session that later sessions put back, with the last that did.
fn restored(conn: &Connection, session: &str) -> Result<BTreeMap<u32, Restored>, StoreError> {
    const DOING: &str = "read what was restored";
    let mut select = conn
        .prepare(
            "SELECT d.identity, s.deployment_id, s.start_time, s.workspace_path \
             FROM cleanup_details d JOIN cleanup_actions a ON a.id = d.action_id \
             JOIN seal l ON l.deployment_id = d.deployment_id \
             JOIN deployment_sessions s ON s.deployment_id = d.deployment_id \
             WHERE a.action_type = 'file_restore' AND d.state = 'restored' ORDER BY a.id",
        )
        .doing(DOING)?;
    let rows = select
        .query_map((), |row| {
            let by = Restored {
                deployment_id: row.get(1)?,
                start_time: row.get(2)?,
                workspace_path: row.get(3)?,
            };
            Ok((super::words::json::<Value>(row, 0)?, by))
        })
        .doing(DOING)?;
    let mut by_number = BTreeMap::new();
    for row in rows {
        let (identity, by) = row.doing(DOING)?;
        let restores = &identity["restores"];
        let number = restores["number"].as_u64();
        if restores["deployment_id"] == session
            && let Some(number) = number.and_then(|number| u32::try_from(number).ok())
        {
            by_number.insert(number, by);
        }
    }
    Ok(by_number)
}

impl Recorder {
    /// The files that this very run has moved into the quarantine so far.
    ///
    /// # Errors
    /// The rows could not be read.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.feed.read(files)?
    }
}
