//! `nested-copy`: directories that are copies of the workspace, of a directory around them, or of the one beside them.

use super::backup_name::Claim;
use super::check::{Check, Example, ExampleFile, ExampleKind, Level, OptionError, Rule, Scope};
use super::copy_votes::{Pair, Voter, Votes, claim_of, count_votes};
use super::folders::{Folders, is_at_or_below};
use super::name_set::NameSet;
use super::options::{ByteSize, build};
use crate::finding::{Found, Severity, Subject};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "nested-copy",
    summary: "a directory is a copy of the workspace or of a directory next to it",
    why: "A backup of the workspace inside the workspace is in the next backup, too, and so it doubles again and again; \
          searches find everything twice, and changes go to the wrong copy. Git keeps every old version already.",
    fix: "Compare the two directories, keep one, and remove the other; `git log -- PATH` has what was there before.",
    severity: Severity::Error,
    levels: &[Level::Tree, Level::NamedDigest],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<NestedCopy>(),
    build: build::<NestedCopy>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "The workspace inside itself: one violation, however deep it goes",
        options: "",
        files: &[
            file("src/a.c", 100),
            file("src/b.c", 101),
            file("src/c.c", 102),
            file("backup/src/a.c", 100),
            file("backup/src/b.c", 101),
            file("backup/src/c.c", 102),
            file("backup/backup/src/a.c", 100),
            file("backup/backup/src/b.c", 101),
            file("backup/backup/src/c.c", 102),
        ],
        violations: &["backup"],
    },
    Example {
        title: "A dated backup beside its original, of which one file has changed since",
        options: "",
        files: &[
            file("app/src/a.c", 100),
            file("app/src/b.c", 101),
            file("app/src/lib/c.c", 102),
            file("app/src/d.c", 103),
            file("app/src_backup_20240501/a.c", 100),
            file("app/src_backup_20240501/b.c", 101),
            file("app/src_backup_20240501/lib/c.c", 102),
            file("app/src_backup_20240501/d.c", 999),
        ],
        violations: &["app/src_backup_20240501"],
    },
    Example {
        title: "A directory copied into itself",
        options: "",
        files: &[
            file("app/a.c", 100),
            file("app/b.c", 101),
            file("app/c.c", 102),
            file("app/app/a.c", 100),
            file("app/app/b.c", 101),
            file("app/app/c.c", 102),
        ],
        violations: &["app/app"],
    },
    Example {
        title: "A name alone decides nothing: this is the module that makes backups",
        options: "",
        files: &[
            file("store/a.c", 100),
            file("store/b.c", 101),
            file("store/c.c", 102),
            file("store_backup/a.c", 200),
            file("store_backup/b.c", 201),
            file("store_backup/c.c", 202),
        ],
        violations: &[],
    },
    Example {
        title: "Packages of one repository share their boilerplate",
        options: "",
        files: &[
            file("LICENSE", 1000),
            file(".editorconfig", 200),
            file("tsconfig.json", 201),
            file("packages/a/LICENSE", 1000),
            file("packages/a/.editorconfig", 200),
            file("packages/a/tsconfig.json", 201),
            file("packages/a/index.ts", 300),
            file("packages/b/LICENSE", 1000),
            file("packages/b/.editorconfig", 200),
            file("packages/b/tsconfig.json", 201),
            file("packages/b/index.ts", 301),
        ],
        violations: &[],
    },
    Example {
        title: "Dependencies that bring the same package again",
        options: "",
        files: &[
            file("node_modules/b/x.js", 100),
            file("node_modules/b/y.js", 101),
            file("node_modules/b/z.js", 102),
            file("node_modules/a/node_modules/b/x.js", 100),
            file("node_modules/a/node_modules/b/y.js", 101),
            file("node_modules/a/node_modules/b/z.js", 102),
        ],
        violations: &[],
    },
    Example {
        title: "Fixtures that are numbered and differ in one file",
        options: "",
        files: &[
            file("tests/case/in.txt", 100),
            file("tests/case/conf.ini", 101),
            file("tests/case/data.csv", 102),
            file("tests/case/out.txt", 103),
            file("tests/case2/in.txt", 100),
            file("tests/case2/conf.ini", 101),
            file("tests/case2/data.csv", 102),
            file("tests/case2/out.txt", 104),
        ],
        violations: &[],
    },
    Example {
        title: "Directories without such a name may be equal",
        options: "",
        files: &[
            file("expected/a.txt", 100),
            file("expected/b.txt", 101),
            file("expected/c.txt", 102),
            file("input/a.txt", 100),
            file("input/b.txt", 101),
            file("input/c.txt", 102),
        ],
        violations: &[],
    },
];

