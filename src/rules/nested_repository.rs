//! `nested-repository`: git repositories inside the workspace, wanted (submodules) or not.

use super::check::{Check, ElsewhereChange, Example, ExampleFile, ExampleKind, Level, Rule};
use super::folders::is_at_or_below;
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, EntryId, IndexMode, Kind};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "nested-repository",
    summary: "a git repository lies inside the workspace",
    why: "Git does not look into a repository inside a repository: what lies in it is part of no commit, so it is \
          missing after a clone. A submodule records the commit at least, if it is set up completely.",
    fix: "Remove the inner `.git` to take the files in, add it with `git submodule add`, or move it out of the workspace.",
    severity: Severity::Error,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<NestedRepository>(),
    build: build::<NestedRepository>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Plain directories",
        options: "",
        files: &[text("lib/parser/a.c"), text("lib/parser/b.c")],
        violations: &[],
    },
    Example {
        title: "A cloned repository",
        options: "",
        files: &[text("src/a.c"), repository("lib/parser")],
        violations: &["lib/parser"],
    },
    Example {
        title: "A repository that a test needs",
        options: "exclude: ['tests/**']",
        files: &[repository("tests/data/repo"), text("src/a.c")],
        violations: &[],
    },
    Example {
        title: "Outside of the excluded directory it still counts",
        options: "exclude: ['tests/**']",
        files: &[repository("tests/data/repo"), repository("tmp/checkout")],
        violations: &["tmp/checkout"],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

const fn repository(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Repository,
    }
}

/// Options of `nested-repository`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NestedRepository {
    /// Whether submodules are fine, if there is a `.gitmodules` that can tell where they come from.
    submodules: bool,
    /// Whether repositories that are no submodules are fine.
    untracked: bool,
}

impl Default for NestedRepository {
    fn default() -> Self {
        Self {
            submodules: true,
            untracked: false,
        }
    }
}

impl Check for NestedRepository {
    fn depends_on(&self, entry: Entry<'_>, change: ElsewhereChange) -> bool {
        entry.tracked() == Some(IndexMode::Gitlink) && change == ElsewhereChange::Paths
    }

    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        let is_repository = entry.kind() == Kind::NestedRepository;
        match entry.tracked() {
            Some(IndexMode::Gitlink) => {
                if let Some(fault) = self.submodule_fault(entry) {
                    found.whole(fault);
                }
            }
            Some(_) if is_repository => found.whole(
                "a git repository is here where the outer repository has a file of its own",
            ),
            None if is_repository && !self.untracked => found.whole(
                "a git repository that is no submodule: its content is not part of the outer commit",
            ),
            Some(_) | None => {}
        }
    }
}

impl NestedRepository {
    fn submodule_fault(&self, entry: Entry<'_>) -> Option<&'static str> {
        if !self.submodules {
            return Some("a submodule, which the policy does not allow");
        }
        if entry.tree().find(b".gitmodules").is_none() {
            return Some(
                "git records a commit of another repository here, but without a `.gitmodules` nobody can fetch it",
            );
        }
        match entry.kind() {
            Kind::NestedRepository => None,
            // As a checkout without submodules leaves it.
            Kind::Directory if !has_content(entry) => None,
            Kind::Directory => Some(
                "git has a submodule here, but the directory is no repository: its files are not part of any commit",
            ),
            Kind::File | Kind::Symlink | Kind::Special => {
                Some("git has a submodule here, but this is no directory")
            }
        }
    }
}

fn has_content(directory: Entry<'_>) -> bool {
    let next = directory.id().0 + 1;
    (next as usize) < directory.tree().len()
        && is_at_or_below(
            directory.tree().entry(EntryId(next)).path(),
            directory.path(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Meta, TreeBuilder};

    /// What the rule says about `sub`.
    fn says(
        rule: &NestedRepository,
        kind: Kind,
        tracked: Option<IndexMode>,
        others: &[&str],
    ) -> Vec<String> {
        let mut builder = TreeBuilder::default();
        let meta = |kind, tracked| Meta {
            kind,
            permissions: 0o755,
            size: 1,
            modified_ns: 0,
            tracked,
            ignored: false,
        };
        assert!(builder.push(b"sub", meta(kind, tracked)));
        for other in others {
            assert!(builder.push(other.as_bytes(), meta(Kind::File, None)));
        }
        let tree = builder.finish("/w".into());
        let mut found = Found::default();
        rule.entry(tree.find(b"sub").unwrap(), &mut found);
        found.drain().map(|draft| draft.message).collect()
    }

    #[test]
    fn a_complete_submodule_is_fine_checked_out_or_not() {
        let rule = NestedRepository::default();
        let gitlink = Some(IndexMode::Gitlink);
        let modules = [".gitmodules"];
        assert!(says(&rule, Kind::NestedRepository, gitlink, &modules).is_empty());
        assert!(says(&rule, Kind::Directory, gitlink, &modules).is_empty());
        let strict = NestedRepository {
            submodules: false,
            ..rule
        };
        assert!(says(&strict, Kind::Directory, gitlink, &modules)[0].contains("does not allow"));
    }

    #[test]
    fn an_incomplete_submodule_is_named_for_what_it_is() {
        let rule = NestedRepository::default();
        let gitlink = Some(IndexMode::Gitlink);
        for (kind, others, expected) in [
            (
                Kind::NestedRepository,
                &["x"][..],
                "without a `.gitmodules`",
            ),
            (Kind::Directory, &[".gitmodules", "sub/a"], "no repository"),
            (Kind::File, &[".gitmodules"], "no directory"),
        ] {
            let said = says(&rule, kind, gitlink, others);
            assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
        }
    }

    #[test]
    fn only_untracked_repositories_can_be_allowed_by_option() {
        let rule = NestedRepository {
            untracked: true,
            ..NestedRepository::default()
        };
        assert!(says(&rule, Kind::NestedRepository, None, &[]).is_empty());
        let regular = Some(IndexMode::Regular);
        assert_eq!(says(&rule, Kind::NestedRepository, regular, &[]).len(), 1);
    }
}
