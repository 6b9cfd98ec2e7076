//! A header as a policy describes it, and its comparison with the words that a file starts with. Blanks, line ends and the
//! marks of comments do not count.

use super::comment_style::CommentStyle;
use super::comments::comments;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Words that `{any}` stands for, at most.
const MOST_ANY: usize = 16;
/// Words that a list of years has, at most.
const MOST_YEARS: usize = 8;
/// Places at which a header is tried, at most.
const MOST_STARTS: usize = 64;

/// A compiled template.
#[derive(Debug)]
pub(super) struct Template {
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `{year}`, with what is before and after it in the word.
    Year(String, String),
    Any,
}

/// A word of a file, without marks of comments.
#[derive(Clone, Debug)]
pub(super) struct Word<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

impl Word<'_> {
    pub(super) fn place(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
}

/// How a template and a file compare.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The header is there; with its years, each with its place.
    Same(Found),
    /// The header begins, but is another from a word on: the number of the word and what was expected.
    Differs(usize, String),
    /// No header.
    Missing,
}

/// Which form a year has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum YearForm {
    /// One year, a range, a list, up to `present`.
    #[default]
    Any,
    /// One year.
    Single,
    /// More than one: a range or a list.
    Range,
}

/// The years of a header, each with its place.
type Found = Vec<(Range<usize>, Years)>;

/// The years of a copyright line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Years {
    /// The last one; `None` is `present`.
    pub(super) last: Option<u16>,
    /// Whether there is but one year.
    pub(super) is_single: bool,
}