const fn file(path: &'static str, size: u64) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Size(size),
    }
}

/// Options of `nested-copy`. The content decides: a directory is a copy if enough of its files are at the same relative
/// paths in the directory it is compared with. That is each one around it, up to the workspace, and those beside it of
/// whose names its own is a backup. Contents that more than 64 files share are left out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NestedCopy {
    /// The least number of equal files.
    #[schemars(range(min = 1))]
    min_files: u32,
    /// The least share of the directory's files that have to be equal, in per cent. Where the name adds only a number
    /// (`case2`), all of them have to be.
    #[schemars(range(min = 1, max = 100))]
    share: u8,
    /// Smaller files are left out.
    min_size: ByteSize,
    /// Names of files that are the same in many directories for good reasons: they are left out.
    boilerplate: NameSet,
    /// Names of directories whose content a package manager puts there: they are left out.
    dependencies: NameSet,
    /// Words that mark a backup when they are added to the name of the directory beside it.
    backup_words: NameSet,
}

impl Default for NestedCopy {
    fn default() -> Self {
        Self {
            min_files: 3,
            share: 60,
            min_size: ByteSize(32),
            boilerplate: NameSet::of(&[
                ".*",
                "LICENSE*",
                "LICENCE*",
                "COPYING*",
                "NOTICE*",
                "CODE_OF_CONDUCT*",
                "CONTRIBUTING*",
                "SECURITY*",
                "__init__.py",
                "conftest.py",
                "tsconfig*.json",
                "*.config.*",
                "rustfmt.toml",
                "clippy.toml",
                "gradlew*",
                "gradle-wrapper.*",
                "mvnw*",
            ]),
            dependencies: NameSet::of(&[
                "node_modules",
                "bower_components",
                "vendor",
                "vendored",
                "third_party",
                "third-party",
                "external",
                "site-packages",
                ".venv",
                "venv",
                "Pods",
                "Carthage",
            ]),
            backup_words: NameSet::of(&[
                "backup*",
                "bak",
                "bkp",
                "bck",
                "copy",
                "copies",
                "kopie",
                "old",
                "orig",
                "original",
                "prev",
                "previous",
                "save",
                "saved",
                "archive",
                "archived",
                "snapshot*",
            ]),
        }
    }
}

/// A directory that is a copy.
struct FoundCopy {
    pair: Pair,
    equal: usize,
    compared: usize,
}

impl Check for NestedCopy {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let mut folders = Folders::new();
        let voters = self.voters(scope, &mut folders);
        let tally = count_votes(&voters, &folders, &self.backup_words);
        let mut inside: Option<&[u8]> = None;
        for copy in self.judge(&voters, &tally, &folders) {
            let path = folders.get(copy.pair.copy).path;
            if inside.is_some_and(|outer| is_at_or_below(path, outer)) {
                continue;
            }
            inside = Some(path);
            let original = match folders.get(copy.pair.original).path {
                b"" => "the workspace itself".to_owned(),
                path => format!("`{}`", path.as_bstr()),
            };
            found.on(
                path,
                Subject::Directory,
                format!(
                    "directory is a copy of {original}: {} of {} files compared are the same there",
                    copy.equal, copy.compared
                ),
            );
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let mut mistakes = Vec::new();
        if !(1..=100).contains(&self.share) {
            mistakes.push(OptionError::new(
                "share",
                format!("`{}` is no share: expected 1 to 100 per cent", self.share),
            ));
        }
        if self.min_files == 0 {
            mistakes.push(OptionError::new("min_files", "expected at least 1"));
        }
        mistakes
    }
}

