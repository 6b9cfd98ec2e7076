//! A mistake in a policy, as the person who wrote it gets to see it: where, what, and what was probably meant.

use super::model::Position;
use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The document: its path as given, or `preset NAME`.
    pub source: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// The key's path, like `rules.file-size.max` or `overrides[0].paths`. Empty for the document as a whole.
    pub key: String,
    /// What is wrong and what was expected. May hold untrusted text; [`Display`](fmt::Display) makes it harmless.
    pub message: String,
    /// The known name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{}:{}: ",
            harmless(&self.source),
            self.line,
            self.column
        )?;
        if !self.key.is_empty() {
            write!(out, "{}: ", harmless(&self.key))?;
        }
        out.write_str(&harmless(&self.message))?;
        match &self.nearest {
            Some(nearest) => write!(out, "; did you mean `{}`?", harmless(nearest)),
            None => Ok(()),
        }
    }
}

/// Every mistake of a policy, in the order of its documents and of the places in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(out, "{line_end}{problem}")?;
        }
        Ok(())
    }
}

/// The path of a key, from the root of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyPath(String);

impl KeyPath {
    /// The path of `key` in the mapping at this path.
    pub(super) fn key(&self, key: &str) -> Self {
        let plain = !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '<'));
        let key = if plain {
            clip(key)
        } else {
            format!("\"{}\"", clip(key))
        };
        if self.0.is_empty() {
            Self(key)
        } else {
            Self(format!("{}.{key}", self.0))
        }
    }

    /// The path of the element at `index`, from 0, in the list at this path.
    pub(super) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

/// Collects mistakes while a policy is read.
#[derive(Default)]
pub(super) struct Report {
    mistakes: Vec<(Position, KeyPath, String, Option<String>)>,
    suggestions: usize,
}

impl Report {
    /// Takes a mistake in.
    pub(super) fn add(&mut self, at: &Position, key: &KeyPath, message: impl Into<String>) {
        self.add_nearest(at, key, message, None);
    }

    /// Takes a mistake in, with the name that was probably meant.
    pub(super) fn add_nearest(
        &mut self,
        at: &Position,
        key: &KeyPath,
        message: impl Into<String>,
        nearest: Option<String>,
    ) {
        self.mistakes
            .push((at.clone(), key.clone(), message.into(), nearest));
    }

    /// [`nearest`] among names of which a hostile policy can have very many, asked for very often.
    pub(super) fn suggest<'k>(
        &mut self,
        word: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Option<String> {
        const MOST: usize = 1000;
        self.suggestions += 1;
        (self.suggestions <= MOST).then(|| nearest(word, known.take(MOST)))?
    }

    /// Whether there is no mistake so far.
    pub(super) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// All mistakes, sorted, each once; `sources` are the names of the documents.
    pub(super) fn finish(mut self, sources: &[String]) -> Problems {
        let place = |at: &Position| (at.source, at.line, at.column);
        self.mistakes.sort_by(|one, other| {
            (place(&one.0), &one.1.0, &one.2).cmp(&(place(&other.0), &other.1.0, &other.2))
        });
        self.mistakes.dedup();
        let problems = self
            .mistakes
            .into_iter()
            .map(|(at, key, message, nearest)| Problem {
                source: sources.get(at.source).cloned().unwrap_or_default(),
                line: at.line,
                column: at.column,
                key: key.0,
                message,
                nearest,
            });
        Problems(problems.collect())
    }
}

/// `text` in backticks, clipped where it is long.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", clip(text))
}

/// The first characters of a text that may be very long.
pub(super) fn clip(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Words as a sentence lists them: `a`, `b` or `c`.
pub(super) fn listing<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// The known name that looks most like `word`, if one looks enough like it to be a slip of the finger.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    // Comparing costs the product of the lengths, and no name of ours is near this long.
    const LONGEST: usize = 64;
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let normal = |text: &str| text.trim().to_lowercase().replace(['_', ' '], "-");
    let word = normal(word);
    known
        .into_iter()
        .filter_map(|name| {
            let candidate = normal(name);
            let distance = strsim::osa_distance(&word, &candidate);
            let close = distance <= (length / 3).max(1) && distance < length;
            let alike = length > 3 && strsim::jaro_winkler(&word, &candidate) >= 0.9;
            (close || alike).then_some((distance, name))
        })
        .min()
        .map(|(_, name)| name.to_owned())
}

/// The text without anything that could steer a terminal, a log or the eye: control characters,
/// direction overrides and invisible characters are written as escapes.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hidden {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = [
        "file-size",
        "trailing-whitespace",
        "final-newline",
        "off",
        "error",
        "paths",
    ];

    #[test]
    fn slips_of_the_finger_are_recognised() {
        for (word, meant) in [
            ("file-sise", "file-size"),
            ("file_size", "file-size"),
            ("FileSize", "file-size"),
            ("trailing-space", "trailing-whitespace"),
            ("trailing_whitespaces", "trailing-whitespace"),
            ("final-new-line", "final-newline"),
            ("of", "off"),
            ("eror", "error"),
            ("path", "paths"),
        ] {
            assert_eq!(nearest(word, NAMES).as_deref(), Some(meant), "{word}");
        }
    }

    #[test]
    fn strangers_get_no_suggestion() {
        for word in ["", "x", "licence", "no-backups", &"file-size".repeat(1000)] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
    }

    #[test]
    fn a_problem_reads_like_a_compiler_message_and_holds_no_live_control_characters() {
        let problem = Problem {
            source: "evil\n::error::.yml".into(),
            line: 3,
            column: 4,
            key: "rules.file-sise".into(),
            message: "unknown rule `file-\u{1b}[31m\u{202e}sise`".into(),
            nearest: Some("file-size".into()),
        };
        assert_eq!(
            problem.to_string(),
            "evil\\n::error::.yml:3:4: rules.file-sise: unknown rule `file-\\u{1b}[31m\\u{202e}sise`; \
             did you mean `file-size`?"
        );
    }

    #[test]
    fn problems_are_sorted_by_document_and_place_and_said_once() {
        let at = |source, line, column| Position {
            source,
            line,
            column,
        };
        let mut report = Report::default();
        let key = KeyPath::default().key("a").key("b.c").index(2);
        report.add(&at(1, 1, 1), &key, "third");
        report.add(&at(0, 10, 1), &key, "second");
        report.add(&at(0, 9, 7), &key, "first");
        report.add(&at(0, 9, 7), &key, "first");
        assert_eq!(
            report.finish(&["x".into(), "y".into()]).to_string(),
            "x:9:7: a.\"b.c\"[2]: first\nx:10:1: a.\"b.c\"[2]: second\ny:1:1: a.\"b.c\"[2]: third"
        );
    }

    #[test]
    fn long_words_are_clipped() {
        assert_eq!(quote(&"ä".repeat(200)).chars().count(), 83);
    }
}
