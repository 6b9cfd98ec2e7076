//! Verification finds every change, and takes nothing for granted.

use super::super::schema::{SEAL, SESSION_TABLES};
use super::*;

/// What verification says of a file in which this was done.
fn after(sql: &str) -> Verification {
    let place = Place::new();
    place.run(1);
    place.run(2);
    let conn = place.open();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute_batch(sql).unwrap();
    drop(conn);
    place.verify().unwrap()
}

fn tampered(sql: &str, table: &str) {
    let check = after(sql);
    assert_eq!(check.outcome, Outcome::Tampered, "{sql}: {check:?}");
    let named = check.sessions.iter().any(|check| {
        matches!(&check.state, SessionState::Tampered(what) if what.iter().any(|what| what.starts_with(table)))
    });
    assert!(
        named || check.problems.iter().any(|what| what.starts_with(table)),
        "{sql}: {check:?}"
    );
}

#[test]
fn a_change_in_any_table_is_found_and_the_table_is_named() {
    tampered(
        "UPDATE violations SET message = 'x' WHERE id = 1",
        "violations",
    );
    tampered(
        "UPDATE violations SET line = NULL WHERE id = 9",
        "violations",
    );
    tampered("DELETE FROM violations WHERE id = 1", "violations");
    tampered(
        "UPDATE cleanup_actions SET action_result = 'planned' WHERE id = 3",
        "cleanup_actions",
    );
    tampered(
        "UPDATE deployment_sessions SET end_time = start_time",
        "deployment_sessions",
    );
    tampered(
        "UPDATE session_details SET verdict = 'pass', exit_code = 0",
        "session_details",
    );
    tampered("DELETE FROM skipped_files WHERE id = 1", "skipped_files");
    tampered(
        "INSERT INTO phases SELECT NULL, deployment_id, 2, name, status, start_time, end_time, 1, '{}' FROM phases",
        "phases",
    );
    tampered("UPDATE policies SET text = 'version: 2'", "policies");
    tampered("UPDATE suppressions SET reason = 'better'", "suppressions");
    tampered(
        "UPDATE rule_results SET requirements = 99",
        "factory_validation",
    );
    tampered(
        "UPDATE factory_validation SET compliance_score = 85.0",
        "factory_validation",
    );
    tampered("UPDATE seal SET complete = 0", "seal");
    tampered("UPDATE seal SET digest = 'x'", "seal");
    tampered("UPDATE seal SET row_counts = '{}'", "violations");
    tampered("DELETE FROM deployment_sessions WHERE id = 1", "violations");
}

#[test]
fn rows_of_a_session_that_is_not_there_are_found() {
    let name = "FACTORY_DEPLOY_20261122_150000_00beef";
    tampered(
        &format!(
            "INSERT INTO factory_validation (deployment_id, validation_type, validation_result, timestamp) \
             VALUES ('{name}', 'pre_deployment', '{{}}', '')"
        ),
        "factory_validation",
    );
}

#[test]
fn rows_that_changed_places_are_found() {
    tampered(
        "UPDATE violations SET id = 100 WHERE id = 1; UPDATE violations SET id = 1 WHERE id = 2; \
         UPDATE violations SET id = 2 WHERE id = 100",
        "violations",
    );
}

#[test]
fn a_session_of_ours_without_its_seal_is_tampered() {
    let check = after("DELETE FROM seal WHERE id = 1");
    assert_eq!(check.outcome, Outcome::Tampered);
    assert!(matches!(check.sessions[0].state, SessionState::Tampered(_)));
    assert_eq!(check.sessions[1].state, SessionState::Sealed);
    tampered("DELETE FROM violations; DELETE FROM seal", "seal");
}

/// All rows of the session with this number.
fn remove(number: u8) -> String {
    let tables = SESSION_TABLES.iter().chain([&SEAL]).rev();
    let sql = tables.map(|table| {
        format!(
            "DELETE FROM {} WHERE deployment_id = '{}';",
            table.name,
            id(number)
        )
    });
    sql.collect()
}

#[test]
fn an_invented_session_without_a_seal_is_tampered() {
    for number in ["NULL", "-5"] {
        tampered(
            &format!(
                "INSERT INTO deployment_sessions (id, deployment_id, start_time, workspace_path, status) \
                 VALUES ({number}, 'FACTORY_DEPLOY_20261122_180000_ffffff', '2026-11-22T18:00:00.000Z', '/x', 'completed')"
            ),
            "deployment_sessions",
        );
    }
    tampered(
        "INSERT INTO cleanup_actions (deployment_id, action_type, target_path, action_result, timestamp) \
         VALUES ('FACTORY_DEPLOY_20250101_101010', 'x', 'y', 'z', '')",
        "deployment_sessions",
    );
}

