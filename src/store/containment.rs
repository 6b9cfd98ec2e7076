//! By what means a run is kept inside of its workspace: recorded before the first act, so that a killed run tells it too.

use super::Recorder;
use super::error::{SqlContext as _, StoreError};

impl Recorder {
    /// Records the means, a JSON object, in the place of what was recorded before. They are durable no later than what is
    /// recorded next.
    ///
    /// # Errors
    /// The row could not be written.
    pub fn containment(&self, means: &serde_json::Value) -> Result<(), StoreError> {
        let means = means.to_string();
        self.feed.transact_later(move |conn, session| {
            let updated = conn.execute(
                "UPDATE session_details SET containment = ?2 WHERE deployment_id = ?1",
                [session, &means],
            );
            updated.doing("record the containment").map(drop)
        })
    }
}
