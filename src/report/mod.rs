//! Findings in, text out: one file a format.
//!
//! In: an [`Outcome`], what a run of the engine ended with. Out: text on a writer: [`json`] for programs, [`concise`]
//! for editors and `grep`, [`human`] for people, who see each finding on an [`excerpt`] of the messages it is about.
//! An excerpt is made anew from the tree, never cut from the capture, and every text from the wire goes through
//! [`sanitise()`] on its way to a terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::finding::Finding;
use crate::session::{Doubt, Tally};
use crate::time::Time;
use crate::tls;

pub mod concise;
pub mod excerpt;
pub mod filter;
pub mod human;
pub mod json;
mod neighbourhood;
mod summary;

pub use crate::sanitise::sanitise;

/// What a run ended with: everything a report tells.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The captures read, in their order.
    pub inputs: Vec<Input>,
    /// What the session stage counted.
    pub tally: Tally,
    /// Frames read.
    pub packets: u64,
    /// Octets of all inputs.
    pub bytes: u64,
    /// Flows seen, whatever they carried.
    pub flows: u64,
    /// Flows that are TLS, and what became of them.
    pub tls: tls::Tally,
    /// The findings in the order in which they are told.
    pub findings: Vec<Filed>,
    /// How often a rule could not judge, by rule and reason.
    pub rule_doubts: BTreeMap<(&'static str, Doubt), u64>,
    /// Rules that failed: faults of this program.
    pub internal: Vec<String>,
    /// Findings beyond the limit on how many are kept.
    pub dropped_findings: u64,
}

/// A capture that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Input {
    /// Its path as given; `-` for standard input.
    pub path: String,
    /// Its format: `pcap`, `pcapng`.
    pub format: String,
    /// Frames in it.
    pub packets: u64,
    /// Octets in it.
    pub bytes: u64,
    /// When its first frame was captured.
    pub first_time: Option<Time>,
    /// When its last frame was captured.
    pub last_time: Option<Time>,
    /// Whether it ends in the middle of a record.
    pub truncated: bool,
    /// What was wrong with it and got over, a line each, offset included.
    pub anomalies: Vec<String>,
}

/// A finding and the capture it was made in.
#[derive(Clone, Debug)]
pub struct Filed {
    /// Path of the capture.
    pub file: String,
    /// The finding.
    pub finding: Finding,
}

/// What a report is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Drawn for people.
    Human(human::Options),
    /// A line a finding.
    Concise,
    /// One JSON object, see `docs/report.schema.json`.
    Json,
}

/// Writes a report.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Human(options) => human::write(outcome, options, out),
        Format::Concise => concise::write(outcome, out),
        Format::Json => json::write(outcome, out),
    }
}

#[cfg(test)]
mod samples;
