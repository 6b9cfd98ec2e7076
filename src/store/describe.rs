//! What the record consists of, for people: every table and view with its columns, read off the schema itself.

use super::error::{SqlContext, StoreError};
use super::schema;
use rusqlite::Connection;

/// A table or a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDoc {
    /// Its name.
    pub name: String,
    /// What sort of thing it is.
    pub kind: TableKind,
    /// What it holds or answers.
    pub description: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnDoc>,
}

/// The sorts of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// One of the three that never change, in any version.
    Given,
    /// A table beside those.
    Side,
    /// A view: computed when it is asked.
    View,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDoc {
    /// Its name.
    pub name: String,
    /// Its type and what else SQLite is told of it, as in `TEXT NOT NULL`; empty where a view computes it.
    pub sql_type: String,
    /// What it holds.
    pub description: String,
    /// The unit of a number, if it has one.
    pub unit: Option<String>,
}

/// All tables and views, in the order of the schema.
///
/// # Errors
/// SQLite does not take the schema, or lacks memory.
pub fn describe() -> Result<Vec<TableDoc>, StoreError> {
    let model = Connection::open_in_memory().doing("build the model schema")?;
    schema::create(&model)?;
    let mut select = model
        .prepare(
            "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')
                AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
        )
        .doing("read the schema")?;
    let found = select
        .query_map((), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .doing("read the schema")?;
    let mut tables = Vec::new();
    for found in found {
        let (name, kind) = found.doing("read the schema")?;
        tables.push(TableDoc {
            kind: kind_of(&name, &kind),
            description: description(&name),
            columns: columns(&model, &name)?,
            name,
        });
    }
    Ok(tables)
}

fn kind_of(name: &str, kind: &str) -> TableKind {
    if kind == "view" {
        TableKind::View
    } else if schema::section("given").contains(&format!("CREATE TABLE {name} (")) {
        TableKind::Given
    } else {
        TableKind::Side
    }
}

/// What the schema says about it in a line `--= NAME TEXT`.
fn description(name: &str) -> String {
    schema::section("side")
        .lines()
        .filter_map(|line| line.strip_prefix("--= ")?.split_once(' '))
        .find_map(|(table, text)| (table == name).then(|| text.to_owned()))
        .unwrap_or_default()
}

fn columns(model: &Connection, table: &str) -> Result<Vec<ColumnDoc>, StoreError> {
    let mut select = model
        .prepare(
            "SELECT c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, d.description, d.unit
             FROM pragma_table_info(?1) c
                 JOIN _columns d ON d.table_name = ?1 AND d.column_name = c.name
             ORDER BY c.cid",
        )
        .doing("read the columns")?;
    let rows = select
        .query_map((table,), |row| {
            let mut sql_type: String = row.get(1)?;
            if row.get(4)? {
                sql_type.push_str(" PRIMARY KEY");
            } else if row.get(2)? {
                sql_type.push_str(" NOT NULL");
            }
            if let Some(default) = row.get::<_, Option<String>>(3)? {
                sql_type.push_str(" DEFAULT ");
                sql_type.push_str(&default);
            }
            Ok(ColumnDoc {
                name: row.get(0)?,
                sql_type,
                description: row.get(5)?,
                unit: row.get(6)?,
            })
        })
        .doing("read the columns")?;
    rows.collect::<Result<_, _>>().doing("read the columns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_view_says_what_it_is_for() {
        let tables = describe().unwrap();
        let silent: Vec<&str> = tables
            .iter()
            .filter(|table| table.description.is_empty() || table.columns.is_empty())
            .map(|table| table.name.as_str())
            .collect();
        assert_eq!(silent, [""; 0]);
        let described = schema::section("side")
            .lines()
            .filter(|line| line.starts_with("--= "))
            .count();
        assert_eq!(
            described,
            tables.len(),
            "each once, and none that is not there"
        );
    }

    #[test]
    fn columns_are_as_the_schema_has_them() {
        let tables = describe().unwrap();
        let find = |name: &str| tables.iter().find(|table| table.name == name).unwrap();
        let sessions = find("deployment_sessions");
        assert_eq!(sessions.kind, TableKind::Given);
        let rate = &sessions.columns[8];
        assert_eq!(
            (
                rate.name.as_str(),
                rate.sql_type.as_str(),
                rate.unit.as_deref()
            ),
            ("success_rate", "REAL DEFAULT 0.0", Some("percent"))
        );
        assert_eq!(sessions.columns[1].sql_type, "TEXT NOT NULL");
        assert_eq!(find("violations").kind, TableKind::Side);
        assert_eq!(find("v_trend").kind, TableKind::View);
    }
}
