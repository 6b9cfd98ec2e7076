//! What the database looks like: creation, and the check that a file holds our objects and no others.

use super::error::{SqlContext, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;

/// The whole schema, as it is shipped.
const SCHEMA: &str = include_str!("schema.sql");
/// `FGA1`, at byte 68 of the file.
pub const APPLICATION_ID: i64 = 0x4647_4131;
/// Major × 1000 + minor.
pub const USER_VERSION: i64 = 1000;

/// A table whose rows belong to sessions.
pub(super) struct SessionTable {
    pub(super) name: &'static str,
    /// The row id: orders the rows, is assigned anew by appending, and is no part of any digest.
    pub(super) key: &'static str,
}

/// All tables that the seal covers, in the order of the digest: parents before children.
pub(super) const SESSION_TABLES: [SessionTable; 13] = [
    table("deployment_sessions"),
    table("factory_validation"),
    table("cleanup_actions"),
    table("session_details"),
    table("policies"),
    table("phases"),
    table("rule_results"),
    table("suppressions"),
    table("violations"),
    table("detections"),
    table("fixes"),
    SessionTable {
        name: "cleanup_details",
        key: "action_id",
    },
    table("skipped_files"),
];

/// The seal itself: copied with the session, covered by its own digest in another way.
pub(super) const SEAL: SessionTable = table("seal");

/// So many of [`SESSION_TABLES`], the first ones, are the given tables.
pub(super) const GIVEN_TABLES: usize = 3;

const fn table(name: &'static str) -> SessionTable {
    SessionTable { name, key: "id" }
}

/// One of the sections of the schema file.
pub(super) fn section(name: &str) -> &'static str {
    SCHEMA
        .split("\n--@ ")
        .find_map(|part| part.strip_prefix(name))
        .unwrap_or_default()
}

/// Creates everything but the indexes in an empty database.
pub(super) fn create(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(section("given"))
        .doing("create the given tables")?;
    create_side(conn)
}

/// Adds what is ours to a database that has the given tables only.
pub(super) fn create_side(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(section("side"))
        .doing("create the side tables")?;
    let mut insert = conn
        .prepare("INSERT INTO _columns VALUES (?1, ?2, ?3, ?4)")
        .doing("describe the columns")?;
    for (table, column, text) in descriptions() {
        let (text, unit) = with_unit(text);
        insert
            .execute((table, column, text, unit))
            .doing("describe the columns")?;
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| conn.pragma_update(None, "user_version", USER_VERSION))
        .doing("mark the file as ours")
}

fn with_unit(text: &str) -> (&str, Option<&str>) {
    match text
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once(" ["))
    {
        Some((text, unit)) => (text, Some(unit)),
        None => (text, None),
    }
}

/// Whether `_columns` holds our descriptions and nothing else.
pub(super) fn describes_columns(conn: &Connection) -> Result<bool, StoreError> {
    const DOING: &str = "read the descriptions";
    let text = |text: &str| Value::Text(text.into());
    let known = descriptions()
        .into_iter()
        .map(|(table, column, both)| {
            let (description, unit) = with_unit(both);
            let unit = unit.map_or(Value::Null, text);
            [text(table), text(column), text(description), unit]
        })
        .collect::<Vec<_>>();
    let mut select = conn
        .prepare("SELECT table_name, column_name, description, unit FROM _columns ORDER BY rowid")
        .doing(DOING)?;
    let found = select
        .query_map((), |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
        })
        .doing(DOING)?
        .take(known.len() + 1)
        .collect::<Result<Vec<[Value; 4]>, _>>()
        .doing(DOING)?;
    Ok(found == known)
}

/// Creates the indexes; call it when all rows are there.
pub(super) fn create_indexes(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(section("indexes"))
        .doing("create the indexes")
}

/// Drops our indexes, so that many rows can be added at once.
pub(super) fn drop_indexes(conn: &Connection) -> Result<(), StoreError> {
    for line in section("indexes").lines() {
        if let Some(name) = line
            .strip_prefix("CREATE INDEX ")
            .and_then(|rest| rest.split(' ').next())
        {
            conn.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))
                .doing("drop an index")?;
        }
    }
    Ok(())
}

/// (table, column, description with its unit) out of the comments of the schema.
fn descriptions() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut table = "";
    let mut found = Vec::new();
    for line in section("side").lines() {
        if let Some(rest) = line.strip_prefix("--: ") {
            if let Some((place, text)) = rest.split_once(' ')
                && let Some((owner, column)) = place.split_once('.')
            {
                found.push((owner, column, text));
            }
        } else if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.split(' ').next().unwrap_or_default();
        } else if let Some((code, text)) = line.split_once(" -- ")
            && let Some(column) = code.trim().split(' ').next()
        {
            found.push((table, column.trim_matches('"'), text));
        }
    }
    found
}

/// Which of the files that we know this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The given tables and nothing else.
    Legacy,
    /// Everything that is ours.
    Ours,
}

