//! The threads that act. All of them are made here.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// So many threads of the sweep's own, at least one.
pub(super) fn hands(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(count.max(1))
        .thread_name(|number| format!("sweep-{number}"))
        .build()
}
