//! Which documents a policy is made of: `extends` followed to its end, presets and files of the workspace alike.

use super::document::{parse, start};
use super::load::PolicyFile;
use super::model::Source;
use super::node::{Node, Value};
use super::problem::Report;
use super::reader::Item;
use super::target::{self, Entry, Place, read_entry};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Reads a file. A path that is relative and has no `..` lies in the workspace: no symbolic link may lead out of it. Any
/// other path (absolute, or relative to the workspace and out of it) is asked for only where the policy pins the content.
pub type Loader<'l> = &'l dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// How far `extends` goes from the policy.
const MAX_DEPTH: usize = 8;
/// How many documents are laid over each other, one that is extended twice counted twice.
const MAX_LAYERS: usize = 256;

/// All documents of a policy.
pub(super) struct Documents<'l> {
    loader: Loader<'l>,
    /// The policy first, then what it extends in the order of reading.
    pub(super) sources: Vec<Source>,
    /// The tree of each source, where it could be read.
    pub(super) roots: Vec<Option<Node>>,
    /// Indices of sources in the order in which they are laid over each other.
    pub(super) layers: Vec<usize>,
    /// Who extends whom, by index, in the order of the entries.
    pub(super) edges: Vec<(usize, usize)>,
    /// Where each source lies.
    places: Vec<Place>,
    /// Something that is extended could not be read.
    pub(super) incomplete: bool,
}

impl<'l> Documents<'l> {
    /// Reads the policy and everything that it extends.
    pub(super) fn read(main: PolicyFile, loader: Loader<'l>, report: &mut Report) -> Self {
        let mut documents = Self {
            loader,
            sources: Vec::new(),
            roots: Vec::new(),
            layers: Vec::new(),
            edges: Vec::new(),
            places: Vec::new(),
            incomplete: false,
        };
        let place = Place::of_main(&main);
        let sha256 = hexadecimal(&Sha256::digest(&main.text));
        let main = documents.take((main, sha256, place), report);
        documents.follow(main, &mut Vec::new(), report);
        documents
    }

    fn take(
        &mut self,
        (file, sha256, place): (PolicyFile, String, Place),
        report: &mut Report,
    ) -> usize {
        let index = self.sources.len();
        self.places.push(place);
        let root = parse(&file.text, index, report);
        self.incomplete |= root.is_none();
        self.roots.push(root);
        self.sources.push(Source {
            name: file.name,
            workspace_path: file.workspace_path,
            sha256,
            text: String::from_utf8_lossy(&file.text).into_owned(),
        });
        index
    }

    /// Puts what the document at `index` extends into the layers, then itself. `chain`: who extends it.
    fn follow(&mut self, index: usize, chain: &mut Vec<usize>, report: &mut Report) {
        chain.push(index);
        // The tree is put back below; taking it out spares a copy.
        let root = self.roots[index].take();
        if let Some(root) = &root {
            let items = extends_of(root, report);
            self.incomplete |= items.is_none();
            for item in items.unwrap_or_default() {
                if !self.follow_entry(&item, chain, report) {
                    self.incomplete = true;
                }
            }
        }
        self.roots[index] = root;
        chain.pop();
        self.layers.push(index);
    }

    /// The source that an entry names, read if it is not known yet. A mistake goes to the report.
    fn source_of(
        &mut self,
        item: &Item<'_>,
        (entry, place): (&Entry, Place),
        known: Option<usize>,
        report: &mut Report,
    ) -> Option<usize> {
        let admits = |name: &str, sha256: &str, report: &mut Report| {
            let pin = entry.digest.as_ref();
            pin.is_none_or(|pin| pin.admits((name, sha256), report))
        };
        if let Some(known) = known {
            let source = &self.sources[known];
            return admits(&source.name, &source.sha256, report).then_some(known);
        }
        match target::read(&place, self.loader) {
            Ok(file) => {
                let sha256 = hexadecimal(&Sha256::digest(&file.text));
                // What is not the pinned file is not even parsed.
                admits(&file.name, &sha256, report)
                    .then(|| self.take((file, sha256, place), report))
            }
            Err(message) => {
                report.add(&item.node.at, &item.path, message);
                None
            }
        }
    }

