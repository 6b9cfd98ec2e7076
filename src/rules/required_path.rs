//! `required-path`: files and directories that have to be there.

use super::check::{
    Check, Example, ExampleFile, ExampleKind, Files, Level, OptionError, Rule, Scope,
};
use super::options::build;
use super::requirement::{Near, Place, Wanted, WantedKind};
use super::template_file::Template;
use crate::finding::{Change, Found, Safety, Severity, Subject};
use crate::walk::{Entry, Kind};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "required-path",
    summary: "a required file or directory is missing",
    why: "A licence, a readme, a security policy or a changelog is expected in every repository, and nobody notices that \
          it is missing until somebody outside asks for it.",
    fix: "Add what is missing; the message names what comes near, such as a name in the wrong case. `--apply=fix` creates a file that is \
          missing if the policy names a `template` for it.",
    severity: Severity::Error,
    levels: &[Level::Tree],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<RequiredPath>(),
    build: build::<RequiredPath>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "All of them are there",
        options: "all_of: [README.md, src/]",
        files: &[text("README.md"), text("src/main.c")],
        violations: &[],
    },
    Example {
        title: "One is missing, one is a file instead of a directory",
        options: "all_of: [README.md, LICENSE, docs/]",
        files: &[text("README.md"), text("docs")],
        violations: &["LICENSE", "docs"],
    },
    Example {
        title: "One of several names is enough",
        options: "any_of: ['LICENSE*', COPYING]",
        files: &[text("LICENSE-MIT"), text("a.c")],
        violations: &[],
    },
    Example {
        title: "None of several names: the violation is on the first",
        options: "any_of: [LICENSE, COPYING]",
        files: &[text("license"), text("lib/LICENSE")],
        violations: &["LICENSE"],
    },
    Example {
        title: "Case can be ignored",
        options: "{ all_of: [license], ignore_case: true }",
        files: &[text("LICENSE")],
        violations: &[],
    },
    Example {
        title: "Each package has to have a readme and a test",
        options: "{ each_directory: 'packages/*', all_of: [README.md, 'tests/**/*.py'] }",
        files: &[
            text("packages/a/README.md"),
            text("packages/a/tests/unit/a.py"),
            text("packages/b/readme.md"),
            text("packages/b/tests/b.py"),
        ],
        violations: &["packages/b/README.md"],
    },
    Example {
        title: "A file that can be made from another one",
        options: "{ all_of: [SECURITY.md], template: templates/security.md }",
        files: &[text("templates/security.md")],
        violations: &["SECURITY.md"],
    },
    Example {
        title: "At most one lock file",
        options: "count: { paths: ['**/*.lock'], max: 1 }",
        files: &[text("a.lock"), text("web/b.lock")],
        violations: &["**/*.lock"],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `required-path`. A pattern that ends in `/` means a directory.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RequiredPath {
    /// Each of these patterns has to match something.
    all_of: Vec<Wanted>,
    /// At least one of these patterns has to match something.
    any_of: Option<Vec<Wanted>>,
    /// How many matches there have to be, or may be.
    count: Option<Count>,
    /// Look in each directory that matches this pattern; the other patterns are relative to it. Without it, they are
    /// relative to the workspace. Where no directory matches, nothing is required.
    each_directory: Option<Wanted>,
    /// Whether `readme.md` is as good as `README.md`.
    ignore_case: bool,
    /// What is looked for.
    kind: WantedKind,
    /// The path of a file in the workspace that the missing file is made from as it is, by `--apply=fix`. Only where one file is
    /// required, in `all_of`, by its path.
    template: Option<Template>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Count {
    /// What is counted: whatever matches at least one of these patterns.
    paths: Vec<Wanted>,
    /// The least number of matches.
    #[serde(default)]
    min: u64,
    /// The greatest number of matches.
    #[serde(default)]
    max: Option<u64>,
}

/// One thing to look for in each place.
struct Requirement<'a> {
    wanted: &'a [Wanted],
    min: u64,
    max: Option<u64>,
}

impl RequiredPath {
    fn requirements(&self) -> Vec<Requirement<'_>> {
        let at_least_one = |wanted| Requirement {
            wanted,
            min: 1,
            max: None,
        };
        let all_of = self.all_of.iter().map(std::slice::from_ref);
        let any_of = self.any_of.iter().map(Vec::as_slice);
        let count = self.count.iter().map(|count| Requirement {
            wanted: &count.paths,
            min: count.min,
            max: count.max,
        });
        all_of
            .chain(any_of)
            .map(at_least_one)
            .chain(count)
            .collect()
    }

    /// Calls `visit` with each place that an entry lies in. A place is opened by its directory, which comes first.
    fn visit<'t>(
        &self,
        scope: &Scope<'t>,
        places: &mut Vec<Place<'t>>,
        mut visit: impl FnMut(&mut Place<'t>, Entry<'t>, &'t [u8]),
    ) {
        let known = places.len();
        let mut next = 0;
        let mut open: Vec<usize> = Vec::new();
        if self.each_directory.is_none() {
            open.push(0);
            if known == 0 {
                places.push(Place::new(b""));
            }
        }
        for entry in scope.entries() {
            let path: &[u8] = entry.path();
            while open
                .last()
                .is_some_and(|place| places[*place].relative(path).is_none())
            {
                open.pop();
            }
            for place in &open {
                if let Some(relative) = places[*place].relative(path) {
                    visit(&mut places[*place], entry, relative);
                }
            }
            if self.each_directory.as_ref().is_some_and(|pattern| {
                pattern.fits(entry, path, self.ignore_case, WantedKind::Directory)
            }) {
                if known == 0 {
                    places.push(Place::new(path));
                }
                open.push(next);
                next += 1;
            }
        }
    }

    fn look<'t>(&self, scope: &Scope<'t>, requirements: &[Requirement<'_>]) -> Vec<Place<'t>> {
        let mut places = Vec::new();
        self.visit(scope, &mut places, |place, entry, relative| {
            place.matches.resize(requirements.len(), 0);
            for (matches, requirement) in place.matches.iter_mut().zip(requirements) {
                let fits =
                    |wanted: &Wanted| wanted.fits(entry, relative, self.ignore_case, self.kind);
                *matches += u64::from(requirement.wanted.iter().any(fits));
            }
        });
        for place in &mut places {
            place.matches.resize(requirements.len(), 0);
        }
        places
    }

    /// Looks once more, only for what comes near to something that is missing.
    fn look_near<'t>(
        &self,
        scope: &Scope<'t>,
        requirements: &[Requirement<'_>],
        places: &mut Vec<Place<'t>>,
    ) {
        let missing =
            |place: &Place<'_>, index: usize| place.matches[index] < requirements[index].min;
        let in_order = 0..requirements.len();
        if !places
            .iter()
            .any(|place| in_order.clone().any(|index| missing(place, index)))
        {
            return;
        }
        self.visit(scope, places, |place, entry, relative| {
            for index in in_order.clone() {
                if !missing(place, index) {
                    continue;
                }
                let near = requirements[index]
                    .wanted
                    .iter()
                    .filter_map(|wanted| wanted.near(entry, relative, self.ignore_case, self.kind))
                    .min();
                place.come_near(index, near, entry);
            }
        });
    }

    fn report(
        &self,
        place: &Place<'_>,
        requirement: &Requirement<'_>,
        index: usize,
    ) -> Option<String> {
        let count = place.matches[index];
        let names: Vec<String> = requirement.wanted.iter().map(Wanted::quoted).collect();
        let names = names.join(", ");
        let noun = self.kind.noun();
        let matches = if count == 1 { "match" } else { "matches" };
        if let Some(max) = requirement.max.filter(|max| count > *max) {
            return Some(format!(
                "{count} {matches} of {names}, at most {max} may be there"
            ));
        }
        if count >= requirement.min {
            return None;
        }
        let near = place.near(index).map_or(String::new(), |(near, entry)| {
            format!("; {}", near.describe(entry))
        });
        Some(match (requirement.min, requirement.wanted.len()) {
            (1, 1) => format!("the {noun} {names} is required and missing{near}"),
            (1, _) => format!("none of {names} is there, one is required{near}"),
            (min, _) => format!("{count} {matches} of {names}, at least {min} are required{near}"),
        })
    }

    /// Why an exact path that exists does not count, where no name in the scope came near.
    fn outside(
        &self,
        scope: &Scope<'_>,
        place: &Place<'_>,
        wanted: &Wanted,
    ) -> Option<&'static str> {
        let entry = scope.tree().find(&place.path_of(wanted))?;
        if !wanted.is_kind(entry, self.kind) {
            return None;
        }
        Some(if entry.is_ignored() {
            "; it exists, but git ignores it"
        } else {
            "; it exists, but not among the paths that this rule looks at"
        })
    }
}

