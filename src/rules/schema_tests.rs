//! What the rule `schema` says: schemas that files name, what cannot be judged, wrong options.

use super::check::Files;
use super::schema::RULE;
use super::trial;
use crate::finding::Found;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files that exist only here.
struct Shelf(BTreeMap<&'static str, &'static str>);

impl Files for Shelf {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = self.0.get(path).ok_or("there is no such file")?;
        Ok(text.as_bytes().to_vec())
    }
}

/// What a check with these options says about a file, with a folder of schemas.
fn says(options: &str, path: &str, text: &str) -> Vec<String> {
    let check = trial::check(&RULE, options).unwrap();
    let files: Arc<dyn Files> = Arc::new(Shelf(BTreeMap::from([
        (
            "schemas/text.json",
            "{ \"properties\": { \"a\": { \"type\": \"string\" } } }",
        ),
        ("schemas/wrong.yaml", "type: strong"),
    ])));
    let mut found = Found::default();
    check.prepare(&files, &mut found);
    assert!(found.is_empty());
    let drafts = trial::content(check.as_ref(), path, text.as_bytes());
    drafts.into_iter().map(|draft| draft.message).collect()
}

#[test]
fn a_local_schema_that_a_file_names_is_followed() {
    let options = "follow_dollar_schema: true";
    for (path, named, said) in [
        (
            "a/b/c.yaml",
            "../../schemas/text.json",
            "`a`: expected a text, found the number 1",
        ),
        (
            "c.yaml",
            "schemas/text.json",
            "`a`: expected a text, found the number 1",
        ),
        (
            "a/c.yaml",
            "/schemas/text.json",
            "`a`: expected a text, found the number 1",
        ),
        (
            "c.yaml",
            "../text.json",
            "the schema `../text.json` is outside of the workspace",
        ),
        (
            "c.yaml",
            "none.json",
            "the schema `none.json` cannot be used: there is no such file",
        ),
    ] {
        let text = format!("$schema: {named}\na: 1\n");
        assert_eq!(says(options, path, &text), [said], "{named}");
    }
    let wrong = says(options, "c.yaml", "$schema: schemas/wrong.yaml\n");
    assert!(wrong[0].starts_with("the schema `schemas/wrong.yaml` cannot be used: `type`: "));
    for unjudged in [
        "$schema: https://example.com/a.json\na: 1\n",
        "a: 1\n",
        "- 1\n",
        "",
    ] {
        assert_eq!(says(options, "c.yaml", unjudged), [""; 0], "{unjudged}");
    }
    let both = "{ follow_dollar_schema: true, schema: { required: [b] } }";
    assert_eq!(says(both, "c.yaml", "a: 1\n"), ["missing key `b`"]);
}

#[test]
fn what_cannot_be_judged_is_said() {
    let options = "schema: { type: object }";
    let said = says(options, "a.json", "{ \"a\": }");
    assert!(
        said[0].starts_with("cannot be judged by a schema: "),
        "{said:?}"
    );
    let said = says(options, "settings", "a = 1\n");
    assert!(
        said[0].contains("the option `notation` can tell"),
        "{said:?}"
    );
    assert_eq!(
        says(
            "{ schema: { required: [b] }, notation: toml }",
            "settings",
            "a = 1\n"
        )
        .len(),
        1
    );
    let said = says("", "ci.yml", "a: 1\n");
    assert!(
        said[0].starts_with("no built-in schema is about"),
        "{said:?}"
    );
}

#[test]
fn findings_have_a_limit() {
    let said = says(
        "{ schema: { items: { type: string } }, max_findings: 2 }",
        "a.json",
        "[1, 2, 3, 4]",
    );
    assert_eq!(said.len(), 3);
    assert!(said[2].starts_with("2 more of these"));
}

#[test]
fn wrong_options_are_named() {
    for (options, said) in [
        (
            "schema: builtin:github",
            "schema: `builtin:github` is no built-in schema",
        ),
        ("schema: 7", "schema: expected `builtin:NAME`"),
        ("schema: { type: strong }", "schema: no JSON Schema: "),
        (
            "schema: { $ref: other.json }",
            "schema: no JSON Schema: `$ref`",
        ),
        (
            "schema: https://example.com/a.json",
            "schema: `https://example.com/a.json`: nothing",
        ),
    ] {
        let mistakes = trial::mistakes(&RULE, options);
        assert_eq!(mistakes.len(), 1, "{options}: {mistakes:?}");
        assert!(mistakes[0].starts_with(said), "{mistakes:?}");
    }
}
