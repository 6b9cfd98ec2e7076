//! The floor: a bare parallel walk that reads every file and judges nothing. What a scan costs is a multiple of this.
//!
//! `cargo bench --bench floor -- DIRECTORY`, or the binary in `target/release/deps`, with `THREADS` as second argument.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let directory = arguments.next().unwrap_or_else(|| ".".into());
    let threads = arguments
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let started = std::time::Instant::now();
    let walk = ignore::WalkBuilder::new(&directory)
        .standard_filters(false)
        .threads(threads)
        .build_parallel();
    walk.run(|| {
        let mut buffer = vec![0; 64 << 10];
        let (files, bytes) = (&files, &bytes);
        Box::new(move |entry| {
            let Ok(entry) = entry else {
                return ignore::WalkState::Continue;
            };
            if entry.file_type().is_some_and(|kind| kind.is_file())
                && let Ok(mut file) = std::fs::File::open(entry.path())
            {
                files.fetch_add(1, Ordering::Relaxed);
                while let Ok(read @ 1..) = file.read(&mut buffer) {
                    bytes.fetch_add(read as u64, Ordering::Relaxed);
                }
            }
            ignore::WalkState::Continue
        })
    });
    let seconds = started.elapsed().as_secs_f64();
    let (files, bytes) = (files.into_inner(), bytes.into_inner());
    println!("{files} files, {bytes} bytes read in {seconds:.3} s");
}
