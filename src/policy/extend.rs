//! Which documents a policy is made of: `extends` followed to its end, presets and files of the workspace alike.

use super::document::{parse, start};
use super::load::PolicyFile;
use super::model::Source;
use super::node::{Node, Value};
use super::presets::{self, PRESETS};
use super::problem::{Report, listing, nearest, quote};
use super::reader::Item;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// Reads a file by its path relative to the workspace. It must not follow a symbolic link out of the workspace.
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
    /// Something that is extended could not be read.
    pub(super) incomplete: bool,
}

/// What an entry of `extends` names.
#[derive(PartialEq, Eq)]
enum Target {
    Preset(presets::Preset),
    /// A path relative to the workspace.
    File(String),
}

/// Why an entry of `extends` names nothing, and what was probably meant.
type Refusal = (String, Option<String>);

impl<'l> Documents<'l> {
    /// Reads the policy and everything that it extends.
    pub(super) fn read(main: PolicyFile, loader: Loader<'l>, report: &mut Report) -> Self {
        let mut documents = Self {
            loader,
            sources: Vec::new(),
            roots: Vec::new(),
            layers: Vec::new(),
            incomplete: false,
        };
        let main = documents.take(main, report);
        documents.follow(main, &mut Vec::new(), report);
        documents
    }

    fn take(&mut self, file: PolicyFile, report: &mut Report) -> usize {
        let index = self.sources.len();
        let root = parse(&file.text, index, report);
        self.incomplete |= root.is_none();
        self.roots.push(root);
        self.sources.push(Source {
            name: file.name,
            workspace_path: file.workspace_path,
            sha256: hexadecimal(&Sha256::digest(&file.text)),
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
        let target = match resolve(item, &self.sources[from]) {
            Ok(target) => target,
            Err((message, nearest)) => return refuse(message, nearest, report),
        };
        let known = self.sources.iter().position(|source| target.is(source));
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
        let index = match known {
            Some(known) => known,
            None => match target.load(self.loader) {
                Ok(file) => self.take(file, report),
                Err(message) => return refuse(message, None, report),
            },
        };
        // What this policy names itself is laid on again; what a document below names is there already.
        if known.is_none() || chain.len() == 1 || !self.layers.contains(&index) {
            self.follow(index, chain, report);
        }
        true
    }
}

impl Target {
    fn is(&self, source: &Source) -> bool {
        match self {
            Self::Preset(preset) => {
                source.workspace_path.is_none() && source.name == source_name(*preset)
            }
            Self::File(path) => source.workspace_path.as_ref() == Some(path),
        }
    }

    fn load(self, loader: Loader<'_>) -> Result<PolicyFile, String> {
        match self {
            Self::Preset(preset) => Ok(preset_file(preset)),
            Self::File(path) => match loader(Path::new(&path)) {
                Ok(text) => Ok(PolicyFile {
                    name: path.clone(),
                    workspace_path: Some(path),
                    text,
                }),
                Err(error) => Err(format!("{} cannot be read: {error}", quote(&path))),
            },
        }
    }
}

/// A preset as a document.
pub(super) fn preset_file(preset: presets::Preset) -> PolicyFile {
    PolicyFile {
        name: source_name(preset),
        workspace_path: None,
        text: preset.text.into(),
    }
}

fn source_name(preset: presets::Preset) -> String {
    format!("preset {}", preset.name)
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

fn resolve(item: &Item<'_>, from: &Source) -> Result<Target, Refusal> {
    let preset_names = || PRESETS.iter().map(|preset| preset.name);
    let expected = || {
        let presets = listing(preset_names());
        format!("expected a preset ({presets}) or a path that ends in `.yml`")
    };
    let Some(text) = item.node.text().filter(|text| !text.trim().is_empty()) else {
        return Err((
            format!("{}, found {}", expected(), item.node.describe()),
            None,
        ));
    };
    let has_ending = [".yml", ".yaml"]
        .iter()
        .any(|ending| text.ends_with(ending));
    if !has_ending && !text.contains(['/', '\\']) {
        return presets::find(text).map(Target::Preset).ok_or_else(|| {
            let message = format!("no preset is called {}: {}", quote(text), expected());
            (message, nearest(text, preset_names()))
        });
    }
    relative_path(text, from)
        .map(Target::File)
        .map_err(|message| (message, None))
}

/// The path relative to the workspace of what `from` calls `text`.
fn relative_path(text: &str, from: &Source) -> Result<String, String> {
    let shown = quote(text);
    if text.contains('\\') {
        return Err(format!("{shown} has a backslash: write paths with `/`"));
    }
    if text.starts_with('/') {
        return Err(format!(
            "{shown} is absolute: expected a path relative to this file, inside the workspace"
        ));
    }
    let Some(here) = &from.workspace_path else {
        return Err(format!(
            "{shown} cannot be found from here: a policy outside the workspace can only extend presets"
        ));
    };
    let mut parts: Vec<&str> = here.split('/').collect();
    parts.pop();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(format!(
                        "{shown} leaves the workspace: expected a path inside it"
                    ));
                }
            }
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}

fn hexadecimal(bytes: &[u8]) -> String {
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
