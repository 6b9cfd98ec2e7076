//! `schema`: JSON, YAML and TOML files against JSON Schema.

use super::check::{
    Check, Content, DefaultPaths, ElsewhereChange, Example, ExampleFile, ExampleKind, Files, Level,
    OptionError, Rule,
};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing, clipped};
use super::options::{PathPattern, build};
use super::schema_source::Source;
use super::schema_store::{Store, Unusable, judged};
use crate::finding::{Found, Severity, Subject};
use crate::schemas::{self, Builtin, NoLibrary, Schema};
use crate::syntax::{self, Node, Notation, Value};
use crate::walk::{Entry, Kind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "schema",
    summary: "a JSON, YAML or TOML file is not what its schema asks for",
    why: "A misspelt key in a workflow or a configuration is mostly not refused but ignored, and is found out when it is too late. \
          A schema finds it in the pull request, and all mistakes at once. Nothing is loaded from a network.",
    fix: "Correct the value or key at the place that is named; the message says what the schema expects there.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<SchemaCheck>,
    examples: &[
        Example {
            title: "A workflow with a misspelt key, a wrong event and a step that does nothing",
            options: "",
            files: &[
                ExampleFile {
                    path: ".github/workflows/ci.yml",
                    is: ExampleKind::Text(
                        "on: [push, pull_requests]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    step: []\n    steps:\n      - name: nothing\n",
                    ),
                },
                ExampleFile {
                    path: "elsewhere.yml",
                    is: ExampleKind::Text("on: nonsense\n"),
                },
            ],
            violations: &[
                ".github/workflows/ci.yml:1:12",
                ".github/workflows/ci.yml:5:5",
                ".github/workflows/ci.yml:7:9",
            ],
        },
        Example {
            title: "A workflow as it should be",
            options: "schema: builtin:github-workflow",
            files: &[ExampleFile {
                path: ".github/workflows/ci.yml",
                is: ExampleKind::Text(
                    "on:\n  push: { branches: [main] }\njobs:\n  build:\n    runs-on: ${{ matrix.os }}\n    strategy: { matrix: { os: [ubuntu-latest, macos-latest] } }\n    timeout-minutes: ${{ fromJSON(vars.MINUTES) }}\n    steps:\n      - run: make\n",
                ),
            }],
            violations: &[],
        },
        Example {
            title: "A schema of the workspace, and every mistake in every document",
            options: "{ schema: schemas/service.json, paths: ['services/*'] }",
            files: &[
                ExampleFile {
                    path: "schemas/service.json",
                    is: ExampleKind::Text(
                        r#"{ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["name"],
"properties": { "name": { "type": "string" }, "port": { "type": "integer", "minimum": 1 } }, "additionalProperties": false }"#,
                    ),
                },
                ExampleFile {
                    path: "services/a.yaml",
                    is: ExampleKind::Text("name: a\nport: 0\n---\nport: x\nprot: 1\n"),
                },
                ExampleFile {
                    path: "services/b.toml",
                    is: ExampleKind::Text("name = 1\n"),
                },
            ],
            violations: &[
                "services/a.yaml:2:7",
                "services/a.yaml:4:1",
                "services/a.yaml:4:7",
                "services/a.yaml:5:1",
                "services/b.toml:1:8",
            ],
        },
        Example {
            title: "A schema that is missing",
            options: "{ schema: schemas/none.json, paths: ['*.json'] }",
            files: &[ExampleFile {
                path: "a.json",
                is: ExampleKind::Text("{}\n"),
            }],
            violations: &["schemas/none.json"],
        },
        Example {
            title: "A file says which schema of the workspace it follows",
            options: "{ follow_dollar_schema: true, paths: ['*.json'] }",
            files: &[
                ExampleFile {
                    path: "a.json",
                    is: ExampleKind::Text("{ \"$schema\": \"./s/a.json\",\n\"n\": 1 }\n"),
                },
                ExampleFile {
                    path: "s/a.json",
                    is: ExampleKind::Text(
                        "{ \"properties\": { \"n\": { \"type\": \"string\" } } }\n",
                    ),
                },
            ],
            violations: &["a.json:2:6"],
        },
    ],
};