impl RequiredPath {
    /// A missing file can be made from the template, if nothing stands in its way.
    fn offer_template(
        &self,
        scope: &Scope<'_>,
        path: &[u8],
        near: Option<Near>,
        found: &mut Found,
    ) {
        let Some(template) = &self.template else {
            return;
        };
        let parents = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let is_open = |end: usize| {
            let parent = scope.tree().find(&path[..end]);
            parent.is_none_or(|it| it.kind() == Kind::Directory)
        };
        // A file system may take names for one that differ in case.
        let is_taken =
            matches!(near, Some(Near::Case | Near::Kind)) || scope.tree().find(path).is_some();
        if is_taken || !parents.map(|(end, _)| end).all(is_open) {
            return;
        }
        if let Some(content) = template.content() {
            let safety = if near.is_some() {
                Safety::Unsafe
            } else {
                Safety::Safe
            };
            found.fix(safety, || Change::Create {
                path: path.into(),
                content: (*content).into(),
            });
        }
    }

    /// Whether the template stands for just one file.
    fn has_one_file(&self) -> bool {
        let is_alone = self.any_of.is_none() && self.count.is_none();
        let [wanted] = &self.all_of[..] else {
            return false;
        };
        is_alone && wanted.is_plain_file() && self.kind != WantedKind::Directory
    }
}

