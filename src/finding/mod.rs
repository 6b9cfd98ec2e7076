//! What a rule finds: the finding, where it is, how bad it is, and the collector that rules write to.

mod collector;
mod fingerprint;
mod fix;

pub use collector::{Draft, Found, Place, Sighting};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use fix::{Change, Edit, Safety};

use serde::{Deserialize, Serialize};

/// How bad a violation is. The order is from harmless to bad.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never counted as a violation in the score.
    Note,
    /// Counts in the score; fails the gate only with `fail_on: warning`.
    Warning,
    /// Counts in the score and fails the gate by default.
    Error,
}

impl Severity {
    /// All severities, worst first.
    pub const WORST_FIRST: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// The word used in policies, in the record and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Whether a violation of this severity counts in the compliance score.
    pub fn counts(self) -> bool {
        self >= Self::Warning
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::WORST_FIRST
            .into_iter()
            .find(|severity| severity.as_str() == word)
            .ok_or_else(|| format!("`{word}` is no severity: expected note, warning or error"))
    }
}

/// What a finding is about, which decides how it enters the compliance score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A file (or symlink, or special file) of the workspace: one of the files looked at.
    File,
    /// A directory of the workspace.
    Directory,
    /// A required thing that was looked for; the path names what is required.
    Requirement,
    /// The policy itself: a dead pattern, a suppression that matches nothing.
    Policy,
}

impl Subject {
    /// The word used in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Requirement => "requirement",
            Self::Policy => "policy",
        }
    }
}

/// A place in a text: 1-based lines; 1-based columns counted in Unicode characters (bytes that are not UTF-8
/// count as the replacement characters that are shown for them; a byte order mark at the beginning of a file does not
/// count). The end column is one past the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// First line, from 1.
    pub line: u32,
    /// First column on the first line, from 1.
    pub column: u32,
    /// Last line, from 1.
    pub end_line: u32,
    /// One past the last column on the last line.
    pub end_column: u32,
}

/// The columns of a [`Region`] in other units, as (first column on the first line, one past the last column on the last
/// line), from 1. As in a region, a byte order mark at the beginning of a file is no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Columns {
    /// In bytes of the text as UTF-8; of a file in another encoding than UTF-16, in bytes of the file.
    pub bytes: (u32, u32),
    /// In UTF-16 code units: what SARIF and editors' protocols count in.
    pub utf16: (u32, u32),
}

/// The source line of a finding, clipped, without its line end. Control characters are kept as they
/// are in the file: every sink has to encode it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The clipped line; bytes that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// The column (see [`Region`]) of the first character of `text`: more than 1 where the line was clipped on the left.
    pub first_column: u32,
}

/// Whether a violation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody accepted it: it counts. Nothing was compared.
    Open,
    /// As [`Self::Open`], and the base does not have it.
    New,
    /// As [`Self::Open`], and the base has it too.
    Existing,
    /// A suppression with a reason covers it.
    Suppressed,
}

impl State {
    /// The word used in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::New => "new",
            Self::Existing => "existing",
            Self::Suppressed => "suppressed",
        }
    }
}

/// A violation (or note) of one rule at one place: complete, ready for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name in the policy: a built-in id, or the name of a rule of the policy's own.
    pub rule_id: std::sync::Arc<str>,
    /// Severity after switches and overrides.
    pub severity: Severity,
    /// What the path stands for.
    pub subject: Subject,
    /// Path relative to the workspace with `/`, as raw bytes. Empty for the workspace itself.
    pub path: Box<[u8]>,
    /// Where in the file, if the finding is about a place in it.
    pub region: Option<Region>,
    /// The region's columns in bytes and in UTF-16 code units.
    pub columns: Option<Columns>,
    /// One sentence: what is wrong here. May hold untrusted text.
    pub message: String,
    /// The source line, if there is one.
    pub excerpt: Option<Excerpt>,
    /// Identity of the violation: the same after unrelated lines move.
    pub fingerprint: Fingerprint,
    /// Whether it counts.
    pub state: State,
    /// 1-based number of the suppression in this session, if `state` is suppressed.
    pub suppression: Option<u32>,
    /// If it is about a credential: what each detector saw there, the one that is reported first, those that it
    /// supersedes after it.
    pub detections: Box<[Detection]>,
    /// Whether the rule has a fix for it.
    pub fixable: Option<Safety>,
    /// The fix, if fixes were asked for.
    pub change: Option<Box<Change>>,
}

/// What a detector saw, told so that nobody learns the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// The detector's id.
    pub detector: std::sync::Arc<str>,
    /// Where the credential itself is.
    pub region: Region,
    /// The credential with nearly all of it masked.
    pub preview: String,
    /// The first 16 bytes of an HMAC-SHA-256 of the credential, by a key that is in no record: equal credentials have equal
    /// ones, and nobody without the key can try guesses.
    pub secret: [u8; 16],
}
