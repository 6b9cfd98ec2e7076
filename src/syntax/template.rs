//! Marks of template engines, which make a text something else than the notation that its name promises.

use super::Notation;

/// Where the text of a template begins that is not of the notation itself: `{{ … }}`, `{% … %}`, `{# … #}` or `<% … %>`
/// outside of quotes. `${{ … }}`, and what is quoted, is a value like any other.
pub fn first_template_mark(text: &[u8], notation: Notation) -> Option<usize> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        let line = &text[start..end];
        if let Some(at) = mark_in(line, notation) {
            return Some(start + at);
        }
        start = end + 1;
    }
    None
}

fn mark_in(line: &[u8], notation: Notation) -> Option<usize> {
    let is_candidate = |at: &usize| {
        matches!(
            &line[*at..],
            [b'{', b'{' | b'%' | b'#', ..] | [b'<', b'%', ..]
        )
    };
    let mut candidates = memchr::memchr2_iter(b'{', b'<', line).filter(is_candidate);
    // Most lines have none: quotes are looked at only where there is one.
    candidates.find(|at| {
        let is_value = *at > 0 && line[at - 1] == b'$';
        !is_value && is_mark(&line[*at..], notation) && !is_quoted(&line[..*at], notation)
    })
}

fn is_mark(rest: &[u8], notation: Notation) -> bool {
    let has = |end: &[u8]| memchr::memmem::find(&rest[2..], end).is_some();
    match rest {
        // A set of sets in a set of JSON or YAML looks alike, but begins with a key.
        [b'{', b'{', b'"', ..] => false,
        [b'{', b'{', b'{', ..] if notation != Notation::Yaml => false,
        [b'{', b'{', ..] => notation != Notation::Xml && (has(b"}}") || !has(b"}")),
        [b'{' | b'<', b'%', ..] => true,
        [b'{', b'#', ..] => has(b"#}"),
        _ => false,
    }
}

/// Whether a text in quotes is open behind this part of a line.
fn is_quoted(before: &[u8], notation: Notation) -> bool {
    // In XML, quotes mean nothing between the tags, and templates stand in attributes too.
    if notation == Notation::Xml {
        return false;
    }
    let mut open = None;
    let mut previous = b' ';
    for byte in before {
        match open {
            None if *byte == b'"' || (*byte == b'\'' && !previous.is_ascii_alphanumeric()) => {
                open = Some(*byte);
            }
            Some(quote) if quote == *byte && previous != b'\\' => open = None,
            _ => {}
        }
        previous = *byte;
    }
    open.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_outside_of_quotes_only() {
        for (text, at) in [
            ("a: 1\n{{- if .x }}\n", Some(5)),
            ("a: {{ .Values.b }}\n", Some(3)),
            ("  {% if x %}\n", Some(2)),
            ("<% x %>", Some(0)),
            ("{{/*\n comment */}}", Some(0)),
            ("a: \"{{ b }}\"\n", None),
            ("a: '{{ b }}'\n", None),
            ("a: ${{ b }}\n", None),
            ("run: echo ${{ b }} {{ c }}\n", Some(19)),
            ("a: {b: 1}\n", None),
            ("a: {}\n", None),
            ("it's {{ b }}", Some(5)),
        ] {
            assert_eq!(
                first_template_mark(text.as_bytes(), Notation::Yaml),
                at,
                "{text}"
            );
        }
        assert_eq!(first_template_mark(b"{{\"a\": 1}}", Notation::Json), None);
        assert_eq!(
            first_template_mark(b"{\"a\": {{ b }}}", Notation::Json),
            Some(6)
        );
        assert_eq!(first_template_mark(b"<a>{{ b }}</a>", Notation::Xml), None);
        assert_eq!(
            first_template_mark(b"<a b=\"{% if c %}\"/>", Notation::Xml),
            Some(6)
        );
    }
}
