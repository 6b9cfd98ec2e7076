//! `secret`: credentials in files.

use super::check::{
    Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Reads, Rule,
};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::{self, build};
use crate::finding::{Found, Severity, Sighting};
use crate::search::Pattern;
use crate::secrets::{self, Confidence, Detector, DetectorData, Judge, Seen};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "secret",
    summary: "a file holds a credential",
    why: "Whoever can read a file can use the credentials in it: every clone, every backup and every build log has them from then \
          on. Detectors for the formats of many vendors and for what is common to all of them look at each file.",
    fix: "Revoke the credential where it was issued: removing it from the file does not take it back. Then read the new one from \
          the environment or a secret store. A value that is no credential is named in `allow`.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<Secret>,
    examples: &[
        Example {
            title: "A password in settings is found, a reference to it is not",
            options: "",
            files: &[ExampleFile {
                path: "deploy/.env",
                is: ExampleKind::Text(
                    "POSTGRES_USER=app\nPOSTGRES_PASSWORD=vK8x2Qm9Rt\nADMIN_PASSWORD=${FROM_VAULT}\n",
                ),
            }],
            violations: &["deploy/.env:2:19"],
        },
        Example {
            title: "Placeholders, digests and code are no credentials",
            options: "",
            files: &[
                ExampleFile {
                    path: "README.md",
                    is: ExampleKind::Text("Set `API_KEY=your_api_key` and `PASSWORD=changeme`.\n"),
                },
                ExampleFile {
                    path: "src/login.py",
                    is: ExampleKind::Text("password = read_password(field)\ntoken: str = None\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A detector of the policy's own, and a value that is allowed",
            options: "{ only: [acme-key], allow: ['^acme-0000'], detectors: [{ id: acme-key, name: Acme key, pattern: '\\bacme-[0-9a-f]{8}\\b', remedy: Revoke it in the console of Acme }] }",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("acme-00007c1e\nkey: acme-5d81c07e\n"),
            }],
            violations: &["a.txt:2:6"],
        },
    ],
};

/// Options of `secret`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Secret")]
struct Options {
    /// How sure a detector has to be: `high` leaves only formats that say what they are, `medium` adds values beside the
    /// vendor's name, `low` adds passwords and keys of no particular vendor.
    confidence: Confidence,
    /// Ids of detectors that are not used.
    disable: Vec<String>,
    /// If given, ids of the only detectors that are used, however sure they are.
    only: Vec<String>,
    /// Regular expressions: a credential that one of them matches is not reported.
    allow: Vec<options::Pattern>,
    /// Whether binary files are searched too.
    binaries: bool,
    /// Detectors of the policy's own, beside the built-in ones.
    detectors: Vec<DetectorData>,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            confidence: Confidence::Low,
            disable: Vec::new(),
            only: Vec::new(),
            allow: Vec::new(),
            binaries: false,
            detectors: Vec::new(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, with the detectors that they leave.
#[derive(Deserialize)]
#[serde(from = "Options")]
struct Secret {
    detectors: Vec<Detector>,
    allow: Vec<options::Pattern>,
    binaries: bool,
    max_findings: NonZeroUsize,
    mistakes: Vec<OptionError>,
}

impl From<Options> for Secret {
    fn from(options: Options) -> Self {
        let mut mistakes = Vec::new();
        let own = own_detectors(&options.detectors, &mut mistakes);
        let built_in = secrets::detectors();
        let ids: HashSet<&str> = built_in.iter().chain(&own).map(|one| &*one.id).collect();
        let only = known(&options.only, "only", &ids, &mut mistakes);
        let disabled = known(&options.disable, "disable", &ids, &mut mistakes);
        let is_wanted = |one: &&Detector| {
            let is_sure = one.confidence() >= options.confidence;
            let is_chosen = if only.is_empty() {
                is_sure
            } else {
                only.contains(&*one.id)
            };
            is_chosen && !disabled.contains(&*one.id)
        };
        let detectors: Vec<Detector> = built_in
            .iter()
            .chain(&own)
            .filter(is_wanted)
            .cloned()
            .collect();
        if detectors.is_empty() && mistakes.is_empty() {
            mistakes.push(OptionError::new(
                "disable",
                "no detector is left: expected one at least",
            ));
        }
        Self {
            detectors,
            allow: options.allow,
            binaries: options.binaries,
            max_findings: options.max_findings,
            mistakes,
        }
    }
}

/// The ids, each of which has to be a detector's.
fn known<'o>(
    wanted: &'o [String],
    key: &str,
    ids: &HashSet<&str>,
    mistakes: &mut Vec<OptionError>,
) -> HashSet<&'o str> {
    for (position, id) in wanted.iter().enumerate() {
        if ids.contains(id.as_str()) {
            continue;
        }
        let nearest = ids
            .iter()
            .min_by_key(|known| (strsim::damerau_levenshtein(known, id), **known));
        let nearest = nearest
            .map(|known| format!("; did you mean `{known}`?"))
            .unwrap_or_default();
        mistakes.push(OptionError {
            path: vec![key.to_owned(), position.to_string()],
            message: format!("there is no detector `{id}`{nearest}"),
        });
    }
    wanted.iter().map(String::as_str).collect()
}

