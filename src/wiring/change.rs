//! What a change does to the wiring of the gate that is to judge it.

use super::{Advice, Examination, File, Gate, Weight, ends_with_any, examine};
use std::collections::BTreeSet;

/// One thing that a change does to the gate's own configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The file, relative to the repository.
    pub file: String,
    /// Its line after the change, from 1; 0 if the file as a whole is meant.
    pub line: u32,
    /// Whether the gate is less of one afterwards.
    pub is_weaker: bool,
    /// What changes. May hold untrusted text.
    pub message: String,
}

/// Compares the files at [`super::PLACES`] before and after a change. A file that could not be read before, and can
/// afterwards, says nothing; the other way round it is weaker.
pub fn turns(before: &[File], after: &[File]) -> Vec<Turn> {
    let (was, is) = (examine(before), examine(after));
    let mut turns = Vec::new();
    gone(&was, &is, &mut turns);
    disarmed(&was, &is, &mut turns);
    pins(&was, &is, &mut turns);
    unread(&was, &is, &mut turns);
    let told: BTreeSet<String> = turns.iter().map(|turn| turn.file.clone()).collect();
    for file in changed(before, after) {
        let runs_gate =
            |examination: &Examination| examination.gates.iter().any(|gate| gate.file == file);
        let is_own = runs_gate(&was) || runs_gate(&is) || ends_with_any(&file, &["CODEOWNERS"]);
        if is_own && !told.contains(&file) {
            turns.push(turn(
                &file,
                0,
                false,
                "configuration that the gate itself depends on is changed",
            ));
        }
    }
    turns.sort();
    turns.dedup();
    turns
}

fn turn(file: &str, line: u32, is_weaker: bool, message: impl Into<String>) -> Turn {
    Turn {
        file: file.to_owned(),
        line,
        is_weaker,
        message: message.into(),
    }
}

/// The paths whose bytes differ, those that only one side has included.
fn changed(before: &[File], after: &[File]) -> BTreeSet<String> {
    let differs = |one: &File, others: &[File]| !others.iter().any(|other| other == one);
    let gone_or_other = before.iter().filter(|file| differs(file, after));
    let new_or_other = after.iter().filter(|file| differs(file, before));
    gone_or_other
        .chain(new_or_other)
        .map(|file| file.path.clone())
        .collect()
}

/// Jobs that ran the gate and do not any more. A job that only moves is still there under its check's name.
fn gone(was: &Examination, is: &Examination, turns: &mut Vec<Turn>) {
    let still = |gate: &Gate| {
        is.gates
            .iter()
            .any(|now| now.system == gate.system && now.check_name == gate.check_name)
    };
    for gate in was.gates.iter().filter(|gate| !still(gate)) {
        let message = format!(
            "the job that reports `{}` does not run the gate any more",
            gate.check_name
        );
        turns.push(turn(&gate.file, 0, true, message));
    }
}

/// What is wrong now and was not before.
fn disarmed(was: &Examination, is: &Examination, turns: &mut Vec<Turn>) {
    let same = |one: &Advice, other: &Advice| {
        (&one.file, one.check, &one.message) == (&other.file, other.check, &other.message)
    };
    let is_new = |advice: &&Advice| !was.advice.iter().any(|before| same(before, advice));
    // A repository that had no gate has lost none.
    let had_gate = !was.gates.is_empty();
    for advice in is
        .advice
        .iter()
        .filter(|advice| advice.weight == Weight::Wrong)
        .filter(is_new)
    {
        if had_gate && !advice.file.is_empty() {
            turns.push(turn(
                &advice.file,
                advice.line,
                true,
                advice.message.clone(),
            ));
        }
    }
}

/// Another version of the action.
fn pins(was: &Examination, is: &Examination, turns: &mut Vec<Turn>) {
    for now in &is.gates {
        let before = was
            .gates
            .iter()
            .find(|gate| (gate.system, &gate.file, &gate.job) == (now.system, &now.file, &now.job));
        if let Some((before, after)) = before
            .and_then(|before| before.uses.as_ref())
            .zip(now.uses.as_ref())
            && before != after
        {
            let message =
                format!("the program that judges is another one: `{after}` instead of `{before}`");
            turns.push(turn(&now.file, now.line, false, message));
        }
    }
}

fn unread(was: &Examination, is: &Examination, turns: &mut Vec<Turn>) {
    for problem in is
        .unread
        .iter()
        .filter(|problem| !was.unread.contains(problem))
    {
        let file = problem.split(':').next().unwrap_or_default();
        turns.push(turn(
            file,
            0,
            true,
            format!("cannot be understood any more: {problem}"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: &str = "on: { pull_request: , merge_group: }\njobs:\n  gate:\n    timeout-minutes: 9\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n        with: { fetch-depth: 2, persist-credentials: false }\n      - uses: factory-gate/factory-gate@3d3c42e5aac5ba805825da76410c181273ba90b1\n";
    const OTHER: &str = "on: push\njobs: {}\n";

    fn files(gate: &str, other: &str) -> Vec<File> {
        [
            (".github/workflows/gate.yml", gate),
            (".github/workflows/other.yml", other),
        ]
        .map(|(path, text)| File {
            path: path.into(),
            bytes: text.into(),
        })
        .into()
    }

    fn told(gate: &str, other: &str) -> Vec<String> {
        let turns = turns(&files(GATE, OTHER), &files(gate, other));
        let tell = |turn: &Turn| {
            format!(
                "{}:{} {} {}",
                turn.file.rsplit('/').next().unwrap(),
                turn.line,
                if turn.is_weaker { "weaker" } else { "other" },
                turn.message
            )
        };
        turns.iter().map(tell).collect()
    }

    #[test]
    fn a_change_elsewhere_says_nothing() {
        assert_eq!(told(GATE, OTHER), [""; 0]);
        assert_eq!(
            told(GATE, "on: push\njobs: { a: { steps: [] } }\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_gate_that_is_gone_or_disarmed_is_weaker() {
        let gone = told(&GATE.replace("factory-gate/factory-gate@", "a/b@"), OTHER);
        assert!(
            gone.iter()
                .any(|one| one.contains("weaker the job that reports `gate`")),
            "{gone:?}"
        );
        let skipped = told(
            &GATE.replace("    timeout", "    if: false\n    timeout"),
            OTHER,
        );
        assert_eq!(
            skipped,
            [
                "gate.yml:4 weaker the job has an `if`: a job that is skipped counts as passed for a required check"
            ]
        );
        let broken = told("on: [\n", OTHER);
        assert!(
            broken
                .iter()
                .any(|one| one.contains("weaker cannot be understood any more")),
            "{broken:?}"
        );
    }

    #[test]
    fn a_gate_that_moves_or_gets_another_version_is_changed() {
        let pin = told(&GATE.replace("factory-gate@3", "factory-gate@4"), OTHER);
        let [pin] = &pin[..] else { panic!("{pin:?}") };
        assert!(
            pin.starts_with("gate.yml:8 other the program that judges"),
            "{pin}"
        );
        let moved = told(OTHER, GATE);
        assert!(
            !moved.is_empty() && moved.iter().all(|one| one.contains(" other ")),
            "{moved:?}"
        );
        let comment = told(&format!("{GATE}# more\n"), OTHER);
        assert_eq!(
            comment,
            ["gate.yml:0 other configuration that the gate itself depends on is changed"]
        );
    }
}