impl Template {
    /// Compiles a text in which placeholders of known values are already replaced.
    ///
    /// # Errors
    /// An unknown placeholder, or no word at all.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for word in text.lines().flat_map(words_of_line) {
            let open = word.find('{').and_then(|open| {
                let length = word[open..].find('}')?;
                Some((open, open + length + 1))
            });
            let Some((open, close)) = open else {
                tokens.push(Token::Word(word.to_owned()));
                continue;
            };
            match &word[open..close] {
                "{year}" => {
                    let (before, after) = (word[..open].to_owned(), word[close..].to_owned());
                    tokens.push(Token::Year(before, after));
                }
                "{any}" if word == "{any}" => tokens.push(Token::Any),
                "{any}" => return Err("`{any}` has to be a word of its own".into()),
                other => {
                    return Err(format!(
                        "`{other}` is no placeholder: expected {{year}}, {{owner}} or {{any}}"
                    ));
                }
            }
        }
        if tokens.iter().all(|token| *token == Token::Any) {
            return Err("the template has no words".into());
        }
        Ok(Self { tokens })
    }

    /// Looks for the header in the words.
    pub(super) fn compare(&self, words: &[Word<'_>]) -> Comparison {
        let mut best: Option<(usize, usize)> = None;
        let starts = (0..words.len()).filter(|start| self.take(0, words, *start).is_some());
        for start in starts.take(MOST_STARTS) {
            match self.walk(words, start) {
                Ok(years) => return Comparison::Same(years),
                Err((token, word)) if best.is_none_or(|(most, _)| token > most) => {
                    best = Some((token, word));
                }
                Err(_) => {}
            }
        }
        match best {
            // One word is no header: many comments begin with the same.
            Some((token, word)) if token > 1 => Comparison::Differs(word, self.show(token)),
            _ => Comparison::Missing,
        }
    }

    /// The years, or how many tokens fit and the word at which they end.
    fn walk(&self, words: &[Word<'_>], start: usize) -> Result<Found, (usize, usize)> {
        let mut years = Vec::new();
        let mut at = start;
        for (number, token) in self.tokens.iter().enumerate() {
            let count = self.take(number, words, at).ok_or((number, at))?;
            if let Token::Year(before, after) = token {
                let found = years_of(before, after, &words[at..at + count]);
                let place = words[at].at..words[at + count - 1].place().end;
                years.extend(found.map(|found| (place, found)));
            }
            at += count;
        }
        Ok(years)
    }

    /// How many words the token takes from here on, if it fits.
    fn take(&self, token: usize, words: &[Word<'_>], at: usize) -> Option<usize> {
        let rest = words.get(at..)?;
        match self.tokens.get(token)? {
            Token::Word(wanted) => {
                let first = rest.first()?;
                (first.text == wanted.as_bytes()).then_some(1)
            }
            Token::Year(before, after) => (1..=rest.len().min(MOST_YEARS))
                .rev()
                .find(|count| years_of(before, after, &rest[..*count]).is_some()),
            Token::Any => {
                let most = rest.len().min(MOST_ANY);
                match self.tokens.get(token + 1) {
                    None | Some(Token::Any) => (most > 0).then_some(1),
                    Some(_) => {
                        (1..=most).find(|count| self.take(token + 1, words, at + count).is_some())
                    }
                }
            }
        }
    }

    fn show(&self, token: usize) -> String {
        match &self.tokens[token] {
            Token::Word(word) => format!("`{word}`"),
            Token::Year(before, after) => format!("a year in `{before}{{year}}{after}`"),
            Token::Any => "something".into(),
        }
    }
}

/// The words of a line without what only marks or frames a comment.
fn words_of_line(line: &str) -> impl Iterator<Item = &str> {
    line.trim_start_matches(is_mark_or_blank)
        .split_whitespace()
        .filter(|word| !word.chars().all(is_mark_or_blank))
}

fn is_mark_or_blank(one: char) -> bool {
    one.is_ascii() && is_mark(one as u8) || one.is_whitespace()
}

fn is_mark(byte: u8) -> bool {
    b"/*#-;%!|=~+<>".contains(&byte)
}

/// The words of the comments at the start of a file. `head` is the start, `from` the offset of it that is looked at.
pub(super) fn words<'t>(style: &CommentStyle, head: &'t [u8], from: usize) -> Vec<Word<'t>> {
    let mut found = Vec::new();
    for comment in comments(style, &head[from..]) {
        let (mut start, mut end) = (from + comment.start, from + comment.end);
        let text = &head[start..end];
        let blocks = style.blocks.iter();
        if let Some((open, close)) = blocks
            .into_iter()
            .find(|(it, _)| text.starts_with(it.as_bytes()))
        {
            start += open.len();
            if text.len() >= open.len() + close.len() && text.ends_with(close.as_bytes()) {
                end -= close.len();
            }
        } else if let Some(marker) = style
            .lines
            .iter()
            .find(|it| text.starts_with(it.as_bytes()))
        {
            start += marker.len();
        }
        let mut at = start;
        for line in head[start..end].split(|byte| *byte == b'\n') {
            let marks = line
                .iter()
                .take_while(|byte| is_mark(**byte) || byte.is_ascii_whitespace());
            let skipped = marks.count();
            push_words(&line[skipped..], at + skipped, &mut found);
            at += line.len() + 1;
        }
    }
    found
}

fn push_words<'t>(line: &'t [u8], start: usize, found: &mut Vec<Word<'t>>) {
    let mut at = start;
    for text in line.split(u8::is_ascii_whitespace) {
        if !text.iter().all(|byte| is_mark(*byte)) {
            found.push(Word { text, at });
        }
        at += text.len() + 1;
    }
}

/// The years in these words, if they are nothing else: `2019`, `2019-2024`, `2019, 2021-2023`, `2019-present`.
fn years_of(before: &str, after: &str, words: &[Word<'_>]) -> Option<Years> {
    let mut joined = Vec::new();
    for (number, word) in words.iter().enumerate() {
        // A year has few bytes: a long word is none.
        if word.text.len() > 64 + before.len() + after.len() {
            return None;
        }
        if number > 0 {
            joined.push(b' ');
        }
        joined.extend_from_slice(word.text);
    }
    let text = std::str::from_utf8(&joined).ok()?;
    let text = text.strip_prefix(before)?.strip_suffix(after)?;
    let mut last = None;
    let mut count = 0;
    for part in text
        .split(',')
        .flat_map(|part| part.trim().split(['-', '–']))
    {
        let part = part.trim();
        last = match part {
            "present" if count > 0 => None,
            _ => Some(year(part)?),
        };
        count += 1;
    }
    let is_single = count == 1;
    Some(Years { last, is_single })
}

fn year(text: &str) -> Option<u16> {
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_year)
}

