//! Who says what about one key of a policy, and what comes of it.

use super::cleanup;
use super::extend::{Documents, Loader};
use super::load::{PolicyFile, load_with};
use super::locks::{GateKey, Lock, LockedKey};
use super::merge::{Catalogue, TOP_KEYS, find};
use super::model::Policy;
use super::node::{Node, Value};
use super::presets;
use super::problem::{Problems, Report, nearest};
use super::said::said;
use super::schema::{option_names, schema_for};
use super::setting::COMMON_KEYS;
use super::target::preset_file;
use crate::finding::Severity;
use crate::rules::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// What one document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// The document's name.
    pub source: String,
    /// Where it says so; from 1.
    pub line: u32,
    /// What it says, as JSON where it is more than a word. Untrusted.
    pub text: String,
}

/// Everything about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The key.
    pub key: String,
    /// What holds; `None`: nobody says anything, so the default holds.
    pub value: Option<String>,
    /// What each document says, in the order in which they are laid over each other.
    pub sayings: Vec<Saying>,
    /// Whether the documents' lists are put together; if not, the last one that says something wins.
    pub adds_up: bool,
    /// What overrides say of the rule that the key is about, in order.
    pub overrides: Vec<Saying>,
    /// The locks on it: as it is written, the document's name and the line.
    pub locks: Vec<(String, String, u32)>,
    /// What holds where no document says anything.
    pub default: Option<String>,
    /// What the key means.
    pub description: Option<String>,
}

