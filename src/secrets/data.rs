//! The detectors that are built in: data files, read when somebody first asks for a detector.

use super::detector::{Confidence, Detector, DetectorData};
use rayon::prelude::*;
use serde::Deserialize;
use std::sync::LazyLock;

/// The data files, one line each.
pub(super) const FILES: [(&str, &str); 1] =
    [("generic.toml", include_str!("detectors/generic.toml"))];

/// A data file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    detector: Vec<DetectorData>,
}

/// The detectors of a data file.
///
/// # Errors
/// It is no TOML, or a detector has a field that it cannot have.
pub(super) fn parse(text: &str) -> Result<Vec<Detector>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    Ok(file.detector.into_iter().map(Detector::built_in).collect())
}

static DETECTORS: LazyLock<Vec<Detector>> = LazyLock::new(|| {
    let files: Vec<Vec<Detector>> = FILES
        .par_iter()
        // A test proves that each file can be read.
        .map(|(_, text)| parse(text).unwrap_or_default())
        .collect();
    files.into_iter().flatten().collect()
});

/// All built-in detectors, in the order of the data files.
pub fn detectors() -> &'static [Detector] {
    &DETECTORS
}

/// Shortest and longest beginning of a credential that says its kind.
const PREFIX_LENGTHS: std::ops::RangeInclusive<usize> = 3..=16;

static PREFIXES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let sure = detectors()
        .iter()
        .filter(|one| one.confidence() == Confidence::High && !one.data.ignore_case);
    let mut prefixes: Vec<&str> = sure
        .flat_map(|one| &one.data.keywords)
        .map(String::as_str)
        .filter(|word| PREFIX_LENGTHS.contains(&word.len()) && word.bytes().all(is_prefix_byte))
        .collect();
    prefixes.sort_unstable_by_key(|prefix| std::cmp::Reverse(prefix.len()));
    prefixes
});

fn is_prefix_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The beginning that all credentials of the kind share (`ghp_`), or nothing.
pub(super) fn public_prefix(credential: &[u8]) -> &'static str {
    PREFIXES
        .iter()
        .find(|prefix| credential.starts_with(prefix.as_bytes()))
        .copied()
        .unwrap_or("")
}
