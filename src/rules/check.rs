//! What a rule is: static facts, options that are the check, and the views of the workspace it gets.

use super::options::PathPattern;
use super::text_rules::TextRules;
use crate::editorconfig::Properties;
use crate::finding::{Found, Severity};
use crate::search::{Matches, Pattern};
use crate::text::Encoding;
use crate::walk::{Entry, EntryId, Kind, Tree};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Static facts of a rule. Everything that is shown about it (catalogue, `explain`, schema, docs) derives from this.
pub struct Rule {
    /// The name in policies: lower-case words joined by `-`.
    pub id: &'static str,
    /// One line, no full stop: what a violation is.
    pub summary: &'static str,
    /// Why anyone would want it; one or two sentences of Markdown.
    pub why: &'static str,
    /// What to do about a violation; one or two sentences of Markdown.
    pub fix: &'static str,
    /// Severity when a policy switches the rule on without naming one.
    pub severity: Severity,
    /// What the rule looks at.
    pub levels: &'static [Level],
    /// Whether the rule says nothing without `paths` in the policy.
    pub needs_paths: bool,
    /// The JSON Schema of the rule's own options.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// Options from the policy (a mapping, without the keys that every rule has) to a check.
    pub build: Build,
    /// Small workspaces that prove the rule; one generic test runs them all.
    pub examples: &'static [Example],
}

/// Makes a check from a rule's options, or names every mistake in them.
pub type Build = fn(&serde_yaml::Value) -> Result<Box<dyn Check>, Vec<OptionError>>;

/// What a rule looks at. The engine reads a file's content only for rules that want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Each path, directories included, without its content: [`Check::entry`].
    Entry,
    /// The content of each text file within the content limit: [`Check::content`].
    Content,
    /// All paths together, once, after every content: [`Check::tree`].
    Tree,
    /// Wants [`Scope::digest`] for files that share their size with another file.
    Digest,
    /// Wants [`Scope::digest`] for files that share their size and their name with another file.
    NamedDigest,
    /// Found by the engine itself (suppressions, dead patterns); its check only holds options.
    Engine,
}

/// A mistake in a rule's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// Keys and list positions from the rule's mapping down to the mistake.
    pub path: Vec<String>,
    /// What is wrong and what was expected.
    pub message: String,
}

impl OptionError {
    /// A mistake in the value of one option.
    pub fn new(key: &str, message: impl Into<String>) -> Self {
        Self {
            path: vec![key.to_owned()],
            message: message.into(),
        }
    }
}

/// What a suppression has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuppressionTerms {
    /// Who answers for it.
    pub owner: bool,
    /// Until when it holds.
    pub expiry: bool,
}

/// How much it matters what a change does to the gate that judges it, beside making it weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegrityTerms {
    /// What changes and does not get weaker; `None`: nothing is said.
    pub changes: Option<Severity>,
    /// New suppressions in comments.
    pub new_suppressions: Option<Severity>,
}

/// Files of the workspace, for rules that judge one file by another.
pub trait Files: Send + Sync {
    /// Reads a file whole: its path relative to the workspace, with `/`. Symlinks are not followed.
    ///
    /// # Errors
    /// It is missing, unreadable or larger than the content limit: why, as a sentence without full stop.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// The code of a rule. Options are already in `self`. A rule overrides only the level it declares.
pub trait Check: Send + Sync {
    /// Looks at one path.
    fn entry(&self, _entry: Entry<'_>, _found: &mut Found) {}

    /// Looks at the content of one text file.
    fn content(&self, _file: &Content<'_>, _found: &mut Found) {}

    /// What the engine is to look for in every file that the rule looks at, together with the patterns of all other rules:
    /// asked once, and [`Content::matches`] answers by position in this list.
    fn patterns(&self) -> Vec<Pattern> {
        Vec::new()
    }

    /// What of a file [`Check::content`] can be given.
    fn reads(&self) -> Reads {
        Reads::WholeText
    }

    /// Looks at all paths in the rule's scope.
    fn tree(&self, _scope: &Scope<'_>, _found: &mut Found) {}

    /// What every suppression has to say, beside a reason. Asked of `malformed-suppression` alone.
    fn suppression_terms(&self) -> SuppressionTerms {
        SuppressionTerms::default()
    }

    /// What to say of a change's own gate. Asked of `gate-integrity` alone.
    fn integrity_terms(&self) -> Option<IntegrityTerms> {
        None
    }

    /// Told once before the first file of each scan, so that the check can read what it judges others by. What it finds
    /// is about other paths than those it is given later.
    fn prepare(&self, _files: &Arc<dyn Files>, _found: &mut Found) {}

    /// Whether what the rule says of an entry that stays as it is may be another after a change elsewhere. What cannot be
    /// told from the path and its facts may.
    fn depends_on(&self, _entry: Entry<'_>, _change: ElsewhereChange) -> bool {
        false
    }

    /// The paths that the check looks at where the policy has no `paths`.
    fn default_paths(&self) -> DefaultPaths {
        DefaultPaths::All
    }

    /// Looks for mistakes that the types of the options cannot show.
    fn validate(&self) -> Vec<OptionError> {
        Vec::new()
    }
}

/// What a change of the workspace does to other paths than the one in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElsewhereChange {
    /// Contents.
    Contents,
    /// Paths came, went, or became something else; contents changed, too.
    Paths,
}

/// What a check looks at where the policy has no `paths`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultPaths {
    /// Everything.
    All,
    /// What matches one of these.
    These(Vec<PathPattern>),
    /// With its options it says nothing: the policy has to name paths.
    Missing,
}

/// What a content rule can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// Texts within the content limit.
    WholeText,
    /// Texts of any size: those beyond the limit in overlapping segments.
    TextInParts,
    /// Any file of any size, binaries too.
    AnythingInParts,
}

/// A file's content: whole, or a segment of a large one.
pub struct Content<'a> {
    /// The path and its metadata.
    pub entry: Entry<'a>,
    /// The bytes: what the file holds, or, of a text in UTF-16, the same text as UTF-8.
    pub bytes: &'a [u8],
    /// How the file is encoded.
    pub encoding: Encoding,
    /// Where `bytes` stands in the file.
    pub part: Part,
    /// What was found of the patterns of all rules.
    pub found: &'a Matches,
    /// The number of this rule's first pattern among those of all rules.
    pub first_pattern: usize,
    /// In a segment: the patterns of all rules that matched in an earlier one, by number. Empty for a whole file.
    pub earlier: &'a [bool],
    /// What the workspace's `.editorconfig` files say about the file, if they say anything.
    pub settings: Option<&'a Properties>,
    /// Which of the rules that `.editorconfig` has settings for look at the file. The rule `editorconfig` leaves to them
    /// what they report, so that nothing is reported twice.
    pub text_rules: TextRules,
}

