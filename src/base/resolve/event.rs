//! The file that describes the event which started a job.

use super::Payload;
use serde_json::Value;

/// What the file says; all of it untrusted.
pub(super) enum Event {
    /// There is none, or none that can be read.
    Absent,
    /// There is one.
    Known(Value),
}

impl Event {
    /// Reads it; the sentence says why it could not be.
    pub(super) fn parse(payload: Payload<'_>) -> (Self, Option<String>) {
        match payload {
            Payload::Absent => (Self::Absent, None),
            Payload::Unreadable(why) => (
                Self::Absent,
                Some(format!(
                    "the description of the event cannot be read: {why}"
                )),
            ),
            Payload::Text(text) => match serde_json::from_slice(text) {
                Ok(value) => (Self::Known(value), None),
                Err(why) => (
                    Self::Absent,
                    Some(format!("the description of the event is no JSON: {why}")),
                ),
            },
        }
    }

    /// The text at this JSON pointer.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Known(value) => value.pointer(pointer)?.as_str(),
        }
    }

    /// The id of a commit at this JSON pointer: 40 or 64 hex digits.
    pub(super) fn sha(&self, pointer: &str) -> Option<String> {
        self.text(pointer)
            .filter(|text| is_sha(text))
            .map(str::to_ascii_lowercase)
    }
}

/// Whether the text is the id of a commit.
pub(super) fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is the id that stands for no commit.
pub(super) fn is_zero(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}
