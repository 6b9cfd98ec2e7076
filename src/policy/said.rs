//! What one document says at one key.

use super::model::Position;
use super::node::{Node, Value};
use super::problem::KeyPath;

/// What a document says at a key.
#[derive(Clone, Debug)]
pub(super) struct Said<'n> {
    /// Where the key is written.
    pub(super) key_at: &'n Position,
    /// The path of the key that says it: shorter than asked for where `rules.NAME: note` says the severity.
    pub(super) path: KeyPath,
    pub(super) node: &'n Node,
}

/// What the document says at the path of keys, if it says anything.
pub(super) fn said<'n>(root: &'n Node, keys: &[&str]) -> Option<Said<'n>> {
    let mut found = Said {
        key_at: &root.at,
        path: KeyPath::default(),
        node: root,
    };
    for (depth, key) in keys.iter().enumerate() {
        let Value::Mapping(entries) = &found.node.value else {
            let is_switch = *key == "severity" && depth == 2 && keys[0] == "rules";
            return (is_switch && found.node.text().is_some()).then_some(found);
        };
        let entry = entries.iter().find(|entry| entry.key == *key)?;
        found = Said {
            key_at: &entry.key_at,
            path: found.path.key(key),
            node: &entry.value,
        };
    }
    Some(found)
}
