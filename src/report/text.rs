//! Numbers and sizes for people.

/// `1 file`, `1,204 files`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 B`, `1.5 MiB`; rounded down.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut unit = None;
    let mut tenths = u128::from(number) * 10;
    for name in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = Some(name);
    }
    match unit {
        None => format!("{number} B"),
        Some(unit) => format!("{}.{} {unit}", tenths / 10, tenths % 10),
    }
}

/// `85 ms`, `1.2 s`, `2 min 05 s`.
pub(super) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!(
            "{} min {:02} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1000
        ),
    }
}

/// A score with two decimals, rounded down so that only a perfect one reads 100.00.
pub(super) fn score(score: f64) -> String {
    let floor = (score * 100.0).floor() / 100.0;
    // A score such as 98.62 has no exact binary form and may sit just below itself.
    let nearest = (score * 100.0).round() / 100.0;
    let shown = if (nearest - score).abs() < 1e-9 {
        nearest
    } else {
        floor
    };
    format!("{shown:.2}")
}

/// A value for a POSIX shell: as it is where that is safe, or else in single quotes.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-+=:,@".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) && !text.starts_with('-') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A query as one word for a POSIX shell; it holds single quotes, so double ones read better where they are safe.
pub(super) fn shell_query(query: &str) -> String {
    if query.contains(['"', '$', '`', '\\', '!']) {
        shell_word(query)
    } else {
        format!("\"{query}\"")
    }
}

/// Breaks a text into lines of at most `width` characters at its spaces; a longer word gets a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1_234_567, "file"), "1,234,567 files");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(61_500), "1 min 01 s");
    }

    #[test]
    fn a_score_never_looks_better_than_it_is() {
        assert_eq!(score(100.0), "100.00");
        assert_eq!(score(99.9999), "99.99");
        assert_eq!(score(98.62), "98.62");
        assert_eq!(score(0.0), "0.00");
    }

    #[test]
    fn shell_words_are_quoted_where_they_need_it() {
        assert_eq!(shell_word("a/b.db"), "a/b.db");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word("-x"), "'-x'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn text_is_wrapped_at_spaces() {
        assert_eq!(wrapped("aa bb  cc\ndddddd", 5), ["aa bb", "cc", "dddddd"]);
    }
}
