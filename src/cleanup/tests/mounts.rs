//! Mounts below the workspace, made in a mount namespace of a child process so that the machine does not see them.

use super::kit::*;
use crate::beneath::{Root, RootRules};
use crate::cleanup::{Look, Outcome, Sight};
use std::io::Write as _;
use std::path::PathBuf;
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
        not_tested("mounts in the workspace: this machine gives no mount namespace");
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
    for line in text
        .lines()
        .chain(errors.lines())
        .filter(|line| line.starts_with(NOT_TESTED))
    {
        not_tested(line.trim_start_matches(NOT_TESTED));
    }
}

const NOT_TESTED: &str = "NOT TESTED: ";

/// Past the harness, which keeps what passing tests print to itself.
fn not_tested(what: &str) {
    writeln!(std::io::stderr(), "{NOT_TESTED}{what}").unwrap();
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

fn unmount(mounts: &[&PathBuf]) {
    for mounted in mounts {
        assert!(
            Command::new("umount")
                .arg(mounted)
                .status()
                .unwrap()
                .success()
        );
    }
}

#[test]
#[ignore = "started by mounts_are_never_crossed, in a namespace of its own"]
fn inside_a_namespace() {
    if std::env::var_os(MARKER).is_none() {
        return;
    }
    World::both(|world| mounts_below_are_refused(&world));
    World::both(|world| a_workspace_may_be_a_mount_itself(&world));
    a_workspace_mounted_into_itself_is_known_by_identity(&World::new());
    World::both(|world| an_overlay_below_is_refused(&world));
    a_mount_over_the_workspace_is_noticed(&World::new());
    a_system_directory_is_known_under_another_name(&World::new());
}

fn an_overlay_below_is_refused(world: &World) {
    for path in ["d/over/x", "d/lower/x", "d/upper/.keep", "d/work/.keep"] {
        world.file(path);
    }
    std::fs::remove_file(world.at("d/work/.keep")).unwrap();
    let [over, lower, upper, work] =
        ["d/over", "d/lower", "d/upper", "d/work"].map(|path| world.at(path));
    let layers = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    let status = Command::new("mount")
        .args(["-t", "overlay", "overlay", "-o", &layers])
        .arg(&over)
        .status();
    if !status.unwrap().success() {
        not_tested("an overlay in the workspace: this kernel does not mount it here");
        return;
    }
    let results = world.guarded(|| world.clean(&trash(&["d/over/"])));
    let kept = std::fs::read(over.join("x")).unwrap();
    unmount(&[&over]);
    assert_eq!(kept, b"content");
    assert!(
        results.len() >= 2 && results.values().all(|it| it == "refused: mount point"),
        "{results:#?}"
    );
}

fn a_mount_over_the_workspace_is_noticed(world: &World) {
    let root = world.look();
    root.check_still_at(&world.root).unwrap();
    let bind = "--bind".as_ref();
    // The very same directory, but as another mount.
    mount(&[bind, world.root.as_os_str(), world.root.as_os_str()]);
    let same = root.check_still_at(&world.root);
    unmount(&[&world.root]);
    mount(&[bind, world.canary.as_os_str(), world.root.as_os_str()]);
    let other = root.check_still_at(&world.root);
    unmount(&[&world.root]);
    for answer in [same, other] {
        let why = answer.unwrap_err().to_string();
        assert!(why.contains("no longer the directory"), "{why}");
    }
    root.check_still_at(&world.root).unwrap();
}

fn a_system_directory_is_known_under_another_name(world: &World) {
    let rules = RootRules::default();
    for system in ["/etc", "/usr", "/home"] {
        mount(&["--bind".as_ref(), system.as_ref(), world.root.as_os_str()]);
        let answer = Root::open(&world.root, &rules);
        unmount(&[&world.root]);
        let why = answer.err().unwrap().to_string();
        assert!(
            why.contains(&format!("never works in {system} itself")),
            "{why}"
        );
    }
    mount(&[
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "none".as_ref(),
        "/home".as_ref(),
    ]);
    std::fs::create_dir("/home/somebody").unwrap();
    let answer = Root::open("/home/somebody".as_ref(), &rules);
    unmount(&[&PathBuf::from("/home")]);
    let why = answer.err().unwrap().to_string();
    assert!(why.contains("home directory itself"), "{why}");
}

fn mounts_below_are_refused(world: &World) {
    for path in ["d/bound/x", "d/memory/x", "d/file.tmp", "d/free.tmp"] {
        world.file(path);
    }
    let before = world.plan(&trash(&["d/"]));
    let root = world.look();
    let identified = root.identify(&before, &unprotected());
    let covered = before.targets().iter().zip(identified.looks());
    let covered: Vec<_> = covered
        .filter_map(|(target, look)| match look {
            Look::Present(identity) => Some((&*target.path, identity.to_json())),
            Look::Settled(_) => None,
        })
        .filter(|(path, _)| path.ends_with(b"/x"))
        .collect();
    assert_eq!(covered.len(), 2);
    let bind = "--bind".as_ref();
    let [bound, memory, file] = ["d/bound", "d/memory", "d/file.tmp"].map(|path| world.at(path));
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
    // The way into a mount is barred, whatever lies behind it.
    for (path, identity) in covered {
        assert_eq!(
            root.sight(path, &identity),
            Sight::Unknown("mount point".into())
        );
    }
    // What is mounted is known by itself, before any system call refuses to remove it.
    let plan = world.plan(&trash(&["d/"]));
    let identified = root.identify(&plan, &unprotected());
    for (target, look) in plan.targets().iter().zip(identified.looks()) {
        let barred = Look::Settled(Outcome::Refused("mount point".into()));
        let free = [&b"d"[..], b"d/free.tmp"].contains(&&*target.path);
        assert_eq!(*look == barred, !free, "{}: {look:?}", show(&target.path));
    }
    let results = world.guarded(|| world.clean(&trash(&["d/"])));
    unmount(&[&bound, &memory, &file]);
    for (path, result) in &results {
        let expected = match path.as_str() {
            "d/free.tmp" => "removed",
            "d" => "skipped: not empty",
            _ => "refused: mount point",
        };
        assert_eq!(result, expected, "{path}");
    }
    assert!(
        results.contains_key("d/bound/deep/three.tmp") && results.contains_key("d/memory/fresh")
    );
}

fn a_workspace_may_be_a_mount_itself(world: &World) {
    mount(&[
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "none".as_ref(),
        world.root.as_os_str(),
    ]);
    world.file("d/e/x");
    let results = world.clean(&trash(&["d/"]));
    unmount(&[&world.root]);
    assert_eq!(results.len(), 3);
    assert!(results.values().all(|it| it == "removed"), "{results:#?}");
}

fn a_workspace_mounted_into_itself_is_known_by_identity(world: &World) {
    let inner = world.at("loop");
    std::fs::create_dir(&inner).unwrap();
    let plan = world.plan(&trash(&["loop/"]));
    assert_eq!(goes(&plan), ["loop"]);
    mount(&["--bind".as_ref(), world.root.as_os_str(), inner.as_os_str()]);
    let old_kernel = world.look().walking().without_mount_ids();
    let identified = old_kernel.identify(&plan, &unprotected());
    unmount(&[&inner]);
    let itself = Outcome::Refused("protected: the workspace itself".into());
    assert_eq!(identified.looks(), [Look::Settled(itself)]);
}