/// Options of `schema`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Schema")]
struct Options {
    /// What the files are judged by: `builtin:github-workflow` or `builtin:github-action` (`paths` may be left out then), the path of a schema in the workspace, or a schema written here. Without it each built-in one judges the files that it is about.
    schema: Option<Source>,
    /// Whether a file whose key `$schema` names a schema in the workspace (relative to the file) is judged by that one. Files that name none are judged by `schema`, or not at all without it.
    follow_dollar_schema: bool,
    /// The notation of files whose name does not tell it.
    notation: Option<NotationName>,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

/// A notation that can be judged.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum NotationName {
    Json,
    Yaml,
    Toml,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: None,
            follow_dollar_schema: false,
            notation: None,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, with the schemas.
#[derive(Deserialize)]
#[serde(from = "Options")]
struct SchemaCheck {
    options: Options,
    /// The schema that is written in the policy.
    inline: Option<Result<Arc<Schema>, schemas::Unusable>>,
    store: Store,
}

impl From<Options> for SchemaCheck {
    fn from(options: Options) -> Self {
        let inline = match &options.schema {
            Some(Source::Inline(schema)) => {
                Some(Schema::from_value(schema.clone(), Arc::new(NoLibrary)).map(Arc::new))
            }
            _ => None,
        };
        Self {
            options,
            inline,
            store: Store::default(),
        }
    }
}

/// By what a document is judged.
enum Judge {
    Builtin(Builtin),
    Schema(Arc<Schema>),
    /// By nothing, since its schema is unusable, which is said at the schema, or since none is wanted.
    Nobody,
}

impl Check for SchemaCheck {
    /// Schemas refer to others, so any file may be one.
    fn depends_on(&self, entry: Entry<'_>, _change: ElsewhereChange) -> bool {
        let is_from_workspace = matches!(self.options.schema, Some(Source::File(_)));
        entry.kind() == Kind::File && (is_from_workspace || self.options.follow_dollar_schema)
    }

    fn prepare(&self, files: &Arc<dyn Files>, found: &mut Found) {
        self.store.open(files);
        let Some(Source::File(path)) = &self.options.schema else {
            return;
        };
        found.looked_for(1);
        let Err(unusable) = self.store.load(path) else {
            return;
        };
        match unusable.as_ref() {
            Unusable::Unreadable(why) => found.on(
                path.as_bytes(),
                Subject::Requirement,
                format!("the schema cannot be used, so nothing is judged by it: {why}"),
            ),
            Unusable::Wrong(faults) => {
                for fault in faults {
                    let message = format!("the schema cannot be used: {}", fault.message);
                    found.on_at(path.as_bytes(), fault.bytes.clone(), message);
                }
            }
        }
    }

    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let Some(notation) = self.notation(file) else {
            found.whole("the name does not tell whether it is JSON, YAML or TOML, so it cannot be judged by a schema; the option `notation` can tell");
            return;
        };
        let parsed = syntax::parse(file.bytes, notation);
        if let Some(mistake) = parsed.mistakes.first() {
            let message = format!("cannot be judged by a schema: {}", mistake.message);
            found.at(mistake.bytes.clone(), message);
            return;
        }
        let mut listing = Listing::new(found, self.options.max_findings);
        for document in &parsed.documents {
            self.document(file, document, &mut listing);
        }
        listing.finish();
    }

    fn default_paths(&self) -> DefaultPaths {
        let builtins: &[Builtin] = match &self.options.schema {
            Some(Source::Builtin(one)) => std::slice::from_ref(one),
            None if !self.options.follow_dollar_schema => &Builtin::ALL,
            _ => return DefaultPaths::Missing,
        };
        let patterns = builtins.iter().flat_map(|one| one.paths());
        let patterns = patterns.filter_map(|pattern| PathPattern::parse(pattern).ok());
        DefaultPaths::These(patterns.collect())
    }

