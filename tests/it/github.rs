//! GitHub Actions: annotations, job summary, outputs.

use crate::world::World;

const POLICY: &str = "version: 1\nrules: { trailing-whitespace: error, final-newline: warning }\n";

fn run(world: &World) -> (crate::world::Answer, String, String) {
    let (summary, output) = (world.beside("summary.md"), world.beside("output"));
    std::fs::write(&summary, "earlier step\n").unwrap();
    let answer = world.gate_with(
        ["run", "work", "--quiet"],
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKSPACE", world.root().to_str().unwrap()),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
            ("GITHUB_OUTPUT", output.to_str().unwrap()),
        ],
    );
    let read = |path| std::fs::read_to_string(path).unwrap();
    (answer, read(summary), read(output))
}

fn annotations(answer: &crate::world::Answer, level: &str) -> usize {
    let start = format!("::{level} ");
    answer
        .stdout
        .lines()
        .filter(|line| line.starts_with(&start))
        .count()
}

#[test]
fn annotations_summary_and_outputs_agree_with_the_record() {
    let world = World::new()
        .policy(POLICY)
        .file("a.txt", "x \n")
        .file("b.txt", "y");
    let (answer, summary, output) = run(&world);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(
        (
            annotations(&answer, "error"),
            annotations(&answer, "warning")
        ),
        (1, 1)
    );
    assert!(
        summary.starts_with("earlier step\n") && summary.contains("trailing-whitespace"),
        "{summary}"
    );
    for pair in [
        "verdict",
        "exit-code",
        "errors",
        "warnings",
        "score",
        "database-sha256",
    ] {
        assert!(output.contains(&format!("{pair}<<")), "{output}");
    }
    assert!(output.contains("\nfail\n"), "{output}");
}

#[test]
fn many_violations_fit_and_what_is_left_out_is_said() {
    let mut world = World::new().policy(POLICY);
    for number in 0..40 {
        world = world.file(format!("dir/file-{number}.txt"), "x \n".repeat(500));
    }
    let (answer, summary, output) = run(&world);
    assert_eq!(annotations(&answer, "error"), 10);
    assert!(summary.len() < 1 << 20);
    let left_out = summary.lines().find(|line| line.contains("not shown here"));
    assert!(left_out.is_some(), "{summary}");
    assert!(
        output.contains("\n19991\n"),
        "annotations-dropped counts all without one of their own: {output}"
    );
}

#[test]
fn hostile_names_stay_text() {
    let world = World::new()
        .policy(POLICY)
        .file("::error::owned", "x \n")
        .file("##[error]owned", "x \n")
        .file("a\n::set-output name=verdict::pass", "x \n");
    let (answer, summary, output) = run(&world);
    for line in answer.stdout.lines() {
        assert!(!line.contains("##["), "{line}");
        let is_command = line.trim_start().starts_with("::");
        assert!(!is_command || line.starts_with("::error file="), "{line}");
    }
    assert!(!summary.contains("\n::"), "{summary}");
    assert!(!output.contains("\npass\n"), "{output}");
}
