//! Publishing: all or nothing, over whatever is at the destination.

use super::super::private::{Destination, PrivateDir};
use super::super::publish;
use super::*;

#[test]
fn two_runs_are_both_in_the_file_each_with_its_own_digest() {
    let place = Place::new();
    let first = place.run(1);
    let second = place.run(2);
    let both = place.verify().unwrap();
    assert_eq!(both.outcome, Outcome::Ok, "{both:?}");
    let digests: Vec<_> = both
        .sessions
        .iter()
        .map(|check| check.digest.clone().unwrap())
        .collect();
    assert_eq!(
        digests,
        [first.session_digest.clone(), second.session_digest.clone()]
    );
    assert_ne!(first.session_digest, second.session_digest);
    assert_eq!(both.sha256, second.sha256);
    assert_eq!(both.bytes, second.bytes);
    let linked = "SELECT COUNT(*) FROM cleanup_details d JOIN cleanup_actions a \
                  ON a.id = d.action_id AND a.deployment_id = d.deployment_id";
    assert_eq!(count(&place.database(), linked), 4);
    let reader = open_reader(&place.database(), Some(&id(1)), &place.reading()).unwrap();
    assert_eq!(reader.deployment_id(), id(1));
    let latest = open_reader(&place.database(), None, &place.reading()).unwrap();
    assert_eq!(latest.deployment_id(), id(2));
    let none = open_reader(&place.database(), Some("x"), &place.reading());
    assert!(matches!(none, Err(StoreError::NoSession { .. })));
    assert_eq!(place.others(), [""; 0]);
}

#[test]
fn runs_that_began_before_the_file_was_there_append_to_it() {
    let place = Place::new();
    let (one, other) = (place.start(1), place.start(2));
    fill(&one);
    fill(&other);
    other.finish(&end(), &phase(5)).unwrap();
    one.finish(&end(), &phase(5)).unwrap();
    assert_eq!(place.verify().unwrap().sessions.len(), 2);
}

#[test]
fn equal_runs_give_equal_bytes() {
    let (one, other) = (Place::new(), Place::new());
    assert_eq!(one.run(1).sha256, other.run(1).sha256);
}

#[test]
fn the_digest_does_not_depend_on_the_layout_of_pages() {
    let place = Place::new();
    let published = place.run(1);
    place
        .open()
        .execute_batch("PRAGMA page_size=16384; VACUUM")
        .unwrap();
    let check = place.verify().unwrap();
    assert_eq!(check.outcome, Outcome::Ok, "{check:?}");
    assert_eq!(
        check.sessions[0].digest.as_ref(),
        Some(&published.session_digest)
    );
    assert_ne!(check.sha256, published.sha256);
}

#[test]
fn foreign_files_are_refused_before_anything_is_made() {
    let place = Place::new();
    let refused = |what: &str| {
        let result = Recorder::start(&place.database(), "0a", &session(1), &[]);
        let error = result.err().unwrap_or_else(|| panic!("{what} was taken"));
        assert!(
            place.others().iter().all(|name| !name.contains("run-")),
            "{what} left {:?}",
            place.others()
        );
        error
    };
    let write = |bytes: &[u8]| {
        std::io::Write::write_all(&mut std::fs::File::create(place.database()).unwrap(), bytes)
            .unwrap();
    };
    write(b"");
    assert!(matches!(
        refused("an empty file"),
        StoreError::Foreign { .. }
    ));
    write(&[b'x'; 4096]);
    assert!(matches!(
        refused("another file"),
        StoreError::Foreign { .. }
    ));
    write(b"");
    place
        .open()
        .execute_batch("CREATE TABLE notes (text TEXT)")
        .unwrap();
    assert!(matches!(
        refused("another database"),
        StoreError::Foreign { .. }
    ));
    let wal = place.database().with_extension("db-wal");
    std::fs::File::create(&wal).unwrap();
    assert!(matches!(refused("a sidecar"), StoreError::Sidecar { .. }));
}

#[test]
fn a_database_of_ours_with_a_foreign_object_or_a_later_version_is_refused() {
    for (sql, later) in [
        (
            "CREATE TRIGGER t AFTER INSERT ON violations BEGIN DELETE FROM seal; END",
            false,
        ),
        ("CREATE VIRTUAL TABLE f USING fts5(text)", false),
        ("CREATE INDEX own ON violations (rule_id)", false),
        ("DROP VIEW v_trend; CREATE VIEW v_trend AS SELECT 1", false),
        ("DROP VIEW v_trend", false),
        ("PRAGMA user_version=2000", true),
    ] {
        let place = Place::new();
        place.run(1);
        place.open().execute_batch(sql).unwrap();
        let error = Recorder::start(&place.database(), "0a", &session(2), &[])
            .err()
            .unwrap();
        let newer = matches!(error, StoreError::Newer { .. });
        let foreign = matches!(error, StoreError::Foreign { .. });
        assert!(if later { newer } else { foreign }, "{sql}: {error}");
        assert!(place.verify().is_err(), "{sql}");
    }
}

