//! Reports (temporary door until the room is merged).
pub mod catalogue;
