//! What is uploaded, whatever the verdict, and that no verdict depends on an upload.

use super::protocol::commands;
use super::stage::{Stage, obliging};

const SARIF: &str = "github/codeql-action/upload-sarif@";

fn with_sarif() -> Stage {
    Stage::new()
        .input("sarif-file", "out.sarif")
        .environment("FAKE_CODE", "1")
}

#[test]
fn record_and_sarif_are_uploaded_even_when_the_gate_fails() {
    let ended = with_sarif().input("artifact-name", "shop").run();
    assert_eq!(ended.code, 1, "{}", ended.log);
    let [record, sarif] = &ended.uses[..] else {
        panic!("{:?}", ended.uses)
    };
    assert_eq!(
        (&*record.with["name"], &*record.with["path"]),
        ("shop", "factory_deployment.db")
    );
    assert!(sarif.action.starts_with(SARIF));
    assert_eq!(
        (&*sarif.with["sarif_file"], &*sarif.with["category"]),
        ("out.sarif", "factory-gate")
    );
    for (name, value) in [
        ("artifact-id", "7"),
        ("artifact-digest", "abc"),
        ("sarif-id", "s-1"),
        ("sarif", "out.sarif"),
    ] {
        assert_eq!(ended.outputs[name], value);
    }
}

#[test]
fn the_artifact_has_a_name_of_its_own_for_each_job() {
    let ended = Stage::new().context("strategy.job-index", "3").run();
    assert_eq!(ended.uses[0].with["name"], "factory-gate-gate-3");
}

#[test]
fn what_is_not_wanted_is_not_uploaded() {
    let ended = with_sarif()
        .input("upload-sarif", "false")
        .input("upload-artifact", "false")
        .run();
    assert!(ended.uses.is_empty(), "{:?}", ended.uses);
    assert_eq!(
        ended.outputs["sarif"], "out.sarif",
        "it is written all the same"
    );
}

#[test]
fn a_wanted_upload_needs_no_name_for_the_file() {
    let stage = Stage::new().input("upload-sarif", "true");
    let ended = stage.run();
    let file = stage.at("temp/factory-gate.sarif");
    assert_eq!(ended.uses[1].with["sarif_file"], file.to_str().unwrap());
    assert!(
        stage
            .arguments()
            .contains(&format!("--report=sarif={}", file.display()))
    );
}

#[test]
fn a_pull_request_from_a_fork_uploads_no_sarif_and_says_so() {
    let count = |stage: Stage| {
        let ended = stage.run();
        assert_eq!(ended.code, 1, "{}", ended.log);
        let uploads = ended
            .uses
            .iter()
            .filter(|used| used.action.starts_with(SARIF))
            .count();
        (
            uploads,
            commands(&ended.log).concat().contains("from a fork"),
        )
    };
    assert_eq!(count(with_sarif().pull_request("shop/api")), (1, false));
    assert_eq!(count(with_sarif().pull_request("fork/api")), (0, true));
    // The fork is gone: the event has no name of it.
    assert_eq!(
        count(with_sarif().context("github.event_name", "pull_request")),
        (0, true)
    );
    assert_eq!(
        count(with_sarif().context("github.event_name", "merge_group")),
        (1, false)
    );
    assert_eq!(
        count(with_sarif().environment("GITEA_ACTIONS", "true")),
        (0, false)
    );
}

#[test]
fn a_failed_upload_of_sarif_changes_no_verdict() {
    let stage = with_sarif().environment("FAKE_CODE", "0").answers(|used| {
        if used.action.starts_with(SARIF) {
            return None; // 403: Resource not accessible by integration
        }
        obliging(used)
    });
    let ended = stage.run();
    assert_eq!((ended.failed, ended.code), (false, 0), "{}", ended.log);
    assert_eq!(ended.steps["sarif"].outcome, "failure");
    assert_eq!(ended.outputs["sarif-id"], "");
    assert!(
        commands(&ended.log)
            .concat()
            .contains("security-events: write"),
        "{}",
        ended.log
    );
}

#[test]
fn a_record_that_could_not_be_uploaded_fails_the_job_and_not_the_verdict() {
    let stage = Stage::new().answers(|used| obliging(used).filter(|_| false));
    let ended = stage.run();
    assert_eq!((ended.failed, ended.code), (true, 0), "{}", ended.log);
    assert_eq!(ended.outputs["verdict"], "said-by-program");
}

#[test]
fn a_sarif_file_of_an_earlier_step_is_not_taken_for_an_answer() {
    let stage = Stage::new()
        .input("sarif-file", "old.sarif")
        .input("binary", "/bin/false");
    std::fs::write(stage.at("workspace/old.sarif"), "{}").unwrap();
    let ended = stage.run();
    assert_eq!(
        (ended.code, &*ended.outputs["sarif"], ended.uses.len()),
        (1, "", 0)
    );
}
