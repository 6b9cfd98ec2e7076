//! Plans of cleanup through the binary: the digest that one run prints is what the next one takes, and nothing else.

use crate::world::World;

const POLICY: &str = "\
version: 1
rules: { final-newline: error }
cleanup:
  rules:
    caches: { paths: ['**/cache/'], require_cachedir_tag: true }
    ignored: { paths: ['**/*.log'], ignored_only: true, keep_newest: 1 }
    nothing: { paths: ['**/*.nothing'] }
";

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n";

fn world() -> World {
    World::new()
        .policy(POLICY)
        .file(".gitignore", "*.log\n")
        .file("a/cache/CACHEDIR.TAG", TAG)
        .file("a/cache/x", "x\n")
        .file("b/cache/x", "x\n")
        .file("c/cache/CACHEDIR.TAG", "Signature: none\n")
        .file("one.log", "1\n")
        .file("two.log", "2\n")
}

fn plan_detail(world: &World) -> serde_json::Value {
    let rows = world.query("SELECT detail FROM phases WHERE phase = 3 ORDER BY id DESC LIMIT 1");
    serde_json::from_str(&rows[0]).unwrap()
}

fn planned(world: &World) -> Vec<String> {
    world.query(
        "SELECT target_path FROM cleanup_actions WHERE action_result = 'planned' ORDER BY id",
    )
}

#[test]
fn the_printed_digest_is_the_one_that_the_next_run_takes() {
    let world = world();
    let dry = world.run(&[]);
    let detail = plan_detail(&world);
    let digest = detail["plan_sha256"].as_str().unwrap().to_owned();
    assert!(dry.stdout.contains(&format!("plan {digest}")), "{dry:?}");
    assert_eq!(
        planned(&world),
        ["a/cache/CACHEDIR.TAG", "a/cache/x", "a/cache"]
    );
    assert_eq!(detail["by_rule"]["caches"]["files"], 2);
    assert_eq!(detail["by_rule"]["caches"]["kept"], 2);
    assert_eq!(detail["by_rule"]["nothing"]["files"], 0);
    let note = detail["by_rule"]["ignored"]["note"].as_str().unwrap();
    assert!(note.contains("no git repository"), "{note}");

    let upper = digest.to_uppercase();
    let done = world.run(&["--apply=cleanup", "--expect-plan", &upper]);
    assert_eq!(done.status, 0, "{done:?}");
    assert!(!world.root().join("a/cache").exists());
    assert!(world.root().join("b/cache/x").exists());
}

#[test]
fn another_plan_than_the_expected_one_is_refused_before_the_first_act() {
    let world = world();
    world.run(&[]);
    let digest = plan_detail(&world)["plan_sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let world = world.file("a/cache/more", "more\n");
    for arguments in [
        &["--expect-plan", &digest][..],
        &["--apply", "--expect-plan", &digest],
    ] {
        let answer = world.run(arguments);
        assert_eq!(answer.status, 3, "{answer:?}");
        let found = plan_detail(&world)["plan_sha256"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_ne!(found, digest);
        let says = format!("expected {digest}, found {found}");
        assert!(answer.stdout.contains(&says), "{answer:?}");
        assert!(answer.stdout.contains(&format!("--expect-plan {found}")));
        for path in ["CACHEDIR.TAG", "x", "more"] {
            assert!(world.root().join("a/cache").join(path).exists(), "{path}");
        }
    }
}

#[test]
fn an_expected_plan_is_compared_even_if_there_is_no_cleanup() {
    let world = World::new().policy("version: 1\nrules: { final-newline: error }\n");
    let answer = world.run(&["--expect-plan", &"0".repeat(64)]);
    assert_eq!(answer.status, 3, "{answer:?}");
    let empty = plan_detail(&world)["plan_sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = world.run(&["--expect-plan", &empty]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn what_is_no_digest_is_a_mistake_of_usage() {
    let world = world();
    let short = "0".repeat(63);
    let wrong = "g".repeat(64);
    for digest in ["", "latest", &short, &wrong] {
        let answer = world.run(&["--apply", "--expect-plan", digest]);
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(
            answer.stderr.contains("64 hexadecimal digits"),
            "{answer:?}"
        );
        assert!(world.root().join("a/cache/x").exists());
    }
}

#[test]
fn only_what_git_ignores_goes_and_the_newest_of_it_stays() {
    let world = world().git();
    world.git_command(&["rm", "--quiet", "--cached", "one.log", "two.log"]);
    let world = world.file("three.log", "3\n").file("out/cache/x", "x\n");
    let hour = |name: &str, hours: u64| {
        let file = std::fs::File::options()
            .append(true)
            .open(world.root().join(name));
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(hours * 3600);
        file.unwrap().set_modified(time).unwrap();
    };
    hour("one.log", 10);
    hour("two.log", 30);
    hour("three.log", 20);
    world.run(&["--fail-on", "never"]);
    assert_eq!(planned(&world), ["one.log", "three.log"]);
    let kept = "SELECT target_path FROM cleanup_actions WHERE action_result = 'skipped: among the 1 newest'";
    assert_eq!(world.query(kept), ["two.log"]);
    assert!(
        plan_detail(&world)["by_rule"]["ignored"]
            .get("note")
            .is_none()
    );
}

#[test]
fn a_plan_over_a_budget_removes_nothing_and_says_what_to_do() {
    let world = world().policy(&format!("{POLICY}  limits: {{ max_share: 20 }}\n"));
    let answer = world.run(&["--apply=cleanup"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(answer.stdout.contains("`max_share` is 20"), "{answer:?}");
    assert!(
        answer
            .stdout
            .contains("raise the budget in `cleanup.limits`")
    );
    assert!(world.root().join("a/cache/x").exists());
    let others = "SELECT count(*) FROM cleanup_actions WHERE action_result NOT LIKE 'refused: over the budget%' \
                  AND action_result NOT LIKE 'skipped: %'";
    assert_eq!(world.query(others), ["0"]);
}
