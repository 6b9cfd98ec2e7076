//! Hostile patterns and hostile file names.

use super::kit::*;
use crate::cleanup::plan;
use crate::rules::PathPattern;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

fn matching(pattern: &str, paths: &[&str]) -> Vec<String> {
    let tree = tree(paths.iter().map(|path| it(path)));
    goes(&plan(&tree, &trash(&[pattern]), &unprotected(), NOW))
}

#[test]
fn patterns_that_leave_the_workspace_cannot_be_written() {
    for pattern in [
        "",
        " ",
        ".",
        "./",
        "/",
        "/etc/**",
        "../x",
        "a/../../x",
        "./**",
    ] {
        assert!(PathPattern::parse(pattern).is_err(), "{pattern:?}");
    }
}

#[test]
fn stars_stop_where_they_should() {
    let paths = ["a", "d/", "d/b", "d/e/", "d/e/c"];
    assert_eq!(matching("*", &paths), ["a"]);
    assert_eq!(matching("**", &paths), ["a", "d/b", "d/e/c"]);
    assert_eq!(matching("d/*", &paths), ["d/b"]);
    assert_eq!(
        matching("d/**/", &paths),
        ["d/e/c", "d/e"],
        "below d, not what is in it"
    );
}

#[test]
fn brackets_and_braces_take_no_more_than_they_say() {
    assert_eq!(
        matching("[moduleId]", &["[moduleId]", "m", "moduleId"]),
        ["m"]
    );
    assert_eq!(
        matching("[[]moduleId]", &["[moduleId]", "m", "moduleId"]),
        ["[moduleId]"]
    );
    assert_eq!(matching("{a,/b}", &["a", "b", "c"]), ["a"]);
}

#[test]
fn case_and_unicode_form_are_not_guessed() {
    assert_eq!(matching("build/", &["Build/", "Build/x"]), [""; 0]);
    assert_eq!(matching("caf\u{e9}", &["cafe\u{301}"]), [""; 0]);
}

#[test]
fn any_name_a_file_system_allows_is_removed_and_only_that_name() {
    World::both(|world| {
        let long = "x".repeat(251);
        let names: Vec<Vec<u8>> = [
            "-rf",
            "--",
            " ",
            "trailing ",
            "new\nline",
            "tab\t",
            "*",
            "?",
            "[a]",
            "{a,b}",
            "~",
            "$HOME",
            "`id`",
            "\u{1b}[31mred",
            "=cmd|' calc'!A0",
            "a\\b",
            "..a",
            "...",
            "\u{202e}",
            &long,
        ]
        .iter()
        .map(|name| [name.as_bytes(), b".tmp"].concat())
        .chain([b"\xff\xfe.tmp".to_vec()])
        .collect();
        for name in &names {
            fs::write(world.root.join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
        }
        let kept = world.file("home.txt");
        let results = world.guarded(|| world.clean(&trash(&["*.tmp"])));
        assert_eq!(results.len(), names.len());
        assert!(
            results.values().all(|result| result == "removed"),
            "{results:#?}"
        );
        assert!(kept.exists());
    });
}

#[test]
fn a_path_longer_than_the_kernel_takes_is_still_contained_and_removed() {
    use crate::walk::{Kind, Meta, TreeBuilder};
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, statat};
    World::both(|world| {
        let component = "d".repeat(255);
        let directory = OFlags::DIRECTORY | OFlags::RDONLY;
        let mut here = openat(CWD, &world.root, directory, Mode::empty()).unwrap();
        let mut path = String::new();
        for _ in 0..18 {
            mkdirat(&here, &component, Mode::RWXU).unwrap();
            here = openat(&here, &component, directory, Mode::empty()).unwrap();
            path = format!("{path}{component}/");
        }
        let file = OFlags::CREATE | OFlags::WRONLY;
        openat(&here, "end.tmp", file, Mode::RWXU).unwrap();
        let seen = statat(&here, "end.tmp", rustix::fs::AtFlags::empty()).unwrap();
        let mut builder = TreeBuilder::default();
        let meta = Meta {
            kind: Kind::File,
            size: 0,
            modified_ns: seen.st_mtime * 1_000_000_000 + i64::try_from(seen.st_mtime_nsec).unwrap(),
            ..it("x").1
        };
        path += "end.tmp";
        assert!(path.len() > 4096 && builder.push(path.as_bytes(), meta));
        let tree = builder.finish(world.root.clone());
        let plan = plan(&tree, &trash(&["**/*.tmp"]), &unprotected(), NOW);
        let sweeper = world.sweeper();
        let swept = sweeper
            .sweep(
                &sweeper.identify(&plan, &unprotected()),
                &mut Memory::new(&world, &plan),
            )
            .unwrap();
        assert_eq!((swept.files, swept.failed), (1, 0));
        assert!(statat(&here, "end.tmp", rustix::fs::AtFlags::empty()).is_err());
    });
}
