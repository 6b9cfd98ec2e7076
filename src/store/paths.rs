//! Paths in the record: text that anyone can read, and the raw bytes wherever the text is not the whole truth.

use std::borrow::Cow;

/// `bytes` as text: UTF-8 is kept as it is (a backslash too), every other byte becomes `\xNN`.
///
/// A file whose name really holds `\x` looks the same, which is why the record keeps [`raw_if_needed`] beside it.
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 12);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str("\\x");
            push_hex(&mut text, &[*byte]);
        }
    }
    Cow::Owned(text)
}

/// The bytes, if the escaped text does not say all: only where they are not UTF-8.
pub fn raw_if_needed(bytes: &[u8]) -> Option<&[u8]> {
    std::str::from_utf8(bytes).is_err().then_some(bytes)
}

/// Turns the two columns back into the path.
pub fn unescape<'a>(text: &'a str, raw: Option<&'a [u8]>) -> &'a [u8] {
    raw.unwrap_or(text.as_bytes())
}

/// Appends `bytes` as lower-case hex digits.
pub(super) fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// `bytes` as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_escaped_and_a_backslash_is_kept() {
        assert_eq!(escape(b"a\xff\\x/\xc3\xa9\xc3"), "a\\xff\\x/\u{e9}\\xc3");
        assert_eq!(escape(b"plain\\xff"), "plain\\xff");
        assert_eq!(raw_if_needed(b"plain\\xff"), None);
    }

    proptest! {
        #[test]
        fn text_and_raw_bytes_together_give_the_path_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = escape(&bytes);
            prop_assert_eq!(unescape(&text, raw_if_needed(&bytes)), &bytes[..]);
        }
    }
}
