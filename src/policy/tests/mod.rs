//! Whole policies, and what they become.

mod cleanup;
mod difference;
mod document;
mod extends;
mod locked;
mod mistakes;
mod pinned;
mod schema;

use super::trial::{load_files, mistakes, policy};
use super::{Gate, GlobId, Policy, RuleInstance};
use crate::finding::Severity;
use crate::walk::Kind;

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
    assert!(engine.check.is_some(), "the engine asks it for its options");
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
         gate: {fail_on: never, min_score: 99.5, new_only: true}\n\
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
        Some(std::time::Duration::from_hours(7 * 24))
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
            min_score: Some(99.5),
            new_only: true,
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
            min_score: None,
            new_only: false,
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
