//! Every form, read back.