/// Why a key cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The policy has mistakes.
    #[error("{0}")]
    Policy(Problems),
    /// There is no such key.
    #[error("there is no key `{key}` in a policy{}", hint(.nearest.as_deref()))]
    Unknown {
        /// As asked for.
        key: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// Explains a key like `gate.fail_on`, `rules.file-size` or `rules.file-size.max`. Without a policy the preset
/// `recommended` applies.
///
/// # Errors
/// The policy has mistakes, or no policy has such a key.
pub fn explain(
    main: Option<PolicyFile>,
    loader: Loader<'_>,
    key: &str,
) -> Result<Explanation, ExplainError> {
    explain_with((main, loader), crate::rules::all(), key)
}

pub(super) fn explain_with(
    (main, loader): (Option<PolicyFile>, Loader<'_>),
    known: &Catalogue,
    key: &str,
) -> Result<Explanation, ExplainError> {
    let default = || presets::find(presets::DEFAULT).unwrap_or(presets::PRESETS[0]);
    let main = main.unwrap_or_else(|| preset_file(default()));
    let policy = load_with(Some(main.clone()), loader, known).map_err(ExplainError::Policy)?;
    let documents = Documents::read(main, loader, &mut Report::default());
    let asked = Asked {
        key,
        keys: key.split('.').collect(),
        documents: &documents,
        known,
    };
    asked.check()?;
    Ok(asked.explain(&policy))
}

struct Asked<'a> {
    key: &'a str,
    keys: Vec<&'a str>,
    documents: &'a Documents<'a>,
    known: &'a Catalogue,
}

impl Asked<'_> {
    fn check(&self) -> Result<(), ExplainError> {
        let keys = self.all_keys();
        if keys.contains(self.key) {
            return Ok(());
        }
        Err(ExplainError::Unknown {
            key: self.key.to_owned(),
            nearest: nearest(self.key, keys.iter().map(String::as_str)),
        })
    }

    /// Each key that a policy over these documents can have.
    fn all_keys(&self) -> BTreeSet<String> {
        let groups = [
            ("gate", ["fail_on", "min_score", "new_only"].as_slice()),
            (
                "workspace",
                &[
                    "enter_nested",
                    "allow_unreadable",
                    "max_content",
                    "max_searched",
                ],
            ),
            ("cleanup", &["keep", "limits"]),
            ("cleanup.limits", &cleanup::LIMIT_KEYS),
        ];
        let mut keys: BTreeSet<String> = TOP_KEYS
            .iter()
            .filter(|key| !["rules", "cleanup", "version"].contains(key))
            .map(|key| (*key).to_owned())
            .collect();
        let mut add = |start: &str, ends: &[&str]| {
            keys.extend(ends.iter().map(|end| format!("{start}.{end}")));
        };
        for (group, ends) in groups {
            add(group, ends);
        }
        for name in self.names(&["cleanup", "rules"]) {
            add("cleanup.rules", &[&name]);
            add(&format!("cleanup.rules.{name}"), &cleanup::RULE_KEYS);
        }
        for (name, rule) in self.rules() {
            add("rules", &[&name]);
            let start = format!("rules.{name}");
            add(&start, &COMMON_KEYS);
            let options = option_names(rule).unwrap_or_default();
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            add(&start, &options);
        }
        keys
    }

    /// The keys that documents have in a mapping.
    fn names(&self, keys: &[&str]) -> BTreeSet<String> {
        let mappings = self.layers().filter_map(|(_, root)| said(root, keys));
        let entries = mappings.filter_map(|said| match &said.node.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        });
        entries.flatten().map(|entry| entry.key.clone()).collect()
    }

    /// All rules that the policy can name, with the built-in ones behind them.
    fn rules(&self) -> BTreeMap<String, &'static Rule> {
        let built_in = self.known.iter().map(|rule| (rule.id.to_owned(), *rule));
        let own = self.names(&["rules"]).into_iter().filter_map(|name| {
            let mut roots = self.layers().map(|(_, root)| root);
            let uses = roots.find_map(|root| said(root, &["rules", &name, "use"])?.node.text());
            Some((name.clone(), find(self.known, uses?)?))
        });
        own.chain(built_in).collect()
    }

    /// The documents in the order of their layers, each once, where it counts.
    fn layers(&self) -> impl Iterator<Item = (usize, &Node)> {
        let layers = &self.documents.layers;
        let last = move |place: usize, index: usize| !layers[place + 1..].contains(&index);
        layers
            .iter()
            .enumerate()
            .filter(move |(place, index)| last(*place, **index))
            .filter_map(|(_, index)| Some((*index, self.documents.roots[*index].as_ref()?)))
    }

    fn explain(&self, policy: &Policy) -> Explanation {
        let said = |(source, root)| Some((source, said(root, &self.keys)?));
        let found: Vec<_> = self.layers().filter_map(said).collect();
        let adds_up = [
            "exclude",
            "overrides",
            "suppressions",
            "locked",
            "cleanup.keep",
        ]
        .contains(&self.key);
        let nodes: Vec<&Node> = found.iter().map(|(_, said)| said.node).collect();
        let value = if adds_up {
            put_together(&nodes)
        } else if let ["rules", _, _] = self.keys[..] {
            nodes.last().map(|node| shown(node))
        } else {
            laid(&nodes)
        };
        let sayings = found.iter().map(|(source, said)| Saying {
            source: self.documents.sources[*source].name.clone(),
            line: said.key_at.line,
            text: shown(said.node),
        });
        Explanation {
            key: self.key.to_owned(),
            value: self.severity_in_force(policy).or(value),
            sayings: sayings.collect(),
            adds_up,
            overrides: self.overrides(),
            locks: self.locks(policy),
            default: self.default(),
            description: self
                .in_schema()
                .and_then(|schema| Some(schema.get("description")?.as_str()?.to_owned())),
        }
    }

    /// What a severity comes to: options alone switch a rule on with its own.
    fn severity_in_force(&self, policy: &Policy) -> Option<String> {
        let ["rules", name, "severity"] = self.keys[..] else {
            return None;
        };
        let rule = policy.rules.iter().find(|rule| &*rule.id == name);
        let severity = rule.and_then(|rule| rule.variants.first()?.severity);
        Some(severity.map_or("off", Severity::as_str).to_owned())
    }

    fn overrides(&self) -> Vec<Saying> {
        let ["rules", name, ..] = self.keys[..] else {
            return Vec::new();
        };
        let mut sayings = Vec::new();
        for (source, root) in self.layers() {
            let list = said(root, &["overrides"]).map(|said| &said.node.value);
            let Some(Value::List(entries)) = list else {
                continue;
            };
            for entry in entries {
                let rule = said(entry, &["rules", name]);
                if let (Some(paths), Some(rule)) = (said(entry, &["paths"]), rule) {
                    sayings.push(Saying {
                        source: self.documents.sources[source].name.clone(),
                        line: rule.key_at.line,
                        text: format!("{} for {}", shown(rule.node), shown(paths.node)),
                    });
                }
            }
        }
        sayings
    }

    fn locks(&self, policy: &Policy) -> Vec<(String, String, u32)> {
        let Some(key) = self.lockable() else {
            return Vec::new();
        };
        let holds = |lock: &&Lock| lock.key.includes(&key) || key.includes(&lock.key);
        let locks = policy.locks.iter().filter(holds).map(|lock| {
            let source = policy.sources.get(lock.position.source);
            let name = source.map(|source| source.name.clone());
            (
                lock.written.clone(),
                name.unwrap_or_default(),
                lock.position.line,
            )
        });
        locks.collect()
    }

    fn lockable(&self) -> Option<LockedKey> {
        let gate = |key| Some(LockedKey::Gate(Some(key)));
        match self.keys[..] {
            ["rules", name, ..] => Some(LockedKey::Rules(Some(name.to_owned()))),
            ["gate", "fail_on"] => gate(GateKey::FailOn),
            ["gate", "min_score"] => gate(GateKey::MinScore),
            ["gate", "new_only"] => gate(GateKey::NewOnly),
            ["gate"] => Some(LockedKey::Gate(None)),
            ["exclude"] => Some(LockedKey::Exclude),
            ["suppressions"] => Some(LockedKey::Suppressions(None)),
            ["overrides"] => Some(LockedKey::Overrides),
            ["cleanup", ..] => Some(LockedKey::Cleanup),
            ["workspace", ..] => Some(LockedKey::Workspace),
            ["baseline"] => Some(LockedKey::Baseline),
            _ => None,
        }
    }

    fn default(&self) -> Option<String> {
        match self.keys[..] {
            ["rules", name] => Some(self.rules().get(name).map_or_else(
                || "off".to_owned(),
                |rule| {
                    format!(
                        "off; {} where it is switched on without a severity",
                        rule.severity
                    )
                },
            )),
            ["rules", _, "severity"] => Some("off".to_owned()),
            _ => {
                let default = self.in_schema()?.get("default")?.clone();
                Some(match default {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                })
            }
        }
    }

    /// What the JSON Schema says of the key.
    fn in_schema(&self) -> Option<serde_json::Value> {
        let schema = schema_for(self.known);
        let pointer = match self.keys[..] {
            ["rules", name] => match find(self.known, name) {
                Some(_) => format!("/properties/rules/properties/{name}"),
                None => "/$defs/ownRule".to_owned(),
            },
            ["rules", name, option] => {
                let id = self.rules().get(name)?.id;
                format!("/$defs/own-{id}/properties/{option}")
            }
            ["cleanup", "rules", _] => "/properties/cleanup/properties/rules".to_owned(),
            ["cleanup", "rules", _, key] => {
                let rule = "/properties/cleanup/properties/rules/additionalProperties/anyOf/1";
                format!("{rule}/properties/{key}")
            }
            _ => format!("/properties/{}", self.keys.join("/properties/")),
        };
        let found = schema.pointer(&pointer)?;
        let reference = found.get("$ref").and_then(|name| name.as_str());
        let definition = reference.and_then(|name| schema.pointer(name.strip_prefix('#')?));
        Some(
            definition
                .filter(|_| found.get("description").is_none())
                .unwrap_or(found)
                .clone(),
        )
    }
}

