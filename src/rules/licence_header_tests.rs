//! What the rule `licence-header` says, and the headers that it puts in.

use super::licence_header::RULE;
use super::trial;
use crate::finding::Safety;

fn messages(options: &str, name: &str, text: &str) -> Vec<String> {
    let check = trial::check(&RULE, options).unwrap();
    let drafts = trial::content(check.as_ref(), name, text.as_bytes());
    drafts.into_iter().map(|draft| draft.message).collect()
}

fn fixed(options: &str, name: &str, text: &str) -> Option<(Safety, String)> {
    let check = trial::check(&RULE, options).unwrap();
    let drafts = trial::fixes(check.as_ref(), name, text.as_bytes());
    let after = trial::apply(text.as_bytes(), drafts[0].change.as_deref()?);
    Some((drafts[0].fixable?, String::from_utf8(after).unwrap()))
}

const YEAR: &str = "{ template: 'Copyright {year} Acme', year_at_least: 2024 }";

/// Options, a name, a text, and how surely it becomes which other.
type Insertion = (
    &'static str,
    &'static str,
    &'static str,
    Option<(Safety, &'static str)>,
);

const INSERTIONS: &[Insertion] = &[
    (
        "spdx: MIT",
        "a.sh",
        "#!/bin/sh\nexit\n",
        Some((
            Safety::Safe,
            "#!/bin/sh\n# SPDX-License-Identifier: MIT\n\nexit\n",
        )),
    ),
    (
        "spdx: [MIT, ISC]",
        "a.c",
        "x\r\n",
        Some((
            Safety::Unsafe,
            "// SPDX-License-Identifier: MIT\r\n\r\nx\r\n",
        )),
    ),
    ("", "a.c", "x\n", None),
    (
        "spdx: MIT",
        "a.c",
        "// SPDX-License-Identifier: ISC\n",
        None,
    ),
    (
        YEAR,
        "a.c",
        "x\n",
        Some((Safety::Safe, "// Copyright 2024 Acme\n\nx\n")),
    ),
    ("template: 'Copyright {year} Acme'", "a.c", "x\n", None),
    ("template: 'Copyright {any} Acme'", "a.c", "x\n", None),
    ("template: 'See */ there'", "a.c", "x\n", None),
    (
        YEAR,
        "a.c",
        "// Copyright 2020 Acme\n",
        Some((Safety::Unsafe, "// Copyright 2020-2024 Acme\n")),
    ),
    (
        YEAR,
        "a.c",
        "// Copyright 2019–2021 Acme\n",
        Some((Safety::Unsafe, "// Copyright 2019–2024 Acme\n")),
    ),
    (
        YEAR,
        "a.c",
        "// Copyright 2019, 2021 Acme\n",
        Some((Safety::Unsafe, "// Copyright 2019, 2021-2024 Acme\n")),
    ),
    (YEAR, "a.c", "// Copyright 2020 Other\n", None),
    (
        "{ template: 'Copyright {year} Acme', year_at_least: 2024, year: single }",
        "a.c",
        "// Copyright 2020 Acme\n",
        Some((Safety::Unsafe, "// Copyright 2024 Acme\n")),
    ),
    (
        "{ template: 'Copyright {year} Acme', year_at_least: 2024, year: range }",
        "a.c",
        "x\n",
        None,
    ),
];

#[test]
fn a_header_is_put_in_where_the_policy_leaves_no_choice() {
    for (options, name, text, expected) in INSERTIONS {
        let expected = expected.map(|(safety, text)| (safety, text.to_owned()));
        assert_eq!(fixed(options, name, text), expected, "{options}: {text:?}");
    }
}

#[test]
fn a_header_that_would_push_another_one_down_is_not_put_in() {
    let options = "{ spdx: MIT, template: 'All rights reserved.', within_lines: 1 }";
    assert_eq!(
        fixed(options, "a.c", "// All rights reserved.\n\n\n\n"),
        None
    );
}

#[test]
fn messages_show_what_is_expected() {
    assert_eq!(
        messages("spdx: MIT", "a.css", "a {}\n"),
        ["no SPDX licence, expected here: /* SPDX-License-Identifier: MIT */"]
    );
    assert_eq!(
        messages(
            "spdx: [MIT, ISC]",
            "a.c",
            "// SPDX-License-Identifier: BSD\n"
        ),
        ["licence is `BSD`, expected `MIT` or `ISC`"]
    );
    assert_eq!(
        messages(
            "template: \"Copyright {year} Acme\\nAll rights reserved.\"",
            "a.sh",
            "#!/bin/sh\nexit\n"
        ),
        ["no licence header, expected here: # Copyright {year} Acme\n# All rights reserved."]
    );
    assert_eq!(
        messages(
            "template: Copyright {year} Acme",
            "a.c",
            "// Copyright 2020"
        ),
        ["licence header ends here, expected `Acme`"]
    );
}

#[test]
fn expressions_are_compared_sensibly() {
    let is_fine =
        |spdx: &str, line: &str| messages(&format!("spdx: {spdx}"), "a.c", line).is_empty();
    assert!(is_fine("MIT", "/* SPDX-License-Identifier: mit */ int x;"));
    assert!(is_fine(
        "GPL-2.0 OR MIT",
        "// SPDX-License-Identifier: (GPL-2.0  OR MIT)\r\n"
    ));
    assert!(is_fine("any", "// SPDX-License-Identifier: Whatever\n"));
    assert!(!is_fine("any", "// SPDX-License-Identifier:\n"));
    assert!(!is_fine(
        "any",
        "char *s = \"SPDX-License-Identifier: MIT\";\n"
    ));
    assert!(!is_fine("MIT", "// SPDX-License-Identifier: MIT OR X\n"));
}

#[test]
fn a_header_is_looked_for_at_the_start_only() {
    let late = format!("{}// SPDX-License-Identifier: MIT\n", "\n".repeat(20));
    assert_eq!(messages("spdx: MIT", "a.c", &late).len(), 1);
    assert!(messages("{ spdx: MIT, within_lines: 21 }", "a.c", &late).is_empty());
    assert!(
        messages(
            "{ spdx: MIT, within_lines: 1 }",
            "a.sh",
            "#!/bin/sh\n# SPDX-License-Identifier: MIT\n"
        )
        .is_empty()
    );
}

#[test]
fn both_a_tag_and_a_template_can_be_asked_for() {
    let options = "{ spdx: MIT, template: 'Copyright {year} Acme' }";
    assert!(
        messages(
            options,
            "a.c",
            "// Copyright 2020 Acme\n// SPDX-License-Identifier: MIT\n"
        )
        .is_empty()
    );
    assert_eq!(messages(options, "a.c", "int x;\n").len(), 2);
}

#[test]
fn files_without_need_are_left_alone() {
    for (name, text) in [
        ("a.txt", "x"),
        ("a.c", " \n"),
        ("a.sh", "#!/bin/sh\n"),
        ("a.ts", "// @generated\nx;\n"),
        (
            "a.rs",
            "/* automatically generated by rust-bindgen */\nx;\n",
        ),
        (".gitignore", "target/\n"),
        ("a.php", "<html>"),
    ] {
        assert!(messages("", name, text).is_empty(), "{name}");
    }
    assert_eq!(
        messages("skip_generated: false", "a.ts", "// @generated\n").len(),
        1
    );
    assert_eq!(messages("comment: { .TMPL: go }", "a.tmpl", "x").len(), 1);
}

#[test]
fn years_have_rules() {
    let say = |options: &str, year: &str| {
        messages(
            &format!("{{ template: '(C) {{year}} Acme', {options} }}"),
            "a.c",
            &format!("// (C) {year} Acme\n"),
        )
    };
    assert!(say("year: single", "2020").is_empty());
    assert_eq!(say("year: single", "2020-2021"), ["expected one year"]);
    assert_eq!(say("year: range", "2020"), ["expected a range of years"]);
    assert_eq!(
        say("year_at_least: 2022", "2020-2021"),
        ["the last year is 2021, expected 2022 or later"]
    );
    assert!(say("year_at_least: 2022", "2020-present").is_empty());
}

#[test]
fn wrong_options_are_named() {
    assert!(trial::mistakes(&RULE, "template: by {owner}")[0].starts_with("owner: "));
    assert!(trial::mistakes(&RULE, "template: by {me}")[0].starts_with("template: `{me}`"));
    assert!(trial::mistakes(&RULE, "comment: { x: nothing }")[0].starts_with("comment: `nothing`"));
    assert!(trial::mistakes(&RULE, "spdx: ''")[0].starts_with("spdx: "));
}
