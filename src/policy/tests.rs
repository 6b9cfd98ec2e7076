//! Whole policies: what they become, and what is said about their mistakes.

use super::trial::{RULES, load_files, mistakes, mistakes_with, policy, policy_file};
use super::{Gate, GlobId, Policy, RuleInstance};
use crate::finding::Severity;
use crate::walk::Kind;
use proptest::prelude::*;

fn instance<'p>(policy: &'p Policy, id: &str) -> &'p RuleInstance {
    let found = policy.rules.iter().find(|rule| &*rule.id == id);
    found.unwrap_or_else(|| panic!("{id} is off"))
}

fn patterns(policy: &Policy, ids: &[GlobId]) -> Vec<String> {
    ids.iter()
        .map(|id| policy.globs.pattern(*id).0.as_str().to_owned())
        .collect()
}

/// Whether the variant finds a file of this size, which shows what its `max` is.
fn finds(policy: &Policy, id: &str, (variant, size): (usize, u64)) -> bool {
    let mut builder = crate::walk::TreeBuilder::default();
    let meta = crate::walk::Meta {
        kind: Kind::File,
        permissions: 0o644,
        size,
        modified_ns: 0,
        tracked: None,
        ignored: false,
    };
    assert!(builder.push(b"a", meta));
    let tree = builder.finish("/".into());
    let mut found = crate::finding::Found::default();
    let check = instance(policy, id).variants[variant]
        .check
        .as_ref()
        .unwrap();
    check.entry(tree.find(b"a").unwrap(), &mut found);
    !found.is_empty()
}

#[test]
fn a_switch_sets_the_severity_and_off_is_off() {
    let policy = policy("rules:\n  file-size: error\n  path-length: off\n  dead-pattern: {}\n");
    let ids: Vec<&str> = policy.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(ids, ["file-size", "dead-pattern"]);
    let base = &instance(&policy, "file-size").variants[0];
    assert_eq!(base.severity, Some(Severity::Error));
    assert!(base.check.is_some() && base.paths.is_none() && base.exclude.is_empty());
    let engine = &instance(&policy, "dead-pattern").variants[0];
    assert_eq!(engine.severity, Some(Severity::Note));
    assert!(engine.check.is_none());
}

#[test]
fn a_rule_that_is_off_may_lack_what_it_needs() {
    let policy = policy(
        "rules: {forbidden-content: {severity: off, style: each-line}, own: {use: forbidden-content, severity: off}}\n\
         overrides: [{paths: [a], rules: {forbidden-content: {pattern: x, paths: [b]}}}]\n",
    );
    let severities: Vec<_> = instance(&policy, "forbidden-content")
        .variants
        .iter()
        .map(|one| one.severity)
        .collect();
    assert_eq!(severities, [None, Some(Severity::Error)]);
    assert_eq!(policy.rules.len(), 1);
    assert_eq!(mistakes("rules: {forbidden-content: off}"), [""; 0]);
}

