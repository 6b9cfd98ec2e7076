//! Opening connections: the run's own with every setting read back, and the hardened one for files that
//! anybody may have made.

use super::disk;
use super::error::{FileContext, SqlContext, StoreError};
use super::private::PrivateDir;
use super::schema::{self, Shape};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

/// No text, BLOB or row of the record is longer, in bytes; so a reader can refuse longer ones.
const LONGEST_ROW: i32 = 16 << 20;
/// Steps of SQLite's machine between two looks at the budget.
const STEPS: i32 = 100_000;

/// Opens the run's own database, new, with the settings on which durability rests. Its first page is durable: without
/// it SQLite would not look at the write-ahead log. Commits are not, until [`commits_survive`] says so.
pub(super) fn create_run(path: &Path, max_pages: Option<u32>) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let conn = Connection::open_with_flags(path, flags).doing("create the private database")?;
    for (name, wanted) in [
        ("page_size", "4096"),
        ("encoding", "UTF-8"),
        ("auto_vacuum", "0"),
        // Until the write-ahead log is there, nothing is in the file that a journal could give back.
        ("journal_mode", "memory"),
    ] {
        set(&conn, name, wanted)?;
    }
    writer_settings(&conn, path)?;
    if journal_mode(&conn)? == "wal" {
        // The schema alone is worth no sync; it comes with the first row.
        set(&conn, "synchronous", "0")?;
    }
    if let Some(pages) = max_pages {
        set(&conn, "max_page_count", &pages.to_string())?;
    }
    harden(&conn)?;
    Ok(conn)
}

/// Opens the database of a dead run for writing: what its journal holds is taken over.
pub(super) fn reopen_run(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let conn = Connection::open_with_flags(path, flags).doing("open the dead run's database")?;
    harden(&conn)?;
    writer_settings(&conn, path)?;
    Ok(conn)
}

fn writer_settings(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    set(conn, "locking_mode", "exclusive")?;
    let wal = !disk::on_network(path)? && set(conn, "journal_mode", "wal").is_ok();
    if wal {
        set(conn, "synchronous", "2")?;
    } else {
        // A write-ahead log needs a file system that keeps its promises; a rollback journal with EXTRA asks less.
        set(conn, "journal_mode", "delete")?;
        set(conn, "synchronous", "3")?;
    }
    for (name, wanted) in [
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("mmap_size", "0"),
        ("temp_store", "2"),
        ("cache_size", "-16384"),
        ("journal_size_limit", "67108864"),
        ("wal_autocheckpoint", "16384"),
    ] {
        set(conn, name, wanted)?;
    }
    Ok(())
}

/// What a commit of the run's database must survive when it returns. The file is consistent after any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survive {
    /// The death of the process: the log is in the hands of the kernel.
    Kill,
    /// A power cut too: the log, with everything that was committed before, is on the disk.
    PowerCut,
}

/// Says what the commits from now on must survive. A rollback journal needs its syncs to stay consistent: there
/// every commit survives a power cut.
pub(super) fn commits_survive(conn: &Connection, what: Survive) -> Result<(), StoreError> {
    if journal_mode(conn)? != "wal" {
        return Ok(());
    }
    set(
        conn,
        "synchronous",
        match what {
            Survive::Kill => "1",
            Survive::PowerCut => "2",
        },
    )
}

/// Ends the writing to a sealed database, and keeps both files as they are: closing does not
/// fold the log in, and what is copied out of it is not synced piece by piece.
pub(super) fn freeze(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .doing("keep the write-ahead log")?;
    set(conn, "synchronous", "0")
}

/// Takes [`freeze`] back.
pub(super) fn thaw(conn: &Connection) -> Result<(), StoreError> {
    let full = if journal_mode(conn)? == "wal" {
        "2"
    } else {
        "3"
    };
    set(conn, "synchronous", full)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .doing("fold in the write-ahead log")?;
    Ok(())
}

