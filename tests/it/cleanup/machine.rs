//! Machines without room, without handles, without the right to write, and runs that are told to stop.

use super::kit::{SWEEP, Scene, TRASH, can_mount, can_run, cleaning, say, skipped, unshared};
use crate::faults::strace::signal_children;
use crate::world::{World, binary, query};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn dirty(count: usize) -> World {
    (0..count).fold(cleaning(TRASH), |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 7), "x\n")
    })
}

/// A sweep under a shell command such as a limit, in the directory beside the workspace.
fn under(scene: &Scene, setting: &str) -> Output {
    let script = format!("{setting} && exec \"$@\"");
    Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(binary())
        .args(SWEEP)
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .env("TMPDIR", scene.beside(""))
        .output()
        .unwrap()
}

/// Whatever went wrong: what is gone is in the record, and a run on a healthy machine ends the work.
fn assert_recovers(scene: &Scene, targets: usize, output: &Output) {
    let code = output.status.code();
    assert!(
        [Some(2), Some(3), Some(127)].contains(&code),
        "{}",
        say(output)
    );
    let gone = targets - left(scene);
    assert!(code == Some(3) || gone == 0, "{}", say(output));
    assert_eq!(scene.gate(["recover"]).status, 0);
    let told = if scene.database().exists() {
        query(
            &scene.database(),
            "SELECT path FROM (SELECT target_path AS path, state FROM cleanup_actions JOIN cleanup_details ON action_id = \
             cleanup_actions.id) WHERE state IN ('removed', 'applied_unconfirmed')",
        )
        .len()
    } else {
        0
    };
    assert_eq!(
        told,
        gone,
        "every file that is gone has a row: {}",
        say(output)
    );
    let again = scene.sweep();
    assert_eq!(again.status, 0, "{again:?}");
    assert_eq!(left(scene), 0);
    let beside: Vec<_> = std::fs::read_dir(scene.beside(""))
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(
        beside.len(),
        3,
        "the canary, the workspace, the record: {beside:?}"
    );
}