impl NestedCopy {
    /// The files that say something about their directories, in tree order.
    fn voters<'t>(&self, scope: &Scope<'t>, folders: &mut Folders<'t>) -> Vec<Voter<'t>> {
        let mut voters = Vec::new();
        // By the number of the directory: whether it, or one around it, holds dependencies.
        let mut is_dependency = vec![false];
        for file in scope.files() {
            if file.size() < self.min_size.0 || self.boilerplate.contains(file.name()) {
                continue;
            }
            let folder = folders.number(file.parent());
            for new in &folders.all()[is_dependency.len()..] {
                let inherited = is_dependency[new.parent as usize];
                is_dependency.push(inherited || self.dependencies.contains(new.name()));
            }
            if !is_dependency[folder as usize] {
                voters.push(Voter {
                    path: file.path(),
                    folder,
                    digest: scope.digest(file),
                });
            }
        }
        voters
    }

    /// All copies in tree order. Inner directories come first: what lies in a copy is explained, and says nothing about
    /// the directories around it.
    fn judge(&self, voters: &[Voter<'_>], tally: &Votes, folders: &Folders<'_>) -> Vec<FoundCopy> {
        let ranges = ranges(voters, folders);
        let mut explained = vec![false; voters.len()];
        let enough = |files: &Vec<u32>| files.len() >= self.min_files as usize;
        let mut candidates: Vec<(&Pair, &Vec<u32>)> = tally
            .by_pair
            .iter()
            .filter(|(_, files)| enough(files))
            .collect();
        candidates.sort_unstable_by_key(|(pair, _)| std::cmp::Reverse(**pair));
        let mut copies = Vec::new();
        for rivals in candidates.chunk_by(|one, other| one.0.copy == other.0.copy) {
            let range = ranges[rivals[0].0.copy as usize].clone();
            let counts = |file: usize| tally.counts[file] && !explained[file];
            let compared = range.clone().filter(|file| counts(*file)).count();
            let equal = |files: &[u32]| files.iter().filter(|file| counts(**file as usize)).count();
            let best = rivals
                .iter()
                .map(|(pair, files)| (**pair, equal(files)))
                .filter(|(pair, equal)| self.is_copy(*pair, (*equal, compared), folders))
                // Of equally good originals the first in tree order.
                .max_by_key(|(pair, equal)| (*equal, std::cmp::Reverse(pair.original)));
            if let Some((pair, equal)) = best {
                copies.push(FoundCopy {
                    pair,
                    equal,
                    compared,
                });
                explained[range].fill(true);
            }
        }
        copies.reverse();
        copies
    }

    fn is_copy(
        &self,
        pair: Pair,
        (equal, compared): (usize, usize),
        folders: &Folders<'_>,
    ) -> bool {
        let share = match claim_of(pair, folders, &self.backup_words) {
            Some(Claim::Backup) => usize::from(self.share),
            Some(Claim::Number) => 100,
            None => return false,
        };
        equal >= self.min_files as usize && equal * 100 >= compared * share
    }
}

/// For each directory the positions of the files below it; they follow each other in tree order.
fn ranges(voters: &[Voter<'_>], folders: &Folders<'_>) -> Vec<std::ops::Range<usize>> {
    // First and one past the last; a directory without files keeps the last before the first.
    let mut ends = vec![(usize::MAX, 0); folders.all().len()];
    for (index, voter) in voters.iter().enumerate() {
        let (first, end) = &mut ends[voter.folder as usize];
        (*first, *end) = ((*first).min(index), index + 1);
    }
    for number in (1..ends.len()).rev() {
        let inner = ends[number];
        let (first, end) = &mut ends[folders.all()[number].parent as usize];
        (*first, *end) = ((*first).min(inner.0), (*end).max(inner.1));
    }
    ends.into_iter().map(|(first, end)| first..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Kind, Meta, TreeBuilder};
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashMap};

    /// What the rule says about files with these contents.
    fn says(files: &[(String, u128)]) -> Vec<(String, String)> {
        let mut paths: BTreeSet<String> = files.iter().map(|(path, _)| path.clone()).collect();
        for (path, _) in files {
            paths.extend(
                path.match_indices('/')
                    .map(|(slash, _)| path[..slash].to_owned()),
            );
        }
        let contents: HashMap<&[u8], u128> = files
            .iter()
            .map(|(path, content)| (path.as_bytes(), *content))
            .collect();
        let mut builder = TreeBuilder::default();
        for path in &paths {
            let is_file = contents.contains_key(path.as_bytes());
            let meta = Meta {
                kind: if is_file { Kind::File } else { Kind::Directory },
                permissions: 0o755,
                size: 100,
                modified_ns: 0,
                tracked: None,
                ignored: false,
            };
            assert!(builder.push(path.as_bytes(), meta));
        }
        let tree = builder.finish("/w".into());
        let digests = tree
            .entries()
            .filter_map(|entry| Some((entry.id(), *contents.get::<[u8]>(entry.path())?)))
            .collect();
        let members = tree.entries().map(|entry| entry.id()).collect();
        let mut found = Found::default();
        NestedCopy::default().tree(&Scope::new(&tree, members, &digests), &mut found);
        let path = |path: Box<[u8]>| path.to_str_lossy().into_owned();
        found
            .drain()
            .map(|draft| (path(draft.path.unwrap()), draft.message))
            .collect()
    }

    fn files(of: &[(&str, u128)]) -> Vec<(String, u128)> {
        of.iter()
            .map(|(path, content)| ((*path).to_owned(), *content))
            .collect()
    }

    #[test]
    fn the_message_counts_what_was_compared() {
        let said = says(&files(&[
            ("a/1", 1),
            ("a/2", 2),
            ("a/3", 3),
            ("a/4", 4),
            ("a_old/1", 1),
            ("a_old/2", 2),
            ("a_old/3", 3),
            ("a_old/4", 9),
            ("a_old/README.md", 8),
            ("bak/a/1", 1),
            ("bak/a/2", 2),
            ("bak/a/3", 3),
        ]));
        assert_eq!(
            said,
            [
                ("a_old".to_owned(), "directory is a copy of `a`: 3 of 5 files compared are the same there".to_owned()),
                ("bak".to_owned(), "directory is a copy of the workspace itself: 3 of 3 files compared are the same there".to_owned()),
            ]
        );
    }

    #[test]
    fn too_few_or_too_small_a_share_is_no_copy() {
        assert!(
            says(&files(&[
                ("a/1", 1),
                ("a/2", 2),
                ("a_old/1", 1),
                ("a_old/2", 2)
            ]))
            .is_empty()
        );
        let share = [
            ("a/1", 1),
            ("a/2", 2),
            ("a/3", 3),
            ("a_old/1", 1),
            ("a_old/2", 2),
            ("a_old/3", 3),
            ("a_old/x", 4),
            ("a_old/y", 5),
            ("a_old/z", 6),
        ];
        assert!(says(&files(&share)).is_empty());
    }

    #[test]
    fn a_copy_in_a_copy_does_not_hide_the_outer_one() {
        // Without the inner backup explained, the outer one would be only half a copy.
        let mut list = Vec::new();
        for prefix in ["", "x/", "x/x/", "x/x/x/"] {
            for (name, content) in [("src/1", 1), ("src/2", 2), ("lib/3", 3), ("lib/4", 4)] {
                list.push((format!("{prefix}{name}"), content));
            }
        }
        let reported: Vec<String> = says(&list).into_iter().map(|(path, _)| path).collect();
        assert_eq!(reported, ["x"]);
    }

    proptest! {
        #[test]
        fn a_backup_of_anything_is_found_and_without_equal_contents_nothing_is(
            names in proptest::collection::btree_set("([ab]/){0,3}[cd]{1,4}", 3..20),
            inside in any::<bool>(),
        ) {
            // `w` takes the place of a workspace whose files are all different.
            let original: Vec<(String, u128)> = (1..).zip(&names).map(|(content, name)| (format!("w/{name}"), content)).collect();
            prop_assert!(says(&original).is_empty());
            let target = if inside { "w/zz/y" } else { "w backup" };
            let copy = original.iter().map(|(path, content)| (format!("{target}{}", &path[1..]), *content));
            let all: Vec<(String, u128)> = original.iter().cloned().chain(copy).collect();
            let said = says(&all);
            let reported: Vec<&str> = said.iter().map(|(path, _)| path.as_str()).collect();
            prop_assert_eq!(reported, [target]);
        }
    }
}
