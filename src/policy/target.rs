//! What an entry of `extends` names: a preset, a file of the workspace, or a file anywhere whose content is pinned.

use super::load::PolicyFile;
use super::model::Position;
use super::node::Value;
use super::presets::{self, PRESETS};
use super::problem::{KeyPath, Report, listing, nearest, quote};
use super::reader::Item;
use super::sections::require;
use std::path::Path;

/// Where a document lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Preset(&'static str),
    /// A path relative to the workspace, inside it.
    Workspace(String),
    /// An absolute path, or one relative to the workspace that leads out of it.
    Outside(String),
    /// Nobody knows: what it extends cannot be relative to it.
    Unknown,
}

impl Place {
    /// Where the main document of a policy lies.
    pub(super) fn of_main(main: &PolicyFile) -> Self {
        match (&main.workspace_path, &main.outside_path, &main.name) {
            (Some(path), ..) => Self::Workspace(path.clone()),
            (None, Some(path), _) => Self::Outside(path.clone()),
            (None, None, name) => PRESETS
                .iter()
                .find(|preset| *name == source_name(**preset))
                .map_or(Self::Unknown, |preset| Self::Preset(preset.name)),
        }
    }
}

/// An entry of `extends`.
pub(super) struct Entry {
    text: String,
    pub(super) digest: Option<Pin>,
}

/// The only content that an extended document may have.
pub(super) struct Pin {
    /// SHA-256, hex in lower case.
    sha256: String,
    at: Position,
    path: KeyPath,
}

impl Pin {
    /// Whether a document is the pinned one; if not, that is reported.
    pub(super) fn admits(&self, (name, sha256): (&str, &str), report: &mut Report) -> bool {
        let is_pinned = self.sha256 == sha256;
        if !is_pinned {
            let message = format!(
                "{} is not the pinned file: expected SHA-256 {}, found {sha256}; read what changed in it, then write the \
                 new digest here",
                quote(name),
                self.sha256
            );
            report.add(&self.at, &self.path, message);
        }
        is_pinned
    }
}

/// Why an entry names nothing, and what was probably meant.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) nearest: Option<String>,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self {
            message,
            nearest: None,
        }
    }
}

/// Reads an entry. A mistake in its form goes to the report.
pub(super) fn read_entry(item: &Item<'_>, report: &mut Report) -> Option<Entry> {
    if !matches!(item.node.value, Value::Mapping(_)) {
        let Some(text) = item.node.text().filter(|text| !text.trim().is_empty()) else {
            item.expected(&expected(), report);
            return None;
        };
        return Some(Entry {
            text: text.to_owned(),
            digest: None,
        });
    }
    let fields = item.fields(&["path", "sha256"], report);
    let (mut text, mut digest) = (None, None);
    for field in &fields {
        if field.key == "path" {
            text = field.text("a path that ends in `.yml`", report);
        } else {
            digest = read_digest(field, report);
        }
    }
    let missing = |key: &str| !fields.iter().any(|field| field.key == key);
    require(
        "path",
        "../organisation/gate.yml",
        missing("path"),
        (item, report),
    );
    let example = "SHA-256 of the file as 64 hexadecimal digits";
    require("sha256", example, missing("sha256"), (item, report));
    Some(Entry {
        text: text?,
        digest: Some(digest?),
    })
}

fn read_digest(field: &Item<'_>, report: &mut Report) -> Option<Pin> {
    let is_digest =
        |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(text) = field.node.text().filter(is_digest) else {
        field.expected(
            "the SHA-256 of the file as 64 hexadecimal digits, as `sha256sum` prints it",
            report,
        );
        return None;
    };
    Some(Pin {
        sha256: text.to_ascii_lowercase(),
        at: field.node.at.clone(),
        path: field.path.clone(),
    })
}

fn expected() -> String {
    let presets = listing(PRESETS.iter().map(|preset| preset.name));
    format!("a preset ({presets}) or a path that ends in `.yml`")
}

impl Entry {
    /// What the entry means in a document that lies `from` there.
    pub(super) fn place(&self, from: &Place) -> Result<Place, Refusal> {
        let text = self.text.as_str();
        let has_ending = [".yml", ".yaml"]
            .iter()
            .any(|ending| text.ends_with(ending));
        if self.digest.is_none() && !has_ending && !text.contains(['/', '\\']) {
            let preset = presets::find(text).map(|preset| Place::Preset(preset.name));
            return preset.ok_or_else(|| Refusal {
                message: format!(
                    "no preset is called {}: expected {}",
                    quote(text),
                    expected()
                ),
                nearest: nearest(text, PRESETS.iter().map(|preset| preset.name)),
            });
        }
        if text.contains('\\') {
            let message = format!("{} has a backslash: write paths with `/`", quote(text));
            return Err(message.into());
        }
        if self.digest.is_some() {
            return pinned_place(text, from).map_err(Refusal::from);
        }
        workspace_place(text, from).map_err(Refusal::from)
    }
}

