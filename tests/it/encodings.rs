//! What is text, in which encoding, and how large: the same findings whatever the way in which a content is read.

use crate::world::World;

const POLICY: &str = "version: 1
rules:
  needle: { use: forbidden-content, pattern: 'NEEDLE-[0-9]{1,9}', max_findings: 1000000, severity: error }
  ends: { use: forbidden-content, pattern: '(?s)BEGIN-.{0,3000}?-END', max_findings: 1000000, severity: error }
  notice: { use: required-content, paths: ['**/*.txt'], text: THE-NOTICE, severity: error }
  trailing-whitespace: warning
";

const ROWS: &str = "SELECT rule_id, path, line, \"column\", end_line, end_column, column_bytes, column_utf16, message, \
                    excerpt, state FROM violations WHERE rule_id IN ('needle', 'ends', 'notice') ORDER BY 1, 3, 4";

fn utf16(text: &str, mark: bool, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(order)
        .collect()
}

#[test]
fn utf_16_is_scanned_as_text_with_and_without_a_mark() {
    let text = "first line\nä 🦀 NEEDLE-1 \n";
    let world = World::new()
        .policy(POLICY)
        .file("le.txt", utf16(text, true, u16::to_le_bytes))
        .file("be.txt", utf16(text, true, u16::to_be_bytes))
        .file("le-bare.txt", utf16(text, false, u16::to_le_bytes))
        .file("be-bare.txt", utf16(text, false, u16::to_be_bytes))
        .file("utf8.txt", text);
    let found = world.violations(&[]);
    for path in ["le.txt", "be.txt", "le-bare.txt", "be-bare.txt", "utf8.txt"] {
        for rule in [
            "error needle",
            "error notice",
            "warning trailing-whitespace",
        ] {
            let place = match rule {
                "error needle" => format!("{rule} {path}:2:5"),
                "error notice" => format!("{rule} {path}"),
                _ => format!("{rule} {path}:2:13"),
            };
            assert!(found.contains(&place), "{place} is not in {found:#?}");
        }
    }
    assert_eq!(
        world.query("SELECT DISTINCT column, column_bytes, column_utf16 FROM violations WHERE rule_id = 'needle'"),
        ["5|9|6"]
    );
    assert!(world.query("SELECT path FROM skipped_files").is_empty());
}

#[test]
fn bytes_that_are_no_utf_8_and_late_nuls_hide_nothing() {
    let late = [
        b"NEEDLE-1\n".as_slice(),
        &b"a line\n".repeat(2000),
        b"\0NEEDLE-2\n",
    ]
    .concat();
    let world = World::new()
        .policy(POLICY)
        .file("latin.txt", b"caf\xe9 NEEDLE-3\n")
        .file("late.txt", late)
        .file("program", b"\x7fELF\0\0NEEDLE-4")
        .file("early.txt", b"a\0NEEDLE-5");
    let needles =
        "SELECT path, line, column FROM violations WHERE rule_id = 'needle' ORDER BY 1, 2";
    world.violations(&[]);
    assert_eq!(
        world.query(needles),
        ["late.txt|1|1", "late.txt|2002|2", "latin.txt|1|6"]
    );
    assert_eq!(
        world.query("SELECT path, reason FROM skipped_files ORDER BY 1"),
        ["early.txt|binary", "program|binary"]
    );
}

/// 11 MB: matches of every kind on both sides of each edge between segments, one line of 5 MB, a comment before a match.
fn large() -> String {
    let mut text = String::from("NEEDLE-0\n");
    let mut number = 1;
    while text.len() < 5 << 20 {
        text.extend([format!(
            "ä line {number} {}NEEDLE-{number}\n",
            "of words and nothing else ".repeat(40)
        )]);
        if number % 100 == 0 {
            text.push_str("# factory-gate: allow(needle) a generated file\nNEEDLE-1\n");
            text.extend([format!("BEGIN-{}\n-END\n", "x".repeat(number * 7 % 2900))]);
        }
        number += 1;
    }
    while text.len() < 10 << 20 {
        text.extend([format!(
            " 🦀 NEEDLE-{number} {}",
            "-".repeat(number * 7 % 3000)
        )]);
        number += 1;
    }
    text.push_str("\nlast NEEDLE-9");
    text
}

#[test]
fn a_large_file_in_segments_has_the_findings_of_the_whole() {
    let text = large();
    for (encoded, is_utf16) in [
        (text.clone().into_bytes(), false),
        (utf16(&text, true, u16::to_le_bytes), true),
    ] {
        let world = World::new().file("large.txt", encoded);
        let rows = |limit: &str| {
            let policy = format!("{POLICY}workspace: {{ max_content: {limit} }}\n");
            let world = &world;
            std::fs::write(world.root().join(".factory-gate.yml"), policy).unwrap();
            assert_eq!(world.run(&["--quiet"]).status, 1);
            let rows = (
                world.query(ROWS),
                world.query("SELECT matched FROM suppressions ORDER BY line"),
            );
            let reason = world.query("SELECT reason FROM skipped_files");
            std::fs::remove_file(world.database()).unwrap();
            (rows, reason)
        };
        let (whole, none) = rows("64 MiB");
        let (segments, reason) = rows("1 MiB");
        assert!(none.is_empty());
        assert_eq!(
            reason,
            ["too large: over the content limit of 1048576 bytes, searched in segments"]
        );
        assert!(whole.0.len() > 5_000, "{}", whole.0.len());
        let differ = whole
            .0
            .iter()
            .zip(&segments.0)
            .find(|(one, two)| one != two);
        assert_eq!(differ, None, "UTF-16: {is_utf16}");
        assert_eq!(whole.0.len(), segments.0.len(), "UTF-16: {is_utf16}");
        assert_eq!(whole.1, segments.1, "UTF-16: {is_utf16}");
    }
}

#[test]
fn a_file_beyond_the_search_limit_has_a_row_that_says_so() {
    let world = World::new()
        .policy("version: 1\nrules: { needle: { use: forbidden-content, text: NEEDLE } }\nworkspace: { max_content: 10, max_searched: 20 }\n")
        .file("some.txt", "xxxxxx NEEDLE\n")
        .file("more.txt", "xxxxxxxxxxxxxxxxxxxx NEEDLE\n");
    assert_eq!(world.violations(&[]), ["error needle some.txt:1:8"]);
    assert_eq!(
        world.query("SELECT path, reason FROM skipped_files WHERE path LIKE '%.txt' ORDER BY 1"),
        [
            "more.txt|too large: over the search limit of 20 bytes",
            "some.txt|too large: over the content limit of 10 bytes, searched in segments",
        ]
    );
}
