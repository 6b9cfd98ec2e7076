//! A database of the earlier system is taken over with its rows and its tables as they are.

use super::super::schema;
use super::*;

/// Rows as the earlier system wrote them: absolute Windows paths, local times without a zone, an invented score.
fn write_legacy(path: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(schema::section("given").split_once('\n').unwrap().1)
        .unwrap();
    conn.execute_batch(
        r#"
        INSERT INTO deployment_sessions (deployment_id, start_time, status, workspace_path, phases_completed)
            VALUES ('FACTORY_DEPLOY_20250101_101010', '2025-01-01T10:10:10.123456', 'COMPLETED', 'E:\ws\Ümlaut', 5);
        INSERT INTO deployment_sessions (deployment_id, start_time, workspace_path)
            VALUES ('FACTORY_DEPLOY_20250102_101010', '2025-01-02T10:10:10.123456', 'E:\ws');
        DELETE FROM deployment_sessions WHERE id = 2;
        INSERT INTO factory_validation (deployment_id, validation_type, validation_result, files_checked,
            violations_found, compliance_score, timestamp)
            VALUES ('FACTORY_DEPLOY_20250101_101010', 'PRE_DEPLOYMENT', '{"a": 1}', 9, 2, 85.0, '2025-01-01T10:10:11');
        INSERT INTO factory_validation (deployment_id, validation_type, validation_result, timestamp)
            VALUES ('FACTORY_DEPLOY_20240101_101010', 'LOST', '{}', '2024-01-01T10:10:11');
        INSERT INTO cleanup_actions (deployment_id, action_type, target_path, action_result, timestamp, created_at)
            VALUES ('FACTORY_DEPLOY_20250101_101010', 'FILE_REMOVAL', 'E:\ws\test_x.py', 'removed',
                '2025-01-01T10:10:12', NULL);
        "#,
    )
    .unwrap();
}

type Row = Vec<rusqlite::types::Value>;

fn rows(path: &Path, table: &str, last: i64) -> Vec<Row> {
    let conn = Connection::open(path).unwrap();
    let sql = format!("SELECT * FROM {table} WHERE id <= {last} ORDER BY id");
    let mut select = conn.prepare(&sql).unwrap();
    let columns = select.column_count();
    let rows = select
        .query_map((), |row| {
            (0..columns).map(|column| row.get(column)).collect()
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}

fn text_of(path: &Path, table: &str) -> String {
    let conn = Connection::open(path).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    conn.query_row(sql, [table], |row| row.get(0)).unwrap()
}

const GIVEN: [&str; 3] = [
    "deployment_sessions",
    "factory_validation",
    "cleanup_actions",
];

#[test]
fn the_given_tables_are_exactly_the_ones_of_the_contract() {
    let place = Place::new();
    place.run(1);
    let section = schema::section("given");
    for table in GIVEN {
        let text = text_of(&place.database(), table);
        assert!(section.contains(&format!("{text};")), "{text}");
        assert!(
            text.contains("id INTEGER PRIMARY KEY AUTOINCREMENT,"),
            "{text}"
        );
    }
}

#[test]
fn a_legacy_database_is_taken_over_with_its_rows_untouched() {
    let place = Place::new();
    write_legacy(&place.database());
    let before = GIVEN.map(|table| {
        (
            rows(
                &place.database(),
                table,
                if table == "factory_validation" { 2 } else { 1 },
            ),
            text_of(&place.database(), table),
        )
    });
    let unsealed = place.verify().unwrap();
    assert_eq!(unsealed.outcome, Outcome::Ok);
    assert_eq!(unsealed.sessions[0].state, SessionState::Unsealed);
    assert!(open_reader(&place.database(), None, &place.reading()).is_err());

    place.run(1);
    place.run(2);
    let after = GIVEN.map(|table| {
        (
            rows(
                &place.database(),
                table,
                if table == "factory_validation" { 2 } else { 1 },
            ),
            text_of(&place.database(), table),
        )
    });
    assert_eq!(before, after);
    // Numbers that the old file had given away are not given again.
    assert_eq!(
        count(&place.database(), "SELECT max(id) FROM deployment_sessions"),
        4
    );
    let check = place.verify().unwrap();
    assert_eq!(check.outcome, Outcome::Ok, "{check:?}");
    let states: Vec<_> = check.sessions.iter().map(|check| &check.state).collect();
    assert_eq!(
        states,
        [
            &SessionState::Unsealed,
            &SessionState::Sealed,
            &SessionState::Sealed
        ]
    );
    let timeline =
        "SELECT COUNT(*) FROM v_cleanup_timeline WHERE target_path = 'E:\\ws\\test_x.py'";
    assert_eq!(count(&place.database(), timeline), 1);
}

#[test]
fn a_legacy_database_with_anything_more_is_foreign() {
    for sql in [
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "ALTER TABLE cleanup_actions ADD COLUMN more TEXT",
        "DROP TABLE cleanup_actions",
        "PRAGMA application_id=7",
    ] {
        let place = Place::new();
        write_legacy(&place.database());
        place.open().execute_batch(sql).unwrap();
        let error = Recorder::start(&place.database(), "0a", &session(1), &[])
            .err()
            .unwrap();
        assert!(
            matches!(error, StoreError::Foreign { .. }),
            "{sql}: {error}"
        );
    }
}

#[test]
fn what_was_taken_over_is_sealed_with_the_first_session() {
    for sql in [
        "UPDATE deployment_sessions SET success_rate = 100.0 WHERE id = 1",
        "INSERT INTO factory_validation (deployment_id, validation_type, validation_result, timestamp) \
         VALUES ('FACTORY_DEPLOY_20250101_101010', 'POST', '{}', '')",
        "DELETE FROM cleanup_actions WHERE id = 1",
        "INSERT INTO deployment_sessions (id, deployment_id, start_time, workspace_path) VALUES (2, 'x', '', '')",
        "DELETE FROM deployment_sessions WHERE id = 1",
        "UPDATE deployment_sessions SET id = 50 WHERE id = 1",
    ] {
        let place = Place::new();
        write_legacy(&place.database());
        place.run(1);
        place.run(2);
        place.open().execute_batch(sql).unwrap();
        let check = place.verify().unwrap();
        assert_eq!(check.outcome, Outcome::Tampered, "{sql}");
        assert!(
            check
                .sessions
                .iter()
                .all(|check| check.state != SessionState::Unsealed)
        );
    }
}

#[test]
fn a_legacy_database_in_utf_16_is_refused_before_anything_is_made() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let place = Place::new();
        place
            .open()
            .execute_batch(&format!(
                "PRAGMA encoding='{encoding}'; CREATE TABLE t (x); DROP TABLE t"
            ))
            .unwrap();
        write_legacy(&place.database());
        let error = Recorder::start(&place.database(), "0a", &session(1), &[])
            .err()
            .unwrap();
        assert!(error.to_string().contains("UTF-16"), "{error}");
        assert_eq!(place.others(), [""; 0]);
    }
}