/// How many targets are there, while a sweep may be at work.
fn left(scene: &Scene) -> usize {
    let (mut count, mut open) = (0, vec![scene.root()]);
    while let Some(directory) = open.pop() {
        // A directory may go while we look.
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "tmp") {
                count += 1;
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    count
}

/// The size is in blocks of 512 bytes (POSIX) or of 1024 (bash as `sh`): either way the record meets it somewhere.
#[test]
fn a_limit_on_the_size_of_files_stops_the_cleanup_and_not_the_truth() {
    for blocks in [0, 1, 40, 100, 200, 400, 8500] {
        let scene = Scene::of(dirty(300));
        let output = under(&scene, &format!("trap '' XFSZ; ulimit -f {blocks}"));
        if output.status.code() == Some(0) {
            assert_eq!(left(&scene), 0, "{}", say(&output));
            continue;
        }
        assert_recovers(&scene, 300, &output);
    }
}

#[test]
fn a_limit_on_open_files_stops_the_cleanup_and_not_the_truth() {
    let mut stopped = 0;
    for files in (3..32).step_by(2) {
        let scene = Scene::of(dirty(20).file("a/b/c/d/e/f/g/h/deep.tmp", "x\n"));
        let output = under(&scene, &format!("ulimit -n {files}"));
        if output.status.code() == Some(0) {
            assert_eq!(left(&scene), 0, "{}", say(&output));
            continue;
        }
        stopped += 1;
        assert_recovers(&scene, 21, &output);
    }
    assert!(stopped > 3, "{stopped}");
}

/// A disk that is full for the record and has room for nothing else: not one more file goes than the record knows.
#[test]
fn a_full_disk_under_the_record_stops_the_cleanup_and_not_the_truth() {
    if !can_mount("a_full_disk_under_the_record") {
        return;
    }
    let mut in_the_midst = 0;
    for (size, files) in [
        ("64k", 20),
        ("4200k", 20),
        ("4600k", 1500),
        ("4900k", 1500),
        ("5m", 1500),
        ("5300k", 1500),
        ("6m", 1500),
    ] {
        let scene = Scene::of(dirty(files).directory("../small"));
        let script = format!(
            "mount -t tmpfs -o size={size} none small; \"$@\" --database small/factory_deployment.db >&2; echo exit=$?; \
             umask 077; cp -a small/. kept/"
        );
        std::fs::create_dir(scene.beside("kept")).unwrap();
        let output = unshared()
            .args(["sh", "-c", &script, "sh"])
            .arg(binary())
            .args(SWEEP)
            .current_dir(scene.beside(""))
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let said = say(&output);
        let gone = files - left(&scene);
        let code = said
            .lines()
            .find_map(|line| line.strip_prefix("exit="))
            .unwrap_or_else(|| panic!("{said}"));
        assert!(
            code == "3" || (code == "0" && gone == files),
            "{size}: {gone} gone: {said}"
        );
        let recovered = scene.gate(["recover", "--database", "kept/factory_deployment.db"]);
        assert_eq!(recovered.status, 0, "{size}: {recovered:?}");
        let database = scene.beside("kept/factory_deployment.db");
        let told = if database.exists() {
            assert_eq!(query(&database, "PRAGMA integrity_check"), ["ok"]);
            query(&database, "SELECT action_id FROM cleanup_details WHERE state IN ('removed', 'applied_unconfirmed')").len()
        } else {
            0
        };
        assert_eq!(told, gone, "{size}: {said}");
        in_the_midst += usize::from(code == "3" && gone > 0);
    }
    assert!(in_the_midst > 0, "no disk was full in the midst of a sweep");
}

#[test]
fn a_directory_that_cannot_be_written_holds_everything_back() {
    if can_mount("a_directory_that_cannot_be_written") {
        let scene = Scene::of(dirty(20).directory("../out"));
        let script =
            "mount -t tmpfs none out; mount -o remount,ro none out; \"$@\" --database out/x.db";
        let output = unshared()
            .args(["sh", "-c", script, "sh"])
            .arg(binary())
            .args(SWEEP)
            .current_dir(scene.beside(""))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", say(&output));
        assert_eq!(left(&scene), 20);
    }
    // As a user who may not write there; root may everywhere.
    let scene = Scene::of(dirty(20).directory("../out"));
    std::fs::set_permissions(scene.beside("out"), std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = as_nobody("a_directory_that_cannot_be_written_by_nobody", &scene);
    if let Some(command) = &mut command {
        let output = command
            .args(SWEEP)
            .args(["--database", "out/x.db"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", say(&output));
        assert_eq!(left(&scene), 20);
    }
}

/// The program as a user without rights, if we are root and can become one; else as the user that we are.
fn as_nobody(what: &str, scene: &Scene) -> Option<Command> {
    let mut command = if rustix::process::geteuid().is_root() {
        let parent = scene.beside("");
        std::fs::set_permissions(&parent, std::fs::Permissions::from_mode(0o755)).unwrap();
        // The program may lie where nobody can go.
        let own = scene.beside("factory-gate");
        std::fs::copy(binary(), &own).unwrap();
        let words = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        if !can_run(what, "setpriv", &[&words[..], &["true"]].concat()) {
            return None;
        }
        let mut command = Command::new("setpriv");
        command.args(words).arg(own);
        command
    } else {
        Command::new(binary())
    };
    command
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .env("HOME", "/nonexistent");
    Some(command)
}

/// Files that another user owns, in a directory that we may not change: failures that are counted, and nothing forced.
#[test]
fn what_the_system_does_not_allow_fails_and_is_said() {
    let scene = Scene::of(
        cleaning(TRASH)
            .file("closed/a.tmp", "x\n")
            .file("open/b.tmp", "x\n")
            .directory("../out"),
    );
    for (place, mode) in [
        ("work/closed", 0o555),
        ("work/open", 0o777),
        ("out", 0o777),
        ("work", 0o777),
    ] {
        std::fs::set_permissions(scene.beside(place), std::fs::Permissions::from_mode(mode))
            .unwrap();
    }
    let Some(mut command) = as_nobody("what_the_system_does_not_allow", &scene) else {
        return;
    };
    let output = command
        .args(SWEEP)
        .args(["--database", "out/x.db"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", say(&output));
    assert!(
        scene.has("closed/a.tmp") && !scene.has("open/b.tmp"),
        "{}",
        say(&output)
    );
    let mode = std::fs::metadata(scene.at("closed"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o555, "nothing is forced");
    let rows = query(&scene.beside("out/x.db"), super::kit::ROWS);
    assert_eq!(rows[1], "open/b.tmp|removed");
    assert!(
        rows[0].starts_with("closed/a.tmp|failed: Permission denied"),
        "{rows:?}"
    );
    std::fs::set_permissions(scene.at("closed"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A file that its file system holds against removal.
#[test]
fn an_immutable_file_fails_and_is_said() {
    const NAME: &str = "an_immutable_file";
    let scene = Scene::of(cleaning(TRASH).file("a.tmp", "x\n").file("b.tmp", "x\n"));
    let attribute = |what: &str| {
        Command::new("chattr")
            .arg(what)
            .arg(scene.at("a.tmp"))
            .output()
    };
    if !attribute("+i").is_ok_and(|output| output.status.success()) {
        return skipped(NAME, "chattr +i does not work here");
    }
    let answer = scene.sweep();
    attribute("-i").unwrap();
    assert_eq!(answer.status, 3, "{answer:?}");
    let rows = scene.rows();
    assert!(rows[0].starts_with("a.tmp|failed: "), "{rows:?}");
    assert_eq!(rows[1], "b.tmp|removed");
    assert!(scene.has("a.tmp"));
}

/// A sweep that is told to stop while it removes, which `strace` slows down: 130, a sealed record, and true rows; the next
/// run ends the work.
#[test]
fn a_sweep_that_is_told_to_stop_seals_what_it_did() {
    if !can_run(
        "a_sweep_that_is_told_to_stop",
        "strace",
        &["-f", "-qq", "-o", "/dev/null", "true"],
    ) {
        return;
    }
    for signal in [Signal::INT, Signal::TERM] {
        let scene = Scene::of(dirty(2500));
        let mut child = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=unlinkat"])
            .args(["-e", "inject=unlinkat:delay_enter=1000"])
            .arg(binary())
            .args(SWEEP)
            .args(["--threads", "1"])
            .current_dir(scene.beside(""))
            .env_remove("GITHUB_ACTIONS")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while scene.has("d0/0.tmp") && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        signal_children(child.id(), signal);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal:?}");
        scene.assert_rows_are_true();
        let gone = 2500 - left(&scene);
        assert!(
            gone > 0 && gone < 2500,
            "{gone} are gone: it was not in the midst"
        );
        let removed = scene
            .rows()
            .into_iter()
            .filter(|row| row.ends_with("|removed"));
        assert_eq!(removed.count(), gone);
        let status = query(&scene.database(), "SELECT status FROM deployment_sessions");
        assert_eq!(status, ["interrupted"]);
        assert_eq!(scene.gate(["verify", "factory_deployment.db"]).status, 3);
        assert_eq!(scene.sweep().status, 0);
        assert_eq!(left(&scene), 0);
    }
}

/// A run that only looks has no need of the right to write in the workspace: on a read-only mount it passes.
#[test]
fn a_run_without_apply_passes_on_a_read_only_workspace() {
    if !can_mount("a_read_only_workspace") {
        return;
    }
    let scene = Scene::of(cleaning(TRASH).file("a.tmp", "x\n"));
    let script = "mount --bind work work; mount -o remount,bind,ro work; if touch work/x 2>/dev/null; then exit 99; fi; \"$@\"";
    let run = |arguments: &[&str]| {
        unshared()
            .args(["sh", "-c", script, "sh"])
            .arg(binary())
            .args(arguments)
            .current_dir(scene.beside(""))
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap()
    };
    let output = run(&["run", "work", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", say(&output));
    assert_eq!(scene.rows(), ["a.tmp|planned"]);
    let output = run(&SWEEP);
    assert_eq!(output.status.code(), Some(3), "{}", say(&output));
    assert!(scene.has("a.tmp"));
    scene.assert_rows_are_true();
}
