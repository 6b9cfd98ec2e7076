//! What a document locks, nobody weakens.

use super::{instance, patterns};
use crate::finding::Severity;
use crate::policy::trial::{load_files, mistakes_with};
use crate::policy::{Policy, RuleInstance, Variant};
use crate::walk::Kind;
use proptest::prelude::*;

const ORG: &str = "version: 1\nrules:\n  file-size: {max: 10, exclude: [gen/], severity: warning}\n\
    \x20 forbidden-content: {paths: ['src/**'], pattern: x}\n\
    gate: {fail_on: warning, min_score: 90}\nexclude: [third/]\nworkspace: {enter_nested: true, allow_unreadable: [u]}\n";

/// The mistakes of a policy over one that locks these keys.
fn over(locked: &str, body: &str) -> Vec<String> {
    let org = format!("{ORG}locked: [{locked}]\n");
    let main = format!("version: 1\nextends: [org.yml]\n{body}");
    mistakes_with(&main, &[("org.yml", &org)])
}

#[test]
fn what_is_tightened_or_not_locked_is_no_mistake() {
    for (locked, body) in [
        ("all", "rules: {file-size: error, path-length: note}"),
        (
            "all",
            "rules: {file-size: {exclude: [], max: 10}, forbidden-content: {paths: ['src/**', 'lib/**']}}",
        ),
        (
            "all",
            "gate: {fail_on: note, min_score: 95, new_only: false}",
        ),
        ("all", "exclude: [third/]"),
        ("all", "workspace: {allow_unreadable: []}"),
        (
            "rules.*",
            "overrides: [{paths: [a], rules: {file-size: error, path-length: off}}]",
        ),
        (
            "rules.file-size",
            "rules: {forbidden-content: off}\nexclude: [x]\ngate: {fail_on: never}",
        ),
        (
            "suppressions.file-size",
            "suppressions: [{rule: forbidden-content, paths: [a], reason: r}]",
        ),
        ("gate.fail_on", "gate: {min_score: 0}"),
        ("rules.file-size", "rules: {file-size: {message: Ours.}}"),
    ] {
        assert_eq!(over(locked, body), [""; 0], "{locked}: {body}");
    }
}

