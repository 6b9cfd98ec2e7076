//! The engine against an oracle: on real files it finds what each pattern finds alone, whole and in segments.
//!
//! By default on this repository with some of the detectors, since the oracle is slow. On a tree of yours with all of
//! them: `FG_TREE=DIRECTORY cargo test --release --test it oracle`.

use factory_gate::search::{Desk, Pattern, Resume, Searcher, Segment, Syntax};
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Larger files take the oracle too long.
const MOST: u64 = 2 << 20;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let (kind, name) = (entry.file_type().unwrap(), entry.file_name());
        if kind.is_dir() && name != "target" && name != ".git" {
            files(&entry.path(), into);
        } else if kind.is_file() && entry.metadata().unwrap().len() <= MOST {
            into.push(entry.path());
        }
    }
}

fn patterns(step: usize) -> Vec<Pattern> {
    let detectors = factory_gate::secrets::detectors();
    let built_in = detectors
        .iter()
        .step_by(step)
        .map(|one| one.pattern.clone());
    let lines = Syntax {
        unicode: true,
        lines: true,
        ..Syntax::default()
    };
    let of_policies = [
        "TODO|FIXME",
        r"^use\s+\w+",
        r"(?s)/\*.*?\*/",
        r"[0-9a-f]{32}",
        r"\bfn [a-z_]+\(",
        r"(?i)copyright.*$",
        r"\w+ish\b",
        "=======",
    ];
    let own = of_policies.map(|source| Pattern::new(source, lines).unwrap());
    built_in.chain(own).collect()
}

fn alone(pattern: &Pattern, text: &[u8]) -> Vec<Range<usize>> {
    let regex = pattern.regex().unwrap();
    regex.find_iter(text).map(|one| one.range()).collect()
}

fn in_segments(searcher: &Searcher, text: &[u8], size: usize) -> Vec<(u32, Range<usize>)> {
    let (reach, mut resume, mut desk) = (searcher.reach(), Resume::default(), Desk::default());
    let mut found = Vec::new();
    for start in (0..text.len()).step_by(size) {
        let own = start..(start + size).min(text.len());
        let around = start.saturating_sub(reach)..(own.end + reach).min(text.len());
        let segment = Segment {
            text: &text[around.clone()],
            offset: around.start as u64,
            own: own.start - around.start..own.end - around.start,
            last: around.end == text.len(),
        };
        let matches = searcher.search_segment(&segment, &mut resume, &mut desk);
        let all = matches.among(0..searcher.patterns().len()).iter();
        found.extend(all.map(|(number, range)| {
            (
                *number,
                range.start + around.start..range.end + around.start,
            )
        }));
    }
    found.sort_unstable_by_key(|(number, range)| (*number, range.start));
    found
}

#[test]
fn together_in_segments_and_alone_every_pattern_finds_the_same() {
    let tree = std::env::var_os("FG_TREE").map(PathBuf::from);
    let step = if tree.is_some() { 1 } else { 12 };
    let tree = tree.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut paths = Vec::new();
    files(&tree, &mut paths);
    if step > 1 {
        paths.sort();
        paths = paths.into_iter().step_by(3).collect();
    }
    assert!(paths.len() > 50, "{} files", paths.len());
    let searcher = Searcher::new(patterns(step));
    let count = searcher.patterns().len();
    let matches: usize = paths
        .par_iter()
        .map_init(Desk::default, |desk, path| {
            let Ok(text) = std::fs::read(path) else {
                return 0;
            };
            let together = searcher.search(&text, desk);
            for (number, pattern) in searcher.patterns().iter().enumerate() {
                let found: Vec<_> = together.of(number).collect();
                let source = pattern.source();
                assert_eq!(
                    found,
                    alone(pattern, &text),
                    "{source} in {}",
                    path.display()
                );
            }
            let whole = together.among(0..count);
            // Comments may be longer than segments reach.
            let is_bounded = |number: u32| number as usize != count - 6;
            for size in [9973, 1 << 20] {
                let mut parts = in_segments(&searcher, &text, size);
                parts.retain(|(number, _)| is_bounded(*number));
                let whole: Vec<_> = whole
                    .iter()
                    .filter(|(number, _)| is_bounded(*number))
                    .cloned()
                    .collect();
                assert!(parts == whole, "segments of {size} in {}", path.display());
            }
            whole.len()
        })
        .sum();
    println!("{} files, {count} patterns, {matches} matches", paths.len());
    assert!(matches > 100, "{matches} matches");
}
