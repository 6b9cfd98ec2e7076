//! YAML 1.2: any number of documents, anchors, tags of every kind.

mod keys;
mod reader;
mod scalar;
mod tree;

use super::Node;
use super::report::Report;

/// Levels of nesting.
const MAX_DEPTH: usize = 500;

/// Looks for mistakes. Aliases are not written out.
pub(super) fn check(text: &[u8], report: &mut Report) {
    reader::read(text, report, &mut ());
}

/// Looks for mistakes, and keeps the documents that have none. Aliases are written out, within limits.
pub(super) fn parse(text: &[u8], report: &mut Report) -> Vec<Node> {
    let mut tree = tree::Tree::new(text);
    reader::read(text, report, &mut tree);
    tree.finish(report)
}

#[cfg(test)]
mod tests;