#[test]
fn what_is_weakened_is_a_mistake_at_its_place() {
    let by = |key: &str| format!("`{key}` is locked in org.yml:8");
    for (locked, body, expected) in [
        (
            "rules.file-size",
            "rules: {file-size: off}",
            "3:9: rules.file-size: `file-size` would be off: expected at least `warning`",
        ),
        (
            "rules.*",
            "rules:\n  file-size:\n    severity: note",
            "5:5: rules.file-size.severity: `file-size` would be note: expected at least `warning`",
        ),
        (
            "all",
            "rules: {file-size: {max: 11}}",
            "3:21: rules.file-size.max: the option `max` of `file-size` cannot be changed here: expected `10`",
        ),
        (
            "all",
            "rules: {file-size: {fix: off}}",
            "3:21: rules.file-size.fix: the option `fix` of `file-size` cannot be changed here: expected no such option",
        ),
        (
            "rules.*",
            "rules: {file-size: {exclude: [gen/, x]}}",
            "3:21: rules.file-size.exclude: `file-size` would look at `x` no more",
        ),
        (
            "rules.*",
            "rules: {file-size: {paths: ['**']}}",
            "3:21: rules.file-size.paths: `file-size` would look at fewer paths: expected no `paths`",
        ),
        (
            "rules.*",
            "rules: {forbidden-content: {paths: [src/a]}}",
            "3:29: rules.forbidden-content.paths: `forbidden-content` would look at fewer paths: expected all of `[\"src/**\"]`",
        ),
        (
            "rules.file-size",
            "overrides: [{paths: [a], rules: {file-size: note}}]",
            "3:34: overrides[0].rules.file-size: `file-size` would be note for these paths: expected at least `warning`",
        ),
        (
            "rules.*",
            "overrides: [{paths: [a], rules: {file-size: {max: 99}}}]",
            "3:46: overrides[0].rules.file-size.max: the option `max` of `file-size` cannot be changed here: expected `10`",
        ),
        (
            "overrides",
            "overrides: [{paths: [a], rules: {path-length: error}}]",
            "3:13: overrides[0]: no override can be added here",
        ),
        (
            "gate",
            "gate: {fail_on: error}",
            "3:8: gate.fail_on: the gate would fail on less: expected at least `warning`",
        ),
        (
            "gate.min_score",
            "gate: {min_score: 89.5}",
            "3:8: gate.min_score: the gate would pass with a lower score: expected at least 90",
        ),
        (
            "exclude",
            "exclude: [third/, '**']",
            "3:19: exclude[1]: `**` would be looked at no more",
        ),
        (
            "suppressions",
            "suppressions: [{rule: path-length, paths: [a], reason: r}]",
            "3:23: suppressions[0].rule: violations of `path-length` cannot be suppressed here",
        ),
        (
            "cleanup",
            "cleanup: {keep: [a]}",
            "3:1: cleanup: `cleanup` cannot be changed here",
        ),
        (
            "baseline",
            "baseline: b",
            "3:1: baseline: `baseline` cannot be changed here",
        ),
        (
            "workspace",
            "workspace: {enter_nested: false}",
            "3:13: workspace.enter_nested: nested repositories would be looked at no more: expected `true`",
        ),
        (
            "workspace",
            "workspace: {allow_unreadable: [u, v]}",
            "3:13: workspace.allow_unreadable: `v` could stay unread",
        ),
        (
            "workspace",
            "workspace: {max_content: 1 KiB}",
            "3:13: workspace.max_content: larger files would be looked at no more: expected at least 32 MiB",
        ),
    ] {
        let locks = by(locked);
        assert_eq!(
            over(locked, body),
            [format!("p.yml:{expected}: {locks}")],
            "{body}"
        );
    }
    let both = over("gate.new_only", "gate: {new_only: true}").join("\n");
    assert!(both.contains("violations that the base has"), "{both}");
}

#[test]
fn a_document_below_the_locking_one_weakens_nothing_either() {
    let org = format!("{ORG}locked: [all]\n");
    let weak = "version: 1\nexclude: ['**']\nrules: {file-size: {paths: [a], severity: note}}\n\
        overrides: [{paths: [b], rules: {file-size: off}}]\ngate: {min_score: 0}\n";
    let files = [("org.yml", org.as_str()), ("weak.yml", weak)];
    let said = mistakes_with("version: 1\nextends: [weak.yml, org.yml]\n", &files);
    let starts: Vec<&str> = said
        .iter()
        .filter_map(|line| line.split(": ").nth(1))
        .collect();
    // What the organisation says itself wins over what stands below; only what adds up is left to weaken it.
    assert_eq!(
        starts,
        [
            "exclude[0]",
            "rules.file-size.paths",
            "overrides[0]",
            "overrides[0].rules.file-size"
        ],
        "{said:#?}"
    );
}

#[test]
fn a_preset_over_the_locking_document_is_told_to_go_before_it() {
    let org =
        "version: 1\nrules: {trailing-whitespace: error}\nlocked: [rules.trailing-whitespace]\n";
    let main = crate::policy::trial::policy_file(b"version: 1\nextends: [org.yml, recommended]\n");
    let problems = crate::policy::load(Some(main), &|_| Ok(org.as_bytes().to_vec()))
        .err()
        .unwrap();
    let said = problems.to_string();
    assert!(said.starts_with("preset recommended:"), "{said}");
    assert!(
        said.ends_with("a preset that stands before that document in `extends` weakens nothing"),
        "{said}"
    );
}

