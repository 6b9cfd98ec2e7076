//! What the specification says, case by case.

use super::glob::Glob;
use super::*;
use proptest::prelude::*;

fn is_match(glob: &str, path: &str) -> bool {
    Glob::new(glob).unwrap().is_match(path.as_bytes())
}

/// Each glob with paths that match and paths that do not.
fn all_hold(cases: &[(&str, &[&str], &[&str])]) {
    for (glob, matching, others) in cases {
        for path in *matching {
            assert!(is_match(glob, path), "[{glob}] and {path}");
        }
        for path in *others {
            assert!(!is_match(glob, path), "[{glob}] and not {path}");
        }
    }
}

#[test]
fn stars_and_question_marks() {
    all_hold(&[
        ("*", &["a", ".a", "a/b.c", "a b"], &[]),
        ("*.c", &["a.c", ".c", "d/e/a.c"], &["a.cc", "a.c/b"]),
        (
            "a*e.c",
            &["ae.c", "abcde.c", "x/abcde.c"],
            &["a/e.c", "abcd.c"],
        ),
        ("Bar/*", &["Bar/a", "Bar/.a"], &["Bar/a/b", "x/Bar/a"]),
        ("a**z.c", &["a/z.c", "amnz.c", "am/nz.c"], &["b.c"]),
        (
            "b/**z.c",
            &["b/z.c", "b/mnz.c", "b/mn/z.c"],
            &["bmnz.c", "bm/nz.c"],
        ),
        (
            "c**/z.c",
            &["c/z.c", "cmn/z.c", "cm/n/z.c"],
            &["cmnz.c", "cm/nz.c"],
        ),
        (
            "d/**/z.c",
            &["d/z.c", "d/mn/z.c", "d/m/n/z.c"],
            &["dmnz.c", "d/mnz.c"],
        ),
        ("**/e.c", &["e.c", "m/e.c", "m/n/e.c"], &["xe.c"]),
        ("**.f", &["a.f", "b/a.f"], &["a.g"]),
        ("a?b", &["acb", "aäb", "d/acb"], &["ab", "a/b", "accb"]),
    ]);
}

#[test]
fn classes() {
    all_hold(&[
        ("[ab].a", &["a.a", "b.a"], &["c.a", "ab.a"]),
        ("[!ab].b", &["c.b"], &["a.b", "b.b", ".b"]),
        ("[d-g].c", &["d.c", "e.c", "g.c"], &["h.c"]),
        ("[!d-g].d", &["h.d"], &["f.d"]),
        ("[abd-g].e", &["a.e", "e.e"], &["c.e"]),
        ("[-ab].f", &["-.f", "a.f"], &["c.f"]),
        (r"[\]ab].g", &["].g", "a.g"], &["c.g"]),
        ("[ab]].g", &["a].g", "b].g"], &["a.g"]),
        (r"[!\]ab].g", &["c.g"], &["].g", "b.g"]),
        ("ab[e/]cd.i", &["ab[e/]cd.i"], &["abecd.i", "ab/cd.i"]),
        ("ab[/c", &["ab[/c"], &["ab/c"]),
        ("a[", &["a["], &["a"]),
        ("a[.-0]b", &["a.b", "a0b"], &["a/b"]),
        ("a[!x]b", &["ayb"], &["a/b"]),
        ("[äö].h", &["ä.h"], &["a.h"]),
    ]);
}

#[test]
fn braces() {
    all_hold(&[
        (
            "*.{py,js,html}",
            &["a.py", "a.js", "d/a.html"],
            &["a.pyjs", "a."],
        ),
        ("{single}.b", &["{single}.b"], &["single.b", ".b"]),
        ("{}.c", &["{}.c"], &[".c"]),
        ("a{b,c,}.d", &["ab.d", "ac.d", "a.d"], &["abc.d", "a,.d"]),
        ("a{,b,,c,}.e", &["a.e", "ab.e", "ac.e"], &["a,.e"]),
        ("{.f", &["{.f"], &[".f"]),
        (
            "{word,{also},this}.g",
            &["word.g", "{also}.g", "this.g"],
            &["also.g", "{also,this}.g"],
        ),
        ("{{a,b},c}.k", &["a.k", "b.k", "c.k"], &["{a,b}.k", "d.k"]),
        (
            "{a,b{c,d}e}.x",
            &["a.x", "bce.x", "bde.x"],
            &["be.x", "ce.x"],
        ),
        ("{},b}.h", &["{},b}.h"], &["b.h", ".h"]),
        ("{{,b,c{d}.i", &["{{,b,c{d}.i"], &["{.i", "b.i"]),
        (r"{a\,b,cd}.t", &["a,b.t", "cd.t"], &["a.t", "b.t"]),
        (r"{e,\},f}.t", &["e.t", "}.t", "f.t"], &[]),
        (r"{g,\\,i}.t", &["g.t", r"\.t", "i.t"], &["j.t"]),
        (
            "{some,a{*c,b}[ef]}.j",
            &["some.j", "abe.j", "abf.j", "axce.j"],
            &["abg.j", "a.j"],
        ),
        ("{Makefile,*.mk}", &["Makefile", "d/a.mk"], &["Makefile.am"]),
        (
            "{*.{awk,c},Kconfig}",
            &["a.awk", "d/a.c", "Kconfig"],
            &["Kconfig.x"],
        ),
        (
            "{package.json,*.yml}",
            &["package.json", "a.yml"],
            &["b.json"],
        ),
        ("*.{}", &["a.{}"], &["a."]),
    ]);
}

