//! Lines of a terminal or of a CI log. CI systems read commands out of logs: GitHub `::name::` at the start of
//! a line and `##[name]` anywhere in it, Azure `##vso[`, `TeamCity` `##teamcity[`, Buildkite `--- ` and the like.

use super::visible;
use anstyle::Style;
use std::io::{self, Write};

/// What stands for an opening of a command, with a `\` put before its last character.
const COMMAND_WORDS: [&str; 3] = ["", "vso", "teamcity"];
/// What opens a group in a Buildkite log when a line begins with it and white space follows.
const GROUP_MARKS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// One line, made of styled pieces. Pieces may hold anything; the line that is written holds no line break, no
/// escape sequence but the styles, and no command of any CI system, not even one that two pieces make together.
#[derive(Clone, Debug, Default)]
pub struct LogLine {
    pieces: Vec<(Style, String)>,
}

impl LogLine {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line with an unstyled piece added.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.styled(Style::new(), text)
    }

    /// The line with a styled piece added.
    #[must_use]
    pub fn styled(mut self, style: Style, text: &str) -> Self {
        if !text.is_empty() {
            self.pieces.push((style, visible(text).into_owned()));
        }
        self
    }

    /// Writes the line and `\n`.
    ///
    /// # Errors
    /// `out` could not be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        // Commands are looked for in the text without styles, because what strips the styles comes later.
        let plain: String = self.pieces.iter().map(|(_, text)| text.as_str()).collect();
        let breaks = command_breaks(&plain);
        let mut next = breaks.iter().copied().peekable();
        let mut start = 0;
        for (style, text) in &self.pieces {
            write!(out, "{}", style.render())?;
            let mut from = 0;
            while let Some(at) = next.next_if(|at| *at < start + text.len()) {
                write!(out, "{}\\", &text[from..at - start])?;
                from = at - start;
            }
            write!(out, "{}{}", &text[from..], style.render_reset())?;
            start += text.len();
        }
        out.write_all(b"\n")
    }
}

/// One unstyled line, without its line end.
pub fn log_line(text: &str) -> String {
    let mut line = visible(text).into_owned();
    for at in command_breaks(&line).into_iter().rev() {
        line.insert(at, '\\');
    }
    line
}

fn opens_group(line: &str) -> bool {
    let mut after = GROUP_MARKS
        .iter()
        .filter_map(|mark| line.strip_prefix(mark));
    after.any(|rest| rest.starts_with(|next: char| next.is_ascii_whitespace()))
}

/// The byte offsets, ascending, before which a `\` has to go so that no CI system takes the line for a command.
pub(in crate::report) fn command_breaks(line: &str) -> Vec<usize> {
    let mut breaks = Vec::new();
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with("::") {
        breaks.push(start);
    } else if opens_group(line) {
        breaks.push(0);
    }
    for (at, _) in line.match_indices('[') {
        let before = &line.as_bytes()[..at];
        let opens = COMMAND_WORDS.iter().any(|word| {
            before.len().checked_sub(word.len()).is_some_and(|end| {
                before[end..].eq_ignore_ascii_case(word.as_bytes())
                    && before[..end].ends_with(b"##")
            })
        });
        if opens {
            breaks.push(at);
        }
    }
    breaks
}

#[cfg(test)]
mod tests {
    use super::super::runner::{is_command, is_other_command};
    use super::*;
    use anstyle::AnsiColor;
    use proptest::prelude::*;

    fn written(line: &LogLine) -> String {
        let mut bytes = Vec::new();
        line.write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn commands_are_broken_and_stay_readable() {
        assert_eq!(log_line("::error::x"), "\\::error::x");
        assert_eq!(log_line("\u{a0} ::error::x"), "\u{a0} \\::error::x");
        assert_eq!(log_line("a ##[add-mask]b"), "a ##\\[add-mask]b");
        assert_eq!(
            log_line("a ##VSO[x] ##teamcity[y]"),
            "a ##VSO\\[x] ##teamcity\\[y]"
        );
        assert_eq!(log_line("--- group"), "\\--- group");
        assert_eq!(log_line("a\r::error::x"), "a\\r::error::x");
        assert_eq!(log_line("## Heading [1] a::b"), "## Heading [1] a::b");
    }

    #[test]
    fn two_pieces_do_not_make_a_command_together() {
        let red = AnsiColor::Red.on_default();
        let line = LogLine::new()
            .text(":")
            .text(":error::a#")
            .styled(red, "#")
            .text("[group]");
        let plain = anstream::adapter::strip_str(&written(&line)).to_string();
        assert_eq!(plain, "\\::error::a##\\[group]\n");
    }

    #[test]
    fn styles_are_written_around_the_text() {
        let line = LogLine::new()
            .styled(AnsiColor::Red.on_default(), "a")
            .text(" b");
        assert_eq!(written(&line), "\u{1b}[31ma\u{1b}[0m b\n");
    }

    /// Texts made of what commands are made of.
    fn hostile() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            Just("::".to_owned()),
            Just("##[".to_owned()),
            Just("#".to_owned()),
            Just("[".to_owned()),
            Just("##vso[".to_owned()),
            Just("##teamcity[".to_owned()),
            Just("error".to_owned()),
            Just("\r".to_owned()),
            Just("\n".to_owned()),
            Just("]".to_owned()),
            Just(" ".to_owned()),
            Just("\u{3000}".to_owned()),
            Just("\u{2028}".to_owned()),
            Just("\u{feff}".to_owned()),
            Just("add-mask".to_owned()),
            Just("\u{1b}[0m".to_owned()),
            "\\PC{0,3}",
            any::<String>(),
        ];
        proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_was_encoded_is_a_command(text in hostile()) {
            let line = log_line(&text);
            prop_assert!(!is_command(&line), "{line:?}");
            prop_assert!(!is_other_command(&line), "{line:?}");
            prop_assert_eq!(line.lines().count(), usize::from(!line.is_empty()));
        }

        #[test]
        fn bytes_are_no_command_either(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(!is_command(&log_line(&super::super::visible_bytes(&bytes))));
        }

        #[test]
        fn pieces_are_no_command_with_or_without_their_styles(one in hostile(), two in hostile(), three in hostile()) {
            let red = AnsiColor::Red.on_default();
            let line = written(&LogLine::new().text(&one).styled(red, &two).text(&three));
            prop_assert_eq!(line.matches('\n').count(), 1);
            let line = line.trim_end_matches('\n');
            let plain = anstream::adapter::strip_str(line).to_string();
            for shown in [line, plain.as_str()] {
                prop_assert!(!is_command(shown) && !is_other_command(shown), "{shown:?}");
            }
        }
    }
}
