//! The baseline: violations that are accepted as they are, one a line, so that only new ones count.

mod line;
#[cfg(test)]
mod tests;

use crate::finding::Fingerprint;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// The first line of every baseline: what the file is, and the version of its form.
const FIRST_LINE: &str = "# factory-gate baseline 1";
/// What follows it. No counts: two branches that both shrink the file would disagree on them.
const EXPLANATION: &str = "\
# Violations that are accepted as they are: fingerprint, rule, path. Written by `factory-gate baseline`, which takes
# entries away that are gone, and adds some only with --grow.
";

/// Mistakes that are told; more are counted.
const MOST_MISTAKES: usize = 20;

/// An accepted violation. The order is that of the file: by rule, path, fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The rule's name in the policy.
    pub rule: String,
    /// The path as records show it: UTF-8, with bytes that are not escaped as `\xNN`.
    pub path: String,
    /// Identity of the violation.
    pub fingerprint: Fingerprint,
}

/// Accepted violations, each once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

/// Why a text is no baseline: every mistake with its line, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BaselineError {
    /// The first mistakes, by line.
    pub mistakes: Vec<(u32, String)>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (line, mistake)) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(out, "{separator}line {line}: {mistake}")?;
        }
        if self.more > 0 {
            write!(out, "\nand {} more lines", self.more)?;
        }
        Ok(())
    }
}

impl Baseline {
    /// More bytes than a baseline may have.
    pub const MOST_BYTES: usize = 64 << 20;

    /// A baseline of these entries.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        entries.sort_unstable();
        entries.dedup();
        Self { entries }
    }

    /// Reads a baseline. Lines may stand in any order and more than once, as a merge leaves them, and end with CR LF.
    ///
    /// # Errors
    /// Every mistake: the text is too big or no UTF-8, the first line is another, a line is no entry.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        let fatal = |line: usize, mistake: String| BaselineError {
            mistakes: vec![(narrow(line), mistake)],
            more: 0,
        };
        if bytes.len() > Self::MOST_BYTES {
            let most = Self::MOST_BYTES;
            return Err(fatal(1, format!("the baseline has more than {most} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            fatal(line, "this is no UTF-8".to_owned())
        })?;
        let mut lines = text.lines().enumerate().peekable();
        if lines.next().map(|(_, line)| line) != Some(FIRST_LINE) {
            return Err(fatal(1, format!("expected `{FIRST_LINE}`")));
        }
        while lines.next_if(|(_, line)| line.starts_with('#')).is_some() {}
        let mut error = BaselineError {
            mistakes: Vec::new(),
            more: 0,
        };
        let mut entries = Vec::new();
        for (index, line) in lines {
            match line::read(line) {
                Ok(entry) => entries.push(entry),
                Err(mistake) if error.mistakes.len() < MOST_MISTAKES => {
                    error.mistakes.push((narrow(index + 1), mistake));
                }
                Err(_) => error.more += 1,
            }
        }
        if error.mistakes.is_empty() {
            Ok(Self::new(entries))
        } else {
            Err(error)
        }
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The place of an entry among [`Self::entries`]; `path` as records show it.
    pub fn find(&self, rule: &str, path: &str, fingerprint: Fingerprint) -> Option<usize> {
        let wanted = (rule, path, fingerprint);
        let key = |entry: &Entry| {
            (entry.rule.as_str(), entry.path.as_str(), entry.fingerprint).cmp(&wanted)
        };
        self.entries.binary_search_by(key).ok()
    }

    /// How many entries each rule has.
    pub fn by_rule(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.rule.as_str()).or_default() += 1;
        }
        counts
    }

    /// The entries that are in both.
    #[must_use]
    pub fn shrunk_to(&self, current: &Self) -> Self {
        let entries = self.entries.iter();
        Self {
            entries: entries
                .filter(|entry| current.has(entry))
                .cloned()
                .collect(),
        }
    }

    /// The entries that the older one does not have: by so much the baseline has grown.
    #[must_use]
    pub fn added_since(&self, older: &Self) -> Self {
        let entries = self.entries.iter();
        Self {
            entries: entries.filter(|entry| !older.has(entry)).cloned().collect(),
        }
    }

    fn has(&self, entry: &Entry) -> bool {
        self.entries.binary_search(entry).is_ok()
    }
}

/// The file: equal baselines are equal texts.
impl fmt::Display for Baseline {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{FIRST_LINE}\n{EXPLANATION}")?;
        for entry in &self.entries {
            line::write(entry, out)?;
            out.write_char('\n')?;
        }
        Ok(())
    }
}

/// A path as records show it: UTF-8 as it is, every other byte as `\xNN`.
pub fn shown_path(path: &[u8]) -> std::borrow::Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(path) {
        return text.into();
    }
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "\\x{byte:02x}");
        }
    }
    text.into()
}

fn narrow(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
