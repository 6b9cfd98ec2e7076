//! Credentials: what they look like (detectors, as data), which of the matches are real, and how to speak of one
//! without telling it.