/// A file whose content is not pinned has to be in the workspace.
fn workspace_place(text: &str, from: &Place) -> Result<Place, String> {
    let shown = quote(text);
    if text.starts_with('/') {
        return Err(format!(
            "{shown} is absolute: expected a path relative to this file, inside the workspace, or a file outside pinned \
             like `{{ path: {text}, sha256: ... }}`"
        ));
    }
    let Place::Workspace(here) = from else {
        return Err(format!(
            "{shown} cannot be found from here: a policy outside the workspace can only extend presets, and files that it \
             pins by `sha256`"
        ));
    };
    match normal(text, here) {
        path if is_outside(&path) => Err(format!(
            "{shown} leaves the workspace: expected a path inside it, or a file outside pinned like `{{ path: {text}, \
             sha256: ... }}`"
        )),
        path => Ok(Place::Workspace(path)),
    }
}

fn pinned_place(text: &str, from: &Place) -> Result<Place, String> {
    let here = match from {
        Place::Workspace(here) | Place::Outside(here) => here.as_str(),
        // An absolute path is relative to nothing.
        _ if text.starts_with('/') => "",
        _ => {
            return Err(format!(
                "{} cannot be found from here: expected an absolute path",
                quote(text)
            ));
        }
    };
    match normal(text, here) {
        path if is_outside(&path) => Ok(Place::Outside(path)),
        path => Ok(Place::Workspace(path)),
    }
}

fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path == ".." || path.starts_with("../")
}

/// `text` as seen from the directory of the file `here`, without `.`, and without `..` but at the start.
fn normal(text: &str, here: &str) -> String {
    let directory = here.rsplit_once('/').map_or("", |(directory, _)| directory);
    let is_absolute = text.starts_with('/') || here.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    let before = if text.starts_with('/') { "" } else { directory };
    for part in before.split('/').chain(text.split('/')) {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", None) if is_absolute => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            (part, _) => parts.push(part),
        }
    }
    format!("{}{}", if is_absolute { "/" } else { "" }, parts.join("/"))
}

/// Reads the document that lies there.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub(super) fn read(place: &Place, loader: super::Loader<'_>) -> Result<PolicyFile, String> {
    let (path, workspace_path) = match place {
        Place::Preset(name) => {
            let preset = presets::find(name).ok_or_else(|| format!("no preset {}", quote(name)))?;
            return Ok(preset_file(preset));
        }
        Place::Workspace(path) => (path, Some(path.clone())),
        Place::Outside(path) => (path, None),
        Place::Unknown => return Err("nobody knows where it is".into()),
    };
    match loader(Path::new(path)) {
        Ok(text) => Ok(PolicyFile {
            name: path.clone(),
            workspace_path,
            outside_path: None,
            text,
        }),
        Err(error) => Err(format!("{} cannot be read: {error}", quote(path))),
    }
}

/// A preset as a document.
pub(super) fn preset_file(preset: presets::Preset) -> PolicyFile {
    PolicyFile {
        name: source_name(preset),
        workspace_path: None,
        outside_path: None,
        text: preset.text.into(),
    }
}

fn source_name(preset: presets::Preset) -> String {
    format!("preset {}", preset.name)
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn paths_are_seen_from_the_file_that_names_them() {
        for (text, here, expected) in [
            ("a.yml", ".factory-gate.yml", "a.yml"),
            ("./x//a.yml", "ci/gate.yml", "ci/x/a.yml"),
            ("../a.yml", "ci/gate.yml", "a.yml"),
            ("../../org/a.yml", "ci/gate.yml", "../org/a.yml"),
            ("../b.yml", "../org/a.yml", "../b.yml"),
            ("../../b.yml", "../org/a.yml", "../../b.yml"),
            ("b.yml", "/etc/gate/a.yml", "/etc/gate/b.yml"),
            ("../../../../b.yml", "/etc/a.yml", "/b.yml"),
            ("/opt/./b.yml", "../org/a.yml", "/opt/b.yml"),
        ] {
            assert_eq!(normal(text, here), expected, "{text} from {here}");
        }
    }
}
