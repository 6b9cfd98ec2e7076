//! What the XML checker says about single mistakes.

use crate::syntax::{Notation, check};

fn say(text: &str) -> Vec<String> {
    check(text.as_bytes(), Notation::Xml)
        .into_iter()
        .map(|mistake| {
            format!(
                "{}-{} {}",
                mistake.bytes.start, mistake.bytes.end, mistake.message
            )
        })
        .collect()
}

#[test]
fn well_formed_texts_are_fine() {
    for fine in [
        "<a/>",
        "\u{feff}<?xml version='1.0' encoding=\"UTF-8\" standalone='no' ?>\n<!-- c --><?p x?><a b='1' c=\"2\">t&amp;&#65;&#x41;<b/><![CDATA[<&]]></a >\n<!-- e -->\n",
        "<!DOCTYPE a SYSTEM 'x.dtd'><a>&nbsp;</a>",
        "<!DOCTYPE a [<!ELEMENT a (b?,(c|d)*)+><!ELEMENT b (#PCDATA|c)*><!ELEMENT c EMPTY><!ATTLIST a b CDATA #IMPLIED c (x|y) 'x'><!ENTITY e '<b>t</b>'><!ENTITY x SYSTEM 'file:///etc/passwd'><!NOTATION n PUBLIC 'p'><!ENTITY u SYSTEM 'u' NDATA n>]><a>&e;&e;&x;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'p'> %p; ]><a>&q;</a>",
        "<é ü='ä'/>",
        "<a>] ]] ></a>",
    ] {
        assert_eq!(say(fine), [""; 0], "{fine}");
    }
    assert_eq!(
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe9'>\xfc</a>",
            Notation::Xml
        ),
        []
    );
}

/// Texts with one mistake, and what is said of it.
const SINGLE: &[(&str, &str)] = &[
    (
        "",
        "0-0 expected the root element, found the end of the text",
    ),
    (
        "<a><b></a>",
        "6-9 expected the end of the element `b`, found that of `a`: `b` was opened in line 1, column 4",
    ),
    ("<a>", "0-2 the element `a` is never closed"),
    (
        "<a/><b/>",
        "4-5 expected the end of the text after the root element, found `<`",
    ),
    ("<a b='1' b='2'/>", "9-10 the attribute `b` is set twice"),
    ("<a b=1/>", "5-6 expected a value in quotes, found `1`"),
    (
        "<a b/>",
        "3-4 expected `=` and a value for the attribute `b`",
    ),
    (
        "<a b='1'c='2'/>",
        "8-9 expected a space, `>` or `/>`, found `c`",
    ),
    (
        "<a b='<'/>",
        "6-7 `<` cannot stand in the value of an attribute: write `&lt;`, or close the value before",
    ),
    (
        "<a>x & y</a>",
        "5-6 `&` begins no reference here: write `&amp;` for the character",
    ),
    (
        "<a>1 < 2</a>",
        "5-6 `<` begins no element here: write `&lt;` for the character",
    ),
    (
        "<a>&nbsp;</a>",
        "3-9 `&nbsp;` stands for nothing: the entity is not declared",
    ),
    ("<a>&#0;</a>", "3-7 `&#0;` is no character that XML allows"),
    (
        "<a>]]></a>",
        "3-6 `]]>` cannot stand in a text: write `]]&gt;`",
    ),
    (
        "<a><!-- a -- b --></a>",
        "10-12 a comment must not hold `--`",
    ),
    ("<a><!-- a ---></a>", "10-12 a comment must not hold `--`"),
    (
        " <?xml version='1.0'?><a/>",
        "1-6 the XML declaration must be the first thing in the file, in lower case",
    ),
    (
        "<a>\u{1}</a>",
        "3-4 the control character U+0001 cannot stand in XML",
    ),
    (
        "<!DOCTYPE a [<!ENTITY e '<b>'>]><a>&e;</a>",
        "35-38 the element `b` is never closed",
    ),
    (
        "<!DOCTYPE a [<!ENTITY e '&f;'><!ENTITY f '&e;'>]><a>&e;</a>",
        "52-55 `&e;` stands for a text that it is part of itself",
    ),
    (
        "<!DOCTYPE a [<!ENTITY e '<'>]><a b='&e;'/>",
        "36-39 this entity puts `<` into the value of an attribute",
    ),
];

#[test]
fn single_mistakes_have_their_place_and_a_message() {
    for (text, said) in SINGLE {
        assert_eq!(say(text), [*said], "{text:?}");
    }
    assert_eq!(check(b"<a>\xff</a>", Notation::Xml)[0].bytes, 3..4);
}

#[test]
fn bombs_cost_nothing() {
    let mut text = "<!DOCTYPE a [<!ENTITY e0 'x'>".to_owned();
    for level in 1..60 {
        let below = format!("&e{};", level - 1).repeat(10);
        text.push_str(&["<!ENTITY e", &level.to_string(), " '", &below, "'>"].concat());
    }
    text += "]><a b='&e59;'>&e59;</a>";
    assert_eq!(say(&text), [""; 0]);
    assert_eq!(say(&"<a>".repeat(100_000)).len(), 1);
}

proptest::proptest! {
    #[test]
    fn no_text_does_harm(text in "(<a>|</a>|<a |b='|'|/>|<!--|-->|<!DOCTYPE a \\[|<!ENTITY e '|'>|\\]>|&e;|&#|;|<\\?p|\\?>|<!\\[CDATA\\[|\\]\\]>|é|%e;|<!ELEMENT a |\\(|,|<!ATTLIST a | ){0,16}") {
        for mistake in check(text.as_bytes(), Notation::Xml) {
            proptest::prop_assert!(mistake.bytes.start <= mistake.bytes.end && mistake.bytes.end <= text.len());
        }
    }
}
