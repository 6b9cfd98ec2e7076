//! The text of one file: sections, pairs, and what is wrong with them.

use super::glob::Glob;
use super::property::{KEYS, Setting};
use std::ops::Range;

/// Sections of one file, at most: each costs every file of the directory a comparison.
const MOST_SECTIONS: usize = 1_000;
/// Bytes of a section's pattern, at most.
const LONGEST_PATTERN: usize = 4_096;
/// Mistakes of one file, at most.
const MOST_MISTAKES: usize = 100;

/// A parsed `.editorconfig` file.
#[derive(Debug, Default)]
pub struct File {
    is_root: bool,
    sections: Vec<Section>,
    mistakes: Vec<Mistake>,
    unlisted: usize,
}

/// A part of the file for the paths that match.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) glob: Glob,
    pub(super) settings: Vec<Setting>,
}

/// Something in the file that has no effect, or not the one that it seems to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// Where in the bytes.
    pub place: Range<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

impl File {
    /// Whether directories above this one do not count.
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// What is wrong, the first ones.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// How many mistakes there are beyond those.
    pub fn unlisted_mistakes(&self) -> usize {
        self.unlisted
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }
}

/// Reads a file. Whatever is wrong is a mistake, and the rest holds.
pub fn parse(bytes: &[u8]) -> File {
    let mut parser = Parser::default();
    let start = if bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let mut at = start;
    for (number, line) in (1..).zip(bytes[start..].split_inclusive(|byte| *byte == b'\n')) {
        let text = line.trim_ascii();
        let begin = at + (line.len() - line.trim_ascii_start().len());
        parser.line = Line {
            number,
            place: begin..begin + text.len(),
        };
        parser.take(text);
        at += line.len();
    }
    parser.file
}

#[derive(Default)]
struct Line {
    number: usize,
    place: Range<usize>,
}

#[derive(Default)]
struct Parser {
    file: File,
    line: Line,
    part: Part,
}

/// Which part of the file a line belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Before the first section.
    #[default]
    Preamble,
    /// The last of the sections so far.
    Section,
    /// A section that cannot match.
    Dropped,
}

impl Parser {
    fn take(&mut self, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else {
            return self.mistake("the line is not UTF-8");
        };
        if text.is_empty() || text.starts_with(['#', ';']) {
            return;
        }
        if let Some(header) = text.strip_prefix('[') {
            self.header(header);
        } else if let Some((key, value)) = text.split_once('=') {
            self.pair(key.trim(), value.trim());
        } else {
            self.mistake(
                "the line is no section (`[*.md]`), no pair (`key = value`) and no comment",
            );
        }
    }

    fn header(&mut self, header: &str) {
        let glob = match pattern_of(header) {
            _ if self.file.sections.len() >= MOST_SECTIONS => {
                Err(format!("the file has more than {MOST_SECTIONS} sections"))
            }
            None => Err("the section has no closing `]`".to_owned()),
            Some("") => Err("the section has no pattern".to_owned()),
            Some(pattern) if pattern.len() > LONGEST_PATTERN => Err(format!(
                "the pattern is longer than {LONGEST_PATTERN} bytes"
            )),
            Some(pattern) => Glob::new(pattern),
        };
        match glob {
            Ok(glob) => {
                let settings = Vec::new();
                self.file.sections.push(Section { glob, settings });
                self.part = Part::Section;
            }
            Err(wrong) => {
                self.mistake(wrong);
                self.part = Part::Dropped;
            }
        }
    }

    fn pair(&mut self, key: &str, value: &str) {
        let key = key.to_ascii_lowercase();
        let lower = value.to_ascii_lowercase();
        match (&*key, self.part) {
            ("", _) => self.mistake("the pair has no key"),
            ("root", Part::Preamble) => match &*lower {
                "true" => self.file.is_root = true,
                "false" | "unset" => self.file.is_root = false,
                _ => self.mistake(format!(
                    "`{}` is no value of `root`: expected true or false",
                    short(value)
                )),
            },
            ("root", _) => {
                self.mistake("`root` has no effect in a section: it belongs before the first one");
            }
            (_, Part::Preamble) => self.mistake(format!(
                "`{}` has no effect before the first section, such as `[*]`",
                short(&key)
            )),
            (_, Part::Section | Part::Dropped) => self.setting(&key, value, &lower),
        }
    }

    fn setting(&mut self, key: &str, value: &str, lower: &str) {
        let setting = match Setting::read(key, lower) {
            Some(Ok(setting)) => setting,
            Some(Err((nothing, expected))) => {
                let hint = if value.contains([';', '#']) {
                    "; a comment needs a line of its own"
                } else {
                    ""
                };
                self.mistake(format!(
                    "`{}` is no value of `{key}`: expected {expected}, or `unset`{hint}",
                    short(value)
                ));
                nothing
            }
            None => return self.unknown(key),
        };
        match self.file.sections.last_mut() {
            Some(section) if self.part == Part::Section => section.settings.push(setting),
            _ => {}
        }
    }

    /// Programs have keys of their own; only one that is nearly a core property is a mistake.
    fn unknown(&mut self, key: &str) {
        let plain = key.replace(['-', ' '], "_");
        if key.len() > 40 {
            return;
        }
        let near = KEYS
            .iter()
            .find(|known| strsim::osa_distance(known, &plain) <= 2);
        if let Some(near) = near {
            self.mistake(format!("`{key}` is no property; did you mean `{near}`?"));
        }
    }

    fn mistake(&mut self, message: impl Into<String>) {
        if self.file.mistakes.len() >= MOST_MISTAKES {
            self.file.unlisted += 1;
            return;
        }
        self.file.mistakes.push(Mistake {
            line: self.line.number,
            place: self.line.place.clone(),
            message: message.into(),
        });
    }
}

/// The pattern of a header after its `[`. A comment may follow the `]`.
fn pattern_of(header: &str) -> Option<&str> {
    if let Some(pattern) = header.strip_suffix(']') {
        return Some(pattern);
    }
    let comment = header
        .match_indices(['#', ';'])
        .find(|(at, _)| header[..*at].trim_end().ends_with(']'))?;
    header[..comment.0].trim_end().strip_suffix(']')
}

/// The text, or the start of it.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