#[test]
fn destinations_that_cannot_be_used_are_refused() {
    let place = Place::new();
    let start = |path: &Path| Recorder::start(path, "0a", &session(1), &[]).err().unwrap();
    assert!(matches!(
        start(Path::new("relative.db")),
        StoreError::BadPath { .. }
    ));
    assert!(matches!(start(Path::new("/")), StoreError::BadPath { .. }));
    std::os::unix::fs::symlink("/nowhere", place.database()).unwrap();
    assert!(matches!(
        start(&place.database()),
        StoreError::BadPath { .. }
    ));
    let missing = place.directory.path().join("no/such/x.db");
    assert!(matches!(start(&missing), StoreError::Io { .. }));
    let path = place.directory.path().join("y.db");
    let error = Recorder::start(&path, "../x", &session(1), &[])
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::BadPath { .. }));
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_at_the_start() {
    // Also where the tests run as root: nobody may make a directory in /proc.
    let error = Recorder::start(Path::new("/proc/x.db"), "0a", &session(1), &[])
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

/// A sealed run that was not published.
fn sealed(place: &Place) -> (PrivateDir, Destination) {
    let recorder = place.start(1);
    fill(&recorder);
    // The seal is written, and then the sidecar keeps the publication from happening.
    let wal = PathBuf::from(format!("{}-wal", place.database().display()));
    std::fs::File::create(&wal).unwrap();
    let refused = recorder.finish(&end(), &phase(5));
    assert!(
        matches!(refused, Err(StoreError::Sidecar { .. })),
        "{refused:?}"
    );
    rustix::fs::unlink(&wal).unwrap();
    let destination = Destination::new(&place.database()).unwrap();
    let directory = destination.run_directories().unwrap().remove(0);
    (PrivateDir::adopt(&directory).unwrap().unwrap(), destination)
}

fn opened(private: PrivateDir) -> publish::Sealed {
    let run = open::reopen_run(&private.file("run.db")).unwrap();
    (run, private)
}

fn no_room(_: &Connection, path: &Path) -> rusqlite::Result<()> {
    std::fs::File::create(path).unwrap();
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    Err(rusqlite::Error::SqliteFailure(full, None))
}

fn broken(_: &Connection, _: &Path) -> rusqlite::Result<()> {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    Err(rusqlite::Error::SqliteFailure(error, None))
}

#[test]
fn without_room_for_a_copy_the_sealed_file_itself_is_published() {
    let place = Place::new();
    let (private, destination) = sealed(&place);
    let lock = destination.lock().unwrap();
    publish::publish_with(opened(private), &destination, &lock, no_room).unwrap();
    assert_eq!(place.verify().unwrap().outcome, Outcome::Ok);
    let how = "SELECT COUNT(*) FROM seal WHERE finaliser = 'rename'";
    assert_eq!(count(&place.database(), how), 1);
    assert_eq!(place.others(), [""; 0]);
    drop(lock);
    place.run(2);
    assert_eq!(place.verify().unwrap().outcome, Outcome::Ok);
}

#[test]
fn a_publication_that_fails_leaves_the_sealed_run_for_recovery() {
    let place = Place::new();
    let (private, destination) = sealed(&place);
    let lock = destination.lock().unwrap();
    assert!(publish::publish_with(opened(private), &destination, &lock, broken).is_err());
    drop(lock);
    assert!(!place.database().exists());
    let recovered = recover(&place.database(), NOW, &|_| panic!("nothing to look at")).unwrap();
    assert!(recovered[0].was_sealed);
    assert_eq!(place.verify().unwrap().outcome, Outcome::Ok);
    assert_eq!(place.others(), [""; 0]);
}

#[test]
fn a_session_that_is_already_there_is_not_added_twice() {
    added_once(&Place::new());
    let with_another = Place::new();
    with_another.run(2);
    added_once(&with_another);
}

fn added_once(place: &Place) {
    let (private, destination) = sealed(place);
    // As if the run had died between the rename and the removal of its directory.
    let kept = place.directory.path().join("kept.db");
    std::fs::copy(private.file("run.db"), &kept).unwrap();
    let lock = destination.lock().unwrap();
    publish::publish(opened(private), &destination, &lock).unwrap();
    let again = PrivateDir::create(&destination, "0b", &lock).unwrap();
    std::fs::copy(&kept, again.file("run.db")).unwrap();
    rustix::fs::unlink(&kept).unwrap();
    drop((again, lock));
    let before = std::fs::read(place.database()).unwrap();
    assert_eq!(
        recover(&place.database(), NOW, &|_| Sight::Same)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(std::fs::read(place.database()).unwrap(), before);
    assert_eq!(place.others(), [""; 0]);
}

#[test]
fn the_mode_of_an_existing_database_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.run(1);
    std::fs::set_permissions(place.database(), std::fs::Permissions::from_mode(0o600)).unwrap();
    place.run(2);
    let mode = std::fs::metadata(place.database())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_large_file_is_verified_by_many_threads_and_read_by_the_connection_that_verified_it() {
    let place = Place::new();
    let recorder = place.start(1);
    let findings = (0..12_000_u32).map(|number| {
        let mut one = finding(1, format!("{number:0200}").as_bytes());
        one.fingerprint.0[..4].copy_from_slice(&number.to_be_bytes());
        one
    });
    let findings = findings.collect();
    recorder.findings(Stage::PreDeployment, findings).unwrap();
    recorder
        .validation(Stage::PreDeployment, 12_000, NOW)
        .unwrap();
    let (published, reader) = recorder.finish_and_read(&end(), &phase(5)).unwrap();
    assert!(published.bytes > 4 << 20, "{published:?}");
    assert_eq!(violations(&reader, Order::ByPath).len(), 12_000);
    let check = place.verify().unwrap();
    assert_eq!(check.outcome, Outcome::Ok);
    assert_eq!(
        (check.sha256, check.bytes),
        (published.sha256, published.bytes)
    );
    assert_eq!(place.others(), [""; 0]);
}

/// Two runs, and then this was done to the file.
fn changed(sql: &str) -> Place {
    let place = Place::new();
    place.run(1);
    place.run(2);
    let conn = place.open();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute_batch(sql).unwrap();
    place
}

#[test]
fn a_database_whose_seals_do_not_hold_is_refused_before_anything_is_made() {
    for sql in [
        "DELETE FROM deployment_sessions WHERE id = 1",
        "UPDATE deployment_sessions SET id = 100 WHERE id = 1",
        "DELETE FROM seal WHERE id = 2",
        "UPDATE seal SET row_counts = '{}'",
        "DELETE FROM _columns",
        "INSERT INTO deployment_sessions (deployment_id, start_time, workspace_path) VALUES ('x', '', '')",
    ] {
        let place = changed(sql);
        let error = Recorder::start(&place.database(), "0a", &session(3), &[])
            .err()
            .unwrap();
        assert!(
            matches!(error, StoreError::Tampered { .. }),
            "{sql}: {error}"
        );
        let text = error.to_string();
        assert!(
            text.contains("verify") && text.contains("--database"),
            "{text}"
        );
        assert_eq!(place.others(), [""; 0]);
    }
}

#[test]
fn a_changed_row_keeps_a_session_from_being_added_and_recovery_publishes_it_elsewhere() {
    let place = changed("UPDATE violations SET message = 'x' WHERE id = 1");
    let before = std::fs::read(place.database()).unwrap();
    let recorder = place.start(3);
    fill(&recorder);
    let refused = recorder.finish(&end(), &phase(5));
    assert!(
        matches!(refused, Err(StoreError::Tampered { .. })),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(place.database()).unwrap(), before);
    let again = recover(&place.database(), NOW, &|_| panic!("nothing to look at"));
    assert!(matches!(again, Err(StoreError::Tampered { .. })));
    let away = place.scratch.path().join("away.db");
    std::fs::copy(place.database(), &away).unwrap();
    rustix::fs::unlink(place.database()).unwrap();
    let recovered = recover(&place.database(), NOW, &|_| panic!("nothing to look at")).unwrap();
    assert!(recovered[0].was_sealed);
    rustix::fs::unlink(&away).unwrap();
    assert_eq!(place.verify().unwrap().outcome, Outcome::Ok);
    assert_eq!(place.others(), [""; 0]);
}

#[test]
fn the_error_of_a_full_disk_says_how_much_room_is_needed_and_where() {
    let place = Place::new();
    let error = Recorder::start_within(&place.database(), "0a", &session(1), (&[], Some(3)))
        .err()
        .unwrap();
    assert!(error.is_full());
    let text = error.to_string();
    let directory = place.directory.path().display().to_string();
    assert!(
        text.contains("5 MiB") && text.contains(&directory),
        "{text}"
    );
    assert_eq!(place.others(), [""; 0]);
}
