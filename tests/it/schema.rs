//! The rule `schema` through the binary: schemas of the workspace, built-in ones, and schemas that are none.

use crate::world::World;

#[test]
fn every_mistake_of_every_notation_has_its_place() {
    let world = World::new()
        .policy(
            "version: 1\nrules:\n  services:\n    use: schema\n    schema: schemas/service.yaml\n    paths: ['services/*']\n  schema: warning\n",
        )
        .file(
            "schemas/service.yaml",
            "$schema: http://json-schema.org/draft-04/schema#\nrequired: [name]\nproperties:\n  name: { type: string }\n  port: { $ref: 'parts/port.json' }\nadditionalProperties: false\n",
        )
        .file("schemas/parts/port.json", "{ \"minimum\": 1, \"exclusiveMinimum\": true }")
        .file("services/a.yaml", "name: a\nport: 1\n---\n- 7\n---\nport: 2\nprot: 3\n")
        .file("services/b.json", "{\n  \"name\": \"b\",\n  \"ports\": { }\n}\n")
        .file("services/c.toml", "name = 'c'\n\n[port]\n")
        .file("services/d.toml", "port = 1\n")
        .file(
            ".github/workflows/ci.yml",
            "on:\n  push:\njobs:\n  build:\n    runs-on: x\n    steps:\n      - uses: a/b@v1\n        run: make\n        timeout-minutes: long\n",
        );
    assert_eq!(
        world.violations(&[]),
        [
            "warning schema .github/workflows/ci.yml:8:14",
            "warning schema .github/workflows/ci.yml:9:26",
            "error services services/a.yaml:2:7",
            "error services services/a.yaml:6:1",
            "error services services/a.yaml:7:1",
            "error services services/b.json:3:3",
            "error services services/d.toml:1:1",
            "error services services/d.toml:1:8",
        ]
    );
}

#[test]
fn a_schema_that_cannot_be_used_is_a_violation_of_its_own() {
    let world = World::new()
        .policy(
            "version: 1\nrules:\n  a: { use: schema, schema: none.json, paths: ['a.json'] }\n  b: { use: schema, schema: broken.json, paths: ['a.json'] }\n  c: { use: schema, schema: wrong.json, paths: ['a.json'] }\n  d: { use: schema, schema: far.json, paths: ['a.json'] }\n  e: { use: schema, schema: link.json, paths: ['a.json'] }\n",
        )
        .file("a.json", "{}")
        .file("broken.json", "{\n  \"type\": }")
        .file("wrong.json", "{\n  \"type\": \"object\",\n  \"minimum\": \"1\", \"maximum\": [] }")
        .file("far.json", "{ \"properties\": { \"a\": { \"$ref\": \"https://example.com/a.json\" } } }")
        .link("link.json", "wrong.json");
    assert_eq!(
        world.violations(&[]),
        [
            "error b broken.json:2:9",
            "error d far.json:1:1",
            "error e link.json",
            "error a none.json",
            "error c wrong.json:3:14",
            "error c wrong.json:3:19",
        ]
    );
    let answer = world.run(&[]);
    assert_eq!(answer.status, 1);
    assert!(
        answer.stdout.contains("nothing is loaded from a network"),
        "{}",
        answer.stdout
    );
}

#[test]
fn paths_are_needed_where_no_schema_brings_its_own() {
    let world = World::new().policy("version: 1\nrules:\n  schema: { schema: s.json }\n");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("says nothing without `paths`"),
        "{}",
        answer.stderr
    );
}
