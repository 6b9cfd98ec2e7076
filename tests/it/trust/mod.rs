//! What a pull request can do to the gate that judges it: nothing that is not said.

mod kit;
mod policy;
mod wiring;
