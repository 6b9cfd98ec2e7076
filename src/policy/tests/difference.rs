//! What one policy changes against another.

use crate::policy::trial::policy;
use crate::policy::{Direction, changes, weakening_phrase, weakenings};

const BEFORE: &str = "rules: {file-size: {severity: error, max: 5, exclude: [e]}, path-length: warning, forbidden-content: {paths: [p, q], pattern: x}}\n\
    overrides: [{paths: [o], rules: {path-length: error}}]\n\
    suppressions: [{rule: file-size, paths: [s], reason: r, expires: 2030-01-01}, {rule: file-size, paths: [t], reason: r}]\n\
    exclude: [x]\ngate: {fail_on: warning, min_score: 90}\ncleanup: {rules: {logs: {paths: ['*.log']}}, keep: [k]}\n\
    workspace: {max_content: 1 MiB}\nlocked: [gate]\n";

fn compared(after: &str) -> Vec<String> {
    let (before, after) = (policy(BEFORE), policy(after));
    let word = |direction| match direction {
        Direction::Weaker => "-",
        Direction::Stricter => "+",
        Direction::Other => "=",
    };
    let changes = changes(&before, &after);
    changes
        .iter()
        .map(|one| format!("{} {}: {one}", word(one.direction), one.key))
        .collect()
}

#[test]
fn what_changes_is_said_with_its_direction() {
    assert_eq!(compared(BEFORE), [""; 0]);
    insta::assert_snapshot!(compared(
        "rules: {file-size: {severity: note, max: 6, exclude: [f]}, dead-pattern: note, forbidden-content: {paths: [p], pattern: x}}\n\
         suppressions: [{rule: file-size, paths: [s], reason: r}, {rule: file-size, paths: [u], reason: r}]\n\
         exclude: [y]\ngate: {fail_on: never, min_score: 95}\ncleanup: {rules: {tmp: {paths: ['*.tmp']}}}\n\
         workspace: {max_content: 2 MiB}\nbaseline: b\n"
    ).join("\n"), @r"
    + rules.dead-pattern: `dead-pattern` is switched on, as note
    - rules.file-size.severity: `file-size` becomes note (it was error)
    = rules.file-size: `file-size` gets other options
    - rules.file-size: `file-size` does not look at `f`
    + rules.file-size: `file-size` looks at `e` again
    - rules.forbidden-content: `forbidden-content` looks at `q` no more
    - rules.path-length: `path-length` is switched off
    - overrides.path-length: `path-length` for `o` becomes off
    - exclude: `y` is looked at no more
    + exclude: `x` is looked at again
    - suppressions.file-size: `file-size` for `s` is suppressed for longer
    + suppressions.file-size: `file-size` for `t` is suppressed no more
    - suppressions.file-size: `file-size` for `u` is suppressed
    - gate.fail_on: the gate fails on never (before: warning)
    + gate.min_score: the least score is 95 (before: 90)
    + cleanup.rules.logs: the cleanup rule `logs` removes nothing any more
    - cleanup.rules.tmp: the cleanup rule `tmp` may remove files
    - cleanup.keep: `k` is protected from cleanup no more
    + workspace.max_content: `max_content` is 2 MiB (before: 1 MiB)
    - baseline: violations are accepted that are listed in `b`
    - locked: `gate` is locked no more
    ");
    insta::assert_snapshot!(compared(&BEFORE.replace("{path-length: error}", "{path-length: off, file-size: {max: 7}}")).join("\n"), @r"
    = overrides.file-size: `file-size` for `o` becomes error
    - overrides.path-length: `path-length` for `o` becomes off
    ");
}

#[test]
fn weakenings_are_counted_in_one_phrase() {
    let after = policy(
        "rules: {file-size: {severity: note, max: 5, exclude: [e]}}\n\
         suppressions: [{rule: file-size, paths: [s], reason: r, expires: 2030-01-01}, {rule: file-size, paths: [t], reason: r},\n\
         \x20 {rule: path-length, paths: [t], reason: r}, {rule: path-length, paths: [u], reason: r}]\n\
         exclude: [x]\ngate: {fail_on: warning, min_score: 90}\ncleanup: {rules: {logs: {paths: ['*.log']}}, keep: [k]}\n\
         workspace: {max_content: 1 MiB}\nlocked: [gate]\n",
    );
    let found = weakenings(&policy(BEFORE), &after);
    assert_eq!(
        weakening_phrase(&found),
        "switches off 2 rules, lowers 1 severity, weakens by 1 override, adds 2 suppressions"
    );
    assert_eq!(weakening_phrase(&weakenings(&after, &after)), "");
}