#[test]
fn integers() {
    all_hold(&[
        (
            "{3..120}",
            &["3", "15", "60", "99", "100", "120", "d/5"],
            &["1", "121", "060", "a", "5a", "3..120"],
        ),
        (
            "{-2..2}",
            &["-2", "-1", "0", "1", "2"],
            &["3", "-3", "+1", "-0"],
        ),
        ("{-12..-9}", &["-12", "-10", "-9"], &["9", "-8", "-13"]),
        ("{5..3}", &["3", "4", "5"], &["2", "6"]),
        (
            "{aardvark..antelope}",
            &["{aardvark..antelope}"],
            &["a", "aardvark"],
        ),
        ("f{1..2}{3..4}.c", &["f13.c", "f24.c"], &["f1.c", "f31.c"]),
    ]);
}

#[test]
fn slashes() {
    all_hold(&[
        ("/a.c", &["a.c"], &["d/a.c"]),
        ("d/a.c", &["d/a.c"], &["e/d/a.c", "a.c"]),
        ("a.c", &["a.c", "d/a.c"], &["xa.c", "a.c/b"]),
        ("{d/a,b}.c", &["d/a.c", "b.c"], &["e/b.c"]),
        (
            "lib/**.js",
            &["lib/a.js", "lib/b/a.js"],
            &["a.js", "x/lib/a.js"],
        ),
        ("{/d/*,*.x}", &[], &["e/a.x"]),
        (r"a\*b", &["a*b"], &["axb"]),
    ]);
    assert!(!Glob::new("*.{a,b}").unwrap().is_match(b"\xff.c"));
    assert!(Glob::new("d/*").unwrap().is_match(b"d/\xff"));
}

fn cascade(files: &[(&str, &str)]) -> Cascade {
    Cascade::new(files.iter().map(|(directory, text)| {
        let file = parse(text.as_bytes());
        assert_eq!(file.mistakes(), [], "{text}");
        (directory.as_bytes().into(), file)
    }))
}

fn size(cascade: &Cascade, path: &str) -> Option<u32> {
    cascade
        .properties(path.as_bytes())
        .indent_size
        .map(Into::into)
}

#[test]
fn the_nearest_file_and_the_later_section_hold() {
    let files = cascade(&[
        (
            "",
            "[*]\nindent_size=1\ntab_width=9\n[*.c]\nindent_size=2\n",
        ),
        ("d", "[*.c]\nindent_size = 3\n[x.c]\nindent_size=unset\n"),
        ("d/e", "ROOT = True\n[*.h]\nIndent_Size = 4\n"),
        ("d-e", "[*]\nindent_size=7\n"),
    ]);
    assert_eq!(size(&files, "a"), Some(1));
    assert_eq!(size(&files, "a.c"), Some(2));
    assert_eq!(size(&files, "d/a.c"), Some(3));
    assert_eq!(size(&files, "d/f/a.c"), Some(3));
    assert_eq!(size(&files, "d/a"), Some(1));
    assert_eq!(size(&files, "d/x.c"), None, "taken back");
    assert_eq!(size(&files, "d/e/a.h"), Some(4));
    assert_eq!(size(&files, "d/e/a.c"), None, "root");
    assert_eq!(size(&files, "d-e/a.c"), Some(7));
    assert_eq!(size(&files, "dx/a.c"), Some(2));
    assert!(!files.is_empty() && cascade(&[]).is_empty());
    assert_eq!(cascade(&[]).properties(b"a/b"), Properties::default());
}

#[test]
fn sizes_follow_from_each_other() {
    let of = |pairs: &str| {
        let files = cascade(&[("", &format!("[*]\n{pairs}"))]);
        let properties = files.properties(b"a");
        let number = |value: Option<std::num::NonZeroU32>| value.map_or(0, Into::into);
        (number(properties.indent_size), number(properties.tab_width))
    };
    assert_eq!(of("indent_size = 4"), (4, 4));
    assert_eq!(of("indent_size = 4\ntab_width = 8"), (4, 8));
    assert_eq!(of("indent_size = tab\ntab_width = 8"), (8, 8));
    assert_eq!(of("indent_style = tab\ntab_width = 8"), (8, 8));
    assert_eq!(of("indent_style = tab"), (0, 0));
    assert_eq!(of("tab_width = 8"), (0, 8));
    assert_eq!(of("indent_size = tab"), (0, 0));
}

