//! Which violations become results.

use crate::finding::Severity;
use crate::report::place::{Standing, path_bytes};
use crate::store::rows::{Order, RowSource, ViolationRow};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The longest text that is kept of a row, in bytes: memory is bounded whatever the record holds.
const LONGEST: usize = 8_000;

/// The most files with credentials that are remembered; with more, no file has hashes.
const MOST_SECRETIVE: usize = 100_000;

/// What is kept first is least: accepted ones come last of all.
type Rank = (bool, Reverse<Severity>, Standing);

/// The violations that become results, best first.
pub(super) struct Chosen {
    pub(super) rows: Vec<ViolationRow>,
    /// How many there are to choose from.
    pub(super) total: u64,
    /// Files in which a credential is, chosen or not. A hash of its line would help whoever wants to guess it.
    secretive: BTreeSet<Vec<u8>>,
}

impl Chosen {
    /// At most `most` of all that this run has not resolved.
    pub(super) fn of(rows: &dyn RowSource, most: usize) -> anyhow::Result<Self> {
        let mut ranks: BTreeMap<Rank, Vec<ViolationRow>> = BTreeMap::new();
        let (mut kept, mut total) = (0, 0);
        let mut secretive = BTreeSet::new();
        rows.violations(Order::WorstFirst, &mut |mut row| {
            if !row.detections.is_empty() && secretive.len() < MOST_SECRETIVE {
                secretive.insert(path_bytes(&row).to_vec());
            }
            let standing = Standing::of(&row);
            if standing == Standing::Resolved {
                return Ok(ControlFlow::Continue(()));
            }
            total += 1;
            let is_suppressed = standing == Standing::Suppressed;
            let rank = (is_suppressed, Reverse(row.severity), standing);
            if kept == most {
                // In one rank the first are the best: they come in the order of paths.
                let Some(mut worst) = ranks.last_entry().filter(|worst| *worst.key() > rank) else {
                    return Ok(ControlFlow::Continue(()));
                };
                worst.get_mut().pop();
                if worst.get().is_empty() {
                    worst.remove();
                }
                kept -= 1;
            }
            shorten(&mut row);
            ranks.entry(rank).or_default().push(row);
            kept += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        let rows = ranks.into_values().flatten().collect();
        Ok(Self {
            rows,
            total,
            secretive,
        })
    }

    /// Whether hashes of the file's lines may be told.
    pub(super) fn may_hash(&self, path: &[u8]) -> bool {
        self.secretive.len() < MOST_SECRETIVE && !self.secretive.contains(path)
    }
}

fn shorten(row: &mut ViolationRow) {
    for text in [&mut row.message, &mut row.rule_id, &mut row.fingerprint] {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    (row.excerpt, row.detections) = (None, Vec::new());
}