#[test]
fn a_lock_that_is_none_is_a_mistake() {
    for (locked, expected) in [
        (
            "rules.file-sise",
            "p.yml:2:10: locked[0]: unknown rule `file-sise`; did you mean `file-size`?",
        ),
        (
            "gate.failon",
            "p.yml:2:10: locked[0]: `gate.failon` cannot be locked; did you mean `gate.fail_on`?",
        ),
        (
            "rules.path-length",
            "p.yml:2:10: locked[0]: `path-length` is off in this document, so there is nothing to lock: switch it on in `rules`",
        ),
    ] {
        let text = format!("version: 1\nlocked: [{locked}]\nrules: {{file-size: note}}\n");
        assert_eq!(mistakes_with(&text, &[]), [expected]);
    }
    let nonsense = mistakes_with("version: 1\nlocked: [zebra, 1]\n", &[]);
    assert!(
        nonsense[0].contains("`zebra` cannot be locked: expected `rules.NAME`"),
        "{nonsense:?}"
    );
    assert_eq!(nonsense.len(), 2);
}

#[test]
fn a_rule_that_another_document_defines_cannot_be_locked() {
    let files = [
        ("base.yml", "version: 1\nrules: {own: {use: file-size}}\n"),
        (
            "org.yml",
            "version: 1\nrules: {own: error}\nlocked: ['rules.*']\n",
        ),
    ];
    let said = mistakes_with("version: 1\nextends: [base.yml, org.yml]\n", &files);
    assert_eq!(
        said,
        [
            "org.yml:3:10: locked[0]: `own` cannot be locked here: neither this document nor one that it extends says which rule it uses"
        ]
    );
}

// --- the property ---

const PATHS: [&str; 6] = ["a", "b", "src/a", "src/gen/a", "docs/b", "docs"];
const PATTERNS: [&str; 6] = ["a", "src/**", "docs/**", "**/a", "src/gen/", "**"];

/// What a rule does with a path, told directly: the severity and the options, where it looks at it.
fn acts<'p>(policy: &'p Policy, rule: &'p RuleInstance, path: &str) -> Option<(Severity, &'p str)> {
    let (mut matched, mut scratch) = (Vec::new(), Vec::new());
    policy
        .globs
        .matches(path.as_bytes(), Kind::File, &mut matched, &mut scratch);
    let hits = |ids: &[crate::policy::GlobId]| ids.iter().any(|id| matched.contains(id));
    let mut variant: &Variant = &rule.variants[0];
    for (paths, index) in &rule.overrides {
        if hits(paths) {
            variant = &rule.variants[*index];
        }
    }
    let looks = variant.paths.as_ref().is_none_or(|paths| hits(paths)) && !hits(&variant.exclude);
    let severity = variant
        .severity
        .filter(|_| looks && !hits(&policy.exclude))?;
    Some((severity, &variant.options))
}

fn pattern_list(least: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PATTERNS[..]), least..3)
        .prop_map(|list| format!("{list:?}"))
}

fn setting() -> impl Strategy<Value = String> {
    let switch = prop::sample::select(&["off", "note", "warning", "error"][..]);
    let mapping = (
        prop::option::of(prop::sample::select(
            &["off", "note", "warning", "error"][..],
        )),
        prop::option::of(0..2_u8),
        prop::option::of(pattern_list(1)),
        prop::option::of(pattern_list(0)),
    );
    prop_oneof![
        2 => switch.prop_map(str::to_owned),
        3 => mapping.prop_map(|(severity, max, paths, exclude)| {
            let keys = [
                severity.map(|word| format!("severity: {word}")),
                max.map(|max| format!("max: {max}")),
                paths.map(|paths| format!("paths: {paths}")),
                exclude.map(|exclude| format!("exclude: {exclude}")),
            ];
            let keys: Vec<String> = keys.into_iter().flatten().collect();
            format!("{{{}}}", keys.join(", "))
        }),
    ]
}