#[test]
fn everything_else_of_a_policy_is_read() {
    let policy = policy(
        "exclude: ['third_party/**']\n\
         suppressions:\n  - {rule: file-size, paths: [big.bin], reason: ' ok ', owner: '@x', expires: 2027-06-30}\n\
         cleanup:\n  rules:\n    logs: {paths: ['**/*.log'], older_than: 7d, larger_than: 1 KiB, action: remove, tracked: true}\n\
         \x20 keep: [logs/audit.log]\n  limits: {max_files: 5, max_bytes: 2 GiB}\n\
         gate: {fail_on: never, min_score: 99.5, new_only: false}\n\
         workspace: {enter_nested: true, allow_unreadable: ['x/**'], max_content: 64 MiB}\n",
    );
    assert_eq!(patterns(&policy, &policy.exclude), ["third_party/**"]);
    let suppression = &policy.suppressions[0];
    assert_eq!(
        (suppression.rule.as_str(), suppression.reason.as_str()),
        ("file-size", " ok ")
    );
    assert_eq!(suppression.owner.as_deref(), Some("@x"));
    assert_eq!(suppression.expires, Some(jiff::civil::date(2027, 6, 30)));
    assert_eq!(suppression.position.line, 4);
    let cleanup = &policy.cleanup;
    let rule = &cleanup.rules[0];
    assert_eq!(
        (rule.name.as_str(), rule.paths[0].as_str()),
        ("logs", "**/*.log")
    );
    assert_eq!(
        rule.older_than,
        Some(std::time::Duration::from_secs(7 * 86_400))
    );
    assert_eq!((rule.larger_than, rule.tracked), (Some(1024), true));
    assert_eq!(cleanup.keep[0].as_str(), "logs/audit.log");
    assert_eq!(
        (cleanup.limits.max_files, cleanup.limits.max_bytes),
        (5, 2 << 30)
    );
    assert_eq!(
        policy.gate,
        Gate {
            fail_on: None,
            min_score: Some(99.5)
        }
    );
    assert!(policy.workspace.enter_nested);
    assert_eq!(
        patterns(&policy, &policy.workspace.allow_unreadable),
        ["x/**"]
    );
    assert_eq!(policy.workspace.max_content, 64 << 20);
}

#[test]
fn what_a_policy_does_not_say_has_safe_defaults() {
    let policy = policy("");
    assert!(policy.rules.is_empty() && policy.cleanup.rules.is_empty());
    assert_eq!(
        policy.gate,
        Gate {
            fail_on: Some(Severity::Error),
            min_score: None
        }
    );
    assert!(!policy.workspace.enter_nested);
    assert_eq!(policy.workspace.max_content, 32 << 20);
}

#[test]
fn a_rule_of_ones_own_uses_a_built_in_one() {
    let policy = policy(
        "rules:\n  no-fixme:\n    use: forbidden-content\n    paths: ['src/**']\n    exclude: ['src/gen/']\n\
         \x20   pattern: FIXME\n    severity: note\n    message: Do it now.\n  a-b: {use: file-size}\n  path-length: note\n",
    );
    let ids: Vec<&str> = policy.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(
        ids,
        ["path-length", "a-b", "no-fixme"],
        "catalogue first, then by name"
    );
    let own = instance(&policy, "no-fixme");
    assert_eq!(
        (own.rule.id, own.message.as_deref()),
        ("forbidden-content", Some("Do it now."))
    );
    let base = &own.variants[0];
    assert_eq!(base.severity, Some(Severity::Note));
    assert_eq!(patterns(&policy, base.paths.as_ref().unwrap()), ["src/**"]);
    assert_eq!(patterns(&policy, &base.exclude), ["src/gen/"]);
    assert_eq!(
        instance(&policy, "a-b").variants[0].severity,
        Some(Severity::Warning)
    );
}

#[test]
fn overrides_are_complete_variants_over_the_base() {
    let policy = policy(
        "rules:\n  file-size: {max: 10, severity: error, exclude: [a]}\n  path-length: off\n\
         overrides:\n  - {paths: ['docs/**'], rules: {file-size: {max: 20}, path-length: note}}\n\
         \x20 - {paths: ['x/**', y], rules: {file-size: off, path-length: {max: 3}}}\n\
         \x20 - {paths: [z], rules: {file-size: note}}\n",
    );
    let rule = instance(&policy, "file-size");
    let severities: Vec<_> = rule
        .variants
        .iter()
        .map(|variant| variant.severity)
        .collect();
    let (error, note) = (Some(Severity::Error), Some(Severity::Note));
    assert_eq!(severities, [error, error, None, note]);
    assert!(finds(&policy, "file-size", (0, 11)) && !finds(&policy, "file-size", (0, 10)));
    assert!(finds(&policy, "file-size", (1, 21)) && !finds(&policy, "file-size", (1, 20)));
    assert!(finds(&policy, "file-size", (3, 11)));
    assert_eq!(patterns(&policy, &rule.variants[1].exclude), ["a"]);
    let places: Vec<_> = rule
        .overrides
        .iter()
        .map(|(paths, variant)| (patterns(&policy, paths), *variant))
        .collect();
    assert_eq!(
        places,
        [
            (vec!["docs/**".into()], 1),
            (vec!["x/**".into(), "y".into()], 2),
            (vec!["z".into()], 3)
        ]
    );
    let length = instance(&policy, "path-length");
    let severities: Vec<_> = length
        .variants
        .iter()
        .map(|variant| variant.severity)
        .collect();
    assert_eq!(
        severities,
        [None, note, Some(Severity::Warning)],
        "options switch on what is off"
    );
    assert!(length.variants[0].check.is_none() && length.variants[1].check.is_some());
}

