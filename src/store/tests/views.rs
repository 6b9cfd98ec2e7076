//! What a person with only `sqlite3` sees.

use super::super::schema::SESSION_TABLES;
use super::*;

#[test]
fn the_views_answer() {
    let place = Place::new();
    place.run(1);
    place.run(2);
    let database = place.database();
    let latest = format!(
        "SELECT COUNT(*) FROM v_latest_session WHERE deployment_id = '{}' AND complete = 1",
        id(2)
    );
    assert_eq!(count(&database, &latest), 1);
    assert_eq!(
        count(&database, "SELECT COUNT(*) FROM v_open_violations"),
        10
    );
    assert_eq!(
        count(&database, "SELECT SUM(open) FROM v_violations_by_rule"),
        10
    );
    assert_eq!(
        count(
            &database,
            "SELECT SUM(suppressed) + SUM(resolved) FROM v_violations_by_rule"
        ),
        4
    );
    assert_eq!(
        count(
            &database,
            "SELECT COUNT(*) FROM v_cleanup_timeline WHERE state = 'removed'"
        ),
        2
    );
    assert_eq!(
        count(
            &database,
            "SELECT SUM(violations_before - violations_after) FROM v_trend"
        ),
        2
    );
    let equal = "SELECT COUNT(*) FROM v_compliance c JOIN factory_validation f \
                 ON f.deployment_id = c.deployment_id AND f.validation_type = c.stage \
                 WHERE abs(c.compliance_score - f.compliance_score) < 1e-9 AND c.violations_found = f.violations_found \
                 AND c.things_failing = json_extract(f.validation_result, '$.things_failing') \
                 AND json_extract(f.validation_result, '$.validation_details[0].rule') = 'trailing-whitespace'";
    assert_eq!(count(&database, equal), 4);
}

#[test]
fn every_column_of_every_table_and_view_is_described() {
    let place = Place::new();
    place.run(1);
    let conn = place.open();
    let difference = |one: &str, other: &str| {
        let sql = format!("SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other})");
        let mut select = conn.prepare(&sql).unwrap();
        let rows = select
            .query_map((), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let described = "SELECT table_name, column_name FROM _columns";
    let existing = "SELECT s.name, c.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c \
                    WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    assert_eq!(difference(existing, described), []);
    assert_eq!(difference(described, existing), []);
    let unit = "SELECT COUNT(*) FROM _columns WHERE unit = 'bytes' AND description NOT LIKE '%[%'";
    assert!(count(&place.database(), unit) >= 4);
}

#[test]
fn every_table_but_the_descriptions_has_the_session_and_is_sealed() {
    let place = Place::new();
    place.run(1);
    let mut tables: Vec<String> = SESSION_TABLES
        .iter()
        .map(|table| table.name.into())
        .collect();
    tables.push("seal".into());
    tables.sort();
    let conn = place.open();
    let mut select = conn
        .prepare(
            "SELECT s.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c ON c.name = 'deployment_id' \
             WHERE s.type = 'table' ORDER BY s.name",
        )
        .unwrap();
    let found: Vec<String> = select
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, tables);
    let others = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    assert_eq!(
        count(&place.database(), others),
        i64::try_from(tables.len()).unwrap() + 1
    );
}

#[test]
fn a_number_where_text_belongs_is_refused_by_the_schema() {
    let place = Place::new();
    place.run(1);
    let conn = place.open();
    let before = conn.execute("UPDATE violations SET line = 'seven'", ());
    assert!(before.is_err());
    assert!(
        conn.execute("UPDATE violations SET path = x'ff'", ())
            .is_err()
    );
}
