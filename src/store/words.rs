//! The words of the record, read back.

use super::rows::{SessionStatus, Stage, Verdict};

pub(super) fn stage(word: &str) -> Option<Stage> {
    [Stage::PreDeployment, Stage::PostDeployment]
        .into_iter()
        .find(|stage| stage.as_str() == word)
}

pub(super) fn status(word: &str) -> Option<SessionStatus> {
    [
        SessionStatus::InProgress,
        SessionStatus::Completed,
        SessionStatus::CompletedWithIssues,
        SessionStatus::Interrupted,
        SessionStatus::Failed,
    ]
    .into_iter()
    .find(|status| status.as_str() == word)
}

pub(super) fn verdict(word: &str) -> Option<Verdict> {
    [Verdict::Pass, Verdict::Fail, Verdict::Undecided]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
}
