//! Publishing: a sealed private database becomes the file at the destination, or nothing changes there.
//!
//! The only file of the program that renames. Whatever fails or dies here leaves the destination as it was, and the
//! sealed database in the private directory for `recover`. The private directory goes last of all.

use super::chain;
use super::disk::{self, Put};
use super::error::{FileContext, SqlContext, StoreError};
use super::finished::{self, file_digest};
use super::open;
use super::private::{Destination, DirectoryLock, PrivateDir};
use super::schema::{self, SEAL, SESSION_TABLES, Shape};
use super::seal::{self, Seal};
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A database that stands at its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// The digest of the session that was added, hex; holds also after later sessions are added to the file.
    pub session_digest: String,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// Copies a database into a new file, compactly. A parameter, so that a test can let the disk be full.
pub(super) type Vacuum = fn(&Connection, &Path) -> rusqlite::Result<()>;

/// `VACUUM INTO`.
pub(super) fn vacuum_into(conn: &Connection, path: &Path) -> rusqlite::Result<()> {
    conn.execute("VACUUM INTO ?1", [path.to_str()]).map(|_| ())
}

/// Refuses a destination at which nothing could be published; cheap, and long before there is something to publish.
pub(super) fn check_destination(destination: &Destination) -> Result<(), StoreError> {
    let Some(meta) = destination.occupied()? else {
        return Ok(());
    };
    let path = &destination.path;
    let mut file = File::open(path).at("open", path)?;
    open::check_header(&mut file, meta.len(), path)?;
    let (conn, shape) = open::known(path, path, meta.len())?;
    match shape {
        Shape::Legacy => Ok(()),
        Shape::Ours => refuse_tampered(path, chain::check(&conn)),
    }
}

/// No session is added to what is not true: it would look as if somebody had looked.
fn refuse_tampered(
    path: &Path,
    problems: Result<Vec<String>, StoreError>,
) -> Result<(), StoreError> {
    let problems = problems.map_err(|error| StoreError::Damaged {
        path: path.into(),
        reason: error.in_full(),
    })?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(StoreError::Tampered {
        path: path.into(),
        reason: problems.join("; "),
    })
}

/// A run whose last rows and seal are committed: its connection, and the private directory with its `run.db`.
pub(super) type Sealed = (Connection, PrivateDir);

/// Publishes a sealed run and then removes its private directory. The connection that it answers reads the published
/// file, and is the one that verified it.
pub(super) fn publish(
    sealed: Sealed,
    destination: &Destination,
    lock: &DirectoryLock,
) -> Result<(Published, Connection), StoreError> {
    let (run, private) = sealed;
    let room = room_for(&private, destination)?;
    publish_with((run, private), destination, lock, vacuum_into)
        .map_err(|error| error.needing(&destination.directory, room))
}

/// How much room, in bytes, publishing takes beside what is there already: at most two copies of the file at the
/// destination and two of the run are there at once.
pub(super) fn room_for(private: &PrivateDir, destination: &Destination) -> Result<u64, StoreError> {
    let there = destination.occupied()?.map_or(0, |meta| meta.len());
    Ok(2 * (there + private.size()))
}

pub(super) fn publish_with(
    (run, private): Sealed,
    destination: &Destination,
    lock: &DirectoryLock,
    vacuum: Vacuum,
) -> Result<(Published, Connection), StoreError> {
    let mut session = session_of(&run)?;
    let name = if let Some(meta) = destination.occupied()? {
        super::recorder::close(run)?;
        let Some(name) = append(&private, destination, &mut session, meta.len())? else {
            let path = &destination.path;
            let (sha256, bytes) = file_digest(path)?;
            let (conn, _) = open::known(path, path, bytes)?;
            private.remove()?;
            return Ok((describe(destination, session, (sha256, bytes)), conn));
        };
        let path = private.file(name);
        std::fs::set_permissions(&path, meta.permissions()).at("set the mode of", &path)?;
        name
    } else {
        fresh(run, &private, &session, vacuum)?
    };
    let (conn, file) = finished::check(&private.file(name), &session)?;
    // The connection that read the file stays with it on its way, where that is possible.
    let conn = disk::OPEN_FILES_CAN_MOVE.then_some(conn);
    put_in_place(&private, name, destination)?;
    // The private directory needs no sync of its own: should it come back after a power cut, recovery finds its
    // session published.
    lock.sync(destination)?;
    private.remove()?;
    let conn = match conn {
        Some(conn) => conn,
        None => reopened(destination, &file)?,
    };
    Ok((describe(destination, session, file), conn))
}

