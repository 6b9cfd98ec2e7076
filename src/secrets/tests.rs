//! Proves every detector by its data.

use super::data::FILES;
use super::detector::{is_id, syntax};
use super::notation;
use super::synthetic::Generator;
use super::{Confidence, Detector, Judge, detectors};
use crate::search::keywords_hold;
use std::collections::HashSet;
use std::path::Path;

/// How often each template is filled.
const SEEDS: u64 = 40;

fn all() -> Vec<(&'static str, Detector)> {
    let mut all = Vec::new();
    for (name, text) in FILES {
        assert!(text.starts_with("# "), "{name} says what it holds");
        let parsed = notation::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!parsed.is_empty(), "{name}");
        let parsed = parsed.into_iter().map(Detector::built_in);
        all.extend(parsed.map(|detector| (name, detector)));
    }
    all
}

#[test]
fn every_data_file_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/secrets/detectors");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len());
}

#[test]
fn there_are_at_least_220() {
    assert!(detectors().len() >= 220, "{}", detectors().len());
}

/// All mistakes at once, so that a data file is put right in one go.
#[test]
fn every_detector_is_proved_by_its_data() {
    let mut mistakes = Vec::new();
    let mut ids = HashSet::new();
    for (file, detector) in all() {
        let mut wrong = |what: String| mistakes.push(format!("{file}: {}: {what}", detector.id));
        if !ids.insert(detector.id.clone()) {
            wrong("another detector has this id".into());
        }
        facts(&detector, &mut wrong);
        if detector.pattern.regex().is_none() {
            wrong(format!(
                "pattern does not compile: {}",
                detector.data.pattern
            ));
            continue;
        }
        let words: Vec<&str> = detector.data.keywords.iter().map(AsRef::as_ref).collect();
        let held = keywords_hold(&detector.data.pattern, syntax(&detector.data), &words);
        if let Err(error) = held {
            wrong(format!("keywords are not proved: {error}"));
        }
        examples(&detector, &mut wrong);
    }
    assert!(
        mistakes.is_empty(),
        "{} mistakes\n{}",
        mistakes.len(),
        mistakes.join("\n")
    );
}

fn facts(detector: &Detector, wrong: &mut impl FnMut(String)) {
    let data = &detector.data;
    if !is_id(&data.id) {
        wrong("id: expected lower-case words joined by -".into());
    }
    for (key, text) in [("name", &data.name), ("remedy", &data.remedy)] {
        if text.trim().is_empty() || text.trim() != text {
            wrong(format!("{key}: {text:?}"));
        }
    }
    if !data.url.starts_with("https://") || data.url.contains(' ') {
        wrong(format!("url: {}", data.url));
    }
    if data.keywords.is_empty() || data.keywords.iter().any(|word| word.len() < 3) {
        wrong(format!("keywords: {:?}", data.keywords));
    }
    if data
        .entropy
        .is_some_and(|bits| !(0.5..=5.5).contains(&bits))
    {
        wrong(format!("entropy: {:?}", data.entropy));
    }
    if data.examples.len() < 2 || data.counterexamples.len() < 2 {
        wrong("expected at least 2 examples and 2 counterexamples".into());
    }
    if data.confidence == Confidence::Low && data.entropy.is_none() && data.keywords.is_empty() {
        wrong("a generic shape needs more than a pattern".into());
    }
}

fn examples(detector: &Detector, wrong: &mut impl FnMut(String)) {
    for (templates, expected) in [
        (&detector.data.examples, true),
        (&detector.data.counterexamples, false),
    ] {
        for template in templates {
            let failed = (0..SEEDS).map(|seed| Generator::new(seed).fill(template));
            let failed: Vec<String> = failed
                .filter(|text| finds(detector, text) != expected)
                .collect();
            if let Some(first) = failed.first() {
                let what = if expected { "not found" } else { "found" };
                wrong(format!("{what} in {} of {SEEDS}: {first:?}", failed.len()));
            }
        }
    }
}

/// Whether the detector reports something in this text.
fn finds(detector: &Detector, text: &str) -> bool {
    let judge = Judge::new(b"", text.as_bytes());
    let regex = detector.pattern.regex().unwrap();
    regex
        .find_iter(text.as_bytes())
        .any(|found| judge.credential(detector, found.range()).is_some())
}
