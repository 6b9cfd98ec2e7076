//! How the bytes of a file are text: which encoding, and the same text as UTF-8.

mod detect;
mod transcode;

pub use detect::{START, detect};
pub use transcode::{Transcoder, transcode};

/// How a file's text is encoded, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Text in 8-bit units: UTF-8 (or ASCII) or another encoding with ASCII in it. Whether it is UTF-8 to the end only
    /// [`first_invalid`] can tell.
    #[default]
    Utf8,
    /// The same, after UTF-8's byte order mark.
    Utf8WithMark,
    /// UTF-16, little endian first; `true` if it begins with a byte order mark.
    Utf16Le(bool),
    /// UTF-16, big endian first; `true` if it begins with a byte order mark.
    Utf16Be(bool),
    /// No text that can be read: NULs among the first bytes and not UTF-16. UTF-32 is among these.
    Binary,
}

impl Encoding {
    /// Whether [`transcode`] has to make UTF-8 of it.
    pub fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le(_) | Self::Utf16Be(_))
    }
}

/// Where the first byte stands that is not UTF-8. Reads all bytes: only for who has to know.
pub fn first_invalid(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes)
        .err()
        .map(|error| error.valid_up_to())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_not_utf_8() {
        assert_eq!(first_invalid("plain, ä, 漢, 🦀".as_bytes()), None);
        assert_eq!(first_invalid(b""), None);
        assert_eq!(first_invalid(b"caf\xe9\n"), Some(3));
        assert_eq!(first_invalid(b"\xc3\xa4\xe2\x82"), Some(2));
        assert_eq!(first_invalid(b"a\xed\xa0\x80"), Some(1));
    }
}