fn journal_mode(conn: &Connection) -> Result<String, StoreError> {
    conn.pragma_query_value(None, "journal_mode", |row| row.get(0))
        .doing("read a setting back")
}

/// Sets a pragma, steps it to its end, and reads it back.
pub(super) fn set(conn: &Connection, name: &'static str, wanted: &str) -> Result<(), StoreError> {
    let quoted = if name == "encoding" {
        format!("'{wanted}'")
    } else {
        wanted.to_owned()
    };
    let mut statement = conn
        .prepare(&format!("PRAGMA {name}={quoted}"))
        .doing("change a setting")?;
    let mut rows = statement.query(()).doing("change a setting")?;
    while rows.next().doing("change a setting")?.is_some() {}
    drop(rows);
    let found = conn
        .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        .doing("read a setting back")?;
    let found = match found {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == wanted {
        Ok(())
    } else {
        Err(StoreError::Setting {
            name,
            wanted: wanted.into(),
            found,
        })
    }
}

/// Takes away what SQLite can do and we do not need.
fn harden(conn: &Connection) -> Result<(), StoreError> {
    for (option, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
    ] {
        let now = conn.set_db_config(option, value).doing("harden SQLite")?;
        if now != value {
            return Err(StoreError::Setting {
                name: "db_config",
                wanted: format!("{option:?} {value}"),
                found: now.to_string(),
            });
        }
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_ROW),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
        (Limit::SQLITE_LIMIT_COLUMN, 64),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 40),
        (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_ATTACHED, 1),
    ] {
        conn.set_limit(limit, value).doing("harden SQLite")?;
    }
    Ok(())
}

/// Opens a file that we made in a private directory, for finishing it. It may be thrown away until it is renamed.
pub(super) fn workbench(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let conn = Connection::open_with_flags(path, flags).doing("open the file to be published")?;
    for (name, wanted) in [
        ("journal_mode", "memory"),
        ("synchronous", "0"),
        ("locking_mode", "exclusive"),
        ("temp_store", "2"),
        ("cache_size", "-32768"),
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("foreign_keys", "0"),
        ("mmap_size", "0"),
    ] {
        set(&conn, name, wanted)?;
    }
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)
        .doing("harden SQLite")?;
    Ok(conn)
}

/// Copies a database that anybody may have made into a private directory, under `name`; so nobody can change it
/// any more, and no journal comes along. Answers the path and the size of the copy in bytes.
pub(super) fn private_copy(
    source: &Path,
    into: &PrivateDir,
    name: &'static str,
    max_bytes: u64,
) -> Result<(PathBuf, u64), StoreError> {
    super::private::refuse_sidecars(source)?;
    let mut file = disk::open_unfollowed(source).at("open", source)?;
    let meta = file.metadata().at("look at", source)?;
    if !meta.is_file() {
        return Err(StoreError::BadPath {
            path: source.into(),
            reason: "it is not a regular file",
        });
    }
    if meta.len() > max_bytes {
        return Err(StoreError::BadPath {
            path: source.into(),
            reason: "it is larger than the limit for databases",
        });
    }
    check_header(&mut file, meta.len(), source)?;
    into.discard(name)?;
    let path = into.file(name);
    let mut copy = into.folder().create_new(name).at("create", &path)?;
    let copied = std::io::copy(&mut (&file).take(max_bytes), &mut copy).at("copy", source)?;
    check_header(&mut copy, copied, source)?;
    Ok((path, copied))
}

