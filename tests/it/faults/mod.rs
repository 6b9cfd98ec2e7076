//! The program killed, or refused by the kernel, at one system call after the other: whatever is gone has an intent that
//! survived, no row lies, `recover` tells what happened, and the next run ends the work.
//!
//! `strace` counts calls by thread, so two workspaces are used: a small one, in which the first thread's calls are met
//! one by one, and a wide one, in which the thread of the record makes more calls than the first. A third way counts
//! all threads' calls together: every call is slowed down, and the process is killed when the k-th was seen to end.
//!
//! `FG_FAULTS=all` tries every call; otherwise as many as fit into a few minutes.

mod invariants; // what must hold after any death
mod points; // at which calls
pub(crate) mod strace; // a run with one fault

use crate::cleanup::kit::can_run;
use invariants::{Mode, Size, Stage};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use strace::Fault;

/// Tries all faults, a few at a time, and reports every broken promise.
fn try_all((size, mode): (Size, Mode), faults: &[Fault], least: usize) {
    let next = AtomicUsize::new(0);
    let (flags, dead, failed) = (
        Mutex::new(Vec::new()),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let stage = Stage::set(size, mode);
                    let end = strace::run(&stage, fault);
                    match end.code {
                        None => dead.fetch_add(1, Ordering::Relaxed),
                        Some(0) => 0,
                        Some(_) => failed.fetch_add(1, Ordering::Relaxed),
                    };
                    for flag in stage.broken_promises(&end) {
                        flags.lock().unwrap().push(format!("{fault:?}: {flag}"));
                    }
                }
            });
        }
    });
    let (dead, failed) = (dead.into_inner(), failed.into_inner());
    let flags = flags.into_inner().unwrap();
    let count = faults.len();
    let told = format!(
        "{count} faults: {dead} killed, {failed} failed, {} flags\n",
        flags.len()
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(flags.is_empty(), "{} flags: {flags:#?}", flags.len());
    assert!(
        dead + failed >= least,
        "{dead} killed and {failed} failed: the faults did not come"
    );
}

type Points = fn(Size, Mode) -> Vec<Fault>;

/// One group of faults, if this machine lets us trace; fewer than `least` that came are a failure of the test itself.
fn group(name: &str, (size, mode): (Size, Mode), points: Points, least: usize) {
    if can_run(name, "strace", &["-f", "-qq", "-o", "/dev/null", "true"]) {
        try_all((size, mode), &points(size, mode), least);
    }
}

#[test]
fn killed_at_the_kth_call() {
    let name = "killed_at_the_kth_call";
    group(name, (Size::Small, Mode::Log), points::kills, 60);
}

#[test]
fn killed_at_the_kth_call_with_a_rollback_journal() {
    let name = "killed_at_the_kth_call_with_a_rollback_journal";
    group(name, (Size::Small, Mode::Rollback), points::kills, 60);
}

#[test]
fn killed_while_the_record_is_written() {
    let name = "killed_while_the_record_is_written";
    group(name, (Size::Wide, Mode::Log), points::kills, 20);
}

#[test]
fn killed_while_the_record_is_written_with_a_rollback_journal() {
    let name = "killed_while_the_record_is_written_with_a_rollback_journal";
    group(name, (Size::Wide, Mode::Rollback), points::kills, 20);
}

#[test]
fn refused_at_the_kth_call() {
    let name = "refused_at_the_kth_call";
    group(name, (Size::Small, Mode::Log), points::errors, 60);
}

#[test]
fn refused_at_the_kth_call_with_a_rollback_journal() {
    let name = "refused_at_the_kth_call_with_a_rollback_journal";
    group(name, (Size::Small, Mode::Rollback), points::errors, 60);
}

#[test]
fn refused_while_the_record_is_written() {
    let name = "refused_while_the_record_is_written";
    group(name, (Size::Wide, Mode::Log), points::errors, 20);
}

#[test]
fn refused_while_the_record_is_written_with_a_rollback_journal() {
    let name = "refused_while_the_record_is_written_with_a_rollback_journal";
    group(name, (Size::Wide, Mode::Rollback), points::errors, 20);
}

#[test]
fn killed_between_any_two_calls() {
    let name = "killed_between_any_two_calls";
    group(name, (Size::Small, Mode::Log), points::moments, 30);
}

#[test]
fn killed_between_any_two_calls_with_a_rollback_journal() {
    let name = "killed_between_any_two_calls_with_a_rollback_journal";
    group(name, (Size::Small, Mode::Rollback), points::moments, 30);
}

#[test]
fn what_is_in_doubt_is_no_more_than_two_batches() {
    let name = "what_is_in_doubt_is_no_more_than_two_batches";
    group(name, (Size::Vast, Mode::Log), points::late, 4);
}
