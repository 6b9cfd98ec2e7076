//! Runs that are stopped or killed. A FIFO as job summary holds a run in phase 5 until the test reads from it.

use crate::world::{World, make_fifo};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read as _;
use std::process::{Child, Stdio};

struct Held {
    world: World,
    child: Child,
}

/// A run that waits in phase 5, with everything before it recorded.
fn held(arguments: &[&str]) -> Held {
    let world = World::new()
        .policy("version: 1\nrules: { final-newline: error }\ncleanup: { rules: { trash: { paths: [\"**/*.tmp\"] } } }\n")
        .file("a.txt", "no newline")
        .file("b.tmp", "x\n");
    let fifo = world.beside("summary");
    make_fifo(&fifo);
    let mut command = world.command(["run", "work"].iter().chain(arguments));
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &fifo);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The start of phase 5 is said on standard error.
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let mut byte = [0];
    while !said.contains("[5/5]") {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "ended early: {said}");
        said.push(char::from(byte[0]));
    }
    std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
    Held { world, child }
}

impl Held {
    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn let_go(&mut self) -> Option<i32> {
        let fifo = self.world.beside("summary");
        let reader = std::thread::spawn(move || {
            // Each time the run opens the summary it waits for a reader.
            for _ in 0..2 {
                let _read = std::fs::read(&fifo);
            }
        });
        let status = self.child.wait().unwrap();
        // Nobody may come any more: a writer of our own ends the reader.
        let _opened = std::fs::OpenOptions::new()
            .write(true)
            .read(true)
            .open(self.world.beside("summary"));
        drop(reader);
        status.code()
    }
}

#[test]
fn an_interrupted_run_seals_what_it_has_and_says_so() {
    let mut held = held(&[]);
    held.signal(Signal::INT);
    assert_eq!(held.let_go(), Some(130));
    let world = &held.world;
    assert_eq!(
        world.query("SELECT status, verdict, exit_code FROM deployment_sessions JOIN session_details USING (deployment_id)"),
        ["interrupted|undecided|130"]
    );
    assert_eq!(world.query("SELECT count(*) FROM violations"), ["1"]);
    assert_eq!(
        world.gate(["verify", "factory_deployment.db"]).status,
        3,
        "incomplete, and loudly so"
    );
}

#[test]
fn a_killed_run_leaves_nothing_published_and_recover_seals_it_honestly() {
    let mut held = held(&["--apply"]);
    held.signal(Signal::KILL);
    assert_eq!(held.child.wait().unwrap().code(), None);
    let world = &held.world;
    assert!(!world.database().exists());
    assert!(!world.root().join("b.tmp").exists());
    let answer = world.gate(["recover"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        world.query("SELECT status FROM deployment_sessions"),
        ["interrupted"]
    );
    assert_eq!(
        world.query("SELECT target_path, action_result FROM cleanup_actions"),
        ["b.tmp|removed"]
    );
    assert_eq!(world.gate(["verify", "factory_deployment.db"]).status, 3);
    let again = world.gate(["recover"]);
    assert_eq!(again.status, 0);
    assert!(again.stdout.contains("nothing to recover"), "{again:?}");
}