/// Where a segment stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether the file begins here.
    pub is_first: bool,
    /// Whether the file ends here.
    pub is_last: bool,
}

impl Part {
    /// All of a file.
    pub const WHOLE: Self = Self {
        is_first: true,
        is_last: true,
    };
}

impl Content<'_> {
    /// Where this rule's pattern with this number (its position in [`Check::patterns`]) matches, ascending. In a segment
    /// only what does not belong to another one.
    pub fn matches(&self, pattern: usize) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.found.of(self.first_pattern + pattern)
    }

    /// Whether this rule's pattern matches in an earlier segment of the file.
    pub fn matched_before(&self, pattern: usize) -> bool {
        let number = self.first_pattern + pattern;
        self.earlier.get(number).copied().unwrap_or(false)
    }

    /// The matches of this rule's first `count` patterns: (number of the pattern, place), by number, then by place.
    pub fn all_matches(
        &self,
        count: usize,
    ) -> impl ExactSizeIterator<Item = (usize, Range<usize>)> + '_ {
        let first = self.first_pattern;
        let all = self.found.among(first..first + count).iter();
        all.map(move |(number, place)| (*number as usize - first, place.clone()))
    }

    /// Whether the file's name ends in one of these extensions (without dot, lower case), ignoring ASCII case.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        let name = self.entry.name();
        let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else {
            return false;
        };
        extensions
            .iter()
            .any(|wanted| name[dot + 1..].eq_ignore_ascii_case(wanted.as_bytes()))
    }
}

/// What a whole-tree rule sees: the entries in its scope (never ignored or excluded ones), in tree order.
pub struct Scope<'a> {
    tree: &'a Tree,
    members: Vec<EntryId>,
    digests: &'a HashMap<EntryId, u128>,
}

impl<'a> Scope<'a> {
    /// A scope of these entries (ascending).
    pub fn new(tree: &'a Tree, members: Vec<EntryId>, digests: &'a HashMap<EntryId, u128>) -> Self {
        Self {
            tree,
            members,
            digests,
        }
    }

    /// The entries that the rule applies to, in tree order: a directory right before what is in it.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'a>> + '_ {
        self.members.iter().map(|id| self.tree.entry(*id))
    }

    /// The entries that are regular files.
    pub fn files(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        self.entries().filter(|entry| entry.kind() == Kind::File)
    }

    /// The whole workspace, for looking beyond the scope (does a link's target exist?).
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// A digest of the file's content: equal digests mean equal contents for every practical purpose,
    /// but it is no cryptographic promise. Only with [`Level::Digest`] or [`Level::NamedDigest`]; `None` where no other file has
    /// the same size, for empty files, and where the file could not be read.
    pub fn digest(&self, entry: Entry<'_>) -> Option<u128> {
        self.digests.get(&entry.id()).copied()
    }
}

/// A small workspace and what the rule says about it.
pub struct Example {
    /// What it shows, as a sentence.
    pub title: &'static str,
    /// The rule's mapping in the policy, as YAML (with `paths` and the like), or empty.
    pub options: &'static str,
    /// The files.
    pub files: &'static [ExampleFile],
    /// The expected violations, in order: `path`, or `path:line:column`. Empty for a good example.
    pub violations: &'static [&'static str],
}

/// A file of an example.
pub struct ExampleFile {
    /// Relative path with `/`. One that ends in `/` is an empty directory.
    pub path: &'static str,
    /// What it is.
    pub is: ExampleKind,
}

/// What a file of an example is.
#[derive(Clone, Copy)]
pub enum ExampleKind {
    /// A regular file, mode 644.
    Text(&'static str),
    /// A regular file with arbitrary bytes, mode 644.
    Bytes(&'static [u8]),
    /// A regular file, mode 755.
    Executable(&'static str),
    /// A symbolic link to this target.
    Link(&'static str),
    /// A regular file of this many zero bytes.
    Size(u64),
    /// A directory with a `.git` of its own.
    Repository,
}
