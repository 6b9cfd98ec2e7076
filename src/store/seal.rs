//! The seal: row counts and a digest over everything that a session recorded.
//!
//! Format `fg-session-1`, so that anyone can compute it with other tools. All numbers are 8 bytes little-endian.
//! The rows of a table are those of the session, in the order of `id` (`cleanup_details`: `action_id`), each with all
//! columns in the order of the schema but that key; so the digest is the same wherever the rows lie in a file.
//!
//! - Value: `N` NULL; `I` and the integer; `F` and the bits of the double; `S` or `B`, the length in bytes, and the
//!   bytes of the UTF-8 text or BLOB.
//! - Digest of a table: SHA-256 over the table's name as `S` value, then for each row `R` and its values.
//! - Digest of the session: SHA-256 over the `S` value `fg-session-1`, then for each table in the order of
//!   `SESSION_TABLES` its name as `S` value, its count of rows as `I` value and its digest (hex) as `S` value, and then
//!   the columns of `seal` from `complete` to `previous`.
//! - `previous` is the digest of the session sealed before in the same file. Of the first one it is the digest of what
//!   the file held before, mostly nothing: SHA-256 over the `S` value `fg-taken-over-1`, then for each of the three given
//!   tables its name as `S` value, the count of its rows without a seal as `I` value and the digest of these, this
//!   time with `id`, as a table's digest above, as `S` value.
//!
//! So the digest of a session also covers all sessions before it, their order, and the rows that were taken over.
//! It shows a change to whoever knows the digest from elsewhere (the log of the job); who can write the file can seal anew.

use super::error::{SqlContext, StoreError};
use super::paths::hex;
use super::schema::{self, GIVEN_TABLES, SESSION_TABLES, SessionTable};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Bytes that are hashed at once, at least.
const PIECE: usize = 32 << 10;

/// The name of the format.
pub const FORMAT: &str = "fg-session-1";

/// What the tables of a session hold: count of rows and digest, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) counts: BTreeMap<String, i64>,
    /// Hex.
    pub(super) digests: BTreeMap<String, String>,
}

/// The columns of `seal` that the digest covers beside the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) complete: bool,
    pub(super) ambiguous: i64,
    pub(super) tool_version: String,
    pub(super) sqlite_version: String,
    pub(super) sealed_at: String,
    pub(super) place: Place,
}

/// Where in its file a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) position: i64,
    /// The digest of what is before it, hex.
    pub(super) previous: String,
}

/// A seal as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    pub(super) format: String,
    pub(super) contents: Contents,
    pub(super) digest: String,
    pub(super) statement: Statement,
}

/// Reads all rows of a session and hashes them.
pub(super) fn contents(conn: &Connection, deployment_id: &str) -> Result<Contents, StoreError> {
    let mut found = Contents::default();
    for table in &SESSION_TABLES {
        let (count, digest) = table_digest(conn, table, deployment_id)?;
        found.counts.insert(table.name.into(), count);
        found.digests.insert(table.name.into(), digest);
    }
    Ok(found)
}

fn table_digest(
    conn: &Connection,
    table: &SessionTable,
    deployment_id: &str,
) -> Result<(i64, String), StoreError> {
    let columns = schema::columns(conn, table)?;
    let (name, key) = (table.name, table.key);
    let sql = format!(
        "SELECT {} FROM {name} WHERE deployment_id = ?1 ORDER BY {key}",
        columns.join(", ")
    );
    rows_digest(conn, name, &sql, &[&deployment_id])
}

