//! What stands in several places is the same in each.

use super::runner::mapping;
use super::stage::{action, source};
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn read(name: &str) -> String {
    std::fs::read_to_string(source().join(name)).unwrap()
}

/// `docs/action.md` is made from `action.yml`; `UPDATE_DOCS=1` makes it anew.
#[test]
fn the_page_about_the_action_is_what_the_action_declares() {
    let action = action();
    let mut page = String::from(
        "# The action\n\nInputs and outputs of [`action.yml`](../action.yml), from which this page is made. How to use it: \
         [In GitHub Actions](github-actions.md).\n\n## Inputs\n\nAll are optional. Values reach the program whole: nothing is \
         split at spaces, expanded or run.\n\n| input | default | |\n|---|---|---|\n",
    );
    let code = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!("`{text}`")
        }
    };
    for (name, input) in mapping(&action["inputs"]) {
        let (default, text) = (
            input["default"].as_str().unwrap(),
            input["description"].as_str().unwrap(),
        );
        writeln!(page, "| `{name}` | {} | {text} |", code(default)).unwrap();
    }
    page += "\n## Outputs\n\nAll are set whatever the verdict, on failure too; those about a run are empty where none took \
             place.\n\n| output | |\n|---|---|\n";
    for (name, output) in mapping(&action["outputs"]) {
        writeln!(
            page,
            "| `{name}` | {} |",
            output["description"].as_str().unwrap()
        )
        .unwrap();
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(source().join("docs/action.md"), &page).unwrap();
    }
    assert_eq!(read("docs/action.md"), page, "UPDATE_DOCS=1 makes it anew");
}

#[test]
fn each_input_reaches_the_script_and_nothing_else_does() {
    let action = action();
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let inputs: BTreeSet<String> = mapping(&action["inputs"])
        .map(|(name, _)| name.to_owned())
        .collect();
    for step in &steps[..2] {
        let given: BTreeSet<String> = mapping(&step["env"])
            .filter_map(|(name, value)| {
                let input = value
                    .as_str()
                    .unwrap()
                    .strip_prefix("${{ inputs.")?
                    .strip_suffix(" }}")?;
                assert_eq!(
                    name,
                    format!("GATE_{}", input.to_uppercase().replace('-', "_"))
                );
                Some(input.to_owned())
            })
            .collect();
        assert_eq!(given, inputs);
    }
    assert_eq!(steps[0]["env"], steps[1]["env"], "the same on Windows");
}

#[test]
fn no_expression_stands_in_a_script_and_each_action_is_pinned() {
    for step in action()["runs"]["steps"].as_sequence().unwrap() {
        if let Some(script) = step["run"].as_str() {
            assert!(
                !script.contains("${{") && !step["shell"].as_str().unwrap().contains("${{"),
                "{script}"
            );
        }
    }
    let mut pinned = 0;
    for file in [
        "action.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
    ] {
        for line in read(file).lines() {
            let Some((_, used)) = line
                .split_once("uses: ")
                .filter(|(_, used)| !used.starts_with("./"))
            else {
                continue;
            };
            let (name, version) = used
                .split_once(" # v")
                .unwrap_or_else(|| panic!("no version: {line}"));
            let commit = name.split_once('@').unwrap().1;
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{line}"
            );
            assert!(
                version.starts_with(|first: char| first.is_ascii_digit()),
                "{line}"
            );
            pinned += 1;
        }
    }
    assert!(pinned > 5, "{pinned}");
}

#[test]
fn each_flag_that_the_action_passes_is_one_of_the_program() {
    let help = crate::world::World::new().gate(["run", "--help"]).stdout;
    let script = read(".github/action/run.sh");
    let after = script.split_once("set -- run ").unwrap().1;
    let flags: BTreeSet<&str> = after
        .split_whitespace()
        .filter_map(|word| word.trim_start_matches('"').split(['=', '"']).next())
        .filter(|word| word.len() > 2 && word.starts_with("--"))
        .collect();
    assert!(flags.len() > 12, "{flags:?}");
    let missing: Vec<&str> = flags
        .into_iter()
        .filter(|flag| !help.contains(*flag))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_release_is_where_the_package_says() {
    let repository = concat!("releases=", env!("CARGO_PKG_REPOSITORY"), "\n");
    assert!(read(".github/action/program.sh").contains(repository));
}

#[test]
fn the_table_has_digests_and_names_and_nothing_else() {
    for line in read(".github/action/checksums.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        let (digest, name) = line.split_once("  ").unwrap_or_else(|| panic!("{line}"));
        assert!(
            digest.len() == 64
                && digest
                    .bytes()
                    .all(|byte| b"0123456789abcdef".contains(&byte)),
            "{line}"
        );
        assert!(name.starts_with("factory-gate-"), "{line}");
    }
}
