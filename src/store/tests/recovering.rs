//! Recovery: runs that were killed are sealed as what they are.

use super::super::private::{Destination, PrivateDir};
use super::*;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

/// Runs `child` in a process of its own, in the directory of the database, until it kills itself.
fn killed(place: &Place, child: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--quiet", child])
        .current_dir(place.directory.path())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.signal(), Some(9), "{status}");
}

fn kill_myself() -> ! {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
        .unwrap();
    unreachable!("SIGKILL does not return")
}

fn here() -> Recorder {
    let database = std::env::current_dir()
        .unwrap()
        .join("factory deployment%.db");
    Recorder::start(&database, "dead", &session(9), &[policy()]).unwrap()
}

#[test]
#[ignore = "kills its process; started by other tests"]
fn child_dies_in_the_act() {
    let recorder = here();
    let findings = vec![finding(1, b"a"), finding(2, b"b")];
    recorder.findings(Stage::PreDeployment, findings).unwrap();
    recorder.validation(Stage::PreDeployment, 3, NOW).unwrap();
    recorder.phase(phase(1)).unwrap();
    let names: [&[u8]; 5] = [b"done", b"same", b"ab\xffsent", b"other", b"later"];
    recorder
        .plan(names.map(|name| planned(name, "planned")).to_vec())
        .unwrap();
    recorder.journal(&[], &[1, 2, 3, 4]).unwrap();
    recorder.journal(&[settled(1, "removed", 1)], &[]).unwrap();
    kill_myself()
}

#[test]
#[ignore = "kills its process; started by other tests"]
fn child_dies_at_once() {
    let _recorder = here();
    kill_myself()
}

const IN_THE_ACT: &str = "store::tests::recovering::child_dies_in_the_act";
const AT_ONCE: &str = "store::tests::recovering::child_dies_at_once";

fn look(intent: Intent<'_>) -> Sight {
    assert_eq!(intent.workspace, "/ws");
    assert_eq!(intent.identity["inode"], 7);
    match intent.path {
        b"same" => Sight::Same,
        b"ab\xffsent" => Sight::Absent,
        b"other" => Sight::Different,
        path => panic!("{path:?} was settled or never begun"),
    }
}

fn check_interrupted(place: &Place) {
    let record = open_reader(&place.database(), Some(&id(9)), &place.reading())
        .unwrap()
        .record()
        .unwrap();
    let end = record.end.unwrap();
    assert_eq!(
        (end.status, end.verdict, end.exit_code),
        (SessionStatus::Interrupted, Verdict::Undecided, 3)
    );
    assert_eq!((end.phases_completed, end.files_scanned), (1, 3));
    assert_eq!(record.counts.values().sum::<u64>(), 2);
}

#[test]
fn a_run_that_died_before_its_first_row_leaves_nothing() {
    let place = Place::new();
    let destination = Destination::new(&place.database()).unwrap();
    let lock = destination.lock().unwrap();
    let private = PrivateDir::create(&destination, "0a", &lock).unwrap();
    let conn = open::create_run(&private.file("run.db"), None).unwrap();
    writer::transaction(&conn, schema::create).unwrap();
    drop((conn, private, lock));
    let recovered = recover(&place.database(), NOW, &look).unwrap();
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0].deployment_id, None);
    assert!(!place.database().exists());
    assert_eq!(place.others(), [""; 0]);
}

