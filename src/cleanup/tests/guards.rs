//! Roots that are refused, and things that are protected by what they are.

use super::kit::*;
use crate::beneath::{Containment, FileId, Root, RootError, RootRules, WorkspaceMarks};
use crate::cleanup::{ApplyToken, Look, Orders, Outcome, Protection, Reach, Sweeper};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

fn refusal(path: &Path, rules: &RootRules) -> String {
    let token = ApplyToken::because_apply_was_asked_for();
    match Sweeper::open(path, rules, (Orders::new("run"), token)) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(RootError::Refused(why)) => why,
        Err(RootError::Open(error)) => format!("not opened: {error}"),
    }
}

#[test]
fn system_directories_are_no_roots_under_any_name() {
    let rules = RootRules::default();
    assert!(refusal(Path::new(""), &rules).contains("empty"));
    for root in ["/", "/tmp", "/tmp/..", "/tmp/../tmp/."] {
        assert!(
            refusal(Path::new(root), &rules).contains("never works"),
            "{root}"
        );
    }
    let world = World::new();
    world.link("to-root", "/");
    assert!(refusal(&world.at("to-root"), &rules).starts_with("not opened"));
    world.file("file");
    assert!(refusal(&world.at("file"), &rules).starts_with("not opened"));
    assert!(refusal(&world.at("absent"), &rules).starts_with("not opened"));
}

#[test]
fn the_home_directory_is_refused_by_identity() {
    let world = World::new();
    let rules = RootRules {
        expected: None,
        forbidden: vec![(
            FileId::of(&world.root).unwrap(),
            "the home directory".into(),
        )],
        ..RootRules::default()
    };
    let detour = world.outer.path().join("canary/../workspace");
    assert!(refusal(&detour, &rules).contains("the home directory"));
}

#[test]
fn a_root_that_was_swapped_after_the_scan_is_refused() {
    let world = World::new();
    let rules = RootRules {
        expected: Some(FileId::of(&world.root).unwrap()),
        forbidden: Vec::new(),
        ..RootRules::default()
    };
    assert!(Root::open(&world.root, &rules).is_ok());
    let aside = world.outer.path().join("aside");
    fs::rename(&world.root, &aside).unwrap();
    fs::create_dir(&world.root).unwrap();
    assert!(refusal(&world.root, &rules).contains("no longer the directory"));
    fs::remove_dir(&world.root).unwrap();
    std::os::unix::fs::symlink(&aside, &world.root).unwrap();
    assert!(refusal(&world.root, &rules).starts_with("not opened"));
}

#[test]
fn the_identity_is_the_one_that_others_see() {
    let world = World::new();
    let file = world.file("file");
    let seen = fs::metadata(&file).unwrap();
    let id = FileId::of(&file).unwrap();
    assert_eq!((id.device, id.inode), (seen.dev(), seen.ino()));
}

#[test]
fn a_root_that_was_moved_or_replaced_while_it_is_open_is_noticed() {
    let world = World::new();
    let root = world.look();
    let aside = world.outer.path().join("aside");
    let moved = |root: &Root| root.check_still_at(&world.root).unwrap_err().to_string();
    root.check_still_at(&world.root).unwrap();
    fs::rename(&world.root, &aside).unwrap();
    assert!(moved(&root).contains("cannot be opened"));
    std::os::unix::fs::symlink(&aside, &world.root).unwrap();
    assert!(
        moved(&root).contains("cannot be opened"),
        "a link to it is not it"
    );
    fs::remove_file(&world.root).unwrap();
    fs::create_dir(&world.root).unwrap();
    assert!(moved(&root).contains("no longer the directory"));
    root.check_still_at(&aside).unwrap();
}

#[test]
fn a_workspace_without_a_mark_is_refused() {
    let world = World::new();
    let marks = |path: &str, checkout| RootRules {
        marks: Some(WorkspaceMarks {
            paths: vec![path.into()],
            checkout,
        }),
        ..RootRules::default()
    };
    let own = FileId::of(&world.root).unwrap();
    let other = FileId::of(&world.canary).unwrap();
    world.file("ci/policy.yml");
    world.link("link", &world.canary);
    for (rules, opens) in [
        (marks("ci/policy.yml", None), true),
        (marks("ci/other.yml", None), false),
        (marks("ci/other.yml", Some(own)), true),
        (marks("ci/other.yml", Some(other)), false),
        (marks("../canary/plain", None), false),
        (marks("link/plain", None), false),
    ] {
        assert_eq!(Root::open(&world.root, &rules).is_ok(), opens, "{rules:?}");
    }
    world.file(".git/HEAD");
    assert!(Root::open(&world.root, &marks("none", None)).is_ok());
}

#[test]
fn the_containment_in_use_is_told() {
    let world = World::new();
    assert_eq!(world.look().walking().containment(), Containment::Walk);
    let told = world.sweeper().containment().as_str();
    assert!(told == "openat2" || told == "walk");
}

