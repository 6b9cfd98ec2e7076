//! The only room that knows the variables of CI systems.