#[test]
fn a_run_that_was_killed_in_the_act_claims_nothing_that_nobody_saw() {
    let place = Place::new();
    place.run(1);
    killed(&place, IN_THE_ACT);
    let recovered = recover(&place.database(), NOW, &look).unwrap();
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0].deployment_id.as_ref(), Some(&id(9)));
    assert_eq!(
        (recovered[0].was_sealed, recovered[0].looked_at),
        (false, 3)
    );
    assert_eq!(place.others(), [""; 0]);

    let conn = place.open();
    let mut select = conn
        .prepare(
            "SELECT action_result, state, files_affected FROM cleanup_actions a \
             JOIN cleanup_details d ON d.action_id = a.id WHERE a.deployment_id = ?1 ORDER BY a.id",
        )
        .unwrap();
    let rows: Vec<(String, String, i64)> = select
        .query_map([id(9)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let expected = [
        ("removed", "removed", 1),
        (
            "skipped: not applied, the run was interrupted",
            "skipped",
            0,
        ),
        (
            "failed: interrupted before it was confirmed; it is gone now",
            "applied_unconfirmed",
            0,
        ),
        (
            "failed: interrupted before it was confirmed; something else is there now",
            "unknown",
            0,
        ),
        ("planned", "planned", 0),
    ];
    assert_eq!(
        rows,
        expected.map(|(result, state, files)| (result.into(), state.into(), files))
    );
    drop(select);
    drop(conn);

    let check = place.verify().unwrap();
    assert_eq!(check.outcome, Outcome::Incomplete, "{check:?}");
    assert_eq!(check.sessions[0].state, SessionState::Sealed);
    assert!(matches!(
        check.sessions[1].state,
        SessionState::Incomplete(_)
    ));
    assert_eq!(check.sessions[1].ambiguous, 2);
    check_interrupted(&place);
    place.run(2);
    assert_eq!(place.verify().unwrap().sessions.len(), 3);
}

#[test]
fn a_run_that_died_at_once_is_recorded_and_a_living_one_is_left_alone() {
    let place = Place::new();
    killed(&place, AT_ONCE);
    let living = place.start(1);
    let recovered = recover(&place.database(), NOW, &look).unwrap();
    assert_eq!(recovered.len(), 1);
    assert_eq!(place.others(), [".factory deployment%.db.run-000001"]);
    fill(&living);
    living.finish(&end(), &phase(5)).unwrap();
    let states: Vec<_> = place
        .verify()
        .unwrap()
        .sessions
        .into_iter()
        .map(|check| check.state)
        .collect();
    assert!(
        matches!(
            states[..],
            [SessionState::Incomplete(_), SessionState::Sealed]
        ),
        "{states:?}"
    );
    assert!(recover(&place.database(), NOW, &look).unwrap().is_empty());
}

#[test]
fn a_recorder_that_is_dropped_is_a_dead_run() {
    let place = Place::new();
    let recorder = place.start(1);
    recorder
        .findings(Stage::PreDeployment, vec![finding(1, b"a")])
        .unwrap();
    drop(recorder);
    assert!(!place.database().exists());
    assert_eq!(recover(&place.database(), NOW, &look).unwrap().len(), 1);
    assert_eq!(
        count(&place.database(), "SELECT COUNT(*) FROM violations"),
        1
    );
}

#[test]
fn what_was_moved_is_told_by_where_it_is() {
    let place = Place::new();
    let recorder = place.start(1);
    let names: [&[u8]; 5] = [b"kept", b"back", b"other", b"aside", b"settled"];
    let rows = names.map(|name| PlannedRow {
        action_type: "file_quarantine",
        kept_at: Some(format!("q/{}", name.escape_ascii())),
        ..planned(name, "planned")
    });
    recorder.plan(rows.to_vec()).unwrap();
    recorder.journal(&[], &[1, 2, 3, 4, 5]).unwrap();
    let skipped = settled(5, "skipped: changed since planned", 0);
    recorder.journal(&[skipped], &[]).unwrap();
    drop(recorder);
    let seen = |intent: Intent<'_>| {
        assert_eq!(intent.action_type, "file_quarantine");
        assert_eq!(intent.deployment_id, id(1));
        match (intent.number, intent.path) {
            (1, b"kept") => Sight::Kept,
            (2, b"back") => Sight::PutBack,
            (3, b"other") => Sight::PutBackOther,
            (4, b"aside") => Sight::Aside("q/aside: no".into()),
            other => panic!("{other:?}"),
        }
    };
    let recovered = recover(&place.database(), NOW, &seen).unwrap();
    assert_eq!(recovered[0].workspace.as_deref(), Some("/ws"));
    let conn = place.open();
    let mut select = conn
        .prepare(
            "SELECT action_result || '|' || state || '|' || files_affected || '|' || COALESCE(kept_at, '-') \
             FROM cleanup_actions a JOIN cleanup_details d ON d.action_id = a.id ORDER BY a.id",
        )
        .unwrap();
    let rows: Vec<String> = select
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        rows,
        [
            "quarantined|quarantined|1|q/kept",
            "skipped: not applied, the run was interrupted, and it was put back|skipped|0|-",
            "skipped: changed since planned, and put back|skipped|0|-",
            "failed: interrupted, and what was there is at q/aside: no|failed|1|q/aside",
            "skipped: changed since planned|skipped|0|-",
        ]
    );
    drop(select);
    assert_eq!(place.verify().unwrap().sessions[0].ambiguous, 0);
}

#[test]
fn directories_that_are_not_private_ones_of_ours_are_left_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let checked_out = place
        .directory
        .path()
        .join(".factory deployment%.db.run-abc");
    std::fs::create_dir(&checked_out).unwrap();
    std::fs::set_permissions(&checked_out, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::File::create(checked_out.join("lock")).unwrap();
    std::fs::File::create(checked_out.join("run.db")).unwrap();
    let link = place
        .directory
        .path()
        .join(".factory deployment%.db.run-def");
    std::os::unix::fs::symlink(&checked_out, link).unwrap();
    assert!(recover(&place.database(), NOW, &look).unwrap().is_empty());
    assert!(checked_out.join("run.db").exists());
    std::fs::set_permissions(&checked_out, std::fs::Permissions::from_mode(0o700)).unwrap();
    let recovered = recover(&place.database(), NOW, &look).unwrap();
    assert_eq!(recovered[0].deployment_id, None);
    assert!(!checked_out.exists());
}

#[test]
fn a_foreign_database_in_a_private_directory_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let planted = place
        .directory
        .path()
        .join(".factory deployment%.db.run-abc");
    std::fs::create_dir(&planted).unwrap();
    std::fs::set_permissions(&planted, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::File::create(planted.join("lock")).unwrap();
    let conn = Connection::open(planted.join("run.db")).unwrap();
    conn.execute_batch(
        "CREATE TABLE seal (x); CREATE TRIGGER t AFTER INSERT ON seal BEGIN SELECT 1; END",
    )
    .unwrap();
    drop(conn);
    let refused = recover(&place.database(), NOW, &look);
    assert!(
        matches!(refused, Err(StoreError::Foreign { .. })),
        "{refused:?}"
    );
    assert!(!place.database().exists());
}
