//! Git: nothing that it tracks and nothing that belongs to it goes, and an index that cannot be read stops everything.

use super::kit::{Scene, TRASH, cleaning};
use crate::world::{World, snapshot};

const SKIPPED: &str = "skipped: tracked by git";

/// A workspace of which `kept.tmp` is tracked and `loose.tmp` is not.
fn repository() -> World {
    cleaning(TRASH)
        .file("kept.tmp", "x\n")
        .git()
        .file("loose.tmp", "x\n")
}

#[test]
fn tracked_files_stay_in_every_state_that_git_knows() {
    type Change = fn(&World);
    let states: [(&str, Change); 6] = [
        ("committed", |world| {
            world.git_command(&["commit", "--quiet", "-m", "x"]);
        }),
        ("staged only", |_| ()),
        ("modified", |world| {
            world.git_command(&["commit", "--quiet", "-m", "x"]);
            std::fs::write(world.root().join("kept.tmp"), "changed\n").unwrap();
        }),
        ("skip-worktree", |world| {
            world.git_command(&["update-index", "--skip-worktree", "kept.tmp"]);
        }),
        ("assume-unchanged", |world| {
            world.git_command(&["update-index", "--assume-unchanged", "kept.tmp"]);
        }),
        ("to be added", |world| {
            world.git_command(&["rm", "--quiet", "--cached", "kept.tmp"]);
            world.git_command(&["add", "--force", "--intent-to-add", "kept.tmp"]);
        }),
    ];
    for (state, change) in states {
        let scene = Scene::of(repository());
        change(&scene);
        let answer = scene.sweep();
        assert_eq!(answer.status, 0, "{state}: {answer:?}");
        assert_eq!(
            scene.rows(),
            ["loose.tmp|removed", &format!("kept.tmp|{SKIPPED}")],
            "{state}"
        );
        assert!(scene.has("kept.tmp"), "{state}");
    }
}

/// How the index is stored is no reason to take tracked files for loose ones.
#[test]
fn every_form_of_index_is_read_or_everything_is_refused() {
    type Change = fn(&World);
    let forms: [(&str, Change); 6] = [
        ("version 4", |world| {
            world.git_command(&["update-index", "--index-version", "4"]);
        }),
        ("split", |world| {
            world.git_command(&["update-index", "--split-index"]);
        }),
        ("untracked cache", |world| {
            world.git_command(&["update-index", "--untracked-cache"]);
        }),
        ("fsmonitor", |world| {
            world.git_command(&["config", "core.fsmonitor", "true"]);
            world.git_command(&["update-index", "--fsmonitor"]);
        }),
        ("sparse", |world| {
            world.git_command(&["commit", "--quiet", "-m", "x"]);
            world.git_command(&[
                "sparse-checkout",
                "set",
                "--cone",
                "--sparse-index",
                "other",
            ]);
            std::fs::write(world.root().join("kept.tmp"), "x\n").unwrap();
        }),
        ("in a merge", |world| {
            world.git_command(&["commit", "--quiet", "-m", "x"]);
            std::fs::write(world.root().join(".git/MERGE_HEAD"), "0".repeat(40)).unwrap();
        }),
    ];
    for (form, change) in forms {
        let scene = Scene::of(repository());
        change(&scene);
        let answer = scene.sweep();
        assert!([0, 3].contains(&answer.status), "{form}: {answer:?}");
        assert!(scene.has("kept.tmp"), "{form}: {answer:?}");
        assert_eq!(
            scene.has("loose.tmp"),
            answer.status == 3,
            "{form}: {answer:?}"
        );
        scene.assert_rows_are_true();
    }
}

#[test]
fn a_repository_of_sha_256_is_read() {
    let scene = Scene::of(cleaning(TRASH).file("kept.tmp", "x\n"));
    scene.git_command(&["init", "--quiet", "--object-format=sha256", "."]);
    scene.git_command(&["add", "--force", "--all", "."]);
    std::fs::write(scene.at("loose.tmp"), "x\n").unwrap();
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert!(scene.has("kept.tmp"));
    assert_eq!(scene.has("loose.tmp"), answer.status == 3, "{answer:?}");
}

