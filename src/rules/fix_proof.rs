//! Proves the fixes of every rule: on its examples, on what becomes of these when they are written in other ways, and on texts
//! made up. After the fixes of a rule are made, in a few rounds, it has none left and found nothing new.

use super::proof::World;
use super::trial::{self, Known};
use super::{Check, Level, Rule};
use crate::editorconfig;
use crate::finding::{Change, Draft, Edit, Found, Safety};
use crate::text::{self, Encoding};
use bstr::ByteSlice as _;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Edits of one rule that touch wait for the next round; it needs no more rounds than this.
const ROUNDS: usize = 3;

/// The changes that are made in one round: those that touch another one wait for the next.
fn picked<'d>(drafts: impl Iterator<Item = &'d Draft>, most: Safety) -> Vec<&'d Change> {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut all = Vec::new();
    for draft in drafts.filter(|it| it.fixable.is_some_and(|it| it <= most)) {
        let change = draft.change.as_deref().unwrap();
        if let Change::Edits(edits) = change {
            assert!(!edits.is_empty(), "a fix that changes nothing: {draft:?}");
            let touch =
                |a: &Edit, b: &Edit| a.range.start <= b.range.end && b.range.start <= a.range.end;
            if edits.iter().any(|a| taken.iter().any(|b| touch(a, b))) {
                continue;
            }
            taken.extend(edits);
        }
        all.push(change);
    }
    // Another encoding moves all places.
    match all.iter().find(|it| ***it == Change::Utf8) {
        Some(encoding) => vec![*encoding],
        None => all,
    }
}

/// A file after these changes. Edits are about its text as UTF-8.
fn changed(bytes: &[u8], changes: &[&Change]) -> Vec<u8> {
    let encoding = text::detect(bytes, true);
    let mut utf8 = Vec::new();
    text::transcode(bytes, encoding, &mut utf8);
    if changes.iter().any(|it| **it == Change::Utf8) {
        return utf8;
    }
    let mut edits: Vec<&Edit> = Vec::new();
    for change in changes {
        if let Change::Edits(list) = change {
            edits.extend(list);
        }
    }
    edits.sort_by_key(|edit| edit.range.start);
    written(&trial::apply_edits(&utf8, edits.into_iter()), encoding)
}

/// A text in an encoding.
fn written(utf8: &[u8], encoding: Encoding) -> Vec<u8> {
    let (mark, to_bytes): (bool, fn(u16) -> [u8; 2]) = match encoding {
        Encoding::Utf16Le(mark) => (mark, u16::to_le_bytes),
        Encoding::Utf16Be(mark) => (mark, u16::to_be_bytes),
        _ => return utf8.to_vec(),
    };
    let text = std::str::from_utf8(utf8).unwrap();
    let mark = mark.then_some(0xFEFF);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(to_bytes)
        .collect()
}

/// Both collectors tell the same, and only the one that was asked to has the changes.
fn assert_alike<'d>(
    plain: impl ExactSizeIterator<Item = &'d Draft>,
    full: impl ExactSizeIterator<Item = &'d Draft>,
) {
    assert_eq!(plain.len(), full.len());
    for (plain, full) in plain.zip(full) {
        assert_eq!(full.fixable.is_some(), full.change.is_some(), "{full:?}");
        let without = Draft {
            change: None,
            ..full.clone()
        };
        assert_eq!(*plain, without);
    }
}

