//! The core properties: their values, and what is in effect when all sections have spoken.

use std::num::NonZeroU32;

/// What indents lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndentStyle {
    /// Tabs.
    Tab,
    /// Spaces.
    Space,
}

/// What ends lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfLine {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r`
    Cr,
}

/// How the text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ISO 8859-1.
    Latin1,
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Bom,
    /// UTF-16, big endian first.
    Utf16Be,
    /// UTF-16, little endian first.
    Utf16Le,
}

/// How long lines may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineLimit {
    /// As long as they like.
    Off,
    /// So many characters.
    Characters(NonZeroU32),
}

/// What is in effect for one file. `None`: nothing is said, or it was taken back by `unset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// `indent_style`
    pub indent_style: Option<IndentStyle>,
    /// `indent_size` in columns; where it says `tab`, the width of a tab.
    pub indent_size: Option<NonZeroU32>,
    /// `tab_width` in columns; where nothing is said, `indent_size`.
    pub tab_width: Option<NonZeroU32>,
    /// `end_of_line`
    pub end_of_line: Option<EndOfLine>,
    /// `charset`
    pub charset: Option<Charset>,
    /// `trim_trailing_whitespace`
    pub trim_trailing_whitespace: Option<bool>,
    /// `insert_final_newline`
    pub insert_final_newline: Option<bool>,
    /// `max_line_length`
    pub max_line_length: Option<LineLimit>,
}

/// `indent_size` as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndentSize {
    Tab,
    Columns(NonZeroU32),
}

/// One pair of a section. `None` is `unset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    IndentStyle(Option<IndentStyle>),
    IndentSize(Option<IndentSize>),
    TabWidth(Option<NonZeroU32>),
    EndOfLine(Option<EndOfLine>),
    Charset(Option<Charset>),
    TrimTrailingWhitespace(Option<bool>),
    InsertFinalNewline(Option<bool>),
    MaxLineLength(Option<LineLimit>),
}

/// The names of the core properties.
pub(super) const KEYS: [&str; 8] = [
    "indent_style",
    "indent_size",
    "tab_width",
    "end_of_line",
    "charset",
    "trim_trailing_whitespace",
    "insert_final_newline",
    "max_line_length",
];

impl Setting {
    /// A core property from its name and value, both in lower case; `None` if it is no core property.
    ///
    /// # Errors
    /// The setting as good as `unset`, and what values there are.
    pub(super) fn read(key: &str, value: &str) -> Option<Result<Self, (Self, &'static str)>> {
        const TRUTH: &[(&str, bool)] = &[("true", true), ("false", false)];
        let setting = match key {
            "indent_style" => word(value, Self::IndentStyle, INDENT_STYLES, "tab or space"),
            "indent_size" => {
                let read = |text: &str| match text {
                    "tab" => Some(IndentSize::Tab),
                    text => number(text).map(IndentSize::Columns),
                };
                other(
                    value,
                    Self::IndentSize,
                    read,
                    "a number of columns, or `tab`",
                )
            }
            "tab_width" => other(value, Self::TabWidth, number, "a number of columns"),
            "end_of_line" => word(value, Self::EndOfLine, ENDS_OF_LINES, "lf, crlf or cr"),
            "charset" => word(
                value,
                Self::Charset,
                CHARSETS,
                "utf-8, utf-8-bom, utf-16be, utf-16le or latin1",
            ),
            "trim_trailing_whitespace" => {
                word(value, Self::TrimTrailingWhitespace, TRUTH, "true or false")
            }
            "insert_final_newline" => word(value, Self::InsertFinalNewline, TRUTH, "true or false"),
            "max_line_length" => {
                let read = |text: &str| match text {
                    "off" => Some(LineLimit::Off),
                    text => number(text).map(LineLimit::Characters),
                };
                other(
                    value,
                    Self::MaxLineLength,
                    read,
                    "a number of characters, or `off`",
                )
            }
            _ => return None,
        };
        Some(setting)
    }
}

const INDENT_STYLES: &[(&str, IndentStyle)] =
    &[("tab", IndentStyle::Tab), ("space", IndentStyle::Space)];
const ENDS_OF_LINES: &[(&str, EndOfLine)] = &[
    ("lf", EndOfLine::Lf),
    ("crlf", EndOfLine::CrLf),
    ("cr", EndOfLine::Cr),
];
const CHARSETS: &[(&str, Charset)] = &[
    ("utf-8", Charset::Utf8),
    ("utf-8-bom", Charset::Utf8Bom),
    ("utf-16be", Charset::Utf16Be),
    ("utf-16le", Charset::Utf16Le),
    ("latin1", Charset::Latin1),
];

/// A setting, or one that says nothing and what was expected.
type Read = Result<Setting, (Setting, &'static str)>;

fn word<T: Copy>(
    value: &str,
    setting: fn(Option<T>) -> Setting,
    words: &[(&str, T)],
    expected: &'static str,
) -> Read {
    let read = |text: &str| {
        let known = words.iter().find(|(name, _)| *name == text);
        known.map(|(_, value)| *value)
    };
    other(value, setting, read, expected)
}

fn other<T>(
    value: &str,
    setting: fn(Option<T>) -> Setting,
    read: impl Fn(&str) -> Option<T>,
    expected: &'static str,
) -> Read {
    match value {
        "unset" => Ok(setting(None)),
        _ => match read(value) {
            Some(value) => Ok(setting(Some(value))),
            None => Err((setting(None), expected)),
        },
    }
}

fn number(text: &str) -> Option<NonZeroU32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// What the sections said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effective {
    properties: Properties,
    indent_size: Option<IndentSize>,
}

impl Effective {
    /// A later setting holds.
    pub(super) fn apply(&mut self, setting: Setting) {
        let properties = &mut self.properties;
        match setting {
            Setting::IndentStyle(value) => properties.indent_style = value,
            Setting::IndentSize(value) => self.indent_size = value,
            Setting::TabWidth(value) => properties.tab_width = value,
            Setting::EndOfLine(value) => properties.end_of_line = value,
            Setting::Charset(value) => properties.charset = value,
            Setting::TrimTrailingWhitespace(value) => properties.trim_trailing_whitespace = value,
            Setting::InsertFinalNewline(value) => properties.insert_final_newline = value,
            Setting::MaxLineLength(value) => properties.max_line_length = value,
        }
    }

    /// The properties, each with what follows from the others.
    pub(super) fn finish(self) -> Properties {
        let mut properties = self.properties;
        properties.indent_size = match self.indent_size {
            Some(IndentSize::Columns(columns)) => Some(columns),
            Some(IndentSize::Tab) => properties.tab_width,
            None if properties.indent_style == Some(IndentStyle::Tab) => properties.tab_width,
            None => None,
        };
        properties.tab_width = properties.tab_width.or(properties.indent_size);
        properties
    }
}