/// The session to be published.
pub(super) struct Session {
    pub(super) deployment_id: String,
    seal: Seal,
    /// Its digest in the file that is published, hex.
    digest: String,
}

fn session_of(run: &Connection) -> Result<Session, StoreError> {
    let deployment_id: String = run
        .query_row("SELECT deployment_id FROM seal", (), |row| row.get(0))
        .doing("read the seal of the run")?;
    let seal = seal::read(run, &deployment_id)?
        .ok_or_else(|| StoreError::Mismatch("the seal is gone".into()))?;
    Ok(Session {
        deployment_id,
        digest: seal.digest.clone(),
        seal,
    })
}

/// Nothing is at the destination: the run's own rows, compactly; on a full disk the run's own file. Neither gets
/// indexes: of one session every question wants all rows, and no index finds those sooner.
fn fresh(
    run: Connection,
    private: &PrivateDir,
    session: &Session,
    vacuum: Vacuum,
) -> Result<&'static str, StoreError> {
    private.discard("publish.db")?;
    private.discard("publish.db-journal")?;
    finalised_by(&run, session, "vacuum")?;
    open::freeze(&run)?;
    match vacuum(&run, &private.file("publish.db")).doing("copy the record") {
        Ok(()) => {
            // The sealed log stays beside its database until the copy is in its place: recovery can start from them.
            run.close()
                .map_err(|(_, error)| error)
                .doing("close the private database")?;
            Ok("publish.db")
        }
        Err(error) if error.is_full() => {
            // The sealed file is whole as it is, only not as compact; what the copy took is room enough for the word.
            private.discard("publish.db")?;
            private.discard("publish.db-journal")?;
            open::thaw(&run)?;
            finalised_by(&run, session, "rename")?;
            super::recorder::close(run)?;
            Ok("run.db")
        }
        Err(error) => Err(error),
    }
}

/// Records how the session gets into the file that is published.
fn finalised_by(conn: &Connection, session: &Session, finaliser: &str) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE seal SET finaliser = ?2 WHERE deployment_id = ?1 AND finaliser <> ?2",
        [&session.deployment_id, finaliser],
    )
    .doing("record the finaliser")?;
    Ok(())
}

/// Adds the session to a copy of what is at the destination. `None` if it is in there already: an earlier
/// publication died between its last two steps.
fn append(
    private: &PrivateDir,
    destination: &Destination,
    session: &mut Session,
    size: u64,
) -> Result<Option<&'static str>, StoreError> {
    private.discard("publish.db")?;
    private.discard("publish.db-journal")?;
    let (old, bytes) = open::private_copy(&destination.path, private, "old.db", size)?;
    let (source, shape) = open::known(&old, &destination.path, bytes)?;
    refuse_broken(&source, &destination.path)?;
    if shape == Shape::Ours {
        refuse_tampered(&destination.path, chain::check_with_rows(&source))?;
    }
    if shape == Shape::Ours
        && let Some(found) = seal::read(&source, &session.deployment_id)?
    {
        return if found.contents == session.seal.contents {
            session.digest = found.digest;
            Ok(None)
        } else {
            Err(StoreError::Mismatch(format!(
                "session {} is there already, with other rows",
                session.deployment_id
            )))
        };
    }
    let publish = private.file("publish.db");
    vacuum_into(&source, &publish).doing("copy the existing database")?;
    drop(source);
    private.discard("old.db")?;
    let conn = open::workbench(&publish)?;
    super::writer::transaction(&conn, |conn| match shape {
        Shape::Legacy => schema::create_side(conn),
        Shape::Ours => schema::drop_indexes(conn),
    })?;
    let run = open::immutable_uri(&private.file("run.db"));
    conn.execute("ATTACH ?1 AS run", [run])
        .doing("attach the run's database")?;
    let digest = super::writer::transaction(&conn, |conn| {
        let place = chain::next_place(conn)?;
        copy_session(conn, &session.deployment_id)?;
        seal::put_at(conn, &session.deployment_id, &session.seal, place)
    })?;
    session.digest = digest;
    conn.execute_batch("DETACH run")
        .doing("detach the run's database")?;
    conn.close()
        .map_err(|(_, error)| error)
        .doing("close the file to be published")?;
    complete(&publish, session)?;
    Ok(Some("publish.db"))
}

