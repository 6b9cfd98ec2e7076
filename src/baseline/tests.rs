//! What is written is read as it was; what shrinks never grows; hostile texts are mistakes.

use super::{Baseline, Entry, shown_path};
use crate::finding::Fingerprint;
use proptest::prelude::*;

fn entry(rule: &str, path: &str, byte: u8) -> Entry {
    Entry {
        rule: rule.into(),
        path: path.into(),
        fingerprint: Fingerprint([byte; 16]),
    }
}

#[test]
fn entries_are_sorted_readable_lines() {
    let baseline = Baseline::new([
        entry("todo", "src/b c.rs", 2),
        entry("file-size", "a\nb \u{202e}\\x", 1),
        entry("file-count", "", 3),
        entry("todo", "src/b c.rs", 2),
    ]);
    insta::assert_snapshot!(baseline, @r"
    # factory-gate baseline 1
    # Violations that are accepted as they are: fingerprint, rule, path. Written by `factory-gate baseline`, which takes
    # entries away that are gone, and adds some only with --grow.
    03030303030303030303030303030303 file-count .
    01010101010101010101010101010101 file-size a\u{a}b \u{202e}\\x
    02020202020202020202020202020202 todo src/b c.rs
    ");
    let counts: Vec<_> = baseline.by_rule().into_iter().collect();
    assert_eq!(counts, [("file-count", 1), ("file-size", 1), ("todo", 1)]);
    assert_eq!(
        baseline.find("todo", "src/b c.rs", Fingerprint([2; 16])),
        Some(2)
    );
    assert_eq!(
        baseline.find("todo", "src/other.rs", Fingerprint([2; 16])),
        None
    );
    assert_eq!(
        baseline.find("file-size", "src/b c.rs", Fingerprint([2; 16])),
        None
    );
}

#[test]
fn what_a_merge_leaves_is_read_and_a_mistake_has_its_line() {
    let print = "0".repeat(32);
    let merged = format!(
        "# factory-gate baseline 1\r\n# any\r\n{print} todo b\r\n{print} todo a\r\n{print} todo b\r\n"
    );
    let baseline = Baseline::parse(merged.as_bytes()).unwrap();
    assert_eq!(baseline.entries().len(), 2);
    let broken = format!(
        "# factory-gate baseline 1\n<<<<<<< ours\n{print} todo a\n\n{print} Todo a\n{print} todo\n{print} todo a \n\
         # late\n{}x todo a\n{print} todo a\\u{{61}}\n{print} todo ..\\\n",
        "0".repeat(31)
    );
    insta::assert_snapshot!(Baseline::parse(broken.as_bytes()).unwrap_err(), @r"
    line 2: a merge that was not finished: keep the entries of both sides, then run `factory-gate baseline`, which takes away what is gone
    line 4: an empty line: expected FINGERPRINT RULE PATH
    line 5: expected a rule's name after the fingerprint
    line 6: expected a path after the rule's name
    line 7: the path is not written as this program writes it: `\` as `\\`, what cannot be seen as `\u{..}`
    line 8: comments stand only at the top, and are not kept: a reason belongs into `suppressions`
    line 9: expected a fingerprint of 32 hexadecimal digits in lower case at the start
    line 10: the path is not written as this program writes it: `\` as `\\`, what cannot be seen as `\u{..}`
    line 11: the path is not written as this program writes it: `\` as `\\`, what cannot be seen as `\u{..}`
    ");
    for (text, expected) in [
        ("", "line 1: expected `# factory-gate baseline 1`"),
        (
            "# factory-gate baseline 2\n",
            "line 1: expected `# factory-gate baseline 1`",
        ),
    ] {
        assert_eq!(
            Baseline::parse(text.as_bytes()).unwrap_err().to_string(),
            expected
        );
    }
    let bytes = Baseline::parse(b"# factory-gate baseline 1\n\xff").unwrap_err();
    assert_eq!(bytes.to_string(), "line 2: this is no UTF-8");
    let many = format!("# factory-gate baseline 1\n{}", "x\n".repeat(25));
    let many = Baseline::parse(many.as_bytes()).unwrap_err().to_string();
    assert!(many.ends_with("\nand 5 more lines"), "{many}");
}

#[test]
fn too_big_is_a_mistake() {
    let big = vec![b'#'; Baseline::MOST_BYTES + 1];
    assert!(Baseline::parse(&big).is_err());
}

#[test]
fn bytes_that_are_no_text_are_shown_as_in_records() {
    assert_eq!(shown_path(b"a\xff\\x"), "a\\xff\\x");
    assert_eq!(shown_path("ä".as_bytes()), "ä");
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let path = prop_oneof![
        Just(String::new()),
        Just(".".to_owned()),
        "[a-c/. \\\\\n\u{202e}\u{1f600}]{0,6}",
        any::<String>(),
    ];
    let one = ("[a-c][a-c-]{0,2}", path, 0..4_u8);
    let one = one.prop_map(|(rule, path, byte)| entry(&rule, &path, byte));
    prop::collection::vec(one, 0..20)
}

proptest! {
    #[test]
    fn what_is_written_is_read(entries in entries()) {
        let baseline = Baseline::new(entries);
        let text = baseline.to_string();
        prop_assert_eq!(Baseline::parse(text.as_bytes()).unwrap(), baseline.clone());
        prop_assert_eq!(text.lines().count(), baseline.entries().len() + 3);
        for (index, entry) in baseline.entries().iter().enumerate() {
            prop_assert_eq!(baseline.find(&entry.rule, &entry.path, entry.fingerprint), Some(index));
        }
    }

    #[test]
    fn what_is_read_is_written_in_one_way(lines in prop::collection::vec("[0a]{31,32} [a-]{1,2} [a\\\\u{}2e .]{0,8}", 0..4)) {
        let text = format!("# factory-gate baseline 1\n{}\n", lines.join("\n"));
        if let Ok(baseline) = Baseline::parse(text.as_bytes()) {
            let again = baseline.to_string();
            prop_assert!(lines.iter().all(|line| again.lines().any(|one| one == line)), "{}", again);
        }
    }

    #[test]
    fn hostile_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut text = b"# factory-gate baseline 1\n".to_vec();
        text.extend(bytes);
        let _any = Baseline::parse(&text);
    }

    #[test]
    fn a_shrunk_baseline_has_nothing_new(before in entries(), current in entries(), both in entries()) {
        let before = Baseline::new(before.into_iter().chain(both.clone()));
        let current = Baseline::new(current.into_iter().chain(both));
        let shrunk = before.shrunk_to(&current);
        prop_assert!(shrunk.added_since(&before).entries().is_empty());
        prop_assert!(shrunk.added_since(&current).entries().is_empty());
        // What is in both stays.
        let stays = before.entries().iter().filter(|entry| current.entries().contains(entry)).count();
        prop_assert_eq!(shrunk.entries().len(), stays);
        let grown = Baseline::new(shrunk.entries().iter().chain(current.entries()).cloned());
        prop_assert_eq!(&grown, &current);
        prop_assert_eq!(grown.added_since(&before).entries().len(), current.entries().len() - stays);
    }
}
