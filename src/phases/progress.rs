//! Progress out, interruption in: what the edge shares with the phases while they run.

use super::Phase;
use crate::report::progress::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches a run.
pub struct Watch {
    progress: Progress,
    interrupted: Arc<AtomicBool>,
}

/// Someone asked the run to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

impl Watch {
    /// A watch that shows progress this way.
    pub fn new(progress: Progress) -> Self {
        Self {
            progress,
            interrupted: Arc::default(),
        }
    }

    /// Set it to ask the run to stop: what was seen is still recorded, as interrupted.
    pub fn interruption(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Whether someone asked the run to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// The progress display.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted() {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }

    pub(super) fn phase(&self, phase: Phase) {
        self.progress.phase(phase.number(), phase.name());
    }
}
