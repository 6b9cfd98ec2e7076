//! Patterns that leave the workspace, or name nothing, in one of their alternatives only, and such that no path can
//! have.

use super::patterns::taken;

#[test]
fn a_mistake_in_one_alternative_is_a_mistake() {
    let taken = taken(&[
        "{a,/b}",
        "{a,../b}",
        "{..,a}/canary/*.tmp",
        "{/etc,a}/**",
        "a/{..,b}/*.tmp",
        "{,a}",
        "{.,a}",
    ]);
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn a_pattern_that_no_path_can_have_is_a_mistake() {
    let taken = taken(&["a//b", "trash\0"]);
    assert!(taken.is_empty(), "{taken:#?}");
}