fn put(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn write(directory: &Path, path: &str, changes: &[&Change]) {
    let place = directory.join(path);
    for change in changes {
        match change {
            Change::Executable(is) => {
                let mode = if *is { 0o755 } else { 0o644 };
                std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            Change::Create { path, content } => {
                let place = directory.join(std::str::from_utf8(path).unwrap());
                assert!(!place.exists(), "never over what is there");
                std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                put(&place, content);
            }
            Change::Edits(_) | Change::Utf8 => {}
        }
    }
    let is_content = |it: &&Change| matches!(it, Change::Edits(_) | Change::Utf8);
    if changes.iter().any(is_content) {
        let bytes = std::fs::read(&place).unwrap();
        put(&place, &changed(&bytes, changes));
    }
}

/// Makes all fixes that are this sure, and says which there were.
fn settle(world: &World, most: Safety, about: &str) -> BTreeSet<Safety> {
    let mut seen = BTreeSet::new();
    for round in 0.. {
        let full = world.scan(Found::with_changes);
        let plain = world.scan(Found::default);
        assert_alike(
            plain.iter().map(|(_, draft)| draft),
            full.iter().map(|(_, draft)| draft),
        );
        seen.extend(full.iter().filter_map(|(_, draft)| draft.fixable));
        let mut by_path: BTreeMap<&str, Vec<&Draft>> = BTreeMap::new();
        for (path, draft) in &full {
            by_path.entry(path).or_default().push(draft);
        }
        let mut count = 0;
        for (path, drafts) in by_path {
            let changes = picked(drafts.into_iter(), most);
            count += changes.len();
            write(world.directory.path(), path, &changes);
        }
        if count == 0 {
            break;
        }
        assert!(round < ROUNDS, "{about}: still {full:?}");
        let left = world.scan(Found::default).len();
        assert!(left + count <= full.len(), "{about}: something new came");
    }
    seen
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    let all = super::all().iter().copied();
    all.filter(|rule| !rule.levels.contains(&Level::Engine))
}

#[test]
fn the_fixes_of_every_example_are_made_once_and_for_all() {
    for rule in rules() {
        let mut seen = BTreeSet::new();
        for example in rule.examples {
            let about = format!("{}: {}", rule.id, example.title);
            for most in [Safety::Safe, Safety::Unsafe] {
                seen.extend(settle(&World::of(rule, example), most, &about));
            }
        }
        let is_documented = rule.fix.contains("`--apply=fix`");
        assert_eq!(
            is_documented,
            !seen.is_empty(),
            "{}: says what is fixed",
            rule.id
        );
    }
}

/// Writes a text in another way.
type Mutation = fn(&[u8]) -> Vec<u8>;

const MUTATIONS: [Mutation; 8] = [
    |text| String::from_utf8_lossy(text).replace('\n', "\r\n").into(),
    |text| text.trim_ascii_end().to_vec(),
    |text| [text, b"\n\r\n\n"].concat(),
    |text| {
        String::from_utf8_lossy(text)
            .replacen('\n', " \t\r\n", 1)
            .into()
    },
    |text| ["\u{feff}".as_bytes(), text].concat(),
    |text| [b"#!/bin/sh\n", text].concat(),
    |text| {
        written(
            String::from_utf8_lossy(text).as_bytes(),
            Encoding::Utf16Le(true),
        )
    },
    |text| [text, b"caf\xe9 \n"].concat(),
];

fn mutate(directory: &Path, mutation: Mutation) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            mutate(&entry.path(), mutation);
        } else if kind.is_file() && entry.file_name() != ".editorconfig" {
            let bytes = std::fs::read(entry.path()).unwrap();
            put(&entry.path(), &mutation(&bytes));
        }
    }
}

#[test]
fn so_are_those_of_examples_that_are_written_in_other_ways() {
    let is_about_content =
        |rule: &&Rule| rule.levels.contains(&Level::Content) && rule.fix.contains("`--apply=fix`");
    for rule in rules().filter(is_about_content) {
        for example in rule.examples {
            for (number, mutation) in MUTATIONS.iter().enumerate() {
                let about = format!("{}: {}, mutation {number}", rule.id, example.title);
                for most in [Safety::Safe, Safety::Unsafe] {
                    let world = World::of(rule, example);
                    mutate(world.directory.path(), *mutation);
                    settle(&world, most, &about);
                }
            }
        }
    }
}

/// A check with a file name and the text of an `.editorconfig`.
struct Case {
    id: &'static str,
    options: &'static str,
    names: &'static [&'static str],
    settings: &'static str,
}

const fn case(id: &'static str, options: &'static str, names: &'static [&'static str]) -> Case {
    let settings = "";
    Case {
        id,
        options,
        names,
        settings,
    }
}

const CASES: &[Case] = &[
    case("trailing-whitespace", "", &["a", "a.md", "a.diff"]),
    case(
        "trailing-whitespace",
        "{ unicode: true, markdown_breaks: false }",
        &["a", "a.md"],
    ),
    case("trailing-whitespace", "max_findings: 2", &["a"]),
    case("final-newline", "", &["a", "a.yml", "a.csv"]),
    case("final-newline", "max_blank_lines: 1", &["a"]),
    case("line-endings", "", &["a", "a.sh", "a.bat"]),
    case("line-endings", "style: lf", &["a", "a.bat", "a.patch"]),
    case("line-endings", "style: crlf", &["a", "a.sh"]),
    case("line-endings", "style: cr", &["a"]),
    case("byte-order-mark", "", &["a"]),
    case("byte-order-mark", "require_extensions: [x]", &["a.x"]),
    case("encoding", "", &["a", "a.reg"]),
    case("encoding", "allow: [utf-8]", &["a"]),
    case("encoding", "allow: [utf-8-bom]", &["a"]),
    case("encoding", "allow: [ascii]", &["a"]),
    case("encoding", "allow: [utf-16le, latin1]", &["a"]),
    case("indentation", "size: 4", &["a.c", "a.py", "a.js"]),
    case(
        "indentation",
        "{ style: spaces, size: 2 }",
        &["a.c", "a.yml", "a.json", "a"],
    ),
    case("indentation", "{ style: tabs, size: 2 }", &["a.c", "a.sh"]),
    case(
        "indentation",
        "{ style: tabs, size: 3, allow_alignment: false, max_findings: 1 }",
        &["a.c"],
    ),
    case(
        "licence-header",
        "spdx: MIT",
        &["a.c", "a.sh", "a.css", "a.html", "a.php", "a.md"],
    ),
    case(
        "licence-header",
        "{ spdx: [MIT, ISC], template: \"(c) {year} A\\nB */ a\", year_at_least: 2024, within_lines: 2 }",
        &["a.c", "a.py", "a.css"],
    ),
    case("json-format", "indent: 1", &["a.json"]),
    case(
        "json-format",
        "{ sort_keys: true, indent: tab }",
        &["a.json"],
    ),
    case("shebang-executable", "", &["a"]),
    Case {
        settings: "charset = utf-8\nend_of_line = crlf\ntrim_trailing_whitespace = true\ninsert_final_newline = true\nindent_style = space\nindent_size = 3\n",
        ..case("editorconfig", "", &["a.c", "a.md"])
    },
    Case {
        settings: "charset = utf-8-bom\nend_of_line = lf\ninsert_final_newline = true\nindent_style = tab\ntab_width = 2\n",
        ..case("editorconfig", "", &["a.c", "a.md"])
    },
    Case {
        settings: "end_of_line = cr\ninsert_final_newline = true\n",
        ..case("editorconfig", "", &["a"])
    },
];

