//! The identity of a finding: stable when other lines of the file change or move.

use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// First 16 bytes of a SHA-256, shown as 32 hex digits.
///
/// Input, each part preceded by its length as 8 bytes little-endian: the format name `fg-finding-1`,
/// the rule id, the path bytes, the anchor (the source line without spaces and tabs; empty for a
/// finding about the path as a whole), and the number (from 0, as 8 bytes) of equal findings before it in the same file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

/// Gives fingerprints to the findings of one path, in order, and numbers equal ones.
#[derive(Default)]
pub struct Fingerprinter {
    seen: HashMap<[u8; 32], u64>,
}

impl Fingerprinter {
    /// Forgets what was seen: call it between paths.
    pub fn start_path(&mut self) {
        self.seen.clear();
    }

    /// The fingerprint of a finding of `rule_id` on `path`, anchored at `anchor`.
    pub fn fingerprint(&mut self, rule_id: &str, path: &[u8], anchor: &[u8]) -> Fingerprint {
        let mut hash = Sha256::new();
        for part in [b"fg-finding-1".as_slice(), rule_id.as_bytes(), path] {
            update_with_length(&mut hash, part);
        }
        let folded: Vec<u8> = anchor
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
            .collect();
        update_with_length(&mut hash, &folded);
        let occurrence = self.seen.entry(hash.clone().finalize().into()).or_insert(0);
        hash.update(occurrence.to_le_bytes());
        *occurrence += 1;
        let digest: [u8; 32] = hash.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Fingerprint(short)
    }
}

fn update_with_length(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_anchors_in_one_path_are_numbered_and_indentation_does_not_matter() {
        let mut prints = Fingerprinter::default();
        let first = prints.fingerprint("r", b"a.txt", b"  x = 1");
        let second = prints.fingerprint("r", b"a.txt", b"x = 1");
        assert_ne!(first, second);
        prints.start_path();
        assert_eq!(first, prints.fingerprint("r", b"a.txt", b"\tx =1"));
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let mut prints = Fingerprinter::default();
        assert_ne!(
            prints.fingerprint("ab", b"c", b""),
            prints.fingerprint("a", b"bc", b"")
        );
    }
}
