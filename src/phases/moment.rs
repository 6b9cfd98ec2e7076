//! Time, as the record writes it. It comes in at the edge.

use jiff::Timestamp;

/// Where the time comes from.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// ISO 8601, UTC, milliseconds, `Z`.
pub fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// `FACTORY_DEPLOY_YYYYMMDD_HHMMSS_xxxxxx`, UTC.
pub fn deployment_id(time: Timestamp, random: [u8; 3]) -> String {
    let time = time.strftime("%Y%m%d_%H%M%S");
    let [first, second, third] = random;
    format!("FACTORY_DEPLOY_{time}_{first:02x}{second:02x}{third:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_the_id_is_in_utc() {
        let time: Timestamp = "2026-03-04T05:06:07.5Z".parse().unwrap();
        assert_eq!(stamp(time), "2026-03-04T05:06:07.500Z");
        let id = deployment_id(time, [0xab, 0, 1]);
        assert_eq!(id, "FACTORY_DEPLOY_20260304_050607_ab0001");
    }
}
