//! One pattern: what it has to contain, how wide its matches can be, and its regular expression, compiled when it is
//! wanted first.

use super::literals::{self, Required, SHORTEST, Text};
use super::shape::Shape;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;
use std::sync::{Arc, OnceLock};

/// How a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// Classes, `\w`, `\b` and case are Unicode's, not ASCII's. Matches are not confined to UTF-8 either way.
    pub unicode: bool,
    /// `^` and `$` match at lines, and `\r\n` ends a line as `\n` does.
    pub lines: bool,
}

/// A pattern that cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

/// A pattern. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Box<str>,
    syntax: Syntax,
    /// Each match contains one of these. Empty if there are none worth looking for.
    texts: Vec<Text>,
    regex: OnceLock<Regex>,
    shape: OnceLock<Shape>,
}

impl Pattern {
    /// A regular expression, checked and compiled at once: for what a policy brings.
    ///
    /// # Errors
    /// It is no regular expression, or too big when compiled.
    pub fn new(source: &str, syntax: Syntax) -> Result<Self, PatternError> {
        let regex = compile(source, syntax).map_err(|error| PatternError(error.to_string()))?;
        let hir = literals::parse(source, syntax).map_err(PatternError)?;
        let proof = literals::required(&hir).unwrap_or_default();
        Ok(Self::proved(source, syntax, regex, &hir, &proof))
    }

    fn proved(source: &str, syntax: Syntax, regex: Regex, hir: &Hir, proof: &[Required]) -> Self {
        let mut texts: Vec<Text> = proof.iter().map(|one| one.text.clone()).collect();
        texts.sort_unstable();
        texts.dedup();
        let shape = Shape::of(hir, &texts, proof);
        Self(Arc::new(Inner {
            source: source.into(),
            syntax,
            texts,
            regex: regex.into(),
            shape: shape.into(),
        }))
    }

    /// A regular expression of which is known that it compiles and that each match contains one of the keywords
    /// (ASCII case ignored if the pattern ignores it): for what is built in, which tests prove with [`super::keywords_hold`]. Read and compiled
    /// when it is wanted first.
    pub fn lazy(source: &str, syntax: Syntax, keywords: &[&str]) -> Self {
        let text = |word: &&str| {
            let mut bytes = word.as_bytes().to_vec();
            if syntax.ignore_case {
                bytes.make_ascii_lowercase();
            }
            let fold = syntax.ignore_case;
            Text { bytes, fold }
        };
        let mut texts: Vec<Text> = keywords.iter().map(text).collect();
        if texts.iter().any(|text| text.bytes.len() < SHORTEST) {
            texts.clear();
        }
        texts.sort_unstable();
        texts.dedup();
        Self(Arc::new(Inner {
            source: source.into(),
            syntax,
            texts,
            regex: OnceLock::new(),
            shape: OnceLock::new(),
        }))
    }

    /// A text, taken literally.
    ///
    /// # Errors
    /// It is too long when case is ignored.
    pub fn literal(text: &str, syntax: Syntax) -> Result<Self, PatternError> {
        Self::new(&regex::escape(text), syntax)
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether the pattern is looked for only where a literal that each match contains stands. If not, its expression
    /// is run over the whole text.
    pub fn has_literal(&self) -> bool {
        !self.0.texts.is_empty()
    }

    /// The compiled expression; `None` only if a built-in one does not compile, which a test rules out.
    pub fn regex(&self) -> Option<&Regex> {
        if let Some(regex) = self.0.regex.get() {
            return Some(regex);
        }
        let regex = compile(&self.0.source, self.0.syntax).ok()?;
        Some(self.0.regex.get_or_init(|| regex))
    }

    pub(super) fn texts(&self) -> &[Text] {
        &self.0.texts
    }

    pub(super) fn syntax(&self) -> Syntax {
        self.0.syntax
    }

    pub(super) fn shape(&self) -> &Shape {
        self.0
            .shape
            .get_or_init(|| Shape::with_keywords(&self.0.source, self.0.syntax, &self.0.texts))
    }
}

fn compile(source: &str, syntax: Syntax) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .case_insensitive(syntax.ignore_case)
        .unicode(syntax.unicode)
        .multi_line(syntax.lines)
        .crlf(syntax.lines)
        .build()
}
