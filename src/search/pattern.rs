//! One pattern: what it has to contain, how wide its matches can be, and its regular expression, compiled when it is
//! wanted first.

use regex::bytes::{Regex, RegexBuilder};
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
    regex: OnceLock<Regex>,
}

impl Pattern {
    /// A regular expression, checked and compiled at once: for what a policy brings.
    ///
    /// # Errors
    /// It is no regular expression, or too big when compiled.
    pub fn new(source: &str, syntax: Syntax) -> Result<Self, PatternError> {
        let regex = compile(source, syntax).map_err(|error| PatternError(error.to_string()))?;
        let pattern = Self::lazy(source, syntax, &[]);
        pattern.0.regex.get_or_init(|| regex);
        Ok(pattern)
    }

    /// A regular expression of which is known that it compiles and that each match contains one of the keywords
    /// (ASCII case ignored): for what is built in, which tests prove. Compiled when it is wanted first.
    pub fn lazy(source: &str, syntax: Syntax, _keywords: &[&str]) -> Self {
        Self(Arc::new(Inner {
            source: source.into(),
            syntax,
            regex: OnceLock::new(),
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

    /// The compiled expression; `None` only if a built-in one does not compile, which a test rules out.
    pub fn regex(&self) -> Option<&Regex> {
        if let Some(regex) = self.0.regex.get() {
            return Some(regex);
        }
        let regex = compile(&self.0.source, self.0.syntax).ok()?;
        Some(self.0.regex.get_or_init(|| regex))
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