fn refuse_broken(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let damaged = |reason: String| StoreError::Damaged {
        path: path.into(),
        reason,
    };
    let answer: Result<String, _> = conn.query_row("PRAGMA quick_check(1)", (), |row| row.get(0));
    match answer {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(answer) => Err(damaged(answer)),
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Copies all rows of the session in their order; ids are assigned anew, and `action_id` follows them.
fn copy_session(conn: &Connection, deployment_id: &str) -> Result<(), StoreError> {
    const DOING: &str = "add the session to the database";
    for table in SESSION_TABLES.iter().chain([&SEAL]) {
        let columns = schema::columns(conn, table)?.join(", ");
        let (name, key) = (table.name, table.key);
        let sql = if key == "id" {
            format!(
                "INSERT INTO main.{name} ({columns}) SELECT {columns} FROM run.{name} \
                 WHERE deployment_id = ?1 ORDER BY id"
            )
        } else {
            let offset = id_offset(conn, deployment_id)?;
            format!(
                "INSERT INTO main.{name} ({key}, {columns}) SELECT {key} + {offset}, {columns} FROM run.{name} \
                 WHERE deployment_id = ?1 ORDER BY {key}"
            )
        };
        conn.execute(&sql, [deployment_id]).doing(DOING)?;
    }
    Ok(())
}

/// By how much the ids of the session's cleanup actions grew. All grew by the same, or it would be an error.
fn id_offset(conn: &Connection, deployment_id: &str) -> Result<i64, StoreError> {
    let span = |schema: &str| {
        conn.query_row(
            &format!(
                "SELECT COALESCE(min(id), 0), COALESCE(max(id), 0), COUNT(*) FROM {schema}.cleanup_actions \
                 WHERE deployment_id = ?1"
            ),
            [deployment_id],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )
        .doing("read the ids of cleanup actions")
    };
    let (old_first, old_last, old_count) = span("run")?;
    let (first, last, count) = span("main")?;
    if count != old_count || last - first != old_last - old_first {
        return Err(StoreError::Mismatch(
            "cleanup actions lost their order".into(),
        ));
    }
    Ok(first - old_first)
}

/// The last changes to a file of many sessions: how this one got into it, the indexes, the statistics for the query
/// planner.
fn complete(path: &Path, session: &Session) -> Result<(), StoreError> {
    let conn = open::workbench(path)?;
    finalised_by(&conn, session, "append")?;
    schema::create_indexes(&conn)?;
    conn.execute_batch("PRAGMA analysis_limit=1000; ANALYZE")
        .doing("collect statistics")?;
    conn.close()
        .map_err(|(_, error)| error)
        .doing("close the file to be published")
}

/// The rename. Nothing is replaced that was not there when the session was added to it.
fn put_in_place(
    private: &PrivateDir,
    name: &str,
    destination: &Destination,
) -> Result<(), StoreError> {
    super::private::refuse_sidecars(&destination.path)?;
    let put = Put {
        directory: &destination.directory,
        name: &destination.name,
        replaces: destination.occupied()?.is_some(),
    };
    private.folder().put(name, &put)
}

/// Opens what was put in its place, which has to be what was checked.
fn reopened(destination: &Destination, checked: &(String, u64)) -> Result<Connection, StoreError> {
    let path = &destination.path;
    if file_digest(path)? != *checked {
        return Err(StoreError::Mismatch(
            "another file is at its place already".into(),
        ));
    }
    Ok(open::known(path, path, checked.1)?.0)
}

fn describe(
    destination: &Destination,
    session: Session,
    (sha256, bytes): (String, u64),
) -> Published {
    Published {
        path: destination.path.clone(),
        sha256,
        session_digest: session.digest,
        bytes,
    }
}
