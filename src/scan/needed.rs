//! What checks want before the first file is looked at: other files of the workspace, by which they judge.

use super::accounts::Tally;
use super::engine::{Origin, Outcome, Scan, Sink};
use super::finish::{self, About, Drafted};
use super::suppress::PolicySuppressions;
use super::whole::{count, cover};
use crate::finding::{Draft, Finding, Fingerprinter, Found, Place, Subject};
use crate::rules::Files;
use crate::walk::Kind;
use anyhow::Context as _;
use std::collections::{BTreeMap, HashSet};

/// Lets every check prepare, and hands over what they find wrong with what they judge by.
pub(super) fn prepare(
    scan: &Scan<'_>,
    suppressions: &PolicySuppressions<'_>,
    outcome: &mut Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    let most = scan.plan.policy().workspace.max_content;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let files = scan.source.files(most).context("the workspace")?;
    let mut found = Found::default();
    let mut said = HashSet::new();
    for (index, slot) in scan.plan.slots().iter().enumerate() {
        let Some(check) = slot.check else { continue };
        check.prepare(&files, &mut found);
        outcome.tallies[index].requirements += found.take_requirements();
        let mut by_path: BTreeMap<Box<[u8]>, Vec<Draft>> = BTreeMap::new();
        for draft in found.drain() {
            let path = draft.path.clone().unwrap_or_default();
            // Overrides of one rule judge by the same file.
            if said.insert((&slot.instance.id, path.clone(), draft.message.clone())) {
                by_path.entry(path).or_default().push(draft);
            }
        }
        for (path, drafts) in by_path {
            let findings = complete(scan, (index, &path), drafts, files.as_ref());
            hand_over(
                scan,
                suppressions,
                (findings, &mut outcome.tallies[index]),
                sink,
            )?;
        }
    }
    Ok(())
}

fn complete(
    scan: &Scan<'_>,
    (slot, path): (usize, &[u8]),
    drafts: Vec<Draft>,
    files: &dyn Files,
) -> Vec<Finding> {
    let text = std::str::from_utf8(path).ok().map(|path| files.read(path));
    // A file that cannot be read has no lines to point at; the findings say that themselves.
    let text = text.and_then(Result::ok).unwrap_or_default();
    let drafted = drafts.into_iter().map(|mut draft| {
        if let Place::Bytes(range) = &draft.place
            && range.end > text.len()
        {
            draft.place = Place::Whole;
        }
        Drafted { slot, draft }
    });
    let about = About::whole(path, Subject::File, &text);
    let with = scan.with();
    finish::finish_file(
        drafted.collect(),
        &about,
        with,
        &mut Fingerprinter::default(),
    )
}

fn hand_over(
    scan: &Scan<'_>,
    suppressions: &PolicySuppressions<'_>,
    (mut findings, tally): (Vec<Finding>, &mut Tally),
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    for finding in &mut findings {
        let set = scan.plan.set_for(&finding.path, Kind::File);
        cover(suppressions, &set.suppressions, finding);
        count(tally, finding);
    }
    sink.findings(Origin::Judged, findings)
}