    fn validate(&self) -> Vec<OptionError> {
        match &self.inline {
            Some(Err(schemas::Unusable(mistakes))) => mistakes
                .iter()
                .map(|mistake| OptionError::new("schema", format!("no JSON Schema: {mistake}")))
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl SchemaCheck {
    fn notation(&self, file: &Content<'_>) -> Option<Notation> {
        let by_name = judged(Notation::of(file.entry.path()));
        by_name.or(self.options.notation.map(|named| match named {
            NotationName::Json => Notation::Json,
            NotationName::Yaml => Notation::Yaml,
            NotationName::Toml => Notation::Toml,
        }))
    }

    fn document(&self, file: &Content<'_>, document: &Node, listing: &mut Listing<'_>) {
        let judge = match self.judge(file, document) {
            Ok(judge) => judge,
            Err((bytes, message)) => return listing.add(bytes, || message),
        };
        let faults = match &judge {
            Judge::Nobody => return,
            Judge::Schema(schema) => schema.judge(document),
            Judge::Builtin(builtin) => match builtin.schema() {
                Ok(schema) => schema.judge(document),
                Err(unusable) => return listing.add(0..0, || unusable.to_string()),
            },
        };
        for fault in faults {
            listing.add(fault.bytes, || fault.message);
        }
    }

    /// Who judges, or what is wrong with what the document says about that.
    fn judge(&self, file: &Content<'_>, document: &Node) -> Result<Judge, (Range<usize>, String)> {
        if self.options.follow_dollar_schema
            && let Some((node, named)) = dollar_schema(document)
        {
            let folder = file.entry.path();
            let path = beside(folder, named).ok_or_else(|| {
                let named = clipped(named, 100);
                (
                    node.bytes.clone(),
                    format!("the schema `{named}` is outside of the workspace"),
                )
            })?;
            return self
                .store
                .load(&path)
                .map(Judge::Schema)
                .map_err(|unusable| {
                    let path = clipped(&path, 200);
                    let why = unusable.summary();
                    (
                        node.bytes.clone(),
                        format!("the schema `{path}` cannot be used: {why}"),
                    )
                });
        }
        Ok(match &self.options.schema {
            Some(Source::Builtin(one)) => Judge::Builtin(*one),
            Some(Source::File(path)) => self.store.load(path).map_or(Judge::Nobody, Judge::Schema),
            Some(Source::Inline(_)) => match &self.inline {
                Some(Ok(schema)) => Judge::Schema(Arc::clone(schema)),
                _ => Judge::Nobody,
            },
            None if self.options.follow_dollar_schema => Judge::Nobody,
            None => {
                let about = Builtin::ALL
                    .into_iter()
                    .find(|one| one.is_about(file.entry.path()));
                let message = "no built-in schema is about files with this path: name one in the option `schema`";
                Judge::Builtin(about.ok_or_else(|| (0..0, message.to_owned()))?)
            }
        })
    }
}

/// The key `$schema` of a document, if it names a file.
fn dollar_schema(document: &Node) -> Option<(&Node, &str)> {
    let Value::Object(members) = &document.value else {
        return None;
    };
    let member = members.iter().rev().find(|one| one.key == "$schema")?;
    let Value::String(named) = &member.value.value else {
        return None;
    };
    // An address on a network says what the file is meant to be, and cannot be followed.
    let is_address = named.contains(':') || named.starts_with("//") || named.is_empty();
    (!is_address).then_some((&member.value, named.as_str()))
}

/// The path of what a file names relative to itself; `None` outside of the workspace.
fn beside(file: &[u8], named: &str) -> Option<String> {
    let file = std::str::from_utf8(file).ok()?;
    let named = named.split('#').next().unwrap_or(named);
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    if named.starts_with('/') {
        parts.clear();
    }
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
