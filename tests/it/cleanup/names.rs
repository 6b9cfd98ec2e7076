//! Names that no program expects: in the plan, on the disk, and in what is said of them.

use super::kit::{Scene, TRASH, cleaning};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

const NAMES: &[&[u8]] = &[
    b"\xff.tmp",
    b"\xf0\x28\x8c\x28.tmp",
    b"a\nb.tmp",
    b"a\r\n::error::b.tmp",
    b"\x1b[2J\x1b]0;owned\x07.tmp",
    b"=cmd|'calc'!A0.tmp",
    b"-rf.tmp",
    b"--apply.tmp",
    b" leading.tmp",
    b"*.tmp",
    b"$(touch owned).tmp",
    b"`touch owned`.tmp",
    b"'; DROP TABLE cleanup_actions; --.tmp",
    b"\xe2\x80\xaegpj.tmp",
    b"back\\slash.tmp",
    b"\\xff.tmp",
    b"%2e%2e%2fcanary%2fone.tmp",
    b"..%c0%afone.tmp",
    b"...tmp",
    b"COM1.tmp",
];

#[test]
fn hostile_names_go_like_others_and_are_recorded_to_the_byte() {
    let mut names: Vec<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    names.push([&[b'n'; 251][..], b".tmp"].concat());
    let world = names
        .iter()
        .fold(cleaning(TRASH), |world, name| world.file(name, "x\n"))
        .file("trash/\u{1b}[31m/=1+1", "x\n");
    let scene = Scene::of(world);
    let answer = scene.sweep();
    assert_eq!(answer.status, 0, "{answer:?}");
    for name in &names {
        assert!(
            !scene.root().join(OsStr::from_bytes(name)).exists(),
            "{}",
            name.escape_ascii()
        );
    }
    assert!(!scene.has("trash") && !scene.has("owned"));
    // The raw bytes, or the text where it is the same.
    let connection = rusqlite::Connection::open(scene.database()).unwrap();
    let mut select = connection
        .prepare(
            "SELECT CAST(target_path AS BLOB), path_bytes FROM cleanup_actions a \
             JOIN cleanup_details d ON d.action_id = a.id WHERE action_result = 'removed' AND action_type = 'file_removal'",
        )
        .unwrap();
    let recorded = select
        .query_map((), |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        })
        .unwrap();
    let mut recorded: Vec<Vec<u8>> = recorded
        .map(|row| row.unwrap())
        .map(|(text, raw)| raw.unwrap_or(text))
        .filter(|path| !path.contains(&b'/'))
        .collect();
    recorded.sort();
    names.sort();
    assert_eq!(recorded, names);
    // What is said holds no control character but the end of a line.
    for text in [&answer.stdout, &answer.stderr] {
        assert!(
            !text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']),
            "{text:?}"
        );
        assert!(!text.lines().any(|line| line.starts_with("::")), "{text:?}");
    }
    assert_eq!(scene.gate(["verify", "factory_deployment.db"]).status, 0);
}

/// Two names that differ only in case, or only in how a letter is composed, are two files here.
#[test]
fn names_that_other_file_systems_take_for_one_are_two() {
    let cleanup = "{ rules: { trash: { paths: [\"build/\", \"caf\u{e9}\"] } } }";
    let world = cleaning(cleanup)
        .file("build/x", "x\n")
        .file("Build/x", "x\n")
        .file("caf\u{e9}", "x\n")
        .file("cafe\u{301}", "x\n");
    let scene = Scene::of(world);
    scene.expect(
        0,
        &["build/x|removed", "caf\u{e9}|removed", "build|removed"],
    );
    assert!(scene.has("Build/x") && scene.has("cafe\u{301}"));
}

/// Deeper than any path that the kernel takes at once.
#[test]
fn paths_beyond_the_kernels_limit_are_removed_or_said_to_stay() {
    let world = cleaning("{ rules: { trash: { paths: [\"trash/\"] } } }").directory("trash");
    let scene = Scene::of(world);
    let name = "d".repeat(200);
    let flags = rustix::fs::OFlags::DIRECTORY;
    let empty = rustix::fs::Mode::empty();
    let mut handle = rustix::fs::open(scene.at("trash"), flags, empty).unwrap();
    for _ in 0..25 {
        rustix::fs::mkdirat(&handle, &*name, rustix::fs::Mode::RWXU).unwrap();
        handle = rustix::fs::openat(&handle, &*name, flags, empty).unwrap();
    }
    let create = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    rustix::fs::openat(&handle, "bottom", create, rustix::fs::Mode::RUSR).unwrap();
    drop(handle);
    let answer = scene.sweep();
    let rows = scene.rows();
    if answer.status == 0 {
        assert!(rows.iter().all(|row| row.ends_with("|removed")), "{rows:?}");
        assert!(!scene.has("trash"), "{answer:?}");
        assert_eq!(rows.len(), 27);
    } else {
        assert_eq!(answer.status, 3, "{answer:?}");
        assert!(scene.has("trash"), "{answer:?}");
        assert!(
            rows.iter().any(|row| !row.ends_with("|removed")),
            "{rows:?}"
        );
    }
}
