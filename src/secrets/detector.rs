//! What a detector is, and how one is made from its data.

use super::checksum::Checksum;
use crate::search::{Pattern, PatternError, Syntax};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

/// How sure it is that what a detector matches is a credential. The order is from doubtful to sure.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A generic shape.
    Low,
    /// The vendor's name beside a value of the right shape.
    #[default]
    Medium,
    /// A prefix or a checksum says what it is.
    High,
}

impl Confidence {
    /// The one with this name in data files and policies.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            _ => return None,
        })
    }
}

/// What the credentials of a detector are made of, which decides what else a match may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Characters that an issuer generated.
    #[default]
    Token,
    /// What somebody generated and put beside a name that says what it is: also digests, ids and code stand there.
    Value,
    /// What a person may have chosen: also words, labels and code stand at its place.
    Password,
    /// Data over several lines, or in one very long one.
    Block,
}

impl Shape {
    /// The one with this name in data files and policies.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "token" => Self::Token,
            "value" => Self::Value,
            "password" => Self::Password,
            "block" => Self::Block,
            _ => return None,
        })
    }
}

/// A detector as it is written in a data file or in a policy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Detector")]
pub struct DetectorData {
    /// Lower-case words joined by `-`, different from the ids of all other detectors.
    pub id: Cow<'static, str>,
    /// What it finds, as messages call it.
    pub name: Cow<'static, str>,
    /// A regular expression on bytes; classes are ASCII, `^` and `$` match at lines. Group 1, if there is one, is the
    /// credential, else the whole match is.
    pub pattern: Cow<'static, str>,
    /// Whether upper and lower case are the same, in the pattern and in the keywords.
    pub ignore_case: bool,
    /// Texts of which each match contains at least one. A detector in a policy may leave them out.
    pub keywords: Vec<Cow<'static, str>>,
    /// The checksum that the credential carries.
    pub checksum: Option<Checksum>,
    /// The least Shannon entropy of the credential, in bits per character.
    pub entropy: Option<f32>,
    /// How sure it is that a match is a credential.
    pub confidence: Confidence,
    /// What the credential is made of.
    pub shape: Shape,
    /// What to do when it leaked.
    pub remedy: Cow<'static, str>,
    /// The page that documents it.
    pub url: Cow<'static, str>,
    /// Texts in which it is found; templates in `<...>` are filled with random characters.
    pub examples: Vec<Cow<'static, str>>,
    /// Texts in which it is not found.
    pub counterexamples: Vec<Cow<'static, str>>,
}

/// What is wrong with a detector: the key, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct DetectorError {
    /// The key of the data.
    pub key: &'static str,
    /// What is wrong and what was expected.
    pub message: String,
}

/// Knows one kind of credential.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Lower-case words joined by `-`; no other detector has it.
    pub id: Arc<str>,
    /// Its pattern, for the search.
    pub pattern: Pattern,
    /// Everything else that its data says.
    pub data: DetectorData,
}

impl Detector {
    /// A built-in detector: its pattern is compiled when it is wanted first; tests prove it.
    pub(super) fn built_in(data: DetectorData) -> Self {
        let keywords: Vec<&str> = data.keywords.iter().map(AsRef::as_ref).collect();
        let pattern = Pattern::lazy(&data.pattern, syntax(&data), &keywords);
        Self {
            id: data.id.as_ref().into(),
            pattern,
            data,
        }
    }

    /// A detector of a policy.
    ///
    /// # Errors
    /// Every mistake in the data.
    pub fn new(data: DetectorData) -> Result<Self, Vec<DetectorError>> {
        let mut mistakes = data.mistakes();
        match Pattern::new(&data.pattern, syntax(&data)) {
            Ok(pattern) if mistakes.is_empty() => {
                return Ok(Self {
                    id: data.id.as_ref().into(),
                    pattern,
                    data,
                });
            }
            Ok(_) => {}
            Err(PatternError(message)) => mistakes.push(DetectorError {
                key: "pattern",
                message: format!("`{}` is no regular expression: {message}", data.pattern),
            }),
        }
        Err(mistakes)
    }

    /// How sure a match is.
    pub fn confidence(&self) -> Confidence {
        self.data.confidence
    }
}

impl DetectorData {
    fn mistakes(&self) -> Vec<DetectorError> {
        let mut mistakes = Vec::new();
        let mut wrong = |key, message: &str| {
            mistakes.push(DetectorError {
                key,
                message: message.into(),
            });
        };
        if !is_id(&self.id) {
            wrong(
                "id",
                "expected lower-case words joined by `-`, for example `acme-api-key`",
            );
        }
        if self.name.trim().is_empty() {
            wrong(
                "name",
                "expected what the detector finds, for example `Acme API key`",
            );
        }
        if self.pattern.is_empty() {
            wrong(
                "pattern",
                "an empty pattern matches everywhere: expected a regular expression",
            );
        } else if regex::bytes::Regex::new(&self.pattern).is_ok_and(|one| one.is_match(b"")) {
            wrong(
                "pattern",
                "it also matches nothing at all: expected one that needs at least a character",
            );
        }
        if self
            .entropy
            .is_some_and(|bits| !(0.0..=8.0).contains(&bits))
        {
            wrong("entropy", "expected bits per character, from 0 to 8");
        }
        if self.remedy.trim().is_empty() {
            wrong(
                "remedy",
                "expected what to do when such a credential leaked",
            );
        }
        mistakes
    }
}

pub(super) fn syntax(data: &DetectorData) -> Syntax {
    Syntax {
        ignore_case: data.ignore_case,
        unicode: false,
        lines: true,
    }
}

/// Whether this is lower-case words joined by `-`.
pub(super) fn is_id(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.split('-').all(is_word)
}