#[test]
fn each_core_property_is_read() {
    let text = "; a comment\r\n  # another\r\n[*.{md,c}] # of these\r\nindent_style=TAB\r\nend_of_line = crlf\r\n\
                charset=utf-8-bom\ntrim_trailing_whitespace=False\ninsert_final_newline=true\nmax_line_length=off\n\
                quote_type = single\nij_any_thing = 'a # b'\n";
    let properties = cascade(&[("", text)]).properties(b"a.md");
    let expected = Properties {
        indent_style: Some(IndentStyle::Tab),
        end_of_line: Some(EndOfLine::CrLf),
        charset: Some(Charset::Utf8Bom),
        trim_trailing_whitespace: Some(false),
        insert_final_newline: Some(true),
        max_line_length: Some(LineLimit::Off),
        ..Properties::default()
    };
    assert_eq!(properties, expected);
}

#[test]
fn mistakes_have_lines_and_leave_the_rest() {
    let file = parse(
        b"\xef\xbb\xbfindent_size = 2\nroot = yes\n[*]\n  indent_size = four\nno pair\nindent_sytle = tab\nroot = true\n\
          tab_width = 4 ; wide\n[a\n[b[z-a]]\n\xff\n= 1\n[]\n",
    );
    let lines: Vec<String> = file
        .mistakes()
        .iter()
        .map(|mistake| format!("{}: {}", mistake.line, mistake.message))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    1: `indent_size` has no effect before the first section, such as `[*]`
    2: `yes` is no value of `root`: expected true or false
    4: `four` is no value of `indent_size`: expected a number of columns, or `tab`, or `unset`
    5: the line is no section (`[*.md]`), no pair (`key = value`) and no comment
    6: `indent_sytle` is no property; did you mean `indent_style`?
    7: `root` has no effect in a section: it belongs before the first one
    8: `4 ; wide` is no value of `tab_width`: expected a number of columns, or `unset`; a comment needs a line of its own
    9: the section has no closing `]`
    10: the range `z-a` goes the wrong way
    11: the line is not UTF-8
    12: the pair has no key
    13: the section has no pattern
    ");
    assert_eq!(file.mistakes()[2].place, 36..54);
}

#[test]
fn a_wrong_value_takes_back_what_was_said() {
    let file = parse(b"[*]\nindent_size = 2\n[*.c]\nindent_size = two\n");
    let files = Cascade::new([(Box::from(&b""[..]), file)]);
    assert_eq!(size(&files, "a.h"), Some(2));
    assert_eq!(size(&files, "a.c"), None);
}

#[test]
fn hostile_files_are_bounded() {
    let file = parse("[*.c]\nx\n".repeat(5_000).as_bytes());
    assert_eq!(file.mistakes().len(), 100);
    assert_eq!(file.unlisted_mistakes(), 5_000 + 4_000 - 100);
    let deep = format!("{}a,b{}", "{x,".repeat(1_000), "}".repeat(1_000));
    assert!(Glob::new(&deep).is_err());
    let wide = "{a,b}".repeat(800);
    assert!(Glob::new(&wide).is_ok_and(|glob| !glob.is_match(b"ab")));
    let many = "{1..9223372036854775807}".repeat(160);
    drop(Glob::new(&many));
    assert!(is_match(&"*a".repeat(500), &"a".repeat(5_000)));
    assert!(!is_match(
        &format!("{}b", "*a".repeat(500)),
        &"a".repeat(5_000)
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(
        prop_oneof![any::<u8>(), proptest::sample::select(b"[]{}*?!\\/,.-=\n19ab".to_vec())], 0..60,
    ), path in proptest::collection::vec(any::<u8>(), 0..12)) {
        let mut text = b"[".to_vec();
        text.extend(&bytes);
        text.extend(b"]\nindent_size=2\n");
        let file = parse(&text);
        for mistake in file.mistakes() {
            prop_assert!(mistake.place.end <= text.len());
        }
        Cascade::new([(Box::from(&b""[..]), file)]).properties(&path);
    }

    #[test]
    fn integers_are_those_of_the_range(a in -300_i64..300, b in -300_i64..300, one in -400_i64..400) {
        let is_between = (a.min(b)..=a.max(b)).contains(&one);
        prop_assert_eq!(is_match(&format!("{{{a}..{b}}}"), &one.to_string()), is_between);
    }

    #[test]
    fn plain_names_match_themselves(name in "[a-z .#äö_-]{1,12}") {
        prop_assert!(is_match(&name, &name));
        let deep = format!("d/{name}");
        prop_assert!(is_match(&name, &deep));
        let longer = format!("{name}x");
        prop_assert!(!is_match(&name, &longer));
    }
}
