//! The detectors of credentials, for people: one explained, and the catalogue as Markdown. All from the data.

use crate::secrets::{Confidence, Detector, detectors};
use anstyle::Style;
use std::fmt::Write as _;
use std::io::{self, Write};

const HEADING: Style = Style::new().bold();

/// The built-in detector with this id.
pub fn find(id: &str) -> Option<&'static Detector> {
    detectors().iter().find(|detector| &*detector.id == id)
}

/// Explains one detector: what it looks for, and what to do when it found something.
///
/// # Errors
/// The target cannot be written to.
pub fn explain(detector: &Detector, out: &mut dyn Write) -> io::Result<()> {
    let data = &detector.data;
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} (a detector of the rule `secret`): {}\n",
        data.id, data.name
    )?;
    writeln!(
        out,
        "{HEADING}When it leaked{HEADING:#}\n  {}\n  {}\n",
        data.remedy, data.url
    )?;
    writeln!(out, "{HEADING}What it looks for{HEADING:#}")?;
    for (what, value) in facts(detector) {
        writeln!(out, "  {what:11} {value}")?;
    }
    writeln!(
        out,
        "\n{HEADING}Switch it off{HEADING:#}\n  rules:\n    secret: {{ disable: [{}] }}",
        data.id
    )
}

fn facts(detector: &Detector) -> Vec<(&'static str, String)> {
    let data = &detector.data;
    let mut facts = vec![("pattern", data.pattern.to_string())];
    facts.push(("contains", data.keywords.join(" or ")));
    if data.checksum.is_some() {
        facts.push(("checksum", "checked without a network".to_owned()));
    }
    if let Some(entropy) = data.entropy {
        facts.push(("entropy", format!("at least {entropy} bits a character")));
    }
    facts.push(("confidence", confidence(data.confidence).to_owned()));
    facts
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high: its form says what it is",
        Confidence::Medium => "medium: a name beside a value of the right form",
        Confidence::Low => "low: a form that many things have",
    }
}

/// The catalogue as Markdown.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Detectors of credentials\n\n<!-- Generated from the code: `UPDATE_DOCS=1 cargo test` writes it. -->\n\n\
         What the rule `secret` looks for. Each is proved by examples and counter-examples beside its data in \
         `src/secrets/detectors`. `factory-gate explain DETECTOR` says more about one; `disable: [DETECTOR]` in the options of \
         the rule switches it off, and `detectors` adds your own.\n\n",
    );
    let mut all: Vec<&Detector> = detectors().iter().collect();
    all.sort_by(|one, two| one.id.cmp(&two.id));
    let checked = all.iter().filter(|one| one.data.checksum.is_some()).count();
    let _infallible = writeln!(
        text,
        "{} detectors; {checked} check a checksum or a structure, none needs a network.\n\n| detector | what | confidence |\n|---|---|---|",
        all.len()
    );
    for detector in all {
        let data = &detector.data;
        let confidence = confidence(data.confidence);
        let word = confidence.split(':').next().unwrap_or(confidence);
        let _infallible = writeln!(
            text,
            "| `{}` | [{}]({}) | {word} |",
            data.id,
            data.name.replace('|', "\\|"),
            data.url
        );
    }
    text
}
