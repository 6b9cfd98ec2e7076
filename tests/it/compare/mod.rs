//! What a base changes: new and existing violations, and looking only at what changed.

mod kit;
mod oracle;
mod scope;
mod states;
mod trouble;