/// The results of looks at the targets of a plan for `pattern`, with a protection that the plan did not know.
fn looks(world: &World, patterns: &[&str], protection: &Protection) -> Vec<(String, String)> {
    let plan = world.plan(&trash(patterns));
    let identified = world.look().identify(&plan, protection);
    let looks = plan.targets().iter().zip(identified.looks());
    looks
        .map(|(target, look)| {
            let text = match look {
                Look::Present(_) => "present".into(),
                Look::Settled(outcome) => outcome.to_string(),
            };
            (show(&target.path), text)
        })
        .collect()
}

#[test]
fn a_protected_file_is_known_under_any_name() {
    World::both(|world| {
        let database = world.file("factory_deployment.db");
        fs::hard_link(&database, world.at("alias.tmp")).unwrap();
        world.file("other.tmp");
        let protection = unprotected().file(
            FileId::of(&database).unwrap(),
            Reach::Itself,
            "the database",
        );
        assert_eq!(
            looks(&world, &["*.tmp"], &protection),
            [
                (
                    "alias.tmp".into(),
                    "refused: protected: the database".into()
                ),
                ("other.tmp".into(), "present".into())
            ]
        );
    });
}

#[test]
fn a_protected_directory_protects_as_far_as_it_reaches() {
    World::both(|world| {
        world.file("git-data/objects/x.tmp");
        world.file("here/y.tmp");
        let of = |path| FileId::of(&world.at(path)).unwrap();
        let protection = unprotected()
            .file(of("git-data"), Reach::Subtree, "the git directory")
            .file(of("here"), Reach::Itself, "the current directory")
            .file(of(""), Reach::Itself, "the workspace");
        let refused = "refused: protected: the git directory".to_owned();
        assert_eq!(
            looks(&world, &["git-data/", "here/"], &protection),
            [
                ("git-data/objects/x.tmp".into(), refused.clone()),
                ("here/y.tmp".into(), "present".into()),
                (
                    "here".into(),
                    "refused: protected: the current directory".into()
                ),
                ("git-data/objects".into(), refused.clone()),
                ("git-data".into(), refused)
            ]
        );
    });
}

#[test]
fn a_repository_that_appears_after_the_plan_is_refused() {
    World::both(|world| {
        world.file("d/e/x.tmp");
        let results = world.disturbed(
            &trash(&["d/"]),
            || {
                world.file("d/.git");
            },
            || (),
        );
        assert!(
            results
                .values()
                .all(|it| it == "refused: nested repository"),
            "{results:#?}"
        );
        assert!(world.exists("d/e/x.tmp"));
    });
}

#[test]
fn special_files_are_neither_opened_nor_removed() {
    World::both(|world| {
        let fifo = world.at("fifo.tmp");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let socket = std::os::unix::net::UnixListener::bind(world.at("socket.tmp")).unwrap();
        let plan = world.plan(&trash(&["*.tmp"]));
        assert_eq!(goes(&plan), [""; 0]);
        assert_eq!(
            stays(&plan),
            [
                "fifo.tmp refused: special file",
                "socket.tmp refused: special file"
            ]
        );
        drop(socket);
        // Nor when one takes the place of a planned file.
        world.file("d/file.log");
        let results = world.disturbed(
            &trash(&["d/*.log"]),
            || {
                fs::remove_file(world.at("d/file.log")).unwrap();
                fs::rename(world.at("fifo.tmp"), world.at("d/file.log")).unwrap();
            },
            || (),
        );
        assert_eq!(results["d/file.log"], "refused: special file");
        assert!(world.exists("d/file.log"));
    });
}

#[test]
fn a_hard_link_loses_its_name_here_and_its_content_lives_on_there() {
    World::both(|world| {
        for name in ["a.tmp", "b.tmp", "c.tmp"] {
            fs::hard_link(world.canary.join("one.tmp"), world.at(name)).unwrap();
        }
        let results = world.guarded(|| world.clean(&trash(&["*.tmp"])));
        assert_eq!(results.len(), 3);
        assert!(results.values().all(|it| it == "removed"), "{results:#?}");
        let left = fs::metadata(world.canary.join("one.tmp")).unwrap();
        assert_eq!(left.nlink(), 1);
    });
}

#[test]
fn a_name_added_to_a_planned_file_is_a_change() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let results = world.disturbed(
            &trash(&["*.tmp"]),
            || (),
            || fs::hard_link(&file, world.at("new-name")).unwrap(),
        );
        assert_eq!(results["a.tmp"], "skipped: changed since planned");
    });
}

#[test]
fn what_the_system_forbids_is_a_failure_with_its_reason() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        println!("not tested: root may remove anything");
        return;
    }
    World::both(|world| {
        world.file("locked/a.tmp");
        let locked = world.at("locked");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
        let results = world.clean(&trash(&["**/*.tmp"]));
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(results["locked/a.tmp"].starts_with("failed: Permission denied"));
        assert!(world.exists("locked/a.tmp"));
    });
}

#[test]
fn outcomes_have_exactly_the_words_of_the_record() {
    for (outcome, text) in [
        (Outcome::Removed, "removed"),
        (Outcome::Quarantined, "quarantined"),
        (Outcome::AlreadyGone, "already_gone"),
        (Outcome::Skipped("x".into()), "skipped: x"),
        (Outcome::Refused("x".into()), "refused: x"),
        (Outcome::Failed("x".into()), "failed: x"),
    ] {
        assert_eq!(outcome.to_string(), text);
    }
}
