//! Proves every rule by its own examples, without the engine: the fastest answer while a rule is being written.

use super::{
    Check, DefaultPaths, Example, ExampleKind, Files, Level, PathPattern, Rule, Scope, trial,
};
use crate::editorconfig::{self, Cascade};
use crate::finding::{Draft, Found, Place};
use crate::text::{self, Encoding};
use crate::walk::{Entry, EntryId, Kind, Meta, Tree, TreeBuilder};
use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[test]
fn every_example_of_every_rule_holds() {
    for rule in super::all()
        .iter()
        .filter(|rule| !rule.levels.contains(&Level::Engine))
    {
        assert!(
            rule.examples
                .iter()
                .any(|example| example.violations.is_empty())
                && rule
                    .examples
                    .iter()
                    .any(|example| !example.violations.is_empty()),
            "{} needs at least one good and one bad example",
            rule.id
        );
        for example in rule.examples {
            assert_eq!(
                run(rule, example),
                example.violations,
                "{}: {}",
                rule.id,
                example.title
            );
        }
    }
}

fn run(rule: &Rule, example: &Example) -> Vec<String> {
    let world = World::of(rule, example);
    let told = world.scan(Found::default);
    let places = told.iter().map(|(path, draft)| world.place(path, draft));
    places.collect()
}

/// A workspace on disk, and a rule with its options.
pub(super) struct World {
    pub(super) directory: tempfile::TempDir,
    levels: &'static [Level],
    check: Box<dyn Check>,
    patterns: Patterns,
}

impl World {
    /// The workspace of an example.
    pub(super) fn of(rule: &Rule, example: &Example) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for file in example.files {
            create(&directory.path().join(file.path), file.is);
        }
        let (check, patterns) = configure(rule, example);
        Self {
            directory,
            levels: rule.levels,
            check,
            patterns,
        }
    }

    /// What the rule finds, each with its path.
    pub(super) fn scan(&self, collector: fn() -> Found) -> Vec<(String, Draft)> {
        let mut builder = TreeBuilder::default();
        list(self.directory.path(), "", &mut builder);
        let tree = builder.finish(self.directory.path().to_owned());
        let mut told = Vec::new();
        let mut found = collector();
        let folder: Arc<dyn Files> = Arc::new(Folder(self.directory.path().to_owned()));
        self.check.prepare(&folder, &mut found);
        collect(&mut found, b"", &mut told);
        let members: Vec<EntryId> = tree
            .entries()
            .filter(|entry| self.patterns.covers(*entry))
            .map(|entry| entry.id())
            .collect();
        let cascade = cascade(&tree);
        for id in &members {
            let mut found = collector();
            let entry = tree.entry(*id);
            if self.levels.contains(&Level::Entry) {
                self.check.entry(entry, &mut found);
            }
            if self.levels.contains(&Level::Content) && entry.kind() == Kind::File {
                self.content(&tree, entry, &cascade, &mut found);
            }
            collect(&mut found, entry.path(), &mut told);
        }
        let digests = digests(&tree);
        let mut found = collector();
        self.check
            .tree(&Scope::new(&tree, members, &digests), &mut found);
        collect(&mut found, b"", &mut told);
        told
    }

    fn content(&self, tree: &Tree, entry: Entry<'_>, cascade: &Cascade, found: &mut Found) {
        let bytes = read(tree, entry);
        if text::detect(&bytes, true) == Encoding::Binary {
            return;
        }
        let settings = cascade.properties(entry.path());
        let known = trial::Known {
            settings: (!cascade.is_empty()).then_some(settings),
            ..trial::Known::default()
        };
        trial::read(self.check.as_ref(), entry, &bytes, &known, found);
    }

    /// A finding's path, with line and column if it has a place.
    fn place(&self, path: &str, draft: &Draft) -> String {
        let Place::Bytes(range) = &draft.place else {
            return path.to_owned();
        };
        let bytes = std::fs::read(self.directory.path().join(path)).unwrap_or_default();
        let before = &bytes[..range.start];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let text = String::from_utf8_lossy(&before[line_start..]);
        format!("{path}:{line}:{}", text.chars().count() + 1)
    }
}

fn collect(found: &mut Found, path: &[u8], told: &mut Vec<(String, Draft)>) {
    told.extend(found.drain().map(|draft| {
        let path = draft.path.as_deref().unwrap_or(path);
        (String::from_utf8(path.to_vec()).unwrap(), draft)
    }));
}

