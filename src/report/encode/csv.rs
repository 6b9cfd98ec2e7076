//! A field of comma-separated values.

use super::log_line;
use std::borrow::Cow;

/// Encodes a field by RFC 4180 so that no spreadsheet takes it for a formula: one that begins with what could start one
/// (or with `'`, so that this stays readable backwards) gets a `'` before it. Hidden characters and line breaks become
/// visible escapes, so a row is one line.
pub fn csv(text: &str) -> String {
    let shown = log_line(text);
    let starts_formula = |text: &str| {
        let first = text.trim_start().chars().next();
        first.is_some_and(|first| "=+-@'|%＝＋－＠".contains(first))
    };
    let shown = if starts_formula(&shown) {
        Cow::Owned(format!("'{shown}"))
    } else {
        Cow::Borrowed(shown.as_str())
    };
    if shown.contains([',', '"', '\'', ';']) || shown.starts_with(' ') || shown.ends_with(' ') {
        format!("\"{}\"", shown.replace('"', "\"\""))
    } else {
        shown.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One row by RFC 4180.
    fn parse(row: &str) -> Vec<String> {
        let mut fields = vec![String::new()];
        let mut characters = row.chars().peekable();
        let mut is_quoted = false;
        while let Some(character) = characters.next() {
            let field = fields.last_mut().unwrap();
            match character {
                '"' if !is_quoted && field.is_empty() => is_quoted = true,
                '"' if is_quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
                '"' if is_quoted => is_quoted = false,
                ',' if !is_quoted => fields.push(String::new()),
                other => field.push(other),
            }
        }
        fields
    }

    #[test]
    fn formulas_are_only_text() {
        assert_eq!(csv("=1+1"), "\"'=1+1\"");
        assert_eq!(csv(" @SUM(A1)"), "\"' @SUM(A1)\"");
        assert_eq!(csv("\t=1"), "\\t=1");
        assert_eq!(csv("-"), "\"'-\"");
        assert_eq!(csv("a-b"), "a-b");
        assert_eq!(csv("a,\"b\"\n"), "\"a,\"\"b\"\"\\n\"");
    }

    proptest! {
        #[test]
        fn fields_read_back_the_same(one in "(?s)(.|[,\"'=+@\\r\\n-]|::|##\\[)*", two in any::<String>()) {
            let row = format!("{},{}", csv(&one), csv(&two));
            prop_assert_eq!(row.lines().count().max(1), 1);
            let fields = parse(&row);
            prop_assert_eq!(fields.len(), 2);
            for (field, text) in fields.iter().zip([&one, &two]) {
                let shown = log_line(text);
                let first = shown.trim_start().chars().next();
                let is_marked = first.is_some_and(|first| "=+-@'|%＝＋－＠".contains(first));
                prop_assert_eq!(if is_marked { &field[1..] } else { field }, &shown);
                prop_assert!(!field.starts_with(['=', '+', '-', '@']));
            }
        }
    }
}