/// A document about two rules, without its first line.
fn document() -> impl Strategy<Value = String> {
    let one = (pattern_list(1), setting(), prop::option::of(setting())).prop_map(
        |(paths, size, length)| {
            let length = length.map_or(String::new(), |length| format!(", path-length: {length}"));
            format!("{{paths: {paths}, rules: {{file-size: {size}{length}}}}}")
        },
    );
    let overrides = prop::collection::vec(one, 0..3);
    (
        prop::option::of(setting()),
        prop::option::of(setting()),
        overrides,
        prop::option::weighted(0.2, pattern_list(0)),
    )
        .prop_map(|(size, length, overrides, exclude)| {
            let rules: Vec<String> = [("file-size", size), ("path-length", length)]
                .into_iter()
                .filter_map(|(name, setting)| Some(format!("{name}: {}", setting?)))
                .collect();
            format!(
                "rules: {{{}}}\noverrides: [{}]\nexclude: {}\n",
                rules.join(", "),
                overrides.join(", "),
                exclude.unwrap_or_else(|| "[]".into())
            )
        })
}

/// Whether the documents together are a policy; if so, each rule that `org` locks has to be there undiminished.
fn holds(org: &str, other: &str, own: &str, order: u8) -> Result<bool, TestCaseError> {
    let org = format!("version: 1\n{org}locked: ['rules.*', exclude]\n");
    let other = format!("version: 1\n{other}");
    let extends = ["[org.yml]", "[other.yml, org.yml]", "[org.yml, other.yml]"][usize::from(order)];
    let files = [("org.yml", org.as_str()), ("other.yml", other.as_str())];
    let all = load_files(&format!("version: 1\nextends: {extends}\n{own}"), &files);
    let floor =
        load_files(&org, &[]).map_err(|mistakes| TestCaseError::fail(mistakes.to_string()))?;
    let Ok(all) = all else { return Ok(false) };
    let mut is_held = false;
    for rule in &floor.rules {
        for path in PATHS {
            let Some((severity, options)) = acts(&floor, rule, path) else {
                continue;
            };
            is_held = true;
            let now = all.rules.iter().find(|one| one.id == rule.id);
            let Some((now, now_options)) = now.and_then(|one| acts(&all, one, path)) else {
                let why = format!("{} does not act on {path} any more", rule.id);
                return Err(TestCaseError::fail(why));
            };
            prop_assert!(now >= severity, "{} on {path}: {now} < {severity}", rule.id);
            prop_assert_eq!(now_options, options, "{} on {}", rule.id, path);
        }
    }
    Ok(is_held)
}

#[test]
fn no_locked_rule_is_weaker_where_no_mistake_is_reported() {
    let config = ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let accepted = std::cell::Cell::new(0);
    let documents = (document(), document(), document(), 0..3_u8);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&documents, |(org, other, own, order)| {
        accepted.set(accepted.get() + u32::from(holds(&org, &other, &own, order)?));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // If everything were refused, this would prove nothing.
    assert!(accepted.get() >= 100, "{} of 4000", accepted.get());
}

proptest! {
    #[test]
    fn a_lock_passes_what_changes_nothing(org in document()) {
        let org = format!("version: 1\n{org}locked: ['rules.*', exclude]\n");
        prop_assert_eq!(mistakes_with("version: 1\nextends: [org.yml]\n", &[("org.yml", &org)]), [""; 0]);
    }
}

#[test]
fn locked_suppressions_are_known_by_rule() {
    let policy = load_files(
        "version: 1\nrules: {file-size: note}\nlocked: [suppressions.file-size]\n",
        &[],
    );
    let policy = policy.unwrap();
    assert!(policy.suppression_lock("file-size").is_some());
    assert!(policy.suppression_lock("path-length").is_none());
    assert_eq!(patterns(&policy, &policy.exclude), [""; 0]);
    assert_eq!(instance(&policy, "file-size").variants.len(), 1);
}