#[test]
fn order_and_presence_of_sessions_are_sealed() {
    tampered(
        "UPDATE deployment_sessions SET id = 100 WHERE id = 1",
        "seal",
    );
    tampered(&remove(1), "seal");
    tampered(
        &format!("{}UPDATE seal SET position = 1", remove(1)),
        "seal",
    );
    tampered(&format!("{}{}", remove(1), remove(2)), "seal");
    tampered("UPDATE seal SET previous = digest", "seal");
    // Nothing follows the last session: only its digest tells that there was one.
    assert_eq!(after(&remove(2)).outcome, Outcome::Ok);
}

#[test]
fn the_digest_of_the_last_session_stands_for_those_before_it() {
    let digest = |workspace: &str| {
        let place = Place::new();
        let mut first = session(1);
        first.workspace_path = workspace.into();
        let recorder = Recorder::start(&place.database(), "0a", &first, &[]).unwrap();
        recorder.finish(&end(), &phase(5)).unwrap();
        place.run(2).session_digest
    };
    assert_eq!(digest("/one"), digest("/one"));
    assert_ne!(digest("/one"), digest("/other"));
}

#[test]
fn descriptions_of_columns_are_known() {
    tampered("DELETE FROM _columns", "_columns");
    tampered(
        "UPDATE _columns SET description = 'x' WHERE rowid = 3",
        "_columns",
    );
    tampered(
        "UPDATE _columns SET unit = x'00' WHERE rowid = 3",
        "_columns",
    );
    tampered(
        "INSERT INTO _columns VALUES ('a', 'b', 'c', NULL)",
        "_columns",
    );
}

#[test]
fn expectations_from_elsewhere_are_compared() {
    let place = Place::new();
    let published = place.run(1);
    let verify_with = |digest: Option<&str>, sha256: Option<&str>| {
        let options = VerifyOptions {
            reading: place.reading(),
            expect_digest: digest.map(Into::into),
            expect_sha256: sha256.map(Into::into),
        };
        verify(&place.database(), &options).unwrap()
    };
    let (digest, sha256) = (published.session_digest.to_uppercase(), &published.sha256);
    assert_eq!(
        verify_with(Some(&digest), Some(sha256)).outcome,
        Outcome::Ok
    );
    assert_eq!(verify_with(Some("00"), None).outcome, Outcome::Tampered);
    assert_eq!(verify_with(None, Some("00")).outcome, Outcome::Tampered);
}

#[test]
fn truncated_and_overwritten_files_are_found() {
    let place = Place::new();
    place.run(1);
    let whole = std::fs::read(place.database()).unwrap();
    let write = |bytes: &[u8]| {
        std::io::Write::write_all(&mut std::fs::File::create(place.database()).unwrap(), bytes)
            .unwrap();
    };
    for length in [0, 50, 4096, whole.len() - 4096, whole.len() - 1] {
        write(&whole[..length]);
        assert!(place.verify().is_err(), "{length} bytes were taken");
        assert!(Recorder::start(&place.database(), "0a", &session(3), &[]).is_err());
    }
    for page in 1..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0x41);
        write(&damaged);
        let sane = place
            .verify()
            .is_ok_and(|check| check.outcome == Outcome::Ok);
        assert!(
            !sane,
            "page {page} of {} is gone and nobody saw it",
            whole.len() / 4096
        );
    }
}

#[test]
fn files_over_the_limit_symlinks_and_sidecars_are_refused() {
    let place = Place::new();
    place.run(1);
    let mut options = VerifyOptions {
        reading: place.reading(),
        expect_digest: None,
        expect_sha256: None,
    };
    options.reading.max_bytes = 4096;
    assert!(matches!(
        verify(&place.database(), &options),
        Err(StoreError::BadPath { .. })
    ));
    options.reading.max_bytes = 1 << 30;
    let link = place.directory.path().join("link.db");
    std::os::unix::fs::symlink(place.database(), &link).unwrap();
    assert!(matches!(
        verify(&link, &options),
        Err(StoreError::Io { .. })
    ));
    std::fs::File::create(place.database().with_extension("db-journal")).unwrap();
    assert!(matches!(
        verify(&place.database(), &options),
        Err(StoreError::Sidecar { .. })
    ));
}