const PIECES: &[&[u8]] = &[
    b"a",
    b"b",
    b" ",
    b"  ",
    b"\t",
    b"\r",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r\r\n",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xc2\xa0",
    b"\xe9",
    b"\x81",
    b"{",
    b"}",
    b":",
    b"[",
    b"]",
    b",",
    b"\"",
    b"\"a\"",
    b"1",
    b"#!",
    b"#!/x",
    b"/*",
    b"*/",
    b"//",
    b"#",
    b"\\",
    b"|+",
    b"---",
    b"(c) 2020 A",
    b"SPDX-License-Identifier: MIT",
    b"`",
    b"'",
    b"\xed\xa0\x80",
];

fn told(check: &dyn Check, name: &str, bytes: &[u8], case: &Case, mut found: Found) -> Vec<Draft> {
    let file = editorconfig::parse(format!("[*]\n{}", case.settings).as_bytes());
    let cascade = editorconfig::Cascade::new([(Box::from(&b""[..]), file)]);
    let known = Known {
        settings: (!case.settings.is_empty()).then(|| cascade.properties(name.as_bytes())),
        ..Known::default()
    };
    trial::content_into(check, (name, trial::PLAIN), bytes, &known, &mut found);
    found.drain().collect()
}

/// Letters and the like, which no fixer of blanks may touch.
fn essence(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    text::transcode(bytes, text::detect(bytes, true), &mut text);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    text.iter().copied().filter(|it| !is_blank(it)).collect()
}

/// Whether a rule changes blanks and marks alone.
fn is_about_blanks(case: &Case) -> bool {
    let blanks = [
        "final-newline",
        "line-endings",
        "indentation",
        "shebang-executable",
    ];
    let is_plain = case.id == "trailing-whitespace" && !case.options.contains("unicode");
    let is_format = case.id == "json-format" && !case.options.contains("sort");
    blanks.contains(&case.id) || is_plain || is_format
}

fn settle_text(
    case: &Case,
    name: &str,
    mut bytes: Vec<u8>,
    most: Safety,
) -> Result<(), TestCaseError> {
    let check = trial::check(super::find(case.id).unwrap(), case.options).unwrap();
    let before = bytes.clone();
    for round in 0.. {
        if text::detect(&bytes, true) == Encoding::Binary {
            return Ok(());
        }
        let full = told(check.as_ref(), name, &bytes, case, Found::with_changes());
        let plain = told(check.as_ref(), name, &bytes, case, Found::default());
        assert_alike(plain.iter(), full.iter());
        let changes = picked(full.iter(), most);
        let count = changes.len();
        if count == 0 || changes.iter().any(|it| matches!(it, Change::Executable(_))) {
            break;
        }
        prop_assert!(round < ROUNDS, "{} {}: still {:?}", case.id, name, full);
        bytes = changed(&bytes, &changes);
        let left = told(check.as_ref(), name, &bytes, case, Found::default()).len();
        // What has no room comes up when there is some; and one part of `editorconfig` hides what another one sees: a mark
        // is before the first line's indentation.
        let may_show_more = case.options.contains("max_findings") || case.id == "editorconfig";
        prop_assert!(
            may_show_more || left + count <= full.len(),
            "{} {}: new in {:?} after {:?}",
            case.id,
            name,
            bytes.as_bstr(),
            full
        );
    }
    if is_about_blanks(case) {
        prop_assert_eq!(essence(&bytes), essence(&before), "{} {}", case.id, name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn and_those_of_any_text(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24),
        is_wide: bool, is_safe: bool,
    ) {
        let mut bytes = pieces.concat();
        if is_wide && let Ok(text) = std::str::from_utf8(&bytes) {
            bytes = written(text.as_bytes(), Encoding::Utf16Le(true));
        }
        let most = if is_safe { Safety::Safe } else { Safety::Unsafe };
        for case in CASES {
            for name in case.names {
                settle_text(case, name, bytes.clone(), most)?;
            }
        }
    }
}
