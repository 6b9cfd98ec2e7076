//! Where the kernel has nothing to limit a thread with, and nothing is changed either.

/// What a thread may still change: nothing.
#[derive(Debug, Default)]
pub struct Rights;

impl Rights {
    /// No right to change anything anywhere: for threads that look.
    pub fn none() -> Self {
        Self
    }

    /// Directories beneath which changes are allowed: none.
    #[expect(clippy::unused_self, reason = "the same signature as on Unix")]
    pub fn granted(&self) -> &[String] {
        &[]
    }
}

/// What became of the wish to limit a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// The kernel holds the thread to its rights; the version of Landlock's interface that is in use.
    Landlock(u32),
    /// Nothing does, and why.
    No(String),
}

/// Why a thread could not be limited.
#[derive(Debug, thiserror::Error)]
#[error("the kernel's limits could not be set for a thread")]
pub struct SandboxError;

/// Limits the calling thread; this system has nothing to do it with.
///
/// # Errors
/// None here.
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub fn restrict_this_thread(_rights: &Rights) -> Result<Enforced, SandboxError> {
    Ok(Enforced::No("this system has no Landlock".into()))
}
