//! The finished file: read as a stranger would, made durable and hashed, before it gets to its place.

use super::chain;
use super::disk;
use super::error::{FileContext, SqlContext, StoreError};
use super::open;
use super::paths::hex;
use super::publish::Session;
use super::rows::Stage;
use super::seal;
use super::verify::check_score;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::path::Path;

/// A file up to this size, in bytes, is read by one connection: threads with their own would cost more than they save.
const SMALL: u64 = 4 << 20;

/// Verifies a file in a private directory, makes it durable, and answers the connection that read it, with the
/// file's SHA-256 (hex) and size in bytes.
pub(super) fn check(
    path: &Path,
    session: &Session,
) -> Result<(Connection, (String, u64)), StoreError> {
    let mut file = File::open(path).at("open", path)?;
    let bytes = file.metadata().at("look at", path)?.len();
    open::check_header(&mut file, bytes, path)?;
    let (mut conn, _) = open::known(path, path, bytes)?;
    let durable = || disk::sync_file(&file, path).at("make durable", path);
    let digest = if bytes <= SMALL {
        none(&structure(&conn)?)?;
        none(&foreign_keys(&conn)?)?;
        sealed(&conn, session)?;
        score(&conn, session, Stage::PreDeployment)?;
        score(&conn, session, Stage::PostDeployment)?;
        durable()?;
        file_digest(path)?
    } else {
        std::thread::scope(|scope| {
            let structure = scope.spawn(|| none(&structure(&open::known(path, path, bytes)?.0)?));
            let keys = scope.spawn(|| none(&foreign_keys(&open::known(path, path, bytes)?.0)?));
            let scores = [Stage::PreDeployment, Stage::PostDeployment].map(|stage| {
                scope.spawn(move || score(&open::known(path, path, bytes)?.0, session, stage))
            });
            let digest = scope.spawn(|| durable().and_then(|()| file_digest(path)));
            let sealed = sealed(&conn, session);
            joined(structure)?;
            joined(keys)?;
            for stage in scores {
                joined(stage)?;
            }
            sealed?;
            joined(digest)
        })?
    };
    open::renew_budget(&mut conn, bytes)?;
    Ok((conn, digest))
}

fn joined<T>(
    thread: std::thread::ScopedJoinHandle<'_, Result<T, StoreError>>,
) -> Result<T, StoreError> {
    thread
        .join()
        .map_err(|_| StoreError::Mismatch("a check did not come to its end".into()))?
}

fn none(problems: &[String]) -> Result<(), StoreError> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Mismatch(problems.join("; ")))
    }
}

/// Compares the rows of the session with its seal, and the seals of the file with each other.
fn sealed(conn: &Connection, session: &Session) -> Result<(), StoreError> {
    let sealed = seal::read(conn, &session.deployment_id)?
        .ok_or_else(|| StoreError::Mismatch("the seal is gone".into()))?;
    let contents = seal::contents(conn, &session.deployment_id)?;
    none(&seal::compare(&contents, &sealed).err().unwrap_or_default())?;
    none(&chain::check(conn)?)
}

/// Compares the recorded totals of a stage with what the view makes of the rows.
fn score(conn: &Connection, session: &Session, stage: Stage) -> Result<(), StoreError> {
    let mut differences = Vec::new();
    let session = &session.deployment_id;
    check_score(conn, session, stage.as_str(), &mut differences)?;
    none(&differences)
}

/// `integrity_check`: what is wrong, at most ten.
pub(super) fn structure(conn: &Connection) -> Result<Vec<String>, StoreError> {
    const DOING: &str = "check the structure of the database";
    let mut check = conn.prepare("PRAGMA integrity_check(10)").doing(DOING)?;
    let rows = check
        .query_map((), |row| row.get::<_, String>(0))
        .doing(DOING)?;
    let mut problems = rows.collect::<Result<Vec<_>, _>>().doing(DOING)?;
    problems.retain(|problem| problem != "ok");
    Ok(problems)
}

/// `foreign_key_check`: what is wrong, at most ten.
pub(super) fn foreign_keys(conn: &Connection) -> Result<Vec<String>, StoreError> {
    const DOING: &str = "check the references in the database";
    let mut check = conn.prepare("PRAGMA foreign_key_check").doing(DOING)?;
    let rows = check
        .query_map((), |row| {
            let table: String = row.get(0)?;
            let id: Option<i64> = row.get(1)?;
            let parent: String = row.get(2)?;
            let id = id.unwrap_or_default();
            Ok(format!("{table}: row {id} has no counterpart in {parent}"))
        })
        .doing(DOING)?;
    rows.take(10).collect::<Result<_, _>>().doing(DOING)
}

/// SHA-256 (hex) and size of a file.
pub(super) fn file_digest(path: &Path) -> Result<(String, u64), StoreError> {
    let mut file = File::open(path).at("open", path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let read = std::io::Read::read(&mut file, &mut buffer).at("read", path)?;
        if read == 0 {
            return Ok((hex(&hash.finalize()), bytes));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}