#[test]
fn later_documents_win_and_lists_add_up() {
    let team = "version: 1\nexclude: [a]\nrules:\n  file-size: {max: 10, exclude: [x, y], severity: error}\n\
        \x20 path-length: off\n  own: {use: forbidden-content, paths: [p], pattern: q}\n\
        suppressions: [{rule: own, paths: [s], reason: r}]\noverrides: [{paths: [o], rules: {own: off}}]\n\
        cleanup: {rules: {one: {paths: [b], tracked: true}, two: {paths: [c]}}, keep: [k], limits: {max_files: 1}}\n\
        gate: {fail_on: warning, min_score: 50}\nworkspace: {enter_nested: true, allow_unreadable: [u]}\n";
    let main = "version: 1\nextends: [../org/team.yml]\nexclude: [b]\nrules:\n  file-size: {exclude: [z]}\n\
        \x20 path-length: {max: 5}\n  own: warning\nsuppressions: [{rule: file-size, paths: [t], reason: r}]\n\
        overrides: [{paths: [o2], rules: {own: error}}]\n\
        cleanup: {rules: {one: {older_than: 1d}, two: off, three: {paths: [d]}}, keep: [l], limits: {max_bytes: 2}}\n\
        gate: {fail_on: note}\nworkspace: {allow_unreadable: [v]}\n";
    let mut file = policy_file(main.as_bytes());
    file.workspace_path = Some("ci/gate.yml".into());
    let loader = |path: &std::path::Path| {
        assert_eq!(path, std::path::Path::new("org/team.yml"));
        Ok(team.as_bytes().to_vec())
    };
    let policy = super::load::load_with(Some(file), &loader, RULES).unwrap();
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
            min_score: Some(50.0)
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
fn sources_are_kept_for_the_record() {
    let policy = load_files("version: 1\n# ä\n", &[]).unwrap();
    let source = &policy.sources[0];
    assert_eq!(source.text, "version: 1\n# ä\n");
    assert_eq!(source.workspace_path.as_deref(), Some(".factory-gate.yml"));
    assert_eq!(
        source.sha256,
        "3fba2978bab56e17163b58a9150561a199be54157719a15b67d5759591485813"
    );
}

#[test]
fn mistakes_about_rules_say_what_was_meant() {
    for (body, expected) in [
        (
            "rules: {file-sise: error}",
            "p.yml:2:9: rules.file-sise: unknown rule `file-sise`; did you mean `file-size`?",
        ),
        (
            "rules: {whatever: error}",
            "p.yml:2:9: rules.whatever: unknown rule `whatever`: a rule of your own names the built-in rule that it uses, like `use: forbidden-path`",
        ),
        (
            "rules: {file-size: of}",
            "p.yml:2:20: rules.file-size: `of` is no severity: expected `off`, `note`, `warning`, `error` or a mapping with options; did you mean `off`?",
        ),
        (
            "rules: {file-size: false}",
            "p.yml:2:20: rules.file-size: `false` is no severity: write `off` to switch a rule off",
        ),
        (
            "rules: {file-size: true}",
            "p.yml:2:20: rules.file-size: `true` is no severity: write `error`, `warning` or `note` to switch a rule on",
        ),
        (
            "rules: {file-size: }",
            "p.yml:2:9: rules.file-size: expected `off`, `note`, `warning`, `error` or a mapping with options, found nothing",
        ),
        (
            "rules: {file-size: {severity: fatal}}",
            "p.yml:2:31: rules.file-size.severity: `fatal` is no severity: expected `off`, `note`, `warning` or `error`",
        ),
        (
            "rules: {file-size: {maxx: 1}}",
            "p.yml:2:21: rules.file-size.maxx: unknown option of `file-size`: `maxx`; did you mean `max`?",
        ),
        (
            "rules: {file-size: {sevrity: error}}",
            "p.yml:2:21: rules.file-size.sevrity: unknown option of `file-size`: `sevrity`; did you mean `severity`?",
        ),
        (
            "rules: {file-size: {zebra: 1}}",
            "p.yml:2:21: rules.file-size.zebra: unknown option of `file-size`: `zebra`: expected `max`, `severity`, `paths`, `exclude` or `message`",
        ),
        (
            "rules: {file-size: {max: 1 XB}}",
            "p.yml:2:26: rules.file-size.max: `1 XB` is no size: expected for example 500 kB, 1 MiB or 2 GiB",
        ),
        (
            "rules: {file-size: {max: [1]}}",
            "p.yml:2:26: rules.file-size.max: expected a number or a text with a unit, found a list",
        ),
        (
            "rules: {file-size: {use: path-length}}",
            "p.yml:2:21: rules.file-size.use: `file-size` is built in and cannot `use` a rule: leave `use` out, or give your rule another name, like `our-file-size`",
        ),
        (
            "rules: {own: {use: file-sizes}}",
            "p.yml:2:20: rules.own.use: no built-in rule is called `file-sizes`; did you mean `file-size`?",
        ),
        (
            "rules: {own: {use: ''}}",
            "p.yml:2:20: rules.own.use: expected the name of a built-in rule, like `forbidden-path`, found an empty text",
        ),
        (
            "rules: {Own_Rule: {use: file-size}}",
            "p.yml:2:9: rules.Own_Rule: `Own_Rule` is no name for a rule: expected lower-case words joined by `-`, like `no-backups`",
        ),
        (
            "rules: {own: {use: forbidden-content, pattern: x}}",
            "p.yml:2:9: rules.own: `forbidden-content` says nothing without `paths`: expected for example `paths: [\"**/*.bak\"]`",
        ),
        (
            "rules: {own: {use: forbidden-content, paths: [x]}}",
            "p.yml:2:9: rules.own: missing key `pattern`",
        ),
        (
            "rules: {own: {use: forbidden-content, paths: [x], pattern: '('}}",
            "p.yml:2:60: rules.own.pattern: `(` is no regular expression: unclosed group",
        ),
        (
            "rules: {own: {use: forbidden-content, paths: [x], pattern: y, style: each_line}}",
            "p.yml:2:70: rules.own.style: unknown word `each_line`; did you mean `each-line`?",
        ),
        (
            "rules: {own: {use: forbidden-content, paths: [x], pattern: y, within: [{lines: 1}, {lines: x}]}}",
            "p.yml:2:92: rules.own.within[1].lines: expected a whole number, not negative, found the text `x`",
        ),
        (
            "rules: {own: {use: forbidden-content, paths: [x], pattern: y, within: [{line: 1}]}}",
            "p.yml:2:73: rules.own.within[0].line: unknown key `line`; did you mean `lines`?",
        ),
        (
            "rules: {file-size: {paths: []}}",
            "p.yml:2:28: rules.file-size.paths: an empty list matches no path: expected at least one path pattern",
        ),
        (
            "rules: {file-size: {paths: src}}",
            "p.yml:2:28: rules.file-size.paths: expected a list, for example `[\"src\"]`, found the text `src`",
        ),
        (
            "rules: {file-size: {exclude: ['']}}",
            "p.yml:2:31: rules.file-size.exclude[0]: an empty path pattern: expected for example `src/**` or `**/*.log`",
        ),
        (
            "rules: {file-size: {exclude: [a, ../b]}}",
            "p.yml:2:34: rules.file-size.exclude[1]: `../b` has a `.` or `..` component: patterns never leave the workspace",
        ),
        (
            "rules: {file-size: {message: ' '}}",
            "p.yml:2:30: rules.file-size.message: expected a sentence for people who break the rule, found the text ` `",
        ),
        (
            "rules: {dead-pattern: {quiet: 1}}",
            "p.yml:2:31: rules.dead-pattern.quiet: expected `true` or `false`, found the number 1",
        ),
        (
            "rules: {path-length: {severity: off, max: x}}",
            "p.yml:2:43: rules.path-length.max: expected a whole number, not negative, found the text `x`",
        ),
        (
            "rules: [file-size]",
            "p.yml:2:8: rules: expected a mapping from rule names to settings, found a list",
        ),
        (
            "overrides: [{paths: [a], rules: {file-sise: off}}]",
            "p.yml:2:34: overrides[0].rules.file-sise: unknown rule `file-sise`; did you mean `file-size`?",
        ),
        (
            "overrides: [{paths: [a], rules: {whatever: off}}]",
            "p.yml:2:34: overrides[0].rules.whatever: unknown rule `whatever`: a rule of your own is defined in `rules`",
        ),
        (
            "overrides: [{rules: {file-size: off}}]",
            "p.yml:2:13: overrides[0]: missing key `paths`: expected for example `paths: [\"docs/**\"]`",
        ),
        (
            "overrides: [{paths: [a]}]",
            "p.yml:2:13: overrides[0]: missing key `rules`: expected for example `rules: { file-size: off }`",
        ),
        (
            "overrides: [{paths: [a], rules: {file-size: {message: x}}}]",
            "p.yml:2:46: overrides[0].rules.file-size.message: `message` is the same for all paths: it stands in `rules`",
        ),
        (
            "overrides: [{paths: [a], rules: {file-size: {use: x}}}]",
            "p.yml:2:46: overrides[0].rules.file-size.use: `use` is the same for all paths: it stands in `rules`",
        ),
        (
            "overrides: [{paths: [a], rules: {file-size: {max: x}}}]",
            "p.yml:2:51: overrides[0].rules.file-size.max: `x` is no size: expected for example 500 kB, 1 MiB or 2 GiB",
        ),
        (
            "overrides: [{paths: [a], rules: {forbidden-content: {pattern: x}}}]",
            "p.yml:2:34: overrides[0].rules.forbidden-content: `forbidden-content` says nothing without `paths`: expected for example `paths: [\"**/*.bak\"]`",
        ),
    ] {
        assert_eq!(mistakes(body), [expected], "{body}");
    }
}

#[test]
fn mistakes_about_the_rest_say_what_was_expected() {
    for (body, expected) in [
        (
            "rule: {}",
            "p.yml:2:1: rule: unknown key `rule`; did you mean `rules`?",
        ),
        (
            "zebra: {}",
            "p.yml:2:1: zebra: unknown key `zebra`: expected `version`, `extends`, `exclude`, `rules`, `overrides`, `suppressions`, `cleanup`, `gate` or `workspace`",
        ),
        (
            "exclude: ''",
            "p.yml:2:10: exclude: expected a list, for example `[\"src/**\"]`, found an empty text",
        ),
        (
            "suppressions: [{rule: file-size, paths: [a]}]",
            "p.yml:2:16: suppressions[0]: missing key `reason`: expected for example `reason: \"training set, reviewed\"`",
        ),
        (
            "suppressions: [{rule: file-size, paths: [a], reason: ''}]",
            "p.yml:2:54: suppressions[0].reason: expected a sentence that says why this is accepted, found an empty text",
        ),
        (
            "suppressions: [{rule: file-sise, paths: [a], reason: r}]",
            "p.yml:2:23: suppressions[0].rule: unknown rule `file-sise`; did you mean `file-size`?",
        ),
        (
            "suppressions: [{rule: file-size, paths: [], reason: r}]",
            "p.yml:2:41: suppressions[0].paths: an empty list matches no path: expected at least one path pattern",
        ),
        (
            "suppressions: [{rule: file-size, paths: [a], reason: r, expires: 2027-02-30}]",
            "p.yml:2:66: suppressions[0].expires: expected a day of the calendar as YYYY-MM-DD, like 2027-06-30, found the text `2027-02-30`",
        ),
        (
            "suppressions: [{rule: file-size, paths: [a], reason: r, expires: 20270230}]",
            "p.yml:2:66: suppressions[0].expires: expected a day of the calendar as YYYY-MM-DD, like 2027-06-30, found the number 20270230",
        ),
        (
            "suppressions: [{rule: file-size, paths: [a], reason: r, owner: 5}]",
            "p.yml:2:64: suppressions[0].owner: expected who answers for it, like `@data`, found the number 5",
        ),
        (
            "suppressions: [x]",
            "p.yml:2:16: suppressions[0]: expected a mapping with `rule`, `paths`, `reason`, `owner` or `expires`, found the text `x`",
        ),
        (
            "cleanup: {rules: {a: {paths: [b], action: quarantine}}}",
            "p.yml:2:43: cleanup.rules.a.action: `quarantine` is not in this version, which only removes: expected `remove`",
        ),
        (
            "cleanup: {rules: {a: {paths: [b], action: delete}}}",
            "p.yml:2:43: cleanup.rules.a.action: expected `remove`, found the text `delete`",
        ),
        (
            "cleanup: {rules: {a: {older_than: 7d}}}",
            "p.yml:2:19: cleanup.rules.a: missing key `paths`: expected for example `paths: [\"**/*.tmp\"]`",
        ),
        (
            "cleanup: {rules: {a: {paths: [b], older_than: 7}}}",
            "p.yml:2:47: cleanup.rules.a.older_than: `7` has no unit: expected for example 7d for days or 7h for hours",
        ),
        (
            "cleanup: {rules: {a: {paths: [/b]}}}",
            "p.yml:2:31: cleanup.rules.a.paths[0]: `/b` is absolute: patterns are relative to the workspace",
        ),
        (
            "cleanup: {rules: {a: on}}",
            "p.yml:2:22: cleanup.rules.a: expected `off` or a mapping with `paths`, found the text `on`",
        ),
        (
            "cleanup: {keep: ['']}",
            "p.yml:2:18: cleanup.keep[0]: an empty path pattern: expected for example `src/**` or `**/*.log`",
        ),
        (
            "cleanup: {limits: {max_files: -1}}",
            "p.yml:2:31: cleanup.limits.max_files: expected a whole number, not negative, found the number -1",
        ),
        (
            "gate: {fail_on: warnings}",
            "p.yml:2:17: gate.fail_on: expected `error`, `warning`, `note` or `never`, found the text `warnings`; did you mean `warning`?",
        ),
        (
            "gate: {min_score: 101}",
            "p.yml:2:19: gate.min_score: expected a score from 0 to 100, found the number 101",
        ),
        (
            "gate: {min_score: .nan}",
            "p.yml:2:19: gate.min_score: expected a score from 0 to 100, found the number NaN",
        ),
        (
            "gate: {new_only: true}",
            "p.yml:2:18: gate.new_only: comparing with a base is not in this version: expected `false`",
        ),
        (
            "gate: {new_only: no}",
            "p.yml:2:18: gate.new_only: expected `true` or `false`, found the text `no`",
        ),
        (
            "workspace: {max_content: 65 MiB}",
            "p.yml:2:26: workspace.max_content: expected a size from 1 byte to 64 MiB, found `65 MiB`",
        ),
        (
            "workspace: {max_content: 0}",
            "p.yml:2:26: workspace.max_content: expected a size from 1 byte to 64 MiB, found `0 bytes`",
        ),
        (
            "workspace: {enter_nested: yes}",
            "p.yml:2:27: workspace.enter_nested: expected `true` or `false`, found the text `yes`",
        ),
    ] {
        assert_eq!(mistakes(body), [expected], "{body}");
    }
}

#[test]
fn the_version_is_required_and_1() {
    for (text, expected) in [
        (
            "rules: {}",
            "p.yml:1:1: missing key `version`: expected `version: 1`",
        ),
        (
            "version: 2",
            "p.yml:1:10: version: this program understands version 1 of the policy language, found the number 2",
        ),
        (
            "version: '1'",
            "p.yml:1:10: version: expected the number 1, found the text `1`",
        ),
        (
            "version: 1.0",
            "p.yml:1:10: version: expected the number 1, found the number 1.0",
        ),
        (
            "- version",
            "p.yml:1:1: a policy is a mapping that starts like `version: 1`, found a list",
        ),
    ] {
        assert_eq!(mistakes_with(text, &[]), [expected], "{text}");
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
            "p.yml:2:11: extends[0]: no preset is called `recomended`: expected a preset (`recommended`, `strict` or `factory`) or a path that ends in `.yml`; did you mean `recommended`?",
        ),
        (
            "strict",
            "p.yml:2:10: extends: expected a list, for example `[\"strict\"]`, found the text `strict`",
        ),
        (
            "['']",
            "p.yml:2:11: extends[0]: expected a preset (`recommended`, `strict` or `factory`) or a path that ends in `.yml`, found an empty text",
        ),
        (
            "[/etc/a.yml]",
            "p.yml:2:11: extends[0]: `/etc/a.yml` is absolute: expected a path relative to this file, inside the workspace",
        ),
        (
            "[../a.yml]",
            "p.yml:2:11: extends[0]: `../a.yml` leaves the workspace: expected a path inside it",
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
    let problems = super::load::load_with(Some(outside), &refuse, RULES)
        .err()
        .unwrap();
    assert_eq!(
        problems.to_string(),
        "p.yml:2:11: extends[0]: `a.yml` cannot be found from here: a policy outside the workspace can only extend presets"
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
    let fan: Vec<(String, String)> = (0..7)
        .map(|link| {
            let next = format!("{}.yml, ", link + 1).repeat(20);
            (
                format!("{link}.yml"),
                format!("version: 1\nextends: [{next}]\n"),
            )
        })
        .chain([("7.yml".into(), "version: 1\n".into())])
        .collect();
    let fan: Vec<(&str, &str)> = fan
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let mistakes = mistakes_with("version: 1\nextends: [0.yml]\n", &fan);
    assert!(
        mistakes[0].ends_with("the policy extends more than 256 documents"),
        "{mistakes:?}"
    );
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_places_and_without_echoes() {
    let team = "version: 1\nrules:\n  own: {use: nothing-known}\n  file-size: {max: -1}\n";
    let main = "version: 3\nextends: [team.yml]\nrules:\n  file-size: {severity: errror, exclude: [/x]}\n  own: off\n\
        overrides: [{paths: [a], rules: {own: error, file-size: {paths: [b]}}}]\n\
        suppressions: [{rule: own, paths: [c], reason: r}]\n";
    assert_eq!(
        mistakes_with(main, &[("team.yml", team)]),
        [
            "p.yml:1:10: version: this program understands version 1 of the policy language, found the number 3",
            "p.yml:4:25: rules.file-size.severity: `errror` is no severity: expected `off`, `note`, `warning` or `error`; did you mean `error`?",
            "p.yml:4:43: rules.file-size.exclude[0]: `/x` is absolute: patterns are relative to the workspace",
            "team.yml:3:14: rules.own.use: no built-in rule is called `nothing-known`",
            "team.yml:4:20: rules.file-size.max: must not be negative",
        ]
    );
}

#[test]
fn redefining_an_inherited_rule_with_another_use_is_a_mistake() {
    let team = "version: 1\nrules:\n  own: {use: file-size}\n";
    let main = "version: 1\nextends: [team.yml]\nrules:\n  own: {use: path-length}\n";
    assert_eq!(
        mistakes_with(main, &[("team.yml", team)]),
        [
            "p.yml:4:14: rules.own.use: the rule `own` that this policy extends uses `file-size`: give yours another name"
        ]
    );
}

#[test]
fn overrides_cannot_multiply_without_end() {
    let patterns = "x,".repeat(20_000);
    let over = "{paths: [a], rules: {own: {severity: note, style: each-line}}},".repeat(100);
    let body = format!(
        "rules: {{own: {{use: forbidden-content, paths: [{patterns}], pattern: y}}}}\noverrides: [{over}]\n"
    );
    let mistakes = mistakes(&body);
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0]
            .ends_with("the overrides repeat more than 1000000 keys and values of their rules")
    );
}

#[test]
fn without_a_policy_the_preset_recommended_is_named_as_the_source() {
    let refuse = |_: &std::path::Path| panic!("nothing is read");
    match super::load(None, &refuse) {
        Ok(policy) => {
            assert_eq!(policy.sources[0].name, "preset recommended");
            assert_eq!(policy.sources[0].workspace_path, None);
        }
        Err(problems) => assert!(
            problems
                .0
                .iter()
                .all(|problem| problem.source == "preset recommended")
        ),
    }
}

fn check_places(text: &[u8]) {
    let refuse = |_: &std::path::Path| Err(std::io::Error::other("not here"));
    let Err(problems) = super::load::load_with(Some(policy_file(text)), &refuse, RULES) else {
        return;
    };
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    let lines: Vec<usize> = text
        .split(['\n', '\r'])
        .map(|line| line.chars().count())
        .collect();
    assert!(!problems.0.is_empty());
    for problem in problems
        .0
        .iter()
        .filter(|problem| problem.source == "p.yml")
    {
        let length = lines.get(problem.line as usize - 1);
        assert!(
            length.is_some_and(|length| (1..=length + 1).contains(&(problem.column as usize))),
            "{problem}"
        );
        assert!(
            !problem.to_string().contains(|c: char| c.is_control()),
            "{problem}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_loader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        check_places(&bytes);
    }

    #[test]
    fn no_policy_like_text_does(
        lines in proptest::collection::vec(
            (
                0_usize..5,
                proptest::sample::select(vec![
                    "version: ", "rules: ", "extends: ", "overrides: ", "- ", "file-size: ", "own: ", "use: ",
                    "paths: ", "gate: ", "fail_on: ", "suppressions: ", "cleanup: ", "limits: ", "max: ",
                    "severity: ", "within: ", "expires: ", "rule: ", "workspace: ", "",
                ]),
                proptest::sample::select(vec![
                    "", "1", "off", "error", "[a, /b, '']", "{max: x}", "forbidden-content", "~", "[recommended]",
                    "[a.yml]", "{paths: [a], rules: {file-size: {max: 1}}}", "true", "\"\\u0000\\e\"", "[{}, []]",
                ]),
            ),
            0..12,
        )
    ) {
        let lines = lines.into_iter().map(|(indent, key, value)| format!("{:1$}{key}{value}\n", "", indent));
        check_places(lines.collect::<String>().as_bytes());
    }
}
