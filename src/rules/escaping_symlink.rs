//! `escaping-symlink`: symbolic links that lead out of the workspace.

use super::check::{
    Check, ElsewhereChange, Example, ExampleFile, ExampleKind, Level, OptionError, Rule,
};
use super::link::{self, Exit, Target};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, Kind};
use bstr::BString;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "escaping-symlink",
    summary: "a symbolic link leads out of the workspace",
    why: "Outside of the workspace every machine looks different: the link breaks elsewhere, or it hands a build, an archive \
          or a web server a file that nobody meant to publish.",
    fix: "Link to a relative path within the workspace, or copy the file into it. If the place is the same on every machine, name it in `allow`.",
    severity: Severity::Error,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<EscapingSymlink>(),
    build: build::<EscapingSymlink>,
    examples: &[
        Example {
            title: "Up and down again, within the workspace",
            options: "",
            files: &[
                ExampleFile {
                    path: "shared/logo.svg",
                    is: ExampleKind::Text("<svg/>\n"),
                },
                ExampleFile {
                    path: "site/img/logo.svg",
                    is: ExampleKind::Link("../../shared/logo.svg"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A place that is the same on every machine",
            options: "allow: [/dev/null]",
            files: &[ExampleFile {
                path: "systemd/tmp.mount",
                is: ExampleKind::Link("/dev/null"),
            }],
            violations: &[],
        },
        Example {
            title: "An absolute target",
            options: "",
            files: &[ExampleFile {
                path: "settings.json",
                is: ExampleKind::Link("/home/alice/settings.json"),
            }],
            violations: &["settings.json"],
        },
        Example {
            title: "One `..` too many",
            options: "",
            files: &[ExampleFile {
                path: "site/logo.svg",
                is: ExampleKind::Link("../../shared/logo.svg"),
            }],
            violations: &["site/logo.svg"],
        },
        Example {
            title: "Out through another link",
            options: "",
            files: &[
                ExampleFile {
                    path: "a/vendor",
                    is: ExampleKind::Link("../../elsewhere"),
                },
                ExampleFile {
                    path: "lib",
                    is: ExampleKind::Link("a/vendor/lib"),
                },
            ],
            violations: &["a/vendor", "lib"],
        },
    ],
};

/// Options of `escaping-symlink`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct EscapingSymlink {
    /// Absolute paths that links may lead to, each with everything below it: `/dev/null`, `/usr/share`.
    allow: Vec<String>,
}

impl Check for EscapingSymlink {
    fn depends_on(&self, entry: Entry<'_>, change: ElsewhereChange) -> bool {
        entry.kind() == Kind::Symlink && change == ElsewhereChange::Paths
    }

    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        if entry.kind() != Kind::Symlink {
            return;
        }
        let text = match link::text(entry) {
            Ok(text) => text,
            Err(error) => return found.whole(format!("link cannot be read: {error}")),
        };
        match link::resolve(entry.tree(), entry.path(), &text) {
            Target::Outside(exit) if !self.allows(&exit) => {
                found.whole(message(entry, &text, &exit));
            }
            Target::Unreadable(path, error) => found.whole(format!(
                "links to `{text}`, which cannot be followed: `{path}`: {error}"
            )),
            _ => {}
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let wrong = |path: &&String| {
            !path.starts_with('/') || path.split('/').any(|name| matches!(name, "." | ".."))
        };
        self.allow
            .iter()
            .filter(wrong)
            .map(|path| {
                OptionError::new(
                    "allow",
                    format!(
                        "`{path}` is no plain absolute path: expected for example `/usr/share`"
                    ),
                )
            })
            .collect()
    }
}

impl EscapingSymlink {
    fn allows(&self, exit: &Exit) -> bool {
        if exit
            .text
            .split(|byte| *byte == b'/')
            .any(|name| name == b"..")
        {
            return false;
        }
        self.allow.iter().any(|path| {
            let path = path.trim_end_matches('/').as_bytes();
            exit.text
                .strip_prefix(path)
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        })
    }
}

fn message(entry: Entry<'_>, text: &BString, exit: &Exit) -> String {
    let how = if exit.is_absolute() {
        "an absolute path"
    } else {
        "a path out of the workspace"
    };
    if exit.link == entry.path() {
        format!("links to `{text}`, {how}")
    } else {
        format!(
            "links to `{text}`, and so out of the workspace: the link `{}` on the way leads to `{}`, {how}",
            exit.link, exit.text
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    #[test]
    fn allowed_places_end_at_a_name_and_have_no_way_up() {
        let rule = EscapingSymlink {
            allow: vec!["/usr/share/".into(), "/dev/null".into()],
        };
        let allows = |text: &str| {
            rule.allows(&Exit {
                link: "l".into(),
                text: text.into(),
            })
        };
        for fine in ["/usr/share", "/usr/share/dict/words", "/dev/null"] {
            assert!(allows(fine), "{fine}");
        }
        for refused in [
            "/usr/shared",
            "/dev/null2",
            "/usr/share/../bin",
            "../usr/share",
            "/",
        ] {
            assert!(!allows(refused), "{refused}");
        }
    }

    #[test]
    fn relative_places_cannot_be_allowed() {
        assert_eq!(
            trial::mistakes(&RULE, "allow: [../up, '', /a/../b, /fine]").len(),
            3
        );
    }
}
