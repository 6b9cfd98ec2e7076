//! What a change does to the gate that judges it, as findings of `gate-integrity`; and suppressions of a text that is not
//! scanned.

use super::accounts::Tally;
use super::inline::{self, MARKER};
use super::plan::{Plan, Slot};
use crate::finding::{Finding, Fingerprinter, Region, Severity, State, Subject};
use crate::rules::{Check, IntegrityTerms};
use crate::text::{self, Encoding};
use std::sync::Arc;

const RULE: &str = "gate-integrity";

/// What something does to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is less of a gate.
    Weaker,
    /// It is another one, and not for sure a weaker one.
    Changed,
    /// A violation in one place is accepted.
    Suppresses,
}

/// One thing that a change does to its own gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meddling {
    /// Where: relative to the workspace, with `/`.
    pub path: Box<[u8]>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// What it does.
    pub effect: Effect,
    /// One sentence, no full stop; may hold untrusted text.
    pub message: String,
}

/// The findings about these, if the policy has the rule on; counted in `tallies`, which are by slot. Nothing covers them.
pub fn integrity(plan: &Plan<'_>, what: &[Meddling], tallies: &mut [Tally]) -> Vec<Finding> {
    let slots = plan.slots();
    let Some(at) = slots.iter().position(|slot| slot.instance.rule.id == RULE) else {
        return Vec::new();
    };
    let slot = &slots[at];
    let Some(terms) = slot.check.and_then(Check::integrity_terms) else {
        return Vec::new();
    };
    let mut prints = Fingerprinter::default();
    let findings = what.iter().filter_map(|one| {
        let severity = severity(one.effect, slot, terms)?;
        Some(finding(one, (slot, severity), &mut prints))
    });
    let findings: Vec<Finding> = findings.collect();
    if let Some(tally) = tallies.get_mut(at) {
        tally.violations += findings.len() as u64;
    }
    findings
}

fn severity(effect: Effect, slot: &Slot<'_>, terms: IntegrityTerms) -> Option<Severity> {
    match effect {
        Effect::Weaker => Some(slot.severity),
        Effect::Changed => terms.changes,
        Effect::Suppresses => terms.new_suppressions,
    }
}

/// There is no excerpt: what stands beside a suppression may be the credential that it is about.
fn finding(
    one: &Meddling,
    (slot, severity): (&Slot<'_>, Severity),
    prints: &mut Fingerprinter,
) -> Finding {
    let rule_id = Arc::clone(&slot.instance.id);
    let fingerprint = prints.fingerprint(&rule_id, &one.path, one.message.as_bytes());
    let region = one.line.filter(|line| *line > 0).map(|line| Region {
        line,
        column: 1,
        end_line: line,
        end_column: 1,
    });
    Finding {
        rule_id,
        severity,
        subject: Subject::Policy,
        path: one.path.clone(),
        region,
        columns: None,
        message: one.message.clone(),
        excerpt: None,
        fingerprint,
        state: State::Open,
        suppression: None,
        detections: Box::default(),
        fixable: None,
        change: None,
    }
}

/// The rule and the reason of each suppression in the comments of a file with this content.
pub fn suppressions_in(path: &[u8], content: &[u8]) -> Vec<(String, String)> {
    let encoding = super::read::encoding_of(content);
    let mut transcoded = Vec::new();
    let text = match encoding {
        Encoding::Binary => return Vec::new(),
        _ if encoding.is_utf16() => {
            text::transcode(content, encoding, &mut transcoded);
            &transcoded
        }
        _ => content,
    };
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let extension = name
        .iter()
        .rposition(|byte| *byte == b'.')
        .map(|dot| String::from_utf8_lossy(&name[dot + 1..]).to_ascii_lowercase());
    let markers = memchr::memmem::find_iter(text, MARKER);
    let found = inline::parse(text, markers, &extension.unwrap_or_default());
    found
        .into_iter()
        .map(|one| (one.rule, one.reason))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppressions_are_read_in_any_encoding_and_not_from_binaries() {
        let text = "# factory-gate: allow(a, b) why\n";
        let expected = [("a", "why"), ("b", "why")].map(|(rule, why)| (rule.into(), why.into()));
        assert_eq!(suppressions_in(b"x/y.sh", text.as_bytes()), expected);
        let mut wide = vec![0xff, 0xfe];
        wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(suppressions_in(b"y.sh", &wide), expected);
        // In Markdown `#` opens a heading.
        assert_eq!(suppressions_in(b"y.md", text.as_bytes()), []);
        assert_eq!(suppressions_in(b"y", format!("{text}\0").as_bytes()), []);
    }
}
