//! Reports: the record in, bytes out. Pure, except for the progress display. Nothing untrusted leaves this
//! room without passing [`encode`].

pub mod encode;
