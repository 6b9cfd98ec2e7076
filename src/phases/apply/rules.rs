//! What the rules offer for a file, as the room `fix` asks for it.

use crate::finding::Change;
use crate::fix::{Look, Offer, Rules, State};
use crate::scan::Again;
use crate::walk::{IndexMode, Meta};

/// The rules for one file: what the walk knows of it stays as it was, but for what fixes change.
pub(super) struct FileRules<'a, 's> {
    pub(super) again: &'a Again<'s>,
    pub(super) meta: Meta,
}

impl FileRules<'_, '_> {
    /// The index as it is once the change is committed: rules ask it, and not the mode on disk, where git tracks a file.
    fn tracked(&self, state: &State) -> Option<IndexMode> {
        let is_changed = state.permissions != self.meta.permissions;
        match self.meta.tracked {
            Some(IndexMode::Regular | IndexMode::Executable) if is_changed => {
                let is_executable = state.permissions & 0o100 != 0;
                Some(if is_executable {
                    IndexMode::Executable
                } else {
                    IndexMode::Regular
                })
            }
            mode => mode,
        }
    }
}

impl Rules for FileRules<'_, '_> {
    fn look(&self, path: &[u8], state: &State) -> Option<Look> {
        let meta = Meta {
            permissions: state.permissions,
            tracked: self.tracked(state),
            ..self.meta
        };
        let (encoding, findings) = self.again.look(path, meta, &state.content)?;
        let offers = findings.into_iter().filter_map(|finding| {
            let change = *finding.change?;
            // A rule of files that misses another file is a rule of the whole tree.
            let is_here = *finding.path == *path && !matches!(change, Change::Create { .. });
            is_here.then_some(Offer {
                rule: finding.rule_id,
                safety: finding.fixable?,
                change,
            })
        });
        Some(Look {
            encoding,
            offers: offers.collect(),
        })
    }
}
