//! The threads that change a workspace. All of them are made here, and each is limited before it does anything.

use super::record::ThreadLimits;
use super::sandbox::{Rights, SandboxError, restrict_this_thread};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Threads that may act, and what the kernel holds them to.
pub struct Hands {
    /// The threads.
    pub pool: ThreadPool,
    /// What holds them.
    pub limits: ThreadLimits,
}

/// There are no threads that may act.
#[derive(Debug, thiserror::Error)]
pub enum HandsError {
    /// They could not be started.
    #[error("the threads that are to act cannot be started")]
    Start(#[from] ThreadPoolBuildError),
    /// They would not be held to their rights.
    #[error(transparent)]
    Limit(#[from] SandboxError),
}

impl Hands {
    /// So many threads, at least one, with these rights. Call it from a thread that is not limited itself: limits are
    /// passed on.
    ///
    /// # Errors
    /// A thread could not be started, or the kernel has limits and did not set them.
    pub fn new(name: &'static str, count: usize, rights: &Rights) -> Result<Self, HandsError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(count.max(1))
            .thread_name(move |number| format!("{name}-{number}"))
            .build()?;
        let enforced = pool.broadcast(|_| restrict_this_thread(rights));
        let enforced = enforced.into_iter().collect::<Result<Vec<_>, _>>()?;
        let limits = ThreadLimits::of(rights, enforced);
        Ok(Self { pool, limits })
    }
}
