//! What is said about the mistakes in a policy.

use crate::policy::trial::{self, mistakes, mistakes_with, policy_file};
use proptest::prelude::*;

const RULES: &[(&str, &str)] = &[
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
        "p.yml:2:21: rules.file-size.zebra: unknown option of `file-size`: `zebra`: expected `max`, `severity`, `paths`, `exclude`, `message` or `fix`",
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
];

#[test]
fn mistakes_about_rules_say_what_was_meant() {
    for (body, expected) in RULES {
        assert_eq!(mistakes(body), [*expected], "{body}");
    }
}

const OTHERS: &[(&str, &str)] = &[
    (
        "rule: {}",
        "p.yml:2:1: rule: unknown key `rule`; did you mean `rules`?",
    ),
    (
        "zebra: {}",
        "p.yml:2:1: zebra: unknown key `zebra`: expected `version`, `extends`, `exclude`, `rules`, `overrides`, `suppressions`, `cleanup`, `gate`, `workspace`, `locked` or `baseline`",
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
        "cleanup: {rules: {a: {paths: [b], action: delete}}}",
        "p.yml:2:43: cleanup.rules.a.action: expected `remove` or `quarantine`, found the text `delete`",
    ),
    (
        "cleanup: {rules: {a: {paths: [b], hard_links: follow}}}",
        "p.yml:2:47: cleanup.rules.a.hard_links: expected `remove` or `keep`, found the text `follow`",
    ),
    (
        "cleanup: {rules: {a: {paths: [b], keep_newest: 0}}}",
        "p.yml:2:48: cleanup.rules.a.keep_newest: expected a whole number, at least 1, found the number 0",
    ),
    (
        "cleanup: {rules: {a: {paths: [b], ignored_only: 'yes'}}}",
        "p.yml:2:49: cleanup.rules.a.ignored_only: expected `true` or `false`, found the text `yes`",
    ),
    (
        "cleanup: {rules: {a: {paths: [b], tracked: true, ignored_only: true}}}",
        "p.yml:2:19: cleanup.rules.a: this rule can never match anything: git ignores no file that it tracks, so `tracked` and `ignored_only` exclude each other",
    ),
    (
        "cleanup: {rules: {a: {paths: [b/], empty_directories: true, larger_than: 1}}}",
        "p.yml:2:19: cleanup.rules.a: this rule can never match anything: an empty directory has no size, so `empty_directories` and `larger_than` exclude each other",
    ),
    (
        "cleanup: {rules: {a: {paths: ['c/', b], empty_directories: true}}}",
        "p.yml:2:37: cleanup.rules.a.paths: `b` means files, and with `empty_directories` only directories match: expected `b/`",
    ),
    (
        "cleanup: {rules: {a: {paths: [b], require_cachedir_tag: true}}}",
        "p.yml:2:31: cleanup.rules.a.paths: `b` means files, and with `require_cachedir_tag` only directories match: expected `b/`",
    ),
    (
        "cleanup: {rules: {a: {paths: [b, '{a,/b}']}}}",
        "p.yml:2:34: cleanup.rules.a.paths[1]: `{a,/b}` stands for `/b`, which is absolute: patterns are relative to the workspace",
    ),
    (
        "cleanup: {keep: ['a ']}",
        "p.yml:2:18: cleanup.keep[0]: `a ` has white space at an end: expected `a`, or `[ ]` for a space that belongs to a name",
    ),
    (
        "cleanup: {limits: {max_share: 101}}",
        "p.yml:2:31: cleanup.limits.max_share: expected a share of the workspace's files in percent, from 0 to 100, found the number 101",
    ),
    (
        "cleanup: {limits: {max_time: 5}}",
        "p.yml:2:30: cleanup.limits.max_time: `5` has no unit: expected for example 5d for days or 5h for hours",
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
];

#[test]
fn mistakes_about_the_rest_say_what_was_expected() {
    for (body, expected) in OTHERS {
        assert_eq!(mistakes(body), [*expected], "{body}");
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
    let policy = crate::policy::load(None, &refuse).unwrap();
    assert_eq!(policy.sources[0].name, "preset recommended");
    assert_eq!(policy.sources[0].workspace_path, None);
}

fn check_places(text: &[u8]) {
    let refuse = |_: &std::path::Path| Err(std::io::Error::other("not here"));
    let Err(problems) =
        crate::policy::load::load_with(Some(policy_file(text)), &refuse, trial::RULES)
    else {
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