/// Looks at the names and texts of all objects. Nothing of the file is used before this says what it is.
pub(super) fn recognise(conn: &Connection) -> Result<Result<Shape, String>, StoreError> {
    let pragma = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = pragma("application_id").doing("read the application id")?;
    let version = pragma("user_version").doing("read the schema version")?;
    let found = objects(conn)?;
    let shape = match (application, version) {
        (0, 0) => Shape::Legacy,
        (APPLICATION_ID, USER_VERSION) => Shape::Ours,
        _ => {
            return Ok(Err(format!(
                "application id {application:#x} with schema version {version}"
            )));
        }
    };
    let known = known(shape);
    for (name, text) in &found {
        match known.get(name.as_str()) {
            Some(expected) if expected == text => {}
            Some(_) => return Ok(Err(format!("`{name}` is not defined as it should be"))),
            None if ALLOWED.contains(&(name.as_str(), text.as_str())) => {}
            None => {
                return Ok(Err(format!(
                    "it holds `{name}`, which is not part of the record"
                )));
            }
        }
    }
    for (name, text) in &known {
        let may_lack = text.starts_with("index CREATE INDEX ");
        if !may_lack && !found.contains_key(*name) {
            return Ok(Err(format!("it lacks `{name}`")));
        }
    }
    Ok(Ok(shape))
}

/// What ANALYZE leaves behind.
const ALLOWED: [(&str, &str); 2] = [
    (
        "sqlite_stat1",
        "table CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    ),
    (
        "sqlite_stat4",
        "table CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
    ),
];

/// Name to kind and text (white space folded) of every object.
fn objects(conn: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let mut select = conn
        .prepare("SELECT name, type, sql FROM sqlite_schema ORDER BY name")
        .doing("read the schema")?;
    let rows = select
        .query_map((), |row| {
            let kind: String = row.get(1)?;
            let text: Option<String> = row.get(2)?;
            Ok((row.get(0)?, folded(&kind, &text.unwrap_or_default())))
        })
        .doing("read the schema")?;
    rows.collect::<Result<_, _>>().doing("read the schema")
}

/// What SQLite itself makes of the given tables, and of ours: names and texts.
const AUTOMATIC: [&[(&str, &str)]; 2] = [
    &[
        (
            "sqlite_sequence",
            "table CREATE TABLE sqlite_sequence(name,seq)",
        ),
        ("sqlite_autoindex_deployment_sessions_1", "index"),
    ],
    &[
        ("sqlite_autoindex_session_details_1", "index"),
        ("sqlite_autoindex_seal_1", "index"),
        ("sqlite_autoindex__columns_1", "index"),
    ],
];

/// What [`objects`] finds in a file of this shape. Read from our own text, since building a model costs more than all
/// else that happens at the start of a run; a test compares the two.
fn known(shape: Shape) -> BTreeMap<&'static str, String> {
    let (sections, automatic): (&[&str], _) = match shape {
        Shape::Legacy => (&["given"], &AUTOMATIC[..1]),
        Shape::Ours => (&["given", "side", "indexes"], &AUTOMATIC[..]),
    };
    let mut known: BTreeMap<_, _> = automatic
        .iter()
        .copied()
        .flatten()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    for part in sections {
        for statement in statements(section(part)) {
            let mut words = statement.split_ascii_whitespace().skip(1);
            if let (Some(kind), Some(name)) = (words.next(), words.next()) {
                known.insert(name, folded(&kind.to_ascii_lowercase(), statement));
            }
        }
    }
    known
}

/// The statements of a section: each begins a line with CREATE and ends a line with a semicolon.
fn statements(section: &'static str) -> impl Iterator<Item = &'static str> {
    let mut opened = None;
    let mut end = 0;
    section.split_inclusive('\n').filter_map(move |line| {
        let begin = end;
        end += line.len();
        if line.starts_with("CREATE ") {
            opened = Some(begin);
        }
        line.trim_end().strip_suffix(';')?;
        let statement = section.get(opened.take()?..end)?;
        statement.trim_end().strip_suffix(';')
    })
}

/// Kind and text with all white space folded.
fn folded(kind: &str, text: &str) -> String {
    let mut folded = String::with_capacity(kind.len() + 1 + text.len());
    folded.push_str(kind);
    for word in text.split_ascii_whitespace() {
        folded.push(' ');
        folded.push_str(word);
    }
    folded
}

/// The columns of a table without its key, quoted, in the order of the schema.
pub(super) fn columns(conn: &Connection, table: &SessionTable) -> Result<Vec<String>, StoreError> {
    let mut select = conn
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE name <> ?2 ORDER BY cid")
        .doing("read the columns")?;
    let names = select
        .query_map((table.name, table.key), |row| {
            row.get::<_, String>(0).map(|name| format!("\"{name}\""))
        })
        .doing("read the columns")?;
    names.collect::<Result<_, _>>().doing("read the columns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_what_sqlite_makes_of_the_schema() {
        let model = Connection::open_in_memory().unwrap();
        model.execute_batch(section("given")).unwrap();
        for shape in [Shape::Legacy, Shape::Ours] {
            if shape == Shape::Ours {
                create_side(&model).unwrap();
                create_indexes(&model).unwrap();
            }
            let known = known(shape)
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text))
                .collect::<BTreeMap<_, _>>();
            assert_eq!(known, objects(&model).unwrap());
        }
    }
}
