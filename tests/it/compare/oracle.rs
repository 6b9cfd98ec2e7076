//! Random changes: the states against those of an oracle that checks the base out and looks at all of it.

use super::kit::{commit, git, write};
use crate::world::World;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const POLICY: &str = "version: 1
extends: [recommended]
exclude: ['vendor/**']
rules:
  words: { use: forbidden-content, pattern: 'BAD\\w*', exclude: ['*.yml'], severity: error }
  duplicate-file: { min_size: 4, severity: warning }
  empty-file: warning
  file-count: { in_directory: { max: 3 }, severity: note }
  indentation: note
  final-newline: warning
  forbidden-path: { paths: ['**/*.bak'], severity: error }
  required-path: { any_of: [LICENSE], severity: error }
  line-length: { max: 12, severity: note }
";

/// What a path holds.
#[derive(Clone, Debug)]
enum Thing {
    File(String, bool),
    Link(String),
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("a.txt"),
        Just("b.py"),
        Just("c.bak"),
        Just(".editorconfig"),
        Just("LICENSE"),
        Just("d.json")
    ];
    let directory =
        prop_oneof![3 => Just(""), 2 => Just("src/"), 1 => Just("src/deep/"), 1 => Just("vendor/")];
    (directory, name).prop_map(|(directory, name)| format!("{directory}{name}"))
}

fn line() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("BAD"),
        Just("BAD one "),
        Just("fine"),
        Just("  two"),
        Just("\ttab"),
        Just("a line that is rather long"),
        Just("# factory-gate: allow(words) reviewed"),
        Just("[*]"),
        Just("indent_style = tab"),
        Just("indent_style = space"),
        Just("trim_trailing_whitespace = false"),
        Just("{}"),
        Just("a.txt"),
        Just("src/a.txt"),
        Just("")
    ]
}

fn thing() -> impl Strategy<Value = Thing> {
    let end = prop_oneof![Just(""), Just("\n"), Just("\r\n")];
    let text =
        (prop::collection::vec(line(), 0..5), end).prop_map(|(lines, end)| lines.join("\n") + end);
    prop_oneof![
        8 => (text, any::<bool>()).prop_map(|(text, executable)| Thing::File(text, executable)),
        1 => prop_oneof![Just("a.txt"), Just("../a.txt"), Just("nowhere"), Just("/etc/passwd")]
            .prop_map(|target| Thing::Link(target.to_owned())),
    ]
}

fn put(world: &World, path: &str, thing: &Thing) {
    let place = world.root().join(path);
    if place.symlink_metadata().is_ok() {
        std::fs::remove_file(&place).unwrap();
    }
    match thing {
        Thing::File(text, executable) => {
            use std::os::unix::fs::PermissionsExt as _;
            write(world, path, text);
            let mode = if *executable { 0o755 } else { 0o644 };
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        Thing::Link(target) => {
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, &place).unwrap();
        }
    }
}

/// Fingerprint, state and place of each violation of a run of the gate.
fn run(world: &World, database: &Path, arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    let database_argument = database.to_str().unwrap();
    let answer = world.gate(
        ["run", "--database", database_argument, "--quiet"]
            .iter()
            .chain(arguments),
    );
    assert!(matches!(answer.status, 0 | 1), "{answer:?}");
    let rows = crate::world::query(
        database,
        "SELECT fingerprint || '|' || state || '|' || rule_id || ' ' || path FROM violations",
    );
    let rows = rows.iter().map(|row| {
        let mut parts = row.splitn(3, '|').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        (next(), (next(), next()))
    });
    rows.collect()
}

fn cases() -> ProptestConfig {
    let given = ProptestConfig::default();
    // Each case runs git and the binary many times; `PROPTEST_CASES` asks for more.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        given.cases
    } else {
        8
    };
    ProptestConfig {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn states_and_scope_are_those_of_a_checkout_of_the_base(
        before in prop::collection::btree_map(path(), thing(), 1..9),
        changes in prop::collection::btree_map(path(), prop::option::of(thing()), 0..5),
        is_committed in any::<bool>(),
    ) {
        let world = World::new().policy(POLICY);
        for (path, thing) in &before {
            put(&world, path, thing);
        }
        let base = commit(&world);
        for (path, change) in &changes {
            match change {
                Some(thing) => put(&world, path, thing),
                None => {
                    std::fs::remove_file(world.root().join(path)).ok();
                }
            }
        }
        if is_committed {
            commit(&world);
        }
        // The oracle: the base in a directory of its own, all of it.
        let checkout = world.beside("checkout");
        git(&world, &["worktree", "add", "--quiet", "--detach", checkout.to_str().unwrap(), &base]);
        let old = run(&world, &world.beside("old.db"), &["checkout"]);
        git(&world, &["worktree", "remove", "--force", checkout.to_str().unwrap()]);
        let full = run(&world, &world.beside("full.db"), &["work"]);
        let new = run(&world, &world.beside("new.db"), &["work", "--new-only", "--base", &base]);
        prop_assert_eq!(new.keys().collect::<Vec<_>>(), full.keys().collect::<Vec<_>>());
        let gone = |path: &str| world.root().join(path).symlink_metadata().is_err();
        let is_renaming = before.keys().any(|path| gone(path));
        for (print, (state, place)) in &new {
            let was_open = old.get(print).is_some_and(|(state, _)| state == "open");
            let expected = match full[print].0.as_str() {
                "suppressed" => "suppressed",
                _ if was_open => "existing",
                _ => "new",
            };
            // What was renamed keeps its violations, which the oracle does not know of.
            if !(is_renaming && expected == "new" && state == "existing") {
                prop_assert_eq!(state, expected, "{}", place);
            }
        }
        // Only what changed, and with it what the base has: everything.
        let scoped = run(&world, &world.beside("scoped.db"), &["work", "--scope", "changed", "--base", &base]);
        let full_keys: BTreeSet<_> = full.iter().map(|(print, (state, _))| (print, state)).collect();
        for (print, (state, place)) in &scoped {
            prop_assert!(full_keys.contains(&(print, state)), "{} is not in a full scan", place);
        }
        for (print, (state, place)) in &full {
            let is_known = scoped.contains_key(print) || old.get(print).is_some_and(|(was, _)| was == state);
            let is_about_uses = place.starts_with("unused-suppression");
            prop_assert!(is_known || is_about_uses, "{} is missed", place);
        }
    }
}