/// Lists one after the other.
fn put_together(nodes: &[&Node]) -> Option<String> {
    let lists = nodes.iter().filter_map(|node| match &node.value {
        Value::List(nodes) => Some(nodes),
        _ => None,
    });
    let all: Vec<String> = lists.flatten().map(Node::canonical).collect();
    (!nodes.is_empty()).then(|| format!("[{}]", all.join(",")))
}

/// Values laid over each other: keys of mappings replace the same keys; a word in place of a rule's mapping is its
/// severity.
fn laid(nodes: &[&Node]) -> Option<String> {
    let is_mapping = |node: &&&Node| matches!(node.value, Value::Mapping(_));
    if !nodes.iter().any(|node| is_mapping(&node)) {
        return nodes.last().map(|node| shown(node));
    }
    let mut merged: BTreeMap<&str, String> = BTreeMap::new();
    for node in nodes {
        match &node.value {
            Value::Mapping(entries) => {
                let is_off = merged.get("severity").is_some_and(|word| word == "\"off\"");
                if is_off && !entries.iter().any(|entry| entry.key == "severity") {
                    merged.remove("severity");
                }
                merged.extend(
                    entries
                        .iter()
                        .map(|entry| (entry.key.as_str(), entry.value.canonical())),
                );
            }
            _ => {
                merged.insert("severity", node.canonical());
            }
        }
    }
    let pairs: Vec<String> = merged
        .into_iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    Some(format!("{{{}}}", pairs.join(", ")))
}

/// A word as it is, anything else as JSON.
fn shown(node: &Node) -> String {
    node.text().map_or_else(|| node.canonical(), str::to_owned)
}
