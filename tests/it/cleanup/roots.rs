//! Which directory may be the root of a cleanup, and roots that change under it.

use super::kit::{SWEEP, Scene, TRASH, can_run, cleaning, policy, say, skipped};
use crate::world::{World, binary, snapshot};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn dirty() -> World {
    cleaning(TRASH)
        .file("a.tmp", "x\n")
        .file("home/b.tmp", "x\n")
}

#[test]
fn an_empty_or_absent_root_is_a_usage_error() {
    let scene = Scene::of(dirty());
    for root in ["", "absent", "work/absent", "work/a.tmp"] {
        let answer = scene.gate(["run", root, "--apply=cleanup"]);
        assert_eq!(answer.status, 2, "{root:?}: {answer:?}");
        assert!(!scene.database().exists(), "{root:?}");
    }
    assert!(scene.has("a.tmp") && scene.has("home/b.tmp"));
}

#[test]
fn a_current_directory_that_is_gone_is_a_usage_error() {
    let scene = Scene::of(dirty());
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    for arguments in [&["run", "--apply"][..], &["run", ".", "--apply"]] {
        let output = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(binary())
            .args(arguments)
            .current_dir(scene.root())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", say(&output));
    }
    assert!(scene.has("a.tmp"));
}

#[test]
fn the_current_directory_is_the_root_where_none_is_given() {
    let scene = Scene::of(dirty());
    let database = scene.database();
    let output = scene
        .command(["run", "--apply=cleanup", "--quiet", "--database"])
        .arg(&database)
        .current_dir(scene.root())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", say(&output));
    assert_eq!(scene.rows(), ["a.tmp|removed", "home/b.tmp|removed"]);
}

/// By identity, not by the text of the path: a link to the home directory is the home directory.
#[test]
fn the_home_directory_and_those_above_it_are_refused() {
    for (home, root) in [
        ("work", "work"),
        ("work/home", "work"),
        ("work/home/deeper", "work"),
        ("link", "work"),
        ("work", "link"),
        ("work", "canary/../work"),
    ] {
        let scene = Scene::of(dirty().directory("home/deeper"));
        std::os::unix::fs::symlink("work", scene.beside("link")).unwrap();
        let before = snapshot(&scene.root());
        let home = scene.beside(home);
        let answer = scene.gate_with(
            ["run", root, "--apply=cleanup"],
            &[("HOME", home.to_str().unwrap())],
        );
        assert_eq!(answer.status, 3, "{home:?} {root}: {answer:?}");
        assert_eq!(before, snapshot(&scene.root()), "{home:?} {root}");
        assert!(
            scene.rows().iter().all(|row| !row.ends_with("|removed")),
            "{:?}",
            scene.rows()
        );
    }
}

#[test]
fn a_root_written_with_dots_is_the_same_root() {
    for root in ["work/../work", "canary/../work", "./work/.", "work/home/.."] {
        let scene = Scene::of(dirty());
        let answer = scene.gate(["run", root, "--apply=cleanup"]);
        assert_eq!(answer.status, 0, "{root}: {answer:?}");
        assert_eq!(scene.rows(), ["a.tmp|removed", "home/b.tmp|removed"]);
    }
}

/// The checkout is another directory: it is not what was named, so nothing happens to it.
#[test]
fn another_checkout_than_the_root_is_not_touched() {
    let scene = Scene::of(dirty());
    let canary = scene.canary();
    let answer = scene.gate_with(
        SWEEP,
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKSPACE", canary.to_str().unwrap()),
        ],
    );
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    scene.assert_rows_are_true();
}

/// Copies the binary with its libraries into a directory that becomes `/`.
fn jail(directory: &Path) -> bool {
    let place = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        if std::fs::hard_link(from, to).is_err() {
            std::fs::copy(from, to).unwrap();
        }
    };
    place(&binary(), &directory.join("bin/factory-gate"));
    let Ok(listed) = Command::new("ldd").arg(binary()).output() else {
        return false;
    };
    for word in String::from_utf8_lossy(&listed.stdout).split_whitespace() {
        if let Some(inside) = word.strip_prefix('/') {
            place(
                &Path::new(word).canonicalize().unwrap(),
                &directory.join(inside),
            );
        }
    }
    true
}

#[test]
fn the_root_of_the_file_system_is_refused_under_any_name() {
    const NAME: &str = "the_root_of_the_file_system";
    let mut chroot = if rustix::process::geteuid().is_root() {
        vec!["chroot"]
    } else {
        vec!["unshare", "--user", "--map-root-user", "chroot"]
    };
    let world = World::new().file("unused", "");
    let outer = world.beside("jail");
    if !jail(&outer) {
        return skipped(NAME, "there is no ldd");
    }
    let outer_text = outer.to_str().unwrap().to_owned();
    chroot.extend([&*outer_text, "/bin/factory-gate"]);
    if !can_run(NAME, chroot[0], &[&chroot[1..], &["--version"]].concat()) {
        return;
    }
    std::fs::create_dir_all(outer.join("data/trash")).unwrap();
    std::fs::create_dir_all(outer.join("record")).unwrap();
    for name in ["a.tmp", "data/b.tmp", "data/trash/c"] {
        std::fs::write(outer.join(name), "x\n").unwrap();
    }
    std::fs::write(outer.join(".factory-gate.yml"), policy(TRASH)).unwrap();
    std::os::unix::fs::symlink("/", outer.join("data/slash")).unwrap();
    let before = snapshot(&outer.join("data"));
    for root in ["/", "/data/slash", "/data/..", "//", "/."] {
        let output = Command::new(chroot[0])
            .args(&chroot[1..])
            .args(["run", root, "--apply", "--quiet"])
            .args(["--database", "/record/factory_deployment.db"])
            .env_remove("GITHUB_ACTIONS")
            .env("HOME", "/home/nobody")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{root}: {}", say(&output));
        assert!(outer.join("a.tmp").exists(), "{root}");
        assert_eq!(before, snapshot(&outer.join("data")), "{root}");
    }
}

/// Starts a sweep, waits until the first phase has begun, and does something to the workspace then.
fn disturbed(scene: &Scene, disturb: impl FnOnce()) -> i32 {
    let mut child = scene
        .command(["run", "work", "--apply=cleanup", "--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().starts_with("[1/5]"));
    assert!(begun, "the first phase was never begun");
    disturb();
    lines.for_each(drop);
    child.wait().unwrap().code().unwrap()
}

/// Enough files that the first phase is still at work when the second process acts.
fn many(world: World) -> World {
    (0..1500).fold(world, |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 7), "x\n")
    })
}

#[test]
fn a_root_that_is_moved_away_is_refused() {
    let scene = Scene::of(many(cleaning(TRASH)));
    let elsewhere = scene.beside("elsewhere");
    let code = disturbed(&scene, || {
        std::fs::rename(scene.root(), &elsewhere).unwrap();
    });
    let removed = scene
        .rows()
        .iter()
        .filter(|row| row.ends_with("|removed"))
        .count();
    let there = snapshot(&elsewhere)
        .keys()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"))
        .count();
    assert_eq!(removed + there, 1500, "every removal has its row");
    assert!(code == 3 || (code == 0 && there == 0), "{code}");
}
