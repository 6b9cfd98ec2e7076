//! What the rule `indentation` says, and what it converts.

use super::indentation::RULE;
use super::trial;
use crate::finding::{Change, Safety};

fn messages(options: &str, name: &str, text: &str) -> Vec<String> {
    let check = trial::check(&RULE, options).unwrap();
    let drafts = trial::content(check.as_ref(), name, text.as_bytes());
    drafts.into_iter().map(|draft| draft.message).collect()
}

#[test]
fn messages_say_what_there_is() {
    assert_eq!(
        messages("style: tabs", "a.c", "{\n  x;\n}\n"),
        ["indented by 2 spaces, expected tabs"]
    );
    assert_eq!(
        messages("style: spaces", "a.c", "\t  x;\n"),
        ["indented by 1 tab and 2 spaces, expected spaces"]
    );
    assert_eq!(
        messages("", "a.py", "if x:\n\ty\nif z:\n    a\n    b\n"),
        ["indentation is mixed, 1 by tabs and 2 by spaces; the first line by a tab is here"]
    );
    assert_eq!(
        messages("{ size: 4 }", "a.c", "{\n   x;\n}\n"),
        ["block is indented by 3 spaces, expected 4"]
    );
}

fn fixed(options: &str, name: &str, text: &str) -> (Vec<Option<Safety>>, String) {
    let check = trial::check(&RULE, options).unwrap();
    let drafts = trial::fixes(check.as_ref(), name, text.as_bytes());
    let changes = drafts.iter().filter_map(|it| it.change.as_deref());
    let edits = changes.flat_map(|change| match change {
        Change::Edits(edits) => &edits[..],
        _ => panic!("no edits"),
    });
    let after = trial::apply_edits(text.as_bytes(), edits);
    let safeties = drafts.iter().map(|it| it.fixable).collect();
    (safeties, String::from_utf8(after).unwrap())
}

const SAFE: Option<Safety> = Some(Safety::Safe);
const NOT: Option<Safety> = Some(Safety::Unsafe);

/// Options, a name, a text, how surely each finding in it can be fixed, and the text afterwards.
type Conversion = (
    &'static str,
    &'static str,
    &'static str,
    &'static [Option<Safety>],
    &'static str,
);

const CONVERSIONS: &[Conversion] = &[
    (
        "{ style: spaces, size: 4 }",
        "a.c",
        "{\n\tx;\n \ty;\n}\n",
        &[SAFE, SAFE],
        "{\n    x;\n    y;\n}\n",
    ),
    (
        "{ style: tabs, size: 4 }",
        "a.c",
        "{\n    x;\n     y;\n}\n",
        &[SAFE, None],
        "{\n\tx;\n     y;\n}\n",
    ),
    (
        "{ style: spaces, size: 4 }",
        "a.py",
        "if x:\n\ty\n",
        &[NOT],
        "if x:\n    y\n",
    ),
    (
        "{ style: spaces, size: 4 }",
        "a.js",
        "x = `a`;\n\ty;\n",
        &[NOT],
        "x = `a`;\n    y;\n",
    ),
    (
        "{ style: spaces, size: 4 }",
        "a.c",
        "#define A \\\n\ty\n",
        &[NOT],
        "#define A \\\n    y\n",
    ),
    (
        "{ style: spaces, size: 2 }",
        "a.json",
        "{\n\t\"a\": 1\n}\n",
        &[SAFE],
        "{\n  \"a\": 1\n}\n",
    ),
    (
        "{ style: spaces, size: 2 }",
        "a.json",
        "{\n\t'a': 1\n}\n",
        &[NOT],
        "{\n  'a': 1\n}\n",
    ),
    (
        "style: spaces",
        "a.c",
        "{\n\tx;\n}\n",
        &[None],
        "{\n\tx;\n}\n",
    ),
    (
        "{ style: spaces, size: 100 }",
        "a.c",
        "{\n\tx;\n}\n",
        &[None],
        "{\n\tx;\n}\n",
    ),
    // A step of three would be the next violation.
    (
        "{ style: spaces, size: 4 }",
        "a.c",
        " {\n\tx;\n}\n",
        &[None],
        " {\n\tx;\n}\n",
    ),
    (
        "size: 4",
        "a.c",
        "{\n\tx;\n\ty;\n    z;\n}\n",
        &[SAFE],
        "{\n\tx;\n\ty;\n\tz;\n}\n",
    ),
    (
        "size: 4",
        "a.c",
        "{\n\tx;\n    y;\n    z;\n}\n",
        &[SAFE],
        "{\n    x;\n    y;\n    z;\n}\n",
    ),
    (
        "size: 4",
        "a.py",
        "if x:\n\tx\n    y\n    z\n",
        &[NOT],
        "if x:\n    x\n    y\n    z\n",
    ),
];

#[test]
fn only_what_is_sure_to_mean_nothing_is_safe() {
    for (options, name, text, safeties, after) in CONVERSIONS {
        assert_eq!(
            fixed(options, name, text),
            (safeties.to_vec(), (*after).to_owned()),
            "{options} {name} {text:?}"
        );
    }
}

#[test]
fn what_only_looks_mixed_is_fine() {
    for (name, fine) in [
        ("a.c", "\tif (a &&\n\t    b)\n\t\tx;\n"),
        (
            "a.c",
            "int f(int a,\n      int b,\n      int c)\n{\n\tx;\n}\n",
        ),
        ("a.c", "/**\n  * a\n  * b\n  */\nvoid f()\n{\n\tx;\n}\n"),
        ("a.c", "#define A \\\n    f(); \\\n    g();\n\tx;\n"),
        ("a.c", "{\n\tx;\n out:\n\ty;\n}\n"),
        (
            "a.py",
            "def f():\n    \"\"\"a\n\tb\n    \"\"\"\n    return 1\n",
        ),
        ("a.js", "f(() => {\n\tx(`\n    a\n`);\n});\n"),
        ("a.sh", "if x; then\n\tcat <<-EOF\n  a\n\tEOF\nfi\n"),
        ("a.sh", "x() {\n\trm foo/*\n\tbar\n}\n"),
        ("a.txt", "\ta\n  b\n"),
        ("Makefile", "all:\n\tcc\nifdef X\n  Y = 1\nendif\n"),
    ] {
        assert_eq!(messages("", name, fine), [""; 0], "{name}: {fine}");
    }
}

#[test]
fn a_block_may_be_aligned_in_the_ways_of_its_language() {
    for (name, fine) in [
        ("a.c", "if (a &&\n    b) {\n    x;\n}\n"),
        ("a.c", "switch (a) {\ncase 1:\n    x;\n}\n"),
        ("a.yaml", "a:\n- b: 1\n  c:\n    - d\n"),
        ("a.py", "if (a and\n       b):\n    x\n"),
    ] {
        assert_eq!(
            messages("{ style: spaces, size: 4 }", name, fine),
            [""; 0],
            "{name}: {fine}"
        );
    }
}

#[test]
fn alignment_can_be_forbidden() {
    let options = "{ style: tabs, allow_alignment: false }";
    assert_eq!(messages(options, "a.c", "f(a,\n  b);\n").len(), 1);
    assert_eq!(messages(options, "a.c", "\tf(a,\n\t  b);\n").len(), 1);
    assert_eq!(messages("style: tabs", "a.c", "\tf();\n \tg();\n").len(), 1);
}
