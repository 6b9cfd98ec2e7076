//! How the bytes of a file are text: which encoding, and the same text as UTF-8.

/// How a file's text is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 (or ASCII), valid to the end.
    #[default]
    Utf8,
    /// UTF-8 that begins with a byte order mark.
    Utf8WithMark,
    /// UTF-16, little endian first; `true` if it begins with a byte order mark.
    Utf16Le(bool),
    /// UTF-16, big endian first; `true` if it begins with a byte order mark.
    Utf16Be(bool),
    /// None of these: bytes of some other encoding, or damaged.
    Unknown,
    /// No text at all.
    Binary,
}
