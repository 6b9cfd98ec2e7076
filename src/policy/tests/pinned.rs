//! Documents anywhere whose content is pinned.

use crate::policy::Policy;
use crate::policy::extend::hexadecimal;
use crate::policy::load::load_with;
use crate::policy::trial::{RULES, policy_file};
use sha2::{Digest, Sha256};
use std::path::Path;

fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

/// A policy at `ci/gate.yml`, with these files where they are asked for.
fn load(text: &str, files: &[(&str, &str)]) -> Result<Policy, String> {
    let loader = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| std::io::Error::other(format!("asked for {}", path.display())))
    };
    let mut main = policy_file(format!("version: 1\nextends:\n  - {text}\n").as_bytes());
    main.workspace_path = Some("ci/gate.yml".into());
    load_with(Some(main), &loader, RULES).map_err(|problems| problems.to_string())
}

#[test]
fn a_pinned_file_may_lie_outside_and_pins_what_it_extends() {
    let base = "version: 1\nrules: {file-size: note}\n";
    let org = format!(
        "version: 1\nextends: [{{path: sub/base.yml, sha256: {}}}]\n",
        digest(base)
    );
    let files = [
        ("../org/gate.yml", org.as_str()),
        ("../org/sub/base.yml", base),
    ];
    let pin = format!(
        "{{path: ../../org/gate.yml, sha256: {}}}",
        digest(&org).to_uppercase()
    );
    let policy = load(&pin, &files).unwrap();
    let names: Vec<&str> = policy.sources.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["p.yml", "../org/gate.yml", "../org/sub/base.yml"]);
    assert_eq!(policy.sources[1].workspace_path, None);
    assert_eq!(policy.rules.len(), 1);
    let absolute = [("/org/gate.yml", base)];
    let pin = format!("{{path: /org/./gate.yml, sha256: {}}}", digest(base));
    assert_eq!(load(&pin, &absolute).unwrap().rules.len(), 1);
}

#[test]
fn another_content_is_a_mistake_and_is_not_parsed() {
    let files = [
        ("ci/a.yml", "not: [a policy"),
        ("../a.yml", "version: 1\nextends: [b.yml]\n"),
    ];
    let zeros = "0".repeat(64);
    assert_eq!(
        load(&format!("{{path: a.yml, sha256: '{zeros}'}}"), &files)
            .err()
            .unwrap(),
        format!(
            "p.yml:3:27: extends[0].sha256: `ci/a.yml` is not the pinned file: expected SHA-256 {zeros}, found {}; read what \
             changed in it, then write the new digest here",
            digest(files[0].1)
        )
    );
    let again = format!("b.yml\n  - {{path: b.yml, sha256: '{zeros}'}}");
    let said = load(&again, &[("ci/b.yml", "version: 1\n")]).err().unwrap();
    assert!(
        said.contains("p.yml:4:27: extends[1].sha256: `ci/b.yml` is not the pinned file"),
        "{said}"
    );
    let pin = format!("{{path: ../../a.yml, sha256: {}}}", digest(files[1].1));
    assert_eq!(
        load(&pin, &files).err().unwrap(),
        "../a.yml:2:11: extends[0]: `b.yml` cannot be found from here: a policy outside the workspace can only extend \
         presets, and files that it pins by `sha256`"
    );
}

#[test]
fn an_entry_says_both_what_and_which_content() {
    for (entry, expected) in [
        (
            "{path: a.yml}",
            "p.yml:3:5: extends[0]: missing key `sha256`",
        ),
        (
            "{sha256: abc}",
            "p.yml:3:14: extends[0].sha256: expected the SHA-256 of the file as 64 hexadecimal digits",
        ),
        (
            "{path: '', sha256: 1}",
            "p.yml:3:12: extends[0].path: expected a path",
        ),
        (
            "{paht: a.yml}",
            "p.yml:3:6: extends[0].paht: unknown key `paht`; did you mean `path`?",
        ),
        ("[a.yml]", "p.yml:3:5: extends[0]: expected a preset"),
    ] {
        let said = load(entry, &[]).err().unwrap();
        assert!(
            said.lines().any(|line| line.starts_with(expected)),
            "{entry}: {said}"
        );
    }
}
