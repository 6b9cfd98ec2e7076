//! What `required-path` looks for and what comes near to it, in one directory.

use super::folders::is_at_or_below;
use super::options::PathPattern;
use crate::walk::{Entry, Kind};
use globset::{GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// What kind of thing is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WantedKind {
    /// Whatever it is.
    #[default]
    Any,
    /// A file; a symbolic link counts as one.
    File,
    /// A directory, or a submodule.
    Directory,
}

impl WantedKind {
    pub(super) fn of(entry: Entry<'_>) -> Self {
        match entry.kind() {
            Kind::Directory | Kind::NestedRepository => Self::Directory,
            Kind::File | Kind::Symlink | Kind::Special => Self::File,
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Any => "path",
            Self::File => "file",
            Self::Directory => "directory",
        }
    }
}

/// A pattern for one thing (with `/` at its end: for a directory, without what is in it).
pub(super) struct Wanted {
    pattern: PathPattern,
    exact: GlobMatcher,
    /// Without regard to case. It matches whatever `exact` does, and is asked first.
    folded: GlobMatcher,
}

/// How something comes near to what is missing; the better explanation first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Near {
    /// Only upper and lower case differ.
    Case,
    /// The path is right, but it is a file for a directory or the reverse.
    Kind,
    /// In the right directory under a similar name.
    Similar,
}

impl Wanted {
    fn compile(pattern: PathPattern) -> Result<Self, globset::Error> {
        let text = without_slash(&pattern);
        let build = |fold| {
            let mut builder = GlobBuilder::new(text);
            builder.literal_separator(true).case_insensitive(fold);
            builder.build().map(|glob| glob.compile_matcher())
        };
        Ok(Self {
            exact: build(false)?,
            folded: build(true)?,
            pattern,
        })
    }

    /// The pattern between backticks.
    pub(super) fn quoted(&self) -> String {
        format!("`{}`", self.pattern.as_str())
    }

    /// Whether the pattern is the path of a file.
    pub(super) fn is_plain_file(&self) -> bool {
        let text = self.pattern.as_str();
        !self.pattern.is_directory() && !text.contains(['*', '?', '[', '{', '\\'])
    }

    /// Whether an entry is what is wanted, by its path `relative` to the place.
    pub(super) fn fits(
        &self,
        entry: Entry<'_>,
        relative: &[u8],
        ignore_case: bool,
        kind: WantedKind,
    ) -> bool {
        self.matches(relative, ignore_case) && self.is_kind(entry, kind)
    }

    /// Whether an entry is of the right kind.
    pub(super) fn is_kind(&self, entry: Entry<'_>, kind: WantedKind) -> bool {
        let is = WantedKind::of(entry);
        (kind == WantedKind::Any || kind == is)
            && (!self.pattern.is_directory() || is == WantedKind::Directory)
    }

    /// How an entry comes near, if it does and is not what is wanted.
    pub(super) fn near(
        &self,
        entry: Entry<'_>,
        relative: &[u8],
        ignore_case: bool,
        kind: WantedKind,
    ) -> Option<Near> {
        let is_kind = self.is_kind(entry, kind);
        if self.matches(relative, ignore_case) {
            return (!is_kind).then_some(Near::Kind);
        }
        if !is_kind {
            return None;
        }
        if self.matches(relative, true) {
            return Some(Near::Case);
        }
        self.is_similar(relative).then_some(Near::Similar)
    }

    fn matches(&self, relative: &[u8], ignore_case: bool) -> bool {
        let path = globset::Candidate::from_bytes(relative);
        self.folded.is_match_candidate(&path)
            && (ignore_case || self.exact.is_match_candidate(&path))
    }

    /// Whether the names in the same directory have the same stem or differ in one or two letters.
    fn is_similar(&self, relative: &[u8]) -> bool {
        let wanted = without_slash(&self.pattern);
        let is_glob = wanted.contains(['*', '?', '[', '{', '\\']);
        let (Ok(relative), false) = (std::str::from_utf8(relative), is_glob) else {
            return false;
        };
        let split = |path| str::rsplit_once(path, '/').unwrap_or(("", path));
        let ((parent, name), (wanted_parent, wanted)) = (split(relative), split(wanted));
        if parent != wanted_parent || name.len().abs_diff(wanted.len()) > 16 {
            return false;
        }
        let (name, wanted) = (name.to_lowercase(), wanted.to_lowercase());
        let stem = |name: &str| {
            let dot = name.rfind('.').filter(|dot| *dot > 0);
            name[..dot.unwrap_or(name.len())].to_owned()
        };
        stem(&name) == stem(&wanted)
            || wanted.chars().count() > 4 && strsim::damerau_levenshtein(&name, &wanted) <= 2
    }
}

fn without_slash(pattern: &PathPattern) -> &str {
    pattern.as_str().trim_end_matches('/')
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Self::compile(PathPattern::deserialize(source)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Wanted {
    fn inline_schema() -> bool {
        PathPattern::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        PathPattern::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        PathPattern::json_schema(generator)
    }
}

/// A directory in which things are looked for, and what was found of each requirement.
pub(super) struct Place<'t> {
    directory: &'t [u8],
    /// The number of matches, by requirement.
    pub matches: Vec<u64>,
    /// The nearest of what comes near; few requirements are missing, so few are here.
    nearest: Vec<(usize, Near, Entry<'t>)>,
}

impl<'t> Place<'t> {
    /// The directory with this path; empty for the workspace.
    pub(super) fn new(directory: &'t [u8]) -> Self {
        Self {
            directory,
            matches: Vec::new(),
            nearest: Vec::new(),
        }
    }

    /// `path` relative to this directory, if it lies in it.
    pub(super) fn relative<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        if self.directory.is_empty() {
            return Some(path);
        }
        let inside = is_at_or_below(path, self.directory) && path.len() > self.directory.len();
        inside.then(|| &path[self.directory.len() + 1..])
    }

    /// The path from the workspace that names what is wanted here.
    pub(super) fn path_of(&self, wanted: &Wanted) -> Vec<u8> {
        let mut path = self.directory.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(without_slash(&wanted.pattern).as_bytes());
        path
    }

    /// Keeps the best explanation for a requirement, the first of equally good ones.
    pub(super) fn come_near(&mut self, requirement: usize, near: Option<Near>, entry: Entry<'t>) {
        let Some(near) = near else {
            return;
        };
        match self.nearest.iter_mut().find(|known| known.0 == requirement) {
            None => self.nearest.push((requirement, near, entry)),
            Some(known) if near < known.1 => *known = (requirement, near, entry),
            Some(_) => {}
        }
    }

    /// The best explanation for a requirement.
    pub(super) fn near(&self, requirement: usize) -> Option<(Near, Entry<'t>)> {
        let known = self.nearest.iter().find(|known| known.0 == requirement);
        known.map(|(_, near, entry)| (*near, *entry))
    }
}