#[cfg(test)]
mod tests {
    use super::super::comment_style;
    use super::*;

    fn compare(template: &str, name: &str, text: &str) -> Comparison {
        let style = comment_style::of(name.as_bytes()).unwrap();
        Template::new(template)
            .unwrap()
            .compare(&words(style, text.as_bytes(), 0))
    }

    fn is_same(template: &str, name: &str, text: &str) -> bool {
        matches!(compare(template, name, text), Comparison::Same(_))
    }

    #[test]
    fn blanks_and_frames_do_not_count() {
        let template = "Copyright {year} Acme\nAll rights reserved.";
        for (name, text) in [
            ("a.c", "// Copyright 2020 Acme\n// All rights reserved.\n"),
            (
                "a.c",
                "/*\n * Copyright  2020-2024\n * Acme All rights\r\n * reserved.\n */",
            ),
            (
                "a.c",
                "/*****\n ** Copyright 2020 Acme **\n ** All rights reserved. **\n *****/",
            ),
            (
                "a.py",
                "# file.py\n## Copyright 2020, 2022 Acme\n##\n## All rights reserved.",
            ),
            (
                "a.html",
                "<!-- Copyright 2020 Acme All rights reserved. -->",
            ),
            (
                "a.hs",
                "{- Copyright 2020–present Acme\n   All rights reserved. -}",
            ),
        ] {
            assert!(is_same(template, name, text), "{text}");
        }
        assert!(
            !is_same(template, "a.c", "Copyright 2020 Acme All rights reserved."),
            "no comment"
        );
    }

    #[test]
    fn the_first_difference_is_told() {
        let template = "Copyright {year} Acme Ltd.";
        assert_eq!(
            compare(template, "a.c", "// Copyright 2020 Acme Inc."),
            Comparison::Differs(3, "`Ltd.`".into())
        );
        assert_eq!(
            compare(template, "a.c", "// Copyright Acme"),
            Comparison::Missing
        );
        assert_eq!(
            compare("A {year} Acme", "a.c", "// A 20 Acme"),
            Comparison::Missing,
            "one word is no header"
        );
        assert_eq!(
            compare("(C) Acme {year}.", "a.c", "// (C) Acme soon"),
            Comparison::Differs(2, "a year in `{year}.`".into())
        );
        assert_eq!(compare(template, "a.c", "int x;"), Comparison::Missing);
    }

    #[test]
    fn years_are_read() {
        let years = |text: &str| match compare(
            "(C) {year}, Acme",
            "a.c",
            &format!("// (C) {text}, Acme"),
        ) {
            Comparison::Same(years) => Some(years[0].1),
            _ => None,
        };
        let of = |last, is_single| Some(Years { last, is_single });
        assert_eq!(years("2020"), of(Some(2020), true));
        assert_eq!(years("2018-2021"), of(Some(2021), false));
        assert_eq!(years("2018, 2020-2021"), of(Some(2021), false));
        assert_eq!(years("2018-present"), of(None, false));
        for none in ["20", "now", "2018-", "present", "20180"] {
            assert_eq!(years(none), None, "{none}");
        }
    }

    #[test]
    fn any_stands_for_some_words() {
        assert!(is_same(
            "By {any} in {year}",
            "a.c",
            "// By the authors of this in 2020"
        ));
        assert!(is_same("By {any}", "a.c", "// By me"));
        assert!(!is_same("By {any} in {year}", "a.c", "// By in 2020"));
    }

    #[test]
    fn wrong_templates_are_refused() {
        assert!(
            Template::new("(C) {author}")
                .unwrap_err()
                .starts_with("`{author}`")
        );
        assert!(Template::new("by {any}.").is_err());
        assert!(Template::new(" *** ").is_err());
        assert!(Template::new("{any}").is_err());
    }
}
