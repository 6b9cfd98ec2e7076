//! `restore`: quarantined files come back as they were, over nothing that exists, and the record says what happened.

use crate::world::{Answer, World};
use factory_gate::beneath::{Root, RootRules, look};
use factory_gate::cleanup::{Action, Kept, Packed, facts, pack, quarantine_of, quarantined_at};
use factory_gate::store::Recorder;
use factory_gate::store::rows::{
    PhaseRow, PlannedRow, SessionDetails, SessionEnd, SessionStart, SessionStatus, SettledRow,
    Verdict,
};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const NOW: &str = "2026-11-22T16:00:00.000Z";
const ID: &str = "FACTORY_DEPLOY_20261122_160000_00000a";

fn start(world: &World, id: &str, scope: &str) -> SessionStart {
    SessionStart {
        deployment_id: id.to_owned(),
        start_time: NOW.to_owned(),
        workspace_path: world.root().to_str().unwrap().to_owned(),
        details: SessionDetails {
            tool_version: "0.1.0".to_owned(),
            scope: scope.to_owned(),
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            ..SessionDetails::default()
        },
    }
}

fn phase(number: u8) -> PhaseRow {
    PhaseRow {
        phase: number,
        name: format!("phase {number}"),
        status: "completed".to_owned(),
        start_time: NOW.to_owned(),
        end_time: NOW.to_owned(),
        duration_ms: 1,
        detail: serde_json::json!({}),
    }
}

fn end() -> SessionEnd {
    SessionEnd {
        end_time: NOW.to_owned(),
        status: SessionStatus::CompletedWithIssues,
        phases_completed: 2,
        verdict: Verdict::Pass,
        verdict_reasons: Vec::new(),
        exit_code: 0,
        files_scanned: 0,
        files_skipped: 0,
        bytes_scanned: 0,
        containment: None,
    }
}

fn at(root: &Path, path: impl AsRef<[u8]>) -> PathBuf {
    root.join(OsStr::from_bytes(path.as_ref()))
}

fn settled(number: usize, result: &str) -> SettledRow {
    SettledRow {
        number: u32::try_from(number).unwrap(),
        result: result.to_owned(),
        files_affected: 1,
        timestamp: NOW.to_owned(),
    }
}

/// What a sweep would plan for these paths; a path that ends in `/` is a directory that goes when it is empty.
fn planned(world: &World, paths: &[&[u8]]) -> Vec<PlannedRow> {
    let root = Root::open(&world.root(), &RootRules::default()).unwrap();
    let rows = paths.iter().map(|given| {
        let path = given.strip_suffix(b"/").unwrap_or(given);
        let (holder, name) = root.holder(path).unwrap();
        let identity = look(&holder, name).unwrap();
        let action = if path == *given {
            Action::FileQuarantine
        } else {
            Action::DirectoryRemoval
        };
        let mut json = identity.to_json();
        json["manifest"] = facts(&root, path, &identity).unwrap();
        PlannedRow {
            action_type: action.as_str(),
            target: path.into(),
            result: "planned".to_owned(),
            timestamp: NOW.to_owned(),
            cleanup_rule: "stale".to_owned(),
            bytes: identity.size,
            identity: json.to_string(),
            kept_at: None,
        }
    });
    rows.collect()
}

/// Moves files into the quarantine as a sweep does, and records it. Answers the kept files.
fn quarantine(world: &World, paths: &[&[u8]]) -> Packed {
    let rows = planned(world, paths);
    let recorder = Recorder::start(&world.database(), "0a", &start(world, ID, "all"), &[]).unwrap();
    recorder.plan(rows.clone()).unwrap();
    let numbers: Vec<u32> = (1..).take(rows.len()).collect();
    recorder.journal(&[], &numbers).unwrap();
    let root = world.root();
    std::fs::create_dir_all(at(&root, quarantine_of(ID))).unwrap();
    let mut results = Vec::new();
    let mut kept = Packed::new();
    for (index, row) in rows.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap();
        if row.action_type == "directory_removal" {
            std::fs::remove_dir(at(&root, &row.target)).unwrap();
            results.push(settled(index + 1, "removed"));
            continue;
        }
        let place = quarantined_at(ID, number);
        std::fs::rename(at(&root, &row.target), at(&root, &place)).unwrap();
        results.push(settled(index + 1, "quarantined"));
        let file = Kept::from_record(
            &row.target,
            place,
            &serde_json::from_str(&row.identity).unwrap(),
        )
        .unwrap();
        kept.insert(number, file);
    }
    recorder.journal(&results, &[]).unwrap();
    recorder.phase(phase(3)).unwrap();
    recorder.finish(&end(), &phase(5)).unwrap();
    kept
}

