//! What planning a cleanup costs beside the walk that it needs: a tree of 100,000 files in a temporary directory, walked,
//! and walked and planned, in turns. The aim: at most 1.5 times the walk.
//!
//! `cargo bench --bench plan -- [FILES [ROUNDS]]`

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use factory_gate::cleanup::{GitIndex, Protection, Reach, plan};
use factory_gate::policy::{self, CleanupPolicy, PolicyFile};
use factory_gate::walk::{Root, WalkOptions, walk};
use std::path::Path;
use std::time::{Duration, Instant};

/// A policy as a project has one: a tenth of the tree goes, another tenth is kept.
const USUAL: &str = "
version: 1
cleanup:
  rules:
    caches: { paths: ['**/__pycache__/', '**/.pytest_cache/', '**/node_modules/'] }
    builds: { paths: ['**/build/', '**/*.{o,obj,pyc}'], older_than: 1s }
    logs: { paths: ['**/*.log'], larger_than: 0, keep_newest: 10 }
    temporary: { paths: ['**/*.tmp', '**/*~', '**/.DS_Store'] }
    empty: { paths: ['**/'], empty_directories: true }
  keep: ['**/audit.log', 'module-1?/**/*.tmp']
  limits: { max_files: 1000000, max_directories: 1000000, max_share: 90 }
";

/// The worst case: every file goes.
const EVERYTHING: &str = "
version: 1
cleanup:
  rules: { all: { paths: ['**', '**/'] } }
  limits: { max_files: 1000000000, max_directories: 1000000000 }
";

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse::<usize>().ok());
    let files = numbers.next().unwrap_or(100_000);
    let rounds = numbers.next().unwrap_or(15);
    let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    if let Err(error) = build(directory.path(), files) {
        panic!("the tree cannot be made: {error}");
    }
    let root = Root::open(directory.path()).unwrap_or_else(|error| panic!("{error}"));
    for (name, text) in [("usual", USUAL), ("everything", EVERYTHING)] {
        measure(&root, (name, &cleanup(text)), rounds);
    }
}

fn cleanup(text: &str) -> CleanupPolicy {
    let file = PolicyFile {
        name: "bench.yml".into(),
        workspace_path: None,
        outside_path: None,
        text: text.as_bytes().to_vec(),
    };
    let loaded = policy::load(Some(file), &|_| Err(std::io::ErrorKind::NotFound.into()));
    loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .cleanup
}

fn build(root: &Path, files: usize) -> std::io::Result<()> {
    let endings = [
        "rs", "py", "c", "md", "json", "o", "tmp", "html", "toml", "txt",
    ];
    for number in 0..files {
        let directory = root.join(format!(
            "module-{}/part-{}",
            number / 10_000,
            number / 50 % 200
        ));
        if number % 50 == 0 {
            std::fs::create_dir_all(&directory)?;
        }
        let ending = endings[number % endings.len()];
        let file = std::fs::File::create(directory.join(format!("file-{number}.{ending}")))?;
        file.set_len(1)?;
    }
    Ok(())
}

fn measure(root: &Root, (name, policy): (&str, &CleanupPolicy), rounds: usize) {
    let options = WalkOptions {
        enter_nested: false,
        list_ignored: true,
        own_outputs: factory_gate::walk::OwnOutputs::default(),
    };
    let protection = Protection::new(GitIndex::NoRepository)
        .path(b".factory-gate.yml", Reach::Itself, "the policy")
        .path(b"factory_deployment.db", Reach::Subtree, "the record");
    let now_ns = 4_000_000_000_000_000_000;
    let (mut bare, mut both) = (Vec::new(), Vec::new());
    let (mut entries, mut targets, mut denied) = (0, 0, 0);
    for _ in 0..rounds {
        let started = Instant::now();
        entries = walk(root, &options).tree.len();
        bare.push(started.elapsed());
        let started = Instant::now();
        let walked = walk(root, &options);
        let plan = plan(&walked.tree, policy, &protection, now_ns);
        (targets, denied) = (plan.targets().len(), plan.denied().len());
        drop((walked, plan));
        both.push(started.elapsed());
    }
    let (bare, both) = (median(bare), median(both));
    println!(
        "{name}: {entries} entries, {targets} go, {denied} stay: walk {:.1} ms, walk and plan {:.1} ms, ratio {:.2}",
        bare.as_secs_f64() * 1e3,
        both.as_secs_f64() * 1e3,
        both.as_secs_f64() / bare.as_secs_f64()
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
