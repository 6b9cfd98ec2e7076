//! Memory per path: the tree, the plan and the statuses of a scan, for ten million made-up paths.
//!
//! `cargo bench --bench paths -- 10000000`. Linux only: reads `/proc/self/status`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use factory_gate::policy;
use factory_gate::scan::Plan;
use factory_gate::walk::{Kind, Meta, TreeBuilder};

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let count: u64 = arguments
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(1_000_000);
    let policy = policy::load(None, &|_| Err(std::io::ErrorKind::NotFound.into()));
    let policy = policy.unwrap_or_else(|problems| panic!("{problems}"));
    let before = resident_kib("VmRSS");
    let mut builder = TreeBuilder::default();
    let (mut path, mut path_bytes) = (String::new(), 0);
    for number in 0..count {
        use std::fmt::Write as _;
        path.clear();
        let (package, module) = (number / 10_000, number / 100);
        let _infallible = write!(
            path,
            "packages/package-{package}/src/module-{module}/file-{number}.rs"
        );
        path_bytes += path.len() as u64;
        assert!(builder.push(path.as_bytes(), meta()));
    }
    let tree = builder.finish("/workspace".into());
    let after_tree = resident_kib("VmRSS");
    let plan = Plan::new(&policy, &tree);
    let statuses = vec![factory_gate::scan::Status::NotChecked; tree.len()];
    let after_plan = resident_kib("VmRSS");
    let per_path = |kib: u64| kib * 1024 / count;
    println!("{count} paths of {} bytes on average", path_bytes / count);
    println!(
        "tree               {} bytes a path",
        per_path(after_tree - before)
    );
    println!(
        "plan and statuses  {} bytes a path",
        per_path(after_plan - after_tree)
    );
    println!(
        "peak while sorting {} bytes a path",
        per_path(resident_kib("VmHWM") - before)
    );
    drop((plan, statuses));
}

fn meta() -> Meta {
    Meta {
        kind: Kind::File,
        permissions: 0o644,
        size: 4096,
        modified_ns: 0,
        tracked: None,
        ignored: false,
    }
}

fn resident_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}
