//! Names in a patch, as git writes and reads them.

use std::borrow::Cow;

/// A path behind `a/` or `b/`: in quotes, with C's escapes, where a byte could be misread.
pub(super) fn quoted(side: &str, path: &[u8]) -> Vec<u8> {
    let needs_quotes = path
        .iter()
        .any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f..));
    let mut name = Vec::with_capacity(path.len() + 4);
    if !needs_quotes {
        name.extend_from_slice(side.as_bytes());
        name.extend_from_slice(path);
        return name;
    }
    name.push(b'"');
    name.extend_from_slice(side.as_bytes());
    for byte in path {
        name.extend_from_slice(&escaped(*byte));
    }
    name.push(b'"');
    name
}

fn escaped(byte: u8) -> Cow<'static, [u8]> {
    let letter = match byte {
        0x07 => b'a',
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0b => b'v',
        0x0c => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        0..0x20 | 0x7f.. => return format!("\\{byte:03o}").into_bytes().into(),
        _ => return vec![byte].into(),
    };
    vec![b'\\', letter].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_could_be_misread_are_quoted() {
        assert_eq!(quoted("a/", b"x y-[1]'.txt"), b"a/x y-[1]'.txt");
        assert_eq!(quoted("a/", b"a\tb\n\"c\\\x01"), br#""a/a\tb\n\"c\\\001""#);
        assert_eq!(
            quoted("b/", b"\xc3\xa4\xff\x7f"),
            br#""b/\303\244\377\177""#
        );
    }
}