/// The detectors of the policy that are right.
fn own_detectors(data: &[DetectorData], mistakes: &mut Vec<OptionError>) -> Vec<Detector> {
    let mut taken: HashSet<String> = secrets::detectors()
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    let mut own = Vec::new();
    for (position, data) in data.iter().enumerate() {
        let mut wrong = |key: &str, message: String| {
            mistakes.push(OptionError {
                path: vec!["detectors".into(), position.to_string(), key.into()],
                message,
            });
        };
        if !taken.insert(data.id.to_string()) {
            wrong("id", format!("another detector is `{}` already", data.id));
        }
        match Detector::new(data.clone()) {
            Ok(detector) => own.push(detector),
            Err(errors) => errors
                .into_iter()
                .for_each(|error| wrong(error.key, error.message)),
        }
    }
    own
}

impl Check for Secret {
    fn patterns(&self) -> Vec<Pattern> {
        self.detectors
            .iter()
            .map(|one| one.pattern.clone())
            .collect()
    }

    fn reads(&self) -> Reads {
        if self.binaries {
            Reads::AnythingInParts
        } else {
            Reads::TextInParts
        }
    }

    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let matches = file.all_matches(self.detectors.len());
        if matches.len() == 0 {
            return;
        }
        let judge = Judge::new(file.entry.path().as_ref(), file.bytes);
        let matches_value = |one: &options::Pattern, value: &[u8]| {
            one.0.regex().is_some_and(|regex| regex.is_match(value))
        };
        let is_allowed = |value: &[u8]| self.allow.iter().any(|one| matches_value(one, value));
        let seen: Vec<Seen> = matches
            .filter_map(|(detector, place)| {
                let secret = judge.credential(self.detectors.get(detector)?, place)?;
                let value = file.bytes.get(secret.clone())?;
                (!is_allowed(value)).then_some(Seen { detector, secret })
            })
            .collect();
        let detectors: Vec<&Detector> = self.detectors.iter().collect();
        let mut listing = Listing::new(found, self.max_findings);
        for group in secrets::resolve(seen, &detectors) {
            let Some(first) = group.first() else {
                continue;
            };
            let (place, reported) = (first.secret.clone(), &self.detectors[first.detector].data);
            let secret = file.bytes.get(place.clone()).unwrap_or_default();
            let sightings = group.iter().map(|one| Sighting {
                detector: self.detectors[one.detector].id.clone(),
                secret: one.secret.clone(),
            });
            listing.add_credential(place, sightings, || {
                let preview = secrets::preview(secret);
                // One without a character of the credential says nothing.
                let preview = if preview.bytes().all(|byte| byte == b'*') {
                    String::new()
                } else {
                    format!(" {preview}")
                };
                let remedy = reported.remedy.trim_end_matches('.');
                format!(
                    "{}{preview}: {remedy} (detector `{}`)",
                    reported.name, reported.id
                )
            });
        }
        listing.finish();
    }

    fn validate(&self) -> Vec<OptionError> {
        self.mistakes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::secrets::synthetic::Generator;

    #[test]
    fn messages_say_what_to_do_and_tell_nothing() {
        let check = trial::check(&RULE, "").unwrap();
        let text = "db_password = \"vK8x2Qm9Rt\"\n";
        let drafts = trial::content(check.as_ref(), "a.py", text.as_bytes());
        assert_eq!(trial::ranges(&drafts), [(15, 25)]);
        assert!(
            drafts[0]
                .message
                .starts_with("Password in source code or settings: Change")
        );
        assert!(!drafts[0].message.contains("vK8x"));
        assert_eq!(&*drafts[0].sightings[0].detector, "password-quoted");
        assert_eq!(drafts[0].sightings[0].secret, 15..25);
    }

    #[test]
    fn one_credential_is_one_finding_whoever_saw_it() {
        let check = trial::check(&RULE, "").unwrap();
        let text = Generator::new(3).fill("Authorization: Bearer <checked:jwt::24>\n");
        let drafts = trial::content(check.as_ref(), "a.sh", text.as_bytes());
        assert_eq!(drafts.len(), 1);
        let seen: Vec<&str> = drafts[0]
            .sightings
            .iter()
            .map(|one| &*one.detector)
            .collect();
        assert_eq!(seen, ["jwt", "authorization-bearer"]);
    }

    #[test]
    fn options_choose_the_detectors() {
        let text = b"https://svc:q8Zr2LmX7w@host/ password = \"vK8x2Qm9Rt\"";
        for (options, expected) in [
            ("{}", 2),
            ("confidence: medium", 1),
            ("confidence: high", 0),
            ("only: [password-quoted]", 1),
            ("disable: [password-quoted]", 1),
            ("allow: ['^vK8x']", 1),
            ("allow: ['^vK8x', 'LmX']", 0),
        ] {
            let check = trial::check(&RULE, options).unwrap();
            assert_eq!(
                trial::content(check.as_ref(), "a.py", text).len(),
                expected,
                "{options}"
            );
        }
        assert_eq!(trial::check(&RULE, "").unwrap().reads(), Reads::TextInParts);
        let check = trial::check(&RULE, "binaries: true").unwrap();
        assert_eq!(check.reads(), Reads::AnythingInParts);
    }

    #[test]
    fn every_wrong_option_is_named_with_its_key() {
        let only = |options| trial::mistakes(&RULE, options).join("\n");
        assert_eq!(
            only("disable: [password-quotet]"),
            "disable.0: there is no detector `password-quotet`; did you mean `password-quoted`?"
        );
        assert!(only("only: [jwt, nothing]").starts_with("only.1: there is no detector `nothing`"));
        assert!(
            only("detectors: [{ id: jwt, name: x, pattern: xyz, remedy: x }]")
                .starts_with("detectors.0.id: another detector is `jwt` already")
        );
        let text = only("detectors: [{ id: A b, pattern: '(', entropy: 9 }]");
        for key in ["id", "name", "pattern", "entropy", "remedy"] {
            assert!(
                text.contains(&format!("detectors.0.{key}: ")),
                "{key}: {text}"
            );
        }
        assert!(
            only("detectors: [{ id: a, name: a, pattern: 'x*', remedy: x }]")
                .contains("matches nothing")
        );
        assert!(only("confidence: sure").starts_with("confidence: "));
        assert!(only("max_findings: 0").starts_with("max_findings: "));
    }
}
