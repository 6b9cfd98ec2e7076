//! Attacks on the jobs that run the gate, and on who has to agree.

use super::kit::{Judgement, POLICY, Request};
use crate::world::World;

const SHA: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";

fn workflow() -> String {
    format!(
        "on: {{ pull_request: , merge_group: }}\npermissions: {{ contents: read }}\njobs:\n  gate:\n    timeout-minutes: 9\n    steps:\n      - uses: actions/checkout@{SHA}\n        with: {{ fetch-depth: 2, persist-credentials: false }}\n      - uses: factory-gate/factory-gate@{SHA}\n"
    )
}

const PLACE: &str = ".github/workflows/gate.yml";

fn change(edit: impl FnOnce(&Request)) -> Judgement {
    let world = World::new().policy(POLICY).file(PLACE, workflow());
    let request = Request::of(world.file(".github/CODEOWNERS", "* @org/platform\n"));
    edit(&request);
    request.judge(&[])
}

#[test]
fn a_job_that_is_disarmed_is_an_error() {
    let step = format!("      - uses: factory-gate/factory-gate@{SHA}\n");
    for (from, to) in [
        (
            "    timeout-minutes: 9\n",
            "    timeout-minutes: 9\n    if: false\n".to_owned(),
        ),
        (&*step, format!("{step}        continue-on-error: true\n")),
        (&*step, String::new()),
        ("jobs:\n", "jobs: [\n".to_owned()),
    ] {
        let judged = change(|request| {
            request.write(PLACE, &workflow().replace(from, &to));
        });
        judged.refuses(PLACE);
    }
    let judged = change(|request| {
        request.remove(PLACE);
    });
    judged.refuses("does not run the gate any more");
    let judged = change(|request| {
        request
            .write("away.yml", "x")
            .remove(PLACE)
            .link(PLACE, "../../away.yml");
    });
    judged.refuses(PLACE);
}

#[test]
fn another_pin_and_other_owners_are_warnings() {
    let judged = change(|request| {
        request.write(
            PLACE,
            &workflow().replace(
                &format!("factory-gate@{SHA}"),
                &format!("factory-gate@4{}", &SHA[1..]),
            ),
        );
    });
    assert_eq!(judged.status, 0, "{judged:#?}");
    assert!(
        judged.integrity().contains(&format!(
            "warning {PLACE} the program that judges is another one"
        )),
        "{}",
        judged.integrity()
    );
    let judged = change(|request| {
        request.write(
            ".github/CODEOWNERS",
            "* @org/platform\n/docs @org/writers\n",
        );
    });
    assert_eq!(judged.status, 0, "{judged:#?}");
    assert!(
        judged.integrity().contains("warning .github/CODEOWNERS"),
        "{}",
        judged.integrity()
    );
}

#[test]
fn a_workspace_below_its_repository_is_judged_with_the_repositorys_jobs() {
    let world = World::new().file("part/.factory-gate.yml", POLICY);
    let request = Request::of(world.file(PLACE, workflow()));
    request.write(PLACE, "on: push\njobs: {}\n");
    request.write(
        "part/.factory-gate.yml",
        "version: 1\nrules: { file-size: error }\n",
    );
    let topic = request.merge();
    let event = request.world.beside("event.json");
    std::fs::write(
        &event,
        format!(r#"{{"pull_request":{{"head":{{"sha":"{topic}"}}}}}}"#),
    )
    .unwrap();
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    let answer = request
        .world
        .gate_with(["run", "work/part", "--format", "json"], &environment);
    let judged = Judgement::of(answer);
    judged.refuses("`trailing-whitespace` is switched off");
    judged.refuses(&format!(".factory-gate.yml `{PLACE}`: "));
}
