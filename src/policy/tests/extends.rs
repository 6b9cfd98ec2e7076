//! Documents that extend others: what comes out, and where it has to end.

use super::{finds, instance, patterns};
use crate::finding::Severity;
use crate::policy::load::load_with;
use crate::policy::trial::{RULES, load_files, mistakes_with, policy_file};
use crate::policy::{Gate, Policy};

const TEAM: &str = "version: 1\nexclude: [a]\nrules:\n  file-size: {max: 10, exclude: [x, y], severity: error}\n\
        \x20 path-length: off\n  own: {use: forbidden-content, paths: [p], pattern: q}\n\
        suppressions: [{rule: own, paths: [s], reason: r}]\noverrides: [{paths: [o], rules: {own: off}}]\n\
        cleanup: {rules: {one: {paths: [b], tracked: true}, two: {paths: [c]}}, keep: [k], limits: {max_files: 1}}\n\
        gate: {fail_on: warning, min_score: 50}\nworkspace: {enter_nested: true, allow_unreadable: [u]}\n";

const MAIN: &str = "version: 1\nextends: [../org/team.yml]\nexclude: [b]\nrules:\n  file-size: {exclude: [z]}\n\
        \x20 path-length: {max: 5}\n  own: warning\nsuppressions: [{rule: file-size, paths: [t], reason: r}]\n\
        overrides: [{paths: [o2], rules: {own: error}}]\n\
        cleanup: {rules: {one: {older_than: 1d}, two: off, three: {paths: [d]}}, keep: [l], limits: {max_bytes: 2}}\n\
        gate: {fail_on: note}\nworkspace: {allow_unreadable: [v]}\n";

fn layered() -> Policy {
    let mut file = policy_file(MAIN.as_bytes());
    file.workspace_path = Some("ci/gate.yml".into());
    let loader = |path: &std::path::Path| {
        assert_eq!(path, std::path::Path::new("org/team.yml"));
        Ok(TEAM.as_bytes().to_vec())
    };
    load_with(Some(file), &loader, RULES).unwrap()
}

#[test]
fn rules_of_later_documents_win_and_lists_add_up() {
    let policy = layered();
    let sources: Vec<_> = policy
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(sources, ["p.yml", "org/team.yml"]);
    assert_eq!(patterns(&policy, &policy.exclude), ["a", "b"]);
    let size = &instance(&policy, "file-size").variants[0];
    assert_eq!(size.severity, Some(Severity::Error), "inherited");
    assert!(finds(&policy, "file-size", (0, 11)), "inherited");
    assert_eq!(patterns(&policy, &size.exclude), ["z"], "lists replace");
    assert_eq!(
        instance(&policy, "path-length").variants[0].severity,
        Some(Severity::Warning)
    );
    let own = instance(&policy, "own");
    let severities: Vec<_> = own
        .variants
        .iter()
        .map(|variant| variant.severity)
        .collect();
    assert_eq!(
        severities,
        [Some(Severity::Warning), None, Some(Severity::Error)]
    );
    let suppressed: Vec<_> = policy
        .suppressions
        .iter()
        .map(|one| one.rule.as_str())
        .collect();
    assert_eq!(suppressed, ["own", "file-size"]);
    assert_eq!(policy.suppressions[0].position.source, 1);
}

#[test]
fn keys_of_later_documents_win_in_cleanup_gate_and_workspace() {
    let policy = layered();
    let cleanup: Vec<_> = policy
        .cleanup
        .rules
        .iter()
        .map(|rule| (rule.name.as_str(), rule.tracked, rule.older_than.is_some()))
        .collect();
    assert_eq!(cleanup, [("one", true, true), ("three", false, false)]);
    assert_eq!(policy.cleanup.keep.len(), 2);
    assert_eq!(
        (
            policy.cleanup.limits.max_files,
            policy.cleanup.limits.max_bytes
        ),
        (1, 2)
    );
    assert_eq!(
        policy.gate,
        Gate {
            fail_on: Some(Severity::Note),
            min_score: Some(50.0),
            new_only: false,
        }
    );
    assert!(policy.workspace.enter_nested);
    assert_eq!(patterns(&policy, &policy.workspace.allow_unreadable), ["v"]);
}

#[test]
fn what_two_documents_extend_is_laid_twice_but_its_lists_are_there_once() {
    let base = "version: 1\nexclude: [x]\nrules: {file-size: note}\ncleanup: {keep: [k]}\n\
        suppressions: [{rule: file-size, paths: [s], reason: r}]\n";
    let files = [
        ("base.yml", base),
        (
            "loud.yml",
            "version: 1\nextends: [base.yml]\nrules: {file-size: error}\n",
        ),
    ];
    let load =
        |extends: &str| load_files(&format!("version: 1\nextends: {extends}\n"), &files).unwrap();
    for (extends, severity) in [
        ("[base.yml, ./loud.yml]", Severity::Error),
        ("[loud.yml, base.yml]", Severity::Note),
    ] {
        let policy = load(extends);
        assert_eq!(
            instance(&policy, "file-size").variants[0].severity,
            Some(severity),
            "{extends}"
        );
        assert_eq!(
            (
                policy.exclude.len(),
                policy.suppressions.len(),
                policy.cleanup.keep.len()
            ),
            (1, 1, 1)
        );
        assert_eq!(policy.sources.len(), 3);
    }
}