#[test]
fn an_index_that_cannot_be_read_refuses_everything() {
    type Change = fn(&Scene);
    let damages: [(&str, Change); 5] = [
        ("not an index", |scene| {
            std::fs::write(scene.at(".git/index"), "DIRC nonsense").unwrap();
        }),
        ("empty", |scene| {
            std::fs::write(scene.at(".git/index"), "").unwrap();
        }),
        ("cut off", |scene| {
            let bytes = std::fs::read(scene.at(".git/index")).unwrap();
            std::fs::write(scene.at(".git/index"), &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("a bit turned", |scene| {
            let mut bytes = std::fs::read(scene.at(".git/index")).unwrap();
            bytes[11] ^= 1;
            std::fs::write(scene.at(".git/index"), bytes).unwrap();
        }),
        ("a directory", |scene| {
            std::fs::remove_file(scene.at(".git/index")).unwrap();
            std::fs::create_dir(scene.at(".git/index")).unwrap();
        }),
    ];
    for (damage, change) in damages {
        let scene = Scene::of(repository());
        change(&scene);
        let before = snapshot(&scene.root());
        let answer = scene.sweep();
        assert_eq!(answer.status, 3, "{damage}: {answer:?}");
        assert_eq!(before, snapshot(&scene.root()), "{damage}");
        assert!(
            scene
                .rows()
                .iter()
                .all(|row| row.contains("|refused: ") || row.contains("|skipped: ")),
            "{damage}: {:?}",
            scene.rows()
        );
    }
}

/// Another git process holds the lock: the index that is there is whole, since git replaces it by a rename.
#[test]
fn a_locked_index_is_read_as_it_is() {
    let scene = Scene::of(repository());
    std::fs::write(scene.at(".git/index.lock"), "").unwrap();
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert!(scene.has("kept.tmp") && scene.has(".git/index.lock"));
    assert_eq!(scene.has("loose.tmp"), answer.status == 3, "{answer:?}");
}

#[test]
fn the_git_directory_is_no_target_in_any_spelling() {
    let cleanup = "{ rules: { all: { paths: [\".git/\", \"**/.git/\", \".git\", \"**/.git/**\", \"**/.GIT/\", \"git~1/\"] } } }";
    let world = cleaning(cleanup).file("a.txt", "x\n").git();
    let world = world
        .file(".GIT/config", "x\n")
        .file("git~1/config", "x\n")
        .file("sub/.git/config", "x\n");
    let scene = Scene::of(world);
    let before = snapshot(&scene.root());
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert_eq!(before, snapshot(&scene.root()), "{answer:?}");
    scene.assert_rows_are_true();
}

/// Repositories of others inside the workspace: their files are their own, with or without a `.git` that is known.
#[test]
fn nested_repositories_are_left_whole() {
    type Build = fn(&Scene);
    let kinds: [(&str, Build); 8] = [
        ("repository", |scene| {
            scene.git_command(&["init", "--quiet", "trash/inner"]);
        }),
        ("worktree of the workspace", |scene| {
            scene.git_command(&["commit", "--quiet", "-m", "x"]);
            scene.git_command(&["worktree", "add", "--quiet", "trash/inner"]);
        }),
        ("git directory elsewhere", |scene| {
            let gitdir = scene.at("elsewhere");
            let gitdir = format!("--separate-git-dir={}", gitdir.display());
            scene.git_command(&["init", "--quiet", &gitdir, "trash/inner"]);
        }),
        ("bare", |scene| {
            scene.git_command(&["init", "--quiet", "--bare", "trash/inner"]);
        }),
        ("bare, called x.git", |scene| {
            scene.git_command(&["init", "--quiet", "--bare", "x.git"]);
        }),
        ("submodule", |scene| {
            scene.git_command(&["init", "--quiet", "../origin"]);
            scene.git_command(&[
                "-C",
                "../origin",
                "commit",
                "--quiet",
                "--allow-empty",
                "-m",
                "x",
            ]);
            let file = ["-c", "protocol.file.allow=always"];
            let add = ["submodule", "--quiet", "add", "../origin", "trash/inner"];
            scene.git_command(&[&file[..], &add].concat());
        }),
        ("submodule with a directory of its own", |scene| {
            scene.git_command(&["init", "--quiet", "trash/inner"]);
            scene.git_command(&[
                "-C",
                "trash/inner",
                "commit",
                "--quiet",
                "--allow-empty",
                "-m",
                "x",
            ]);
            scene.git_command(&["add", "trash/inner"]);
        }),
        ("a .git that leads nowhere", |scene| {
            std::fs::create_dir_all(scene.at("trash/inner")).unwrap();
            std::fs::write(scene.at("trash/inner/.git"), "gitdir: /nowhere\n").unwrap();
        }),
    ];
    for (kind, build) in kinds {
        let cleanup = "{ rules: { trash: { paths: [\"**/*.tmp\", \"trash/\", \"x.git/\", \"elsewhere/\"], tracked: true } } }";
        let scene = Scene::of(cleaning(cleanup).file("a.txt", "x\n").git());
        build(&scene);
        for place in ["trash/inner", "x.git", "elsewhere"] {
            if scene.has(place) {
                std::fs::write(scene.at(place).join("work.tmp"), "the only copy\n").unwrap();
            }
        }
        let whole = |place: &str| scene.has(place).then(|| snapshot(&scene.at(place)));
        let places = ["trash/inner", "x.git", "elsewhere", ".git"];
        let before = places.map(whole);
        let answer = scene.sweep();
        assert!([0, 3].contains(&answer.status), "{kind}: {answer:?}");
        let rows = scene.rows();
        for (place, was) in places.iter().zip(&before) {
            if was.is_some() {
                assert!(whole(place) == *was, "{kind}: {place} changed: {rows:#?}");
            }
        }
        scene.assert_rows_are_true();
    }
}

/// A gitlink without `.gitmodules`, and nothing checked out in it.
#[test]
fn the_place_of_a_submodule_that_is_not_there_stays() {
    let cleanup = "{ rules: { trash: { paths: [\"trash/\"], tracked: true } } }";
    let scene = Scene::of(
        cleaning(cleanup)
            .file("a.txt", "x\n")
            .git()
            .directory("trash/inner"),
    );
    let commit = "1".repeat(40);
    let entry = format!("160000,{commit},trash/inner");
    scene.git_command(&["update-index", "--add", "--cacheinfo", &entry]);
    std::fs::write(scene.at("trash/inner/work.txt"), "x\n").unwrap();
    let answer = scene.sweep();
    assert!(
        scene.has("trash/inner/work.txt"),
        "{answer:?} {:?}",
        scene.rows()
    );
}

/// An ignore file that ignores everything makes nothing tracked a target, and nothing of git's own.
#[test]
fn a_workspace_that_ignores_everything_keeps_what_is_tracked() {
    let world = cleaning("{ rules: { trash: { paths: [\"**\"] } } }")
        .file(".gitignore", "*\n")
        .file("src/main.c", "x\n")
        .git()
        .file("src/main.o", "x\n");
    let scene = Scene::of(world);
    let answer = scene.sweep();
    assert_eq!(answer.status, 3, "the policy itself is wanted: {answer:?}");
    assert!(scene.has("src/main.c") && scene.has(".gitignore") && !scene.has("src/main.o"));
    scene.git_command(&["fsck", "--strict"]);
    scene.assert_rows_are_true();
}

#[test]
fn a_workspace_without_git_has_nothing_tracked() {
    let scene = Scene::of(
        cleaning(TRASH)
            .file(".gitignore", "*.tmp\n")
            .file("a.tmp", "x\n"),
    );
    scene.expect(0, &["a.tmp|removed"]);
}
