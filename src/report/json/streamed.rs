//! Rows that may be many, written as they are read.

use super::document::{Action, Violation};
use crate::store::rows::{Order, RowSource};
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use std::ops::ControlFlow;

/// All violations, written as they are read.
pub(super) struct Violations<'a>(pub(super) &'a dyn RowSource);
/// All cleanup actions, written as they are read.
pub(super) struct Actions<'a>(pub(super) &'a dyn RowSource);

impl Serialize for Violations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(serializer, |each| {
            self.0
                .violations(Order::ByPath, &mut |row| Ok(each(Violation::from(row))))
        })
    }
}

impl Serialize for Actions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(serializer, |each| {
            self.0.actions(&mut |row| Ok(each(Action::from(row))))
        })
    }
}

/// Serialises what `read` hands out, without keeping it.
pub(super) fn stream<S: Serializer, T: Serialize>(
    serializer: S,
    read: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>) -> anyhow::Result<()>,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(None)?;
    let mut failure = None;
    read(&mut |element| match sequence.serialize_element(&element) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })
    .map_err(|error| S::Error::custom(format!("{error:#}")))?;
    match failure {
        Some(error) => Err(error),
        None => sequence.end(),
    }
}