/// Count and digest (hex) of the rows of a table that `sql` selects.
fn rows_digest(
    conn: &Connection,
    name: &str,
    sql: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<(i64, String), StoreError> {
    const DOING: &str = "read the rows for the digest";
    let mut select = conn.prepare(sql).doing(DOING)?;
    let columns = select.column_count();
    let mut rows = select.query(params).doing(DOING)?;
    let mut hash = Sha256::new();
    // Hashed in long pieces, which is faster than row by row.
    let mut pending = Vec::with_capacity(2 * PIECE);
    add(&mut pending, ValueRef::Text(name.as_bytes()));
    let mut count = 0;
    while let Some(row) = rows.next().doing(DOING)? {
        pending.push(b'R');
        for column in 0..columns {
            add(&mut pending, row.get_ref(column).doing(DOING)?);
        }
        if pending.len() >= PIECE {
            hash.update(&pending);
            pending.clear();
        }
        count += 1;
    }
    hash.update(&pending);
    Ok((count, hex(&hash.finalize())))
}

fn add(bytes: &mut Vec<u8>, value: ValueRef<'_>) {
    let mut long = |tag: u8, content: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
    };
    match value {
        ValueRef::Null => bytes.push(b'N'),
        ValueRef::Integer(number) => {
            bytes.push(b'I');
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Real(number) => {
            bytes.push(b'F');
            bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        ValueRef::Text(text) => long(b'S', text),
        ValueRef::Blob(blob) => long(b'B', blob),
    }
}

/// The digest of the session, hex.
pub(super) fn session_digest(contents: &Contents, statement: &Statement) -> String {
    let mut bytes = tables_bytes(FORMAT, &SESSION_TABLES, contents);
    add(&mut bytes, ValueRef::Integer(statement.complete.into()));
    add(&mut bytes, ValueRef::Integer(statement.ambiguous));
    for text in [
        &statement.tool_version,
        &statement.sqlite_version,
        &statement.sealed_at,
    ] {
        add(&mut bytes, ValueRef::Text(text.as_bytes()));
    }
    add(&mut bytes, ValueRef::Integer(statement.place.position));
    add(
        &mut bytes,
        ValueRef::Text(statement.place.previous.as_bytes()),
    );
    hex(&Sha256::digest(&bytes))
}

fn tables_bytes(format: &str, tables: &[SessionTable], contents: &Contents) -> Vec<u8> {
    let mut bytes = Vec::new();
    add(&mut bytes, ValueRef::Text(format.as_bytes()));
    for table in tables {
        let count = contents.counts.get(table.name).copied().unwrap_or(0);
        add(&mut bytes, ValueRef::Text(table.name.as_bytes()));
        add(&mut bytes, ValueRef::Integer(count));
        let digest = contents.digests.get(table.name);
        add(
            &mut bytes,
            digest.map_or(ValueRef::Null, |digest| ValueRef::Text(digest.as_bytes())),
        );
    }
    bytes
}

/// The digest (hex) of the rows in the given tables that belong to no sealed session: what the file held before it
/// got its first seal.
pub(super) fn taken_over(conn: &Connection) -> Result<String, StoreError> {
    digest_of_given(|name| {
        let sql = format!(
            "SELECT * FROM {name} WHERE deployment_id NOT IN (SELECT deployment_id FROM seal) ORDER BY id"
        );
        rows_digest(conn, name, &sql, &[])
    })
}

/// What [`taken_over`] says of a file that held nothing.
pub(super) fn nothing_taken_over() -> Result<String, StoreError> {
    digest_of_given(|name| {
        let mut bytes = Vec::new();
        add(&mut bytes, ValueRef::Text(name.as_bytes()));
        Ok((0, hex(&Sha256::digest(&bytes))))
    })
}

fn digest_of_given(
    rows: impl Fn(&str) -> Result<(i64, String), StoreError>,
) -> Result<String, StoreError> {
    let (given, _) = SESSION_TABLES.split_at(GIVEN_TABLES);
    let mut found = Contents::default();
    for table in given {
        let (count, digest) = rows(table.name)?;
        found.counts.insert(table.name.into(), count);
        found.digests.insert(table.name.into(), digest);
    }
    let bytes = tables_bytes("fg-taken-over-1", given, &found);
    Ok(hex(&Sha256::digest(&bytes)))
}

/// Gives a session that was sealed on its own its place in a file with others. Answers its digest there.
pub(super) fn put_at(
    conn: &Connection,
    deployment_id: &str,
    seal: &Seal,
    place: Place,
) -> Result<String, StoreError> {
    let statement = Statement {
        place,
        ..seal.statement.clone()
    };
    let digest = session_digest(&seal.contents, &statement);
    conn.execute(
        "UPDATE seal SET position = ?2, previous = ?3, digest = ?4 WHERE deployment_id = ?1",
        rusqlite::params![
            deployment_id,
            statement.place.position,
            statement.place.previous,
            digest
        ],
    )
    .doing("write the seal")?;
    Ok(digest)
}

/// Seals the session: call it in the transaction that writes the last rows. Answers the digest.
pub(super) fn write(
    conn: &Connection,
    deployment_id: &str,
    complete: bool,
    sealed_at: &str,
) -> Result<String, StoreError> {
    let ambiguous = conn
        .query_row(
            "SELECT (SELECT COUNT(*) FROM cleanup_details WHERE deployment_id = ?1 \
             AND state IN ('applied_unconfirmed', 'unknown', 'intent')) \
             + (SELECT COUNT(*) FROM fixes WHERE deployment_id = ?1 \
             AND status IN ('applied_unconfirmed', 'unknown', 'intent'))",
            [deployment_id],
            |row| row.get(0),
        )
        .doing("count ambiguous actions")?;
    let statement = Statement {
        complete,
        ambiguous,
        tool_version: env!("CARGO_PKG_VERSION").into(),
        sqlite_version: rusqlite::version().into(),
        sealed_at: sealed_at.into(),
        place: Place {
            position: 1,
            previous: nothing_taken_over()?,
        },
    };
    let contents = contents(conn, deployment_id)?;
    let digest = session_digest(&contents, &statement);
    conn.execute(
        "INSERT INTO seal (deployment_id, format, row_counts, table_digests, digest, complete, ambiguous, \
         tool_version, sqlite_version, sealed_at, position, previous, finaliser) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'vacuum')",
        rusqlite::params![
            deployment_id,
            FORMAT,
            serde_json::json!(contents.counts).to_string(),
            serde_json::json!(contents.digests).to_string(),
            digest,
            complete,
            ambiguous,
            statement.tool_version,
            statement.sqlite_version,
            sealed_at,
            statement.place.position,
            statement.place.previous
        ],
    )
    .doing("write the seal")?;
    Ok(digest)
}

/// The seal of a session, if it has one. Text that is no JSON of the right kind reads as an empty map, which no
/// comparison takes for the truth.
pub(super) fn read(conn: &Connection, deployment_id: &str) -> Result<Option<Seal>, StoreError> {
    use rusqlite::OptionalExtension as _;
    conn.query_row(
        "SELECT format, row_counts, table_digests, digest, complete, ambiguous, tool_version, sqlite_version, \
         sealed_at, position, previous FROM seal WHERE deployment_id = ?1",
        [deployment_id],
        |row| {
            Ok(Seal {
                format: row.get(0)?,
                contents: Contents {
                    counts: serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default(),
                    digests: serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default(),
                },
                digest: row.get(3)?,
                statement: Statement {
                    complete: row.get(4)?,
                    ambiguous: row.get(5)?,
                    tool_version: row.get(6)?,
                    sqlite_version: row.get(7)?,
                    sealed_at: row.get(8)?,
                    place: Place {
                        position: row.get(9)?,
                        previous: row.get(10)?,
                    },
                },
            })
        },
    )
    .optional()
    .doing("read the seal")
}

/// Compares what is there with the seal: the tables that differ, and whether the digest holds.
pub(super) fn compare(contents: &Contents, seal: &Seal) -> Result<(), Vec<String>> {
    let mut differences = Vec::new();
    for table in &SESSION_TABLES {
        let name = table.name;
        let count = contents.counts.get(name).copied().unwrap_or(0);
        match seal.contents.counts.get(name) {
            Some(sealed) if *sealed == count => {
                if seal.contents.digests.get(name) != contents.digests.get(name) {
                    differences.push(format!("{name}: rows were changed"));
                }
            }
            Some(sealed) => differences.push(format!("{name}: {count} rows, sealed with {sealed}")),
            None => differences.push(format!("{name}: the seal has no count for it")),
        }
    }
    if seal.format != FORMAT {
        differences.push("seal: its format is not known".into());
    }
    if differences.is_empty() && session_digest(contents, &seal.statement) != seal.digest {
        differences.push("seal: its own columns were changed".into());
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}