impl Check for RequiredPath {
    fn prepare(&self, files: &Arc<dyn Files>, found: &mut Found) {
        let Some(template) = &self.template else {
            return;
        };
        found.looked_for(1);
        if let Err(why) = template.load(files.as_ref()) {
            let message = format!("the template cannot be used, so nothing is made from it: {why}");
            found.on(template.path().as_bytes(), Subject::Requirement, message);
        }
    }

    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let requirements = self.requirements();
        let mut places = self.look(scope, &requirements);
        self.look_near(scope, &requirements, &mut places);
        found.looked_for(places.len() as u64 * requirements.len() as u64);
        for place in &places {
            for (index, requirement) in requirements.iter().enumerate() {
                let (Some(message), Some(first)) = (
                    self.report(place, requirement, index),
                    requirement.wanted.first(),
                ) else {
                    continue;
                };
                let missing = place.matches[index] < requirement.min;
                let unexplained = missing && place.near(index).is_none();
                let outside = unexplained
                    .then(|| self.outside(scope, place, first))
                    .flatten();
                let path = place.path_of(first);
                let message = message + outside.unwrap_or_default();
                found.on(&path, Subject::Requirement, message);
                if missing {
                    let near = place.near(index).map(|(near, _)| near);
                    self.offer_template(scope, &path, near, found);
                }
            }
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let mut mistakes = Vec::new();
        if self.all_of.is_empty() && self.any_of.is_none() && self.count.is_none() {
            mistakes.push(OptionError::new(
                "all_of",
                "nothing is required: expected patterns in `all_of`, `any_of` or `count`",
            ));
        }
        if self.any_of.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(OptionError::new(
                "any_of",
                "no pattern: expected at least one",
            ));
        }
        if self.template.is_some() && !self.has_one_file() {
            mistakes.push(OptionError::new(
                "template",
                "it is not clear what to make from it: expected the path of one file in `all_of`, and nothing else required",
            ));
        }
        if let Some(count) = &self.count {
            if count.paths.is_empty() {
                mistakes.push(OptionError::new(
                    "count",
                    "no pattern in `paths`: expected at least one",
                ));
            }
            match count.max {
                None if count.min == 0 => mistakes.push(OptionError::new(
                    "count",
                    "any number would do: expected `min` or `max`",
                )),
                Some(max) if count.min > max => mistakes.push(OptionError::new(
                    "count",
                    format!("`min` is {}, more than `max`, which is {max}", count.min),
                )),
                _ => {}
            }
        }
        mistakes
    }
}

impl Near {
    fn describe(self, entry: Entry<'_>) -> String {
        let path = entry.path().as_bstr();
        match self {
            Self::Case => format!("`{path}` differs only in upper and lower case"),
            Self::Kind => format!("`{path}` is a {}", WantedKind::of(entry).noun()),
            Self::Similar => format!("is `{path}` meant to be it?"),
        }
    }
}
