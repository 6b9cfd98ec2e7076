//! Mounts below the workspace, made in a mount namespace of a child process so that the machine does not see them.

use super::kit::*;
use std::process::Command;

const INNER: &str = "cleanup::tests::mounts::inside_a_namespace";
const MARKER: &str = "FACTORY_GATE_TEST_MOUNTS";

#[test]
fn mounts_are_never_crossed() {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "--propagation", "private"]);
        command
    };
    let possible = unshare()
        .args(["mount", "-t", "tmpfs", "none", "/tmp"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        println!("not tested: this machine gives no mount namespace");
        return;
    }
    let output = unshare()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", INNER, "--ignored", "--nocapture"])
        .env(MARKER, "yes")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "it ran: {text}");
}

fn mount(arguments: &[&std::ffi::OsStr]) {
    assert!(
        Command::new("mount")
            .args(arguments)
            .status()
            .unwrap()
            .success()
    );
}

#[test]
#[ignore = "started by mounts_are_never_crossed, in a namespace of its own"]
fn inside_a_namespace() {
    if std::env::var_os(MARKER).is_none() {
        return;
    }
    World::both(|world| {
        for path in ["d/bound/x", "d/memory/x", "d/file.tmp", "d/free.tmp"] {
            world.file(path);
        }
        let bind = "--bind".as_ref();
        let (bound, memory, file) = (
            world.at("d/bound"),
            world.at("d/memory"),
            world.at("d/file.tmp"),
        );
        mount(&[bind, world.canary.as_os_str(), bound.as_os_str()]);
        mount(&[
            bind,
            world.canary.join("plain").as_os_str(),
            file.as_os_str(),
        ]);
        mount(&[
            "-t".as_ref(),
            "tmpfs".as_ref(),
            "none".as_ref(),
            memory.as_os_str(),
        ]);
        world.file("d/memory/fresh");
        let results = world.guarded(|| world.clean(&trash(&["d/"])));
        for mounted in [&bound, &file, &memory] {
            assert!(
                Command::new("umount")
                    .arg(mounted)
                    .status()
                    .unwrap()
                    .success()
            );
        }
        for path in [
            "d/bound/one.tmp",
            "d/bound/deep/three.tmp",
            "d/memory/fresh",
        ] {
            assert_eq!(results[path], "refused: mount point", "{path}");
        }
        for path in ["d/bound", "d/memory", "d/file.tmp"] {
            assert_eq!(results[path], "refused: mount point", "{path}");
        }
        assert_eq!(results["d/free.tmp"], "removed");
        assert_eq!(results["d"], "skipped: not empty");
    });
}