fn cascade(tree: &Tree) -> Cascade {
    let files = tree
        .entries()
        .filter(|entry| entry.name() == editorconfig::FILE_NAME);
    Cascade::new(files.map(|entry| {
        let name = editorconfig::FILE_NAME.len();
        let directory = &entry.path()[..entry.path().len() - name];
        let directory = directory.strip_suffix(b"/").unwrap_or(directory);
        (directory.into(), editorconfig::parse(&read(tree, entry)))
    }))
}

/// The workspace of an example.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|_| "there is no such file".into())
    }
}

fn create(path: &Path, is: ExampleKind) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let contents = match is {
        ExampleKind::Text(text) | ExampleKind::Executable(text) => text.as_bytes().to_vec(),
        ExampleKind::Bytes(bytes) => bytes.to_vec(),
        ExampleKind::Size(size) => vec![0; usize::try_from(size).unwrap()],
        ExampleKind::Link(target) => return std::os::unix::fs::symlink(target, path).unwrap(),
        ExampleKind::Repository => return std::fs::create_dir_all(path.join(".git")).unwrap(),
    };
    if path.to_str().unwrap().ends_with('/') {
        return std::fs::create_dir_all(path).unwrap();
    }
    std::fs::File::create(path)
        .unwrap()
        .write_all(&contents)
        .unwrap();
    let mode = if matches!(is, ExampleKind::Executable(_)) {
        0o755
    } else {
        0o644
    };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn list(directory: &Path, prefix: &str, builder: &mut TreeBuilder) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let facts = entry.metadata().unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let nested = entry.path().join(".git").exists();
        let kind = match facts.file_type() {
            kind if kind.is_dir() && nested => Kind::NestedRepository,
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Symlink,
            kind if kind.is_file() => Kind::File,
            _ => Kind::Special,
        };
        let meta = Meta {
            kind,
            permissions: u16::try_from(facts.mode() & 0o7777).unwrap(),
            size: facts.size(),
            modified_ns: facts.mtime() * 1_000_000_000,
            tracked: None,
            ignored: false,
        };
        assert!(builder.push(path.as_bytes(), meta));
        if kind == Kind::Directory {
            list(&entry.path(), &format!("{path}/"), builder);
        }
    }
}

fn read(tree: &Tree, entry: Entry<'_>) -> Vec<u8> {
    let path = tree.root().join(std::str::from_utf8(entry.path()).unwrap());
    if entry.kind() == Kind::File {
        std::fs::read(path).unwrap()
    } else {
        Vec::new()
    }
}

struct Patterns(Option<Vec<PathPattern>>, Vec<PathPattern>);

impl Patterns {
    fn covers(&self, entry: Entry<'_>) -> bool {
        let any = |patterns: &[PathPattern]| {
            patterns.iter().any(|pattern| {
                pattern
                    .globs()
                    .unwrap()
                    .iter()
                    .enumerate()
                    .any(|(part, glob)| {
                        let only_directories = pattern.is_directory() && part == 0;
                        (!only_directories || entry.kind() == Kind::Directory)
                            && glob
                                .compile_matcher()
                                .is_match(std::str::from_utf8(entry.path()).unwrap())
                    })
            })
        };
        self.0.as_deref().is_none_or(any) && !any(&self.1)
    }
}

fn configure(rule: &Rule, example: &Example) -> (Box<dyn Check>, Patterns) {
    let yaml = if example.options.is_empty() {
        "{}"
    } else {
        example.options
    };
    let mut options: serde_yaml::Mapping = serde_yaml::from_str(yaml).unwrap();
    let mut take = |key: &str| {
        options
            .remove(key)
            .map(|value| serde_yaml::from_value::<Vec<PathPattern>>(value).unwrap())
    };
    let mut patterns = Patterns(take("paths"), take("exclude").unwrap_or_default());
    assert!(
        !rule.needs_paths || patterns.0.is_some(),
        "{}: example without paths",
        rule.id
    );
    match (rule.build)(&serde_yaml::Value::Mapping(options)) {
        Ok(check) => {
            if let (None, DefaultPaths::These(default)) = (&patterns.0, check.default_paths()) {
                patterns.0 = Some(default);
            }
            (check, patterns)
        }
        Err(mistakes) => panic!("{}: {}: {mistakes:?}", rule.id, example.title),
    }
}

fn digests(tree: &Tree) -> HashMap<EntryId, u128> {
    tree.entries()
        .filter(|entry| entry.kind() == Kind::File && entry.size() > 0)
        .map(|entry| (entry.id(), xxhash_rust::xxh3::xxh3_128(&read(tree, entry))))
        .collect()
}