fn restore(world: &World, arguments: &[&str]) -> Answer {
    world.gate(["restore", "factory_deployment.db"].iter().chain(arguments))
}

fn verified(world: &World) {
    let answer = world.gate(["verify", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

fn sessions(world: &World) -> usize {
    world.query("SELECT id FROM deployment_sessions").len()
}

fn results(world: &World) -> Vec<String> {
    world.query(
        "SELECT a.action_result || ' ' || a.files_affected || ' ' || a.target_path FROM cleanup_actions a \
         WHERE a.action_type = 'file_restore' ORDER BY a.id",
    )
}

/// Kind, mode, times and content of a file, as one text.
fn facts_of(path: &Path) -> String {
    let meta = path.symlink_metadata().unwrap();
    let content = if meta.is_symlink() {
        std::fs::read_link(path).unwrap().display().to_string()
    } else {
        format!("{:?}", std::fs::read(path).unwrap())
    };
    format!(
        "{:o} {}.{} {content}",
        meta.mode(),
        meta.mtime(),
        meta.mtime_nsec()
    )
}

fn set_attribute(path: &Path, value: &[u8]) {
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(path, "user.note", value, flags).unwrap();
}

fn attribute(path: &Path) -> Vec<u8> {
    let mut buffer = [0; 100];
    let length = rustix::fs::getxattr(path, "user.note", &mut buffer[..]).unwrap();
    buffer[..length].to_vec()
}

fn tree() -> World {
    World::new()
        .file("logs/old/a.log", "first\n")
        .file(b"logs/old/b-\xff.log", "second\n")
        .file("keep.txt", "stays\n")
        .link("logs/link", "../keep.txt")
}

const ALL: [&[u8]; 4] = [
    b"logs/link",
    b"logs/old/a.log",
    b"logs/old/b-\xff.log",
    b"logs/old/",
];

#[test]
fn everything_comes_back_as_it_was_and_a_second_restore_does_nothing() {
    let world = tree();
    let root = world.root();
    let first = root.join("logs/old/a.log");
    std::fs::set_permissions(&first, std::fs::Permissions::from_mode(0o4751)).unwrap();
    set_attribute(&first, b"\x00value");
    let times = std::fs::FileTimes::new()
        .set_modified(std::time::UNIX_EPOCH + std::time::Duration::new(1_700_000_000, 123_456_789));
    std::fs::File::open(&first)
        .unwrap()
        .set_times(times)
        .unwrap();
    std::fs::set_permissions(
        root.join("logs/old"),
        std::fs::Permissions::from_mode(0o2751),
    )
    .unwrap();
    let paths = ALL.map(|path| at(&root, path.strip_suffix(b"/").unwrap_or(path)));
    let before: Vec<String> = paths[..3].iter().map(|path| facts_of(path)).collect();
    quarantine(&world, &ALL);
    assert!(!root.join("logs/old").exists());

    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let listed: Vec<&str> = answer.stdout.lines().take(5).collect();
    insta::assert_debug_snapshot!(listed, @r#"
    [
        "restored logs/link",
        "restored logs/old/a.log",
        "restored logs/old/b-\\xff.log",
        "",
        "3 of 3 files restored (24 bytes)",
    ]
    "#);
    let after: Vec<String> = paths[..3].iter().map(|path| facts_of(path)).collect();
    assert_eq!(after, before);
    assert_eq!(attribute(&first), b"\x00value");
    assert_eq!(
        root.join("logs/old").metadata().unwrap().mode() & 0o7777,
        0o2751
    );
    assert!(!root.join(".factory-gate").exists());

    assert_recorded_as_restored(&world);
    let again = restore(&world, &[]);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stdout.starts_with("nothing to restore"), "{again:?}");
    assert_eq!(sessions(&world), 2);
}

/// The record of a restore is sealed, adds up, and every view can be asked.
fn assert_recorded_as_restored(world: &World) {
    verified(world);
    assert_eq!(
        results(world),
        [
            "restored 1 logs/link",
            "restored 1 logs/old/a.log",
            "restored 1 logs/old/b-\\xff.log"
        ]
    );
    assert_eq!(
        world.query(
            "SELECT s.status, s.phases_completed, s.total_phases, s.success_rate, d.scope, d.verdict, d.exit_code \
             FROM deployment_sessions s JOIN session_details d USING (deployment_id) ORDER BY s.id DESC LIMIT 1"
        ),
        ["completed|2|2|100|restore|pass|0"]
    );
    let phases = "SELECT phase FROM phases \
         WHERE deployment_id = (SELECT deployment_id FROM deployment_sessions ORDER BY id DESC LIMIT 1)";
    assert_eq!(world.query(phases), ["3", "5"]);
    // An auditor asks for the last run, and a restore is none.
    let latest =
        "SELECT deployment_id FROM v_latest_session UNION SELECT deployment_id FROM v_trend";
    assert_eq!(world.query(latest), [ID]);
    for view in [
        "v_trend",
        "v_compliance",
        "v_cleanup_timeline",
        "v_latest_session",
    ] {
        world.query(&format!("SELECT * FROM {view}"));
    }
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let world = tree();
    quarantine(&world, &ALL);
    std::fs::write(world.root().join("logs/link"), "new").unwrap();
    let answer = restore(&world, &["--dry-run"]);
    assert_eq!(answer.status, 3);
    insta::assert_snapshot!(answer.stdout, @r"
    skipped: something is there logs/link
    would restore logs/old/a.log
    would restore logs/old/b-\xff.log

    2 of 3 files would be restored; nothing was changed
    ");
    assert!(!world.root().join("logs/old").exists());
    assert_eq!(sessions(&world), 1);
}

#[test]
fn nothing_that_exists_is_ever_replaced() {
    let world = tree();
    quarantine(&world, &ALL);
    std::fs::write(
        world.root().join("logs/old"),
        "a file where the directory was",
    )
    .unwrap();
    std::os::unix::fs::symlink("nowhere", world.root().join("logs/link")).unwrap();
    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert_eq!(
        results(&world),
        [
            "skipped: something is there 0 logs/link",
            "skipped: a file is where its directory was 0 logs/old/a.log",
            "skipped: a file is where its directory was 0 logs/old/b-\\xff.log",
        ]
    );
    verified(&world);
    let quarantine = at(&world.root(), quarantine_of(ID));
    assert_eq!(std::fs::read_dir(&quarantine).unwrap().count(), 3);

    std::fs::remove_file(world.root().join("logs/old")).unwrap();
    std::fs::remove_file(world.root().join("logs/link")).unwrap();
    assert_eq!(restore(&world, &[]).status, 0);
    assert_eq!(
        std::fs::read(world.root().join("logs/old/a.log")).unwrap(),
        b"first\n"
    );
    verified(&world);
}

#[test]
fn what_is_not_what_was_quarantined_stays_where_it_is() {
    let world = tree();
    quarantine(&world, &ALL);
    let kept = |number| at(&world.root(), quarantined_at(ID, number));
    // The same size, so that only the content tells.
    std::fs::write(kept(2), "FIRST\n").unwrap();
    std::fs::set_permissions(kept(3), std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::remove_file(kept(1)).unwrap();
    std::fs::write(kept(1), "../keep.txt").unwrap();
    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 3);
    assert_eq!(
        results(&world),
        [
            "refused: another kind of file is in its place 0 logs/link",
            "refused: content differs 0 logs/old/a.log",
            "refused: mode differs 0 logs/old/b-\\xff.log",
        ]
    );
    assert!(!world.root().join("logs/old").exists());
    assert_eq!(std::fs::read(kept(2)).unwrap(), b"FIRST\n");
    std::fs::remove_file(kept(2)).unwrap();
    restore(&world, &["--only", "**/a.log"]);
    assert_eq!(results(&world)[3..], ["already_gone 0 logs/old/a.log"]);
    verified(&world);
}

#[test]
fn no_link_leads_a_restore_out_of_the_workspace() {
    let world = tree();
    quarantine(&world, &ALL);
    let outside = world.beside("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.root().join("logs/old")).unwrap();
    assert_eq!(restore(&world, &["--only", "logs/old/"]).status, 3);
    assert_eq!(
        results(&world)[0],
        "refused: the path leads through a symbolic link 0 logs/old/a.log"
    );
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);

    let quarantine = world.root().join(".factory-gate/quarantine");
    let moved = outside.join("quarantine");
    std::fs::rename(&quarantine, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &quarantine).unwrap();
    assert_eq!(restore(&world, &["--only", "logs/link"]).status, 3);
    assert_eq!(
        results(&world)[2],
        "refused: the path leads through a symbolic link 0 logs/link"
    );
    verified(&world);
}

#[test]
fn a_part_can_be_restored_into_another_workspace() {
    let world = tree();
    quarantine(&world, &ALL);
    std::fs::rename(world.root(), world.beside("moved")).unwrap();
    let lost = restore(&world, &[]);
    assert_eq!(lost.status, 2);
    assert!(lost.stderr.contains("--workspace"), "{lost:?}");
    let answer = restore(
        &world,
        &[
            "--workspace",
            "moved",
            "--only",
            "*/old/*.log",
            "--session",
            ID,
        ],
    );
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(world.beside("moved/logs/old/a.log").exists());
    assert!(
        at(&world.beside("moved"), quarantined_at(ID, 1))
            .symlink_metadata()
            .is_ok()
    );
    let umasked = world.beside("moved/logs/old").metadata().unwrap().mode() & 0o777;
    assert_eq!(
        umasked,
        world.beside("moved/logs").metadata().unwrap().mode() & 0o777
    );
}

#[test]
fn mistakes_are_usage_errors_and_a_changed_record_is_not_believed() {
    let world = tree();
    assert_eq!(restore(&world, &[]).status, 2);
    world.run(&[]);
    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 0);
    insta::assert_snapshot!(answer.stdout, @"nothing to restore: no session has quarantined files");
    quarantine(&world, &ALL);
    assert_eq!(restore(&world, &["--session", "other"]).status, 2);
    assert_eq!(restore(&world, &["--only", "/etc/*"]).status, 2);
    assert_eq!(restore(&world, &["--from", "nothing.tar.zst"]).status, 2);
    let connection = rusqlite::Connection::open(world.database()).unwrap();
    let change =
        "UPDATE cleanup_actions SET target_path = '.bashrc' WHERE target_path = 'logs/link'";
    connection.execute(change, []).unwrap();
    drop(connection);
    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 3);
    assert!(
        answer.stderr.contains("is not what was sealed"),
        "{answer:?}"
    );
    assert!(!world.root().join("logs/link").exists());
}

fn packed(world: &World, kept: &Packed) -> Vec<u8> {
    let root = Root::open(&world.root(), &RootRules::default()).unwrap();
    let mut bytes = Vec::new();
    pack(&root, ID, kept, &mut bytes).unwrap();
    let mut again = Vec::new();
    pack(&root, ID, kept, &mut again).unwrap();
    assert_eq!(bytes, again);
    bytes
}

#[test]
fn an_archive_restores_what_vanished_with_its_machine() {
    let long = "x/".repeat(70) + "end";
    let world = tree().link("logs/far", &long);
    let root = world.root();
    let first = root.join("logs/old/a.log");
    std::fs::set_permissions(&first, std::fs::Permissions::from_mode(0o640)).unwrap();
    set_attribute(&first, b"kept");
    let paths = [ALL[0], ALL[1], ALL[2], b"logs/far".as_slice()];
    let before = paths.map(|path| facts_of(&at(&root, path)));
    let kept = quarantine(&world, &paths);
    std::fs::write(world.beside("q.tar.zst"), packed(&world, &kept)).unwrap();
    std::fs::remove_dir_all(root.join(".factory-gate")).unwrap();
    std::fs::remove_dir_all(root.join("logs")).unwrap();

    let answer = restore(&world, &["--from", "q.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(paths.map(|path| facts_of(&at(&root, path))), before);
    assert_eq!(attribute(&first), b"kept");
    assert!(!root.join(".factory-gate").exists());
    verified(&world);
    std::fs::remove_file(&first).unwrap();
    let again = restore(&world, &["--from", "q.tar.zst"]);
    assert_eq!(again.status, 0);
    assert!(again.stdout.starts_with("nothing to restore"), "{again:?}");
}

#[test]
fn a_dry_run_reads_an_archive_and_writes_nothing() {
    let world = tree();
    let kept = quarantine(&world, &ALL);
    std::fs::write(world.beside("q.tar.zst"), packed(&world, &kept)).unwrap();
    std::fs::remove_dir_all(world.root().join(".factory-gate")).unwrap();
    std::fs::write(world.root().join("logs/link"), "new").unwrap();
    let before = crate::world::snapshot(&world.root());
    let answer = restore(&world, &["--from", "q.tar.zst", "--dry-run"]);
    assert_eq!(answer.status, 3);
    insta::assert_snapshot!(answer.stdout, @r"
    skipped: something is there logs/link
    would restore logs/old/a.log
    would restore logs/old/b-\xff.log

    2 of 3 files would be restored; nothing was changed
    ");
    let whole = std::fs::read(world.beside("q.tar.zst")).unwrap();
    std::fs::write(world.beside("cut.tar.zst"), &whole[..whole.len() / 2]).unwrap();
    let answer = restore(&world, &["--from", "cut.tar.zst", "--dry-run"]);
    assert_eq!(answer.status, 3);
    assert!(
        answer.stdout.contains("could not be read to its end"),
        "{answer:?}"
    );
    assert_eq!(crate::world::snapshot(&world.root()), before);
    assert_eq!(sessions(&world), 1);
}

#[test]
fn what_came_back_elsewhere_can_come_back_here() {
    let world = tree();
    let kept = quarantine(&world, &ALL);
    std::fs::write(world.beside("q.tar.zst"), packed(&world, &kept)).unwrap();
    std::fs::create_dir(world.beside("copy")).unwrap();
    let from = ["--from", "q.tar.zst"];
    assert_eq!(restore(&world, &from).status, 0);
    let into_copy = [from.as_slice(), &["--workspace", "copy"]].concat();
    let answer = restore(&world, &into_copy);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(world.beside("copy/logs/old/a.log").exists());
    let answer = restore(&world, &into_copy);
    assert_eq!(answer.status, 0, "{answer:?}");
    let text = answer.stdout;
    assert!(text.starts_with("nothing to restore: "), "{text}");
    let by = world.query(
        "SELECT deployment_id, start_time FROM deployment_sessions ORDER BY id DESC LIMIT 1",
    );
    let by = by[0].replace('|', " at ");
    let line = format!("  3 files put back by {by} into `[TEMP]/copy`\n");
    assert!(text.contains(&line), "{text}");
    // What somebody removed stays removed, unless it is named.
    std::fs::remove_file(world.root().join("logs/old/a.log")).unwrap();
    let answer = restore(&world, &[from.as_slice(), &["--only", "**/a.log"]].concat());
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(world.root().join("logs/old/a.log").exists());
    verified(&world);
}

/// An archive of these entries: name, kind, content.
fn archive(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        if *kind == tar::EntryType::Symlink {
            header.set_link_name_literal(content).unwrap();
            header.set_size(0);
        }
        header.set_cksum();
        let data = if *kind == tar::EntryType::Symlink {
            b""
        } else {
            *content
        };
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_archive_is_believed_in_nothing() {
    use tar::EntryType::{Regular, Symlink};
    let world = tree();
    quarantine(&world, &ALL);
    let root = world.root();
    std::fs::remove_dir_all(root.join(".factory-gate")).unwrap();
    let bytes = archive(&[
        ("../../outside", Regular, b"escape"),
        ("/etc/outside", Regular, b"escape"),
        ("1", Symlink, b"/etc/passwd"),
        ("2", Symlink, b"/etc/passwd"),
        ("02", Regular, b"first\n"),
        ("3", Regular, b"SECOND\n"),
        ("3", Regular, b"second\n"),
        ("7", Regular, b"unknown"),
    ]);
    std::fs::write(world.beside("q.tar.zst"), bytes).unwrap();
    let answer = restore(&world, &["--from", "q.tar.zst"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert_eq!(
        results(&world),
        [
            "refused: content differs 0 logs/link",
            "refused: content differs 0 logs/old/a.log",
            "refused: content differs 0 logs/old/b-\\xff.log",
        ]
    );
    assert!(
        answer
            .stdout
            .contains("5 entries of the archive were ignored"),
        "{answer:?}"
    );
    assert!(!root.join(".factory-gate").exists() && !root.join("logs/old").exists());
    verified(&world);
}

#[test]
fn a_bomb_or_a_broken_archive_ends_early_and_says_so() {
    let world = tree();
    let kept = quarantine(&world, &ALL);
    let whole = packed(&world, &kept);
    let zeros = vec![0; 16 << 20];
    std::fs::write(
        world.beside("bomb.tar.zst"),
        archive(&[("junk", tar::EntryType::Regular, &zeros)]),
    )
    .unwrap();
    let answer = restore(&world, &["--from", "bomb.tar.zst"]);
    assert_eq!(answer.status, 3);
    assert!(
        answer
            .stdout
            .contains("more than all files of the session together"),
        "{answer:?}"
    );
    std::fs::write(world.beside("cut.tar.zst"), &whole[..whole.len() - 20]).unwrap();
    let answer = restore(&world, &["--from", "cut.tar.zst"]);
    assert_eq!(answer.status, 3);
    assert!(
        answer.stdout.contains("could not be read to its end"),
        "{answer:?}"
    );
    std::fs::write(world.beside("no.tar.zst"), "no archive").unwrap();
    assert_eq!(restore(&world, &["--from", "no.tar.zst"]).status, 3);
    assert!(world.root().join(".factory-gate/quarantine").exists());
    assert!(!world.root().join(".factory-gate/staging").exists());
    verified(&world);
}

#[test]
fn a_killed_restore_is_recovered_as_what_it_was() {
    let world = tree();
    let kept = quarantine(&world, &ALL);
    let id = "FACTORY_DEPLOY_20261122_170000_00000b";
    let root = Root::open(&world.root(), &RootRules::default()).unwrap();
    let recorder =
        Recorder::start(&world.database(), "0b", &start(&world, id, "restore"), &[]).unwrap();
    let rows = kept.iter().map(|(number, file)| {
        let mut identity = root.examine_kept(file).unwrap().to_json();
        identity["manifest"] = serde_json::to_value(&file.manifest).unwrap();
        identity["restores"] = serde_json::json!({ "deployment_id": ID, "number": number });
        PlannedRow {
            action_type: "file_restore",
            target: file.target.clone(),
            result: "planned".to_owned(),
            timestamp: NOW.to_owned(),
            cleanup_rule: "stale".to_owned(),
            bytes: file.size,
            identity: identity.to_string(),
            kept_at: Some(String::from_utf8(file.source.to_vec()).unwrap()),
        }
    });
    recorder.plan(rows.collect()).unwrap();
    recorder.journal(&[], &[1, 2, 3]).unwrap();
    let place = |number| at(&world.root(), quarantined_at(ID, number));
    std::fs::rename(place(1), world.root().join("logs/link")).unwrap();
    std::fs::remove_file(place(3)).unwrap();
    drop(recorder);
    let answer = world.gate(["recover", "--database", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        results(&world),
        [
            "restored 1 logs/link",
            "skipped: not applied, the run was interrupted 0 logs/old/a.log",
            "failed: interrupted before it was confirmed; it is gone now 0 logs/old/b-\\xff.log",
        ]
    );
    let answer = restore(&world, &[]);
    assert_eq!(answer.status, 3);
    assert_eq!(
        results(&world)[3..],
        [
            "restored 1 logs/old/a.log",
            "already_gone 0 logs/old/b-\\xff.log"
        ]
    );
    assert_eq!(world.gate(["verify", "factory_deployment.db"]).status, 3);
}

#[test]
fn with_nothing_quarantined_the_export_is_an_archive_all_the_same() {
    let world = World::new()
        .file("a.txt", "a\n")
        .policy("version: 1\nrules: { final-newline: error }\n");
    let answer = world.run(&["--export-quarantine", "work/q.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let file = std::fs::File::open(world.root().join("q.tar.zst")).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let entries: Vec<_> = archive.entries().unwrap().collect();
    assert_eq!(entries.len(), 1);
    let names: Vec<_> = std::fs::read_dir(world.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    // The archive is an output of the run and no part of the workspace.
    world.run(&["--export-quarantine", "work/q.tar.zst"]);
    assert_eq!(
        world.query("SELECT DISTINCT files_scanned FROM session_details"),
        ["2"]
    );
    for place in ["factory_deployment.db", "work", "missing/q.tar.zst"] {
        assert_eq!(
            world.run(&["--export-quarantine", place]).status,
            2,
            "{place}"
        );
    }
}