/// Looks at the first 100 bytes before SQLite does.
pub(super) fn check_header(file: &mut File, size: u64, path: &Path) -> Result<(), StoreError> {
    let foreign = |reason: &str| {
        Err(StoreError::Foreign {
            path: path.into(),
            reason: reason.into(),
        })
    };
    let damaged = |reason: String| {
        Err(StoreError::Damaged {
            path: path.into(),
            reason,
        })
    };
    if size < 100 {
        return foreign("it is too short for a database");
    }
    let mut header = [0; 100];
    file.rewind().at("read", path)?;
    file.read_exact(&mut header).at("read", path)?;
    file.rewind().at("read", path)?;
    if &header[..16] != b"SQLite format 3\0" {
        return foreign("it is no SQLite database");
    }
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size @ 512..=32_768 if size.is_power_of_two() => u64::from(size),
        other => return damaged(format!("page size {other}")),
    };
    if header[18] != 1 || header[19] != 1 {
        return foreign("it is in WAL mode; run `PRAGMA journal_mode=DELETE` on it first");
    }
    if matches!(header[56..60], [0, 0, 0, 2 | 3]) {
        return foreign(
            "its text is UTF-16, and that of the record is UTF-8; `sqlite3 OLD .dump | sqlite3 NEW` makes a copy \
             that can be used",
        );
    }
    let pages = u64::from(u32::from_be_bytes([
        header[28], header[29], header[30], header[31],
    ]));
    let counted = header[24..28] == header[92..96] && pages > 0;
    if !size.is_multiple_of(page) || (counted && pages * page != size) {
        return damaged(format!(
            "{size} bytes, but its header tells of {pages} pages of {page} bytes"
        ));
    }
    Ok(())
}

/// Opens a file read-only, immutable and hardened, with a budget of work; its schema is not yet known.
pub(super) fn hardened(path: &Path, bytes: u64) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut conn =
        Connection::open_with_flags(immutable_uri(path), flags).doing("open the database")?;
    harden(&conn)?;
    for (name, wanted) in [
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("mmap_size", "0"),
        ("temp_store", "2"),
        ("cache_size", "-16384"),
    ] {
        set(&conn, name, wanted)?;
    }
    renew_budget(&mut conn, bytes)?;
    Ok(conn)
}

/// Gives the connection to a file of this size its whole budget of work (again).
pub(super) fn renew_budget(conn: &mut Connection, bytes: u64) -> Result<(), StoreError> {
    // Reading each byte some times over is enough for every check; a hostile file ends here, not with the job.
    let mut left = (500_000_000 + bytes.saturating_mul(200)) / 100_000;
    conn.progress_handler(
        STEPS,
        Some(move || {
            left = left.saturating_sub(1);
            left == 0
        }),
    )
    .doing("harden SQLite")
}

/// Opens a file hardened and says which of the known shapes it has; refuses all others.
pub(super) fn known(
    path: &Path,
    shown: &Path,
    bytes: u64,
) -> Result<(Connection, Shape), StoreError> {
    let conn = hardened(path, bytes)?;
    match schema::recognise(&conn) {
        Ok(Ok(shape)) => Ok((conn, shape)),
        Ok(Err(reason)) => {
            let version = conn
                .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
                .doing("read the schema version")?;
            let application = conn
                .pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))
                .doing("read the application id")?;
            let path = shown.into();
            if application == schema::APPLICATION_ID && version > schema::USER_VERSION {
                return Err(StoreError::Newer {
                    path,
                    found: version,
                    known: schema::USER_VERSION,
                });
            }
            Err(StoreError::Foreign { path, reason })
        }
        Err(error) => Err(StoreError::Damaged {
            path: shown.into(),
            reason: error.in_full(),
        }),
    }
}

/// The path as a URI that SQLite opens without looking for journals.
pub(super) fn immutable_uri(path: &Path) -> String {
    let path = crate::walk::bytes_of(path.as_os_str());
    let mut uri = String::from("file:");
    // A drive, and a share of Windows, need the empty host before them.
    if !path.starts_with(b"/") {
        uri.push_str("///");
    } else if path.starts_with(b"//") {
        uri.push_str("//");
    }
    for byte in path.iter() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
            uri.push(char::from(*byte));
        } else {
            uri.push('%');
            super::paths::push_hex(&mut uri, &[*byte]);
        }
    }
    uri.push_str("?immutable=1");
    uri
}
