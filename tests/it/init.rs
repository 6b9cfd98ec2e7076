//! Jobs that run the gate, printed and written.

use crate::world::World;

const COMMIT: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";

#[test]
fn a_job_is_printed_for_each_system_and_written_only_where_nothing_is() {
    for (ci, place) in [
        ("github", ".github/workflows/gate.yml"),
        ("gitlab", ".gitlab-ci.yml"),
        ("azure", "azure-pipelines.yml"),
        ("buildkite", ".buildkite/pipeline.yml"),
        ("gitea", ".gitea/workflows/gate.yml"),
        ("jenkins", "Jenkinsfile"),
    ] {
        let world = World::new()
            .file("CODEOWNERS", "* @platform\n")
            .policy("version: 1\n");
        let printed = world.gate(["init", "work", "--ci", ci, "--commit", COMMIT]);
        assert_eq!(printed.status, 0, "{printed:?}");
        assert!(!world.root().join(place).exists());
        let write = ["init", "work", "--ci", ci, "--commit", COMMIT, "--write"];
        let answer = world.gate(write);
        assert_eq!(answer.status, 0, "{answer:?}");
        let written = std::fs::read_to_string(world.root().join(place)).unwrap();
        assert_eq!(written, printed.stdout);
        assert!(!written.contains("0000000000"), "{written}");
        let doctor = world.gate(["doctor", "work"]);
        assert_eq!(doctor.status, 0, "{ci}: {doctor:?}");
        let again = world.gate(write);
        assert_eq!(again.status, 2, "{again:?}");
        assert!(again.stderr.contains("stays as it is"), "{again:?}");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let world = World::new().link(".github", "/tmp");
    let answer = world.gate(["init", "work", "--ci", "github", "--write"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    let world = World::new().link("Jenkinsfile", "../outside");
    let answer = world.gate(["init", "work", "--ci", "jenkins", "--write"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(!world.beside("outside").exists());
}

#[test]
fn a_commit_that_is_none_is_a_mistake() {
    for commit in ["v1", "", "3d3c42e", "$(id)"] {
        let answer = World::new().gate(["init", "work", "--ci", "github", "--commit", commit]);
        assert_eq!(answer.status, 2, "{answer:?}");
    }
}
