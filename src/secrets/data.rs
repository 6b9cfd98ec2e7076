//! The detectors that are built in: data files, read when somebody first asks for a detector.

use super::detector::{Confidence, Detector};
use super::notation;
use std::sync::LazyLock;

/// The data files, one line each.
pub(super) const FILES: [(&str, &str); 12] = [
    ("ai.toml", include_str!("detectors/ai.toml")),
    ("cloud.toml", include_str!("detectors/cloud.toml")),
    ("commerce.toml", include_str!("detectors/commerce.toml")),
    (
        "data_stores.toml",
        include_str!("detectors/data_stores.toml"),
    ),
    ("generic.toml", include_str!("detectors/generic.toml")),
    ("identity.toml", include_str!("detectors/identity.toml")),
    ("messaging.toml", include_str!("detectors/messaging.toml")),
    (
        "observability.toml",
        include_str!("detectors/observability.toml"),
    ),
    ("payments.toml", include_str!("detectors/payments.toml")),
    ("saas.toml", include_str!("detectors/saas.toml")),
    ("vcs.toml", include_str!("detectors/vcs.toml")),
    ("web.toml", include_str!("detectors/web.toml")),
];

static DETECTORS: LazyLock<Vec<Detector>> = LazyLock::new(|| {
    // A test proves that each file can be read.
    let data = FILES
        .iter()
        .flat_map(|(_, text)| notation::parse(text).unwrap_or_default());
    data.map(Detector::built_in).collect()
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
    let mut prefixes: Vec<&'static str> = sure
        .flat_map(|one| &one.data.keywords)
        .map(AsRef::as_ref)
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
