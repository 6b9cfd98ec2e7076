//! One run of the program under `strace`, with one fault.

use super::invariants::{Mode, Stage};
use crate::cleanup::kit::SWEEP;
use crate::world::binary;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

/// What goes wrong.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// `strace`'s own words: the call, and what is injected into it.
    Injected { call: &'static str, what: String },
    /// Killed when so many of the calls that matter have ended, whichever thread made them.
    Moment(usize),
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct End {
    /// The exit code; `None` if it was killed.
    pub(super) code: Option<i32>,
    /// What it said on standard error.
    #[expect(dead_code, reason = "read by whoever reads the message")]
    pub(super) said: String,
}

/// The calls that change a disk.
pub(super) const CHANGES: &str = "?unlink,unlinkat,?rename,?renameat,renameat2,pwrite64,fsync,fdatasync,ftruncate,\
     fallocate,?mkdir,mkdirat,openat2";

/// What `statfs` tells of a file system over a network: its first field, little-endian.
const NETWORK: &str = "inject=statfs:poke_exit=@arg2=6969000000000000";

fn traced(stage: &Stage, trace: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e"]);
    match stage.mode {
        Mode::Log => command.arg(format!("trace={trace}")),
        Mode::Rollback => command.args([&format!("trace={trace},statfs"), "-e", NETWORK]),
    };
    command
        .env("TMPDIR", stage.scratch())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("CI")
        .current_dir(stage.scene.beside(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn program(command: &mut Command) {
    command.arg(binary()).args(SWEEP).args(["--threads", "1"]);
}

/// Runs the sweep of a stage with a fault.
pub(super) fn run(stage: &Stage, fault: &Fault) -> End {
    match fault {
        Fault::Injected { call, what } => {
            let mut command = traced(stage, call);
            command.args(["-o", "/dev/null", "-e", &format!("inject={call}:{what}")]);
            program(&mut command);
            let output = command.output().unwrap();
            End {
                code: output
                    .status
                    .code()
                    .filter(|_| output.status.signal().is_none()),
                said: String::from_utf8_lossy(&output.stderr).into_owned(),
            }
        }
        Fault::Moment(count) => until(stage, *count),
    }
}

/// Slows every change down and kills the program right after the k-th, while the next one waits.
fn until(stage: &Stage, count: usize) -> End {
    let mut command = traced(stage, CHANGES);
    command.args(["-e", &format!("inject={CHANGES}:delay_enter=4000")]);
    program(&mut command);
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut seen = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let Ok(line) = line else { break };
        // A call that another thread's interrupts is told in two lines; the second ends it.
        let ended = line.contains(" = ") && line.contains('(') || line.contains("resumed>");
        seen += usize::from(ended);
        if seen == count {
            signal_children(child.id(), Signal::KILL);
        }
        if !ended {
            said.push_str(&line);
        }
    }
    let status = child.wait().unwrap();
    End {
        code: status.code().filter(|_| status.signal().is_none()),
        said,
    }
}

/// Sends a signal to what a process has started: `strace` ends by itself when what it traces has ended.
pub(crate) fn signal_children(parent: u32, signal: Signal) {
    let list = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(list).unwrap_or_default();
    for child in children.split_whitespace() {
        if let Some(pid) = child.parse().ok().and_then(Pid::from_raw) {
            let _gone = kill_process(pid, signal);
        }
    }
}

/// How many of these calls a run makes without a fault: of each the most that one thread makes, and all together.
pub(super) fn counts(stage: &Stage, calls: &[&str]) -> (BTreeMap<String, usize>, usize) {
    let log = stage.scene.beside("calls");
    let mut command = traced(stage, &calls.join(","));
    command.arg("-o").arg(&log);
    program(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut by_thread: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut all = 0;
    let text = std::fs::read_to_string(log).unwrap();
    if calls.contains(&"openat") {
        let is_rollback = text.contains("/run.db-journal") && !text.contains("/run.db-wal");
        assert_eq!(
            is_rollback,
            stage.mode == Mode::Rollback,
            "the journal is another"
        );
    }
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(thread), Some(rest)) = (words.next(), words.next()) else {
            continue;
        };
        if let Some((call, _)) = rest.split_once('(') {
            *by_thread.entry((call.into(), thread.into())).or_default() += 1;
            all += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in by_thread {
        let known = most.entry(call).or_insert(0);
        *known = count.max(*known);
    }
    (most, all)
}
