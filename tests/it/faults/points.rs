//! At which calls a fault is tried.

use super::invariants::{Mode, Size, Stage};
use super::strace::{CHANGES, Fault, counts};

const KILLED: [&str; 9] = [
    "unlinkat",
    "renameat2",
    "renameat",
    "pwrite64",
    "fsync",
    "fdatasync",
    "openat",
    "ftruncate",
    "mkdirat",
];

/// The call, the error, and whether it stays from then on.
const ERRORS: [(&str, &str, bool); 14] = [
    ("unlinkat", "EIO", false),
    ("unlinkat", "EACCES", true),
    ("pwrite64", "ENOSPC", false),
    ("pwrite64", "ENOSPC", true),
    ("pwrite64", "EIO", true),
    ("fsync", "EIO", false),
    ("fsync", "EIO", true),
    ("fdatasync", "EIO", true),
    ("openat", "EMFILE", false),
    ("openat", "EMFILE", true),
    ("openat2", "EIO", false),
    ("renameat2", "EIO", false),
    ("renameat", "EIO", false),
    ("ftruncate", "EIO", true),
];

fn everything() -> bool {
    std::env::var("FG_FAULTS").is_ok_and(|value| value == "all")
}

/// Numbers from 1 to `count`, at most `most` of them, spread evenly with both ends.
fn spread(count: usize, most: usize) -> Vec<usize> {
    if count <= most || everything() {
        return (1..=count).collect();
    }
    let mut numbers: Vec<usize> = (0..most)
        .map(|step| 1 + step * (count - 1) / (most - 1))
        .collect();
    numbers.dedup();
    numbers
}

fn most(size: Size, call: &str) -> usize {
    match (size, call) {
        (Size::Small, "unlinkat" | "pwrite64" | "renameat2" | "openat2") => 30,
        (Size::Small, _) => 12,
        (Size::Wide, "pwrite64") => 24,
        (Size::Wide, "unlinkat" | "renameat2") => 8,
        (Size::Wide, _) => 4,
        (Size::Vast, _) => 0,
    }
}

/// Killed as each of these calls begins.
pub(super) fn kills(size: Size, mode: Mode) -> Vec<Fault> {
    let (calls, _) = counts(&Stage::set(size, mode), &KILLED);
    let all = KILLED.iter().flat_map(|call| {
        let count = calls.get(*call).copied().unwrap_or(0);
        spread(count, most(size, call))
            .into_iter()
            .map(move |number| Fault::Injected {
                call,
                what: format!("signal=SIGKILL:when={number}"),
            })
    });
    all.collect()
}

/// Each of these calls answers with an error, once or from then on.
pub(super) fn errors(size: Size, mode: Mode) -> Vec<Fault> {
    let names: Vec<&str> = ERRORS.iter().map(|(call, ..)| *call).collect();
    let (calls, _) = counts(&Stage::set(size, mode), &names);
    let all = ERRORS.iter().flat_map(|(call, error, stays)| {
        let count = calls.get(*call).copied().unwrap_or(0);
        let stays = if *stays { "+" } else { "" };
        spread(count, most(size, call) / 2)
            .into_iter()
            .map(move |number| Fault::Injected {
                call,
                what: format!("error={error}:when={number}{stays}"),
            })
    });
    all.collect()
}

/// Killed after each change to the disk, counted over all threads.
pub(super) fn moments(size: Size, mode: Mode) -> Vec<Fault> {
    let calls: Vec<&str> = CHANGES.split(',').collect();
    let (_, all) = counts(&Stage::set(size, mode), &calls);
    spread(all, 60).into_iter().map(Fault::Moment).collect()
}

/// Killed far into a long sweep.
pub(super) fn late(_: Size, _: Mode) -> Vec<Fault> {
    let numbers = [300, 1100, 2400, 2450];
    let kill = |number| Fault::Injected {
        call: "unlinkat",
        what: format!("signal=SIGKILL:when={number}"),
    };
    numbers.map(kill).into()
}