    /// The layers of one document and of what it extends, as if it were the policy.
    pub(super) fn layers_of(&self, index: usize) -> Vec<usize> {
        let mut layers = Vec::new();
        self.lay(index, (0, &mut BTreeSet::new()), &mut layers);
        layers
    }

    fn lay(
        &self,
        index: usize,
        (depth, seen): (usize, &mut BTreeSet<usize>),
        layers: &mut Vec<usize>,
    ) {
        seen.insert(index);
        for (_, extended) in self.edges.iter().filter(|(from, _)| *from == index) {
            // As in `follow_entry`.
            if depth == 0 || !seen.contains(extended) {
                self.lay(*extended, (depth + 1, seen), layers);
            }
        }
        layers.push(index);
    }

    fn follow_entry(
        &mut self,
        item: &Item<'_>,
        chain: &mut Vec<usize>,
        report: &mut Report,
    ) -> bool {
        let from = chain.last().copied().unwrap_or_default();
        let refuse = |message: String, nearest: Option<String>, report: &mut Report| {
            report.add_nearest(&item.node.at, &item.path, message, nearest);
            false
        };
        let Some(entry) = read_entry(item, report) else {
            return false;
        };
        let place = match entry.place(&self.places[from]) {
            Ok(place) => place,
            Err(refusal) => return refuse(refusal.message, refusal.nearest, report),
        };
        let known = self.places.iter().position(|known| *known == place);
        if let Some(round) = known.and_then(|known| chain.iter().position(|link| *link == known)) {
            let names: Vec<&str> = chain[round..]
                .iter()
                .chain([&chain[round]])
                .map(|link| self.sources[*link].name.as_str())
                .collect();
            return refuse(
                format!("a policy cannot extend itself: {}", names.join(" -> ")),
                None,
                report,
            );
        }
        if chain.len() > MAX_DEPTH {
            let message = format!("`extends` goes more than {MAX_DEPTH} documents deep here");
            return refuse(message, None, report);
        }
        if self.layers.len() >= MAX_LAYERS {
            let message = format!("the policy extends more than {MAX_LAYERS} documents");
            return refuse(message, None, report);
        }
        let Some(index) = self.source_of(item, (&entry, place), known, report) else {
            return false;
        };
        if !self.edges.contains(&(from, index)) {
            self.edges.push((from, index));
        }
        // What this policy names itself is laid on again; what a document below names is there already.
        if known.is_none() || chain.len() == 1 || !self.layers.contains(&index) {
            self.follow(index, chain, report);
        }
        true
    }
}

/// The entries of `extends`; `None` if it is no list.
fn extends_of<'n>(root: &'n Node, report: &mut Report) -> Option<Vec<Item<'n>>> {
    let Value::Mapping(entries) = &root.value else {
        return Some(Vec::new());
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "extends") else {
        return Some(Vec::new());
    };
    let item = Item {
        key: &entry.key,
        key_at: &entry.key_at,
        node: &entry.value,
        path: Item::root(root).path.key(&entry.key),
    };
    item.elements("[recommended]", report)
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The sources' names, for reports.
pub(super) fn names(sources: &[Source]) -> Vec<String> {
    sources.iter().map(|source| source.name.clone()).collect()
}

/// Checks that a document is a mapping at all.
pub(super) fn is_mapping(root: &Node, report: &mut Report) -> bool {
    let is_mapping = matches!(root.value, Value::Mapping(_));
    if !is_mapping {
        let message = format!(
            "a policy is a mapping that starts like `version: 1`, found {}",
            root.describe()
        );
        report.add(
            &start(root.at.source),
            &super::problem::KeyPath::default(),
            message,
        );
    }
    is_mapping
}