#[test]
fn mistakes_of_extends_are_precise() {
    let loop_files = [
        ("a.yml", "version: 1\nextends: [sub/b.yml]"),
        ("sub/b.yml", "version: 1\nextends: [../a.yml]"),
    ];
    for (extends, expected) in [
        (
            "[recomended]",
            "p.yml:2:11: extends[0]: no preset is called `recomended`: expected a preset (`recommended`, `strict`, `factory` or `secrets`) or a path that ends in `.yml`; did you mean `recommended`?",
        ),
        (
            "strict",
            "p.yml:2:10: extends: expected a list, for example `[\"strict\"]`, found the text `strict`",
        ),
        (
            "['']",
            "p.yml:2:11: extends[0]: expected a preset (`recommended`, `strict`, `factory` or `secrets`) or a path that ends in `.yml`, found an empty text",
        ),
        (
            "[/etc/a.yml]",
            "p.yml:2:11: extends[0]: `/etc/a.yml` is absolute: expected a path relative to this file, inside the workspace, or a file outside pinned like `{ path: /etc/a.yml, sha256: ... }`",
        ),
        (
            "[../a.yml]",
            "p.yml:2:11: extends[0]: `../a.yml` leaves the workspace: expected a path inside it, or a file outside pinned like `{ path: ../a.yml, sha256: ... }`",
        ),
        (
            "['x\\a.yml']",
            "p.yml:2:11: extends[0]: `x\\a.yml` has a backslash: write paths with `/`",
        ),
        (
            "[missing.yml]",
            "p.yml:2:11: extends[0]: `missing.yml` cannot be read: no such file",
        ),
        (
            "[.factory-gate.yml]",
            "p.yml:2:11: extends[0]: a policy cannot extend itself: p.yml -> p.yml",
        ),
        (
            "[a.yml]",
            "sub/b.yml:2:11: extends[0]: a policy cannot extend itself: a.yml -> sub/b.yml -> a.yml",
        ),
    ] {
        // Names that may come from what could not be read are no mistakes on top.
        let text = format!("version: 1\nextends: {extends}\nrules: {{theirs: off}}\n");
        assert_eq!(mistakes_with(&text, &loop_files), [expected], "{extends}");
    }
    let mut outside = policy_file(b"version: 1\nextends: [a.yml]\n");
    outside.workspace_path = None;
    let refuse = |_: &std::path::Path| panic!("nothing is read");
    let problems = load_with(Some(outside), &refuse, RULES).err().unwrap();
    assert_eq!(
        problems.to_string(),
        "p.yml:2:11: extends[0]: `a.yml` cannot be found from here: a policy outside the workspace can only extend presets, and files that it pins by `sha256`"
    );
}

#[test]
fn long_chains_and_wide_fans_of_extends_end() {
    let chain: Vec<(String, String)> = (0..12)
        .map(|link| {
            (
                format!("{link}.yml"),
                format!("version: 1\nextends: [{}.yml]\n", link + 1),
            )
        })
        .collect();
    let chain: Vec<(&str, &str)> = chain
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        mistakes_with("version: 1\nextends: [0.yml]\n", &chain),
        ["7.yml:2:11: extends[0]: `extends` goes more than 8 documents deep here"]
    );
    let fan: Vec<String> = (0..300).map(|leaf| format!("{leaf}.yml")).collect();
    let all = fan.join(", ");
    let fan: Vec<(&str, &str)> = fan
        .iter()
        .map(|name| (name.as_str(), "version: 1\n"))
        .collect();
    let mistakes = mistakes_with(&format!("version: 1\nextends: [{all}]\n"), &fan);
    assert!(
        mistakes[0].ends_with("the policy extends more than 256 documents"),
        "{mistakes:?}"
    );
}

#[test]
fn a_preset_that_two_documents_extend_does_not_undo_what_came_between() {
    let policy = crate::policy::load(
        Some(policy_file(b"version: 1\nextends: [strict, factory]\n")),
        &|_| panic!("presets read no files"),
    )
    .unwrap();
    let severity = |id: &str| {
        let rule = policy.rules.iter().find(|rule| &*rule.id == id).unwrap();
        rule.variants[0].severity
    };
    // `strict` made it an error; `factory` extends `recommended` too, where it is a note.
    assert_eq!(severity("trailing-whitespace"), Some(Severity::Error));
}
