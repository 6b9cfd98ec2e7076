//! Scenes: a workspace to be cleaned, and beside it a canary that must be the same afterwards, to the byte.

use crate::world::{Answer, Fact, World, query, snapshot};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

/// The cleanup of most scenes.
pub(crate) const TRASH: &str = "{ rules: { trash: { paths: [\"**/*.tmp\", \"trash/\"] } } }";

/// A workspace whose policy has this `cleanup`.
pub(crate) fn cleaning(cleanup: &str) -> World {
    World::new().policy(&policy(cleanup))
}

/// A policy with this `cleanup`, whose only rule never fails.
pub(crate) fn policy(cleanup: &str) -> String {
    format!("version: 1\nrules: {{ final-newline: note }}\ncleanup: {cleanup}\n")
}

/// A workspace with a canary beside it. When it is dropped, the canary must be what it was.
pub(crate) struct Scene {
    world: World,
    canary: BTreeMap<PathBuf, Fact>,
}

impl std::ops::Deref for Scene {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_canary();
        }
    }
}

impl Scene {
    /// Sets the canary beside a workspace.
    pub(crate) fn of(world: World) -> Self {
        let canary = world.beside("canary");
        plant(&canary);
        Self {
            canary: snapshot(&canary),
            world,
        }
    }

    /// The canary's directory.
    pub(crate) fn canary(&self) -> PathBuf {
        self.world.beside("canary")
    }

    /// A place in the workspace.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Whether a name is there, whatever it leads to.
    pub(crate) fn has(&self, path: &str) -> bool {
        std::fs::symlink_metadata(self.at(path)).is_ok()
    }

    /// Compares the canary with what it was.
    pub(crate) fn assert_canary(&self) {
        let now = snapshot(&self.canary());
        for (path, was) in &self.canary {
            assert_eq!(
                now.get(path),
                Some(was),
                "the canary changed: {}",
                path.display()
            );
        }
        assert_eq!(now.len(), self.canary.len(), "the canary grew");
    }

    /// `run --apply=cleanup`.
    pub(crate) fn sweep(&self) -> Answer {
        self.sweep_with(&[])
    }

    /// `run --apply=cleanup` with these environment variables.
    pub(crate) fn sweep_with(&self, environment: &[(&str, &str)]) -> Answer {
        self.gate_with(SWEEP, environment)
    }

    /// What the published record says of the last session's targets: `PATH|RESULT`, in the record's order. The file
    /// must be whole.
    pub(crate) fn rows(&self) -> Vec<String> {
        let database = self.database();
        assert_eq!(query(&database, "PRAGMA integrity_check"), ["ok"]);
        query(&database, ROWS)
    }

    /// Sweeps and compares the exit code and all rows.
    #[track_caller]
    pub(crate) fn expect(&self, status: i32, rows: &[&str]) -> Answer {
        let answer = self.sweep();
        assert_eq!(answer.status, status, "{answer:?}\n{:#?}", self.rows());
        assert_eq!(self.rows(), rows, "{answer:?}");
        self.assert_rows_are_true();
        self.assert_canary();
        answer
    }

    /// No row says that something is removed which is there, or of something that is gone that it stayed.
    #[track_caller]
    pub(crate) fn assert_rows_are_true(&self) {
        for row in self.rows() {
            let Some((path, result)) = row.split_once('|') else {
                continue;
            };
            if path.contains("\\x") {
                continue; // a display of bytes; the tests of names look at the bytes themselves
            }
            let gone = matches!(result, "removed" | "quarantined" | "already_gone");
            assert_eq!(self.has(path), !gone, "{row}");
        }
    }

    /// Runs the sweep after a script of mounts, in a mount namespace of its own that ends with it. `after` is run
    /// in there when the sweep has ended, and its output is the answer's beside the exit code of the sweep.
    pub(crate) fn sweep_among_mounts(&self, mounts: &str, after: &str) -> (i32, String) {
        let script = format!("set -e\n{mounts}\nset +e\n\"$@\" >&2\necho exit=$?\n{after}\n");
        let mut command = unshared();
        command.args(["sh", "-c", &script, "sh"]);
        command.arg(crate::world::binary()).args(SWEEP);
        let output = command
            .current_dir(self.beside(""))
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = text
            .lines()
            .find_map(|line| line.strip_prefix("exit="))
            .unwrap_or_else(|| panic!("the mounts failed: {}", say(&output)));
        (status.parse().unwrap(), text)
    }
}

/// The arguments of a sweep.
pub(crate) const SWEEP: [&str; 4] = ["run", "work", "--apply=cleanup", "--quiet"];

/// The targets of the last session.
pub(crate) const ROWS: &str = "SELECT target_path || '|' || action_result FROM cleanup_actions \
     WHERE deployment_id = (SELECT deployment_id FROM v_latest_session) ORDER BY id";

/// Files, a hidden one, modes, links and an empty directory, all of an old date.
fn plant(canary: &Path) {
    std::fs::create_dir_all(canary.join("deep/empty")).unwrap();
    std::fs::create_dir_all(canary.join("trash")).unwrap();
    for (name, mode) in [
        ("one.tmp", 0o600),
        ("two.tmp", 0o644),
        (".hidden.tmp", 0o400),
        ("run.sh", 0o755),
        ("deep/three.tmp", 0o644),
        ("trash/x", 0o644),
    ] {
        let path = canary.join(name);
        std::fs::write(&path, format!("canary {name}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let file = std::fs::File::open(&path).unwrap();
        file.set_modified(old).unwrap();
    }
    for (name, to) in [
        ("link.tmp", "one.tmp"),
        ("deep/up", ".."),
        ("dangling.tmp", "nowhere"),
    ] {
        std::os::unix::fs::symlink(to, canary.join(name)).unwrap();
    }
}

/// Says on standard error, past the test harness's capture, that something was not tested here, and leaves a note that
/// is counted at the end of `.ci/run tests`. With `FG_TESTS=all` in the environment it is a failure.
pub(crate) fn skipped(what: &str, why: &str) {
    assert!(
        std::env::var_os("FG_TESTS").is_none_or(|value| value != "all"),
        "everything was to be tested: {what}: {why}"
    );
    let notes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped");
    std::fs::create_dir_all(&notes).unwrap();
    std::fs::write(notes.join(what), format!("{what}: {why}\n")).unwrap();
    let mut stderr = std::io::stderr();
    stderr
        .write_all(format!("SKIPPED: {what}: {why}\n").as_bytes())
        .unwrap();
}

/// `unshare` for a mount namespace in which we are root.
pub(crate) fn unshared() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

/// Whether this machine lets us mount in a namespace; says so if not.
pub(crate) fn can_mount(what: &str) -> bool {
    let possible = unshared()
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        skipped(what, "this machine gives no mount namespace");
    }
    possible
}

/// Whether a program is there and does this; says so if not.
pub(crate) fn can_run(what: &str, program: &str, arguments: &[&str]) -> bool {
    let possible = Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        skipped(
            what,
            &format!("`{program} {arguments:?}` does not work here"),
        );
    }
    possible
}

/// What a child said, for a message.
pub(crate) fn say(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
