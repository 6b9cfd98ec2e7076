//! The steps of `action.yml`, run as a GitHub runner runs them.

mod documents; // what stands in several places is the same
mod expression; // `${{ }}`
mod hostile; // text of others stays text
mod program; // where the program comes from
mod protocol; // files and commands that a runner reads
mod runner; // composite steps
mod stage; // a runner's machine
mod uploads; // what is uploaded, and that no verdict depends on it
mod verdicts; // exit codes, verdicts, arguments
