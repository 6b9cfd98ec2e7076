//! What a policy can say about cleanup, and what it must not.

use crate::policy::trial::{load_files, policy};
use crate::policy::{CleanupAction, CleanupLimits, HardLinks};
use std::time::Duration;

#[test]
fn every_key_of_a_rule_arrives() {
    let policy = policy(
        "cleanup: {rules: {a: {paths: [b/], older_than: 2d, keep_newest: 3, empty_directories: true, \
         ignored_only: true, require_cachedir_tag: true, hard_links: keep, action: quarantine}, \
         b: {paths: [c]}}}",
    );
    let [one, plain] = &policy.cleanup.rules[..] else {
        panic!("two rules")
    };
    assert_eq!(one.older_than, Some(Duration::from_hours(48)));
    assert_eq!(one.keep_newest, Some(3));
    assert!(one.empty_directories && one.ignored_only && one.require_cachedir_tag);
    assert!(!one.tracked);
    assert_eq!(
        (one.hard_links, one.action),
        (HardLinks::Keep, CleanupAction::Quarantine)
    );
    assert_eq!(plain.keep_newest, None);
    assert!(!plain.empty_directories && !plain.ignored_only && !plain.require_cachedir_tag);
    assert_eq!(
        (plain.hard_links, plain.action),
        (HardLinks::Remove, CleanupAction::Remove)
    );
}

#[test]
fn every_budget_arrives() {
    let policy = policy(
        "cleanup: {limits: {max_files: 1, max_directories: 2, max_bytes: 3, max_depth: 4, max_share: 5.5, \
         max_failures: 6, max_time: 7m}}",
    );
    let expected = CleanupLimits {
        max_files: 1,
        max_directories: 2,
        max_bytes: 3,
        max_depth: Some(4),
        max_share: Some(5.5),
        max_failures: Some(6),
        max_time: Some(Duration::from_mins(7)),
    };
    assert_eq!(policy.cleanup.limits, expected);
}

/// Each of these once emptied somebody's disk, or would have.
#[test]
fn a_pattern_that_could_mean_more_than_it_says_is_a_mistake() {
    for pattern in [
        r#""""#,
        r#"" ""#,
        ".",
        "./",
        "..",
        "/",
        "/etc/**",
        "../x",
        "a/../../x",
        "a/./b",
        "'{a,/b}'",
        "'{a,../b}'",
        "'x/{a,../..}'",
        r#""a ""#,
        r#"" a""#,
        r#""a\n""#,
        r#""a\0b""#,
        "'[moduleId]'",
        "'app/[slug]/'",
        "a//b",
        "'a['",
        "'{a'",
    ] {
        for place in ["rules: {a: {paths: [PATTERN]}}", "keep: [PATTERN]"] {
            let body = format!(
                "version: 1\ncleanup: {{{}}}\n",
                place.replace("PATTERN", pattern)
            );
            let loaded = load_files(&body, &[]);
            assert!(loaded.is_err(), "{body}");
        }
    }
    for pattern in [
        "'*'",
        "'**'",
        "'**/'",
        "-rf",
        "'--'",
        "'{a,b}/'",
        "'*.py[cod]'",
        "'[[]moduleId]/'",
    ] {
        let body = format!("version: 1\ncleanup: {{rules: {{a: {{paths: [{pattern}]}}}}}}\n");
        let loaded = load_files(&body, &[]);
        assert!(loaded.is_ok(), "{body}: {:?}", loaded.err());
    }
}

#[test]
fn a_contradiction_between_documents_is_one_too() {
    let base = "version: 1\ncleanup: {rules: {a: {paths: [b], tracked: true}}}\n";
    let over = "version: 1\nextends: [base.yml]\ncleanup: {rules: {a: {ignored_only: true}}}\n";
    assert!(load_files(over, &[("base.yml", base)]).is_err());
    let mended = over.replace("ignored_only: true", "ignored_only: true, tracked: false");
    assert!(load_files(&mended, &[("base.yml", base)]).is_ok());
}
