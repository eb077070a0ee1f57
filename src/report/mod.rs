//! Findings in, text out: one file a format.
//!
//! In: an [`Outcome`], what a run of the engine ended with. Out: text on a writer: [`human`] for people, who see each
//! finding on an [`excerpt`] of the messages it is about; [`concise`] for editors and `grep`, [`json`] for programs,
//! [`sarif`], [`xml`], [`github`], [`gitlab`] and [`csv`] for the machines that expect them.
//! An excerpt is made anew from the tree, never cut from the capture, and every text from the wire goes through
//! [`sanitise()`] on its way to a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::finding::{Cost, Finding, Severity};
use crate::session::{Doubt, Tally};
use crate::time::Time;
use crate::tls;
use crate::wire::FrameNo;

pub mod annotations;
pub mod baseline;
pub mod concise;
mod contents;
pub mod csv;
pub mod excerpt;
pub mod filter;
pub mod github;
pub mod gitlab;
mod groups;
pub mod html;
pub mod human;
mod identity;
pub mod info;
pub mod json;
pub mod ladder;
mod narrated;
mod neighbourhood;
mod offsets;
mod position;
mod redact;
pub mod sarif;
mod summary;
mod timings;
pub mod xml;

pub use self::contents::{Contents, Kinds, Manner, Share};
pub use self::identity::identity;
pub use self::position::Position;
pub use self::redact::{Pseudonyms, redacted};
pub use self::summary::skipped;
pub use self::timings::{RuleTime, Timings};
pub use crate::sanitise::sanitise;
use human::Artist;

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
    /// Frames cut by the snap length and gaps in streams, whatever they carried.
    pub lost: u64,
    /// What the captures hold, whatever rules say of it.
    pub contents: Contents,
    /// Flows that are TLS, and what became of them.
    pub tls: tls::Tally,
    /// The findings in the order in which they are told.
    pub findings: Vec<Filed>,
    /// What was found besides and told while the capture was read, by rule.
    pub told: BTreeMap<&'static str, Told>,
    /// How often a rule could not judge, by rule and reason.
    pub rule_doubts: BTreeMap<(&'static str, Doubt), u64>,
    /// Rules that failed: faults of this program.
    pub internal: Vec<String>,
    /// Findings beyond the limit on how many are kept.
    pub dropped_findings: u64,
    /// Files in folders that were passed over: hidden ones, and what is no capture.
    pub skipped_files: u64,
    /// What is remembered of each session to draw it, where that was asked for, by when each began.
    pub stories: Vec<ladder::Story>,
    /// How long stages and rules took, where that was measured.
    pub timings: Option<Timings>,
    /// Comments on frames that say what to ignore there.
    pub notes: Vec<Noted>,
    /// What such comments suppressed. It is not among the findings.
    pub suppressed: Vec<Suppressed>,
    /// What came of holding the findings against a baseline, where there is one. The known ones are not among the findings.
    pub baseline: Option<baseline::Compared>,
}

/// The findings of a rule, added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// How bad the worst of them is.
    pub severity: Severity,
    /// How many they are, those of the same cause in the same session counting once.
    pub count: u64,
    /// How many more there were of the same causes.
    pub repeats: u64,
    /// What they cost.
    pub cost: Cost,
}

impl Told {
    /// Adds a finding.
    pub fn add(&mut self, finding: &Finding) {
        self.severity = self.severity.max(finding.severity);
        self.count += 1;
        self.repeats += finding.repeats;
        self.cost += finding.cost.unwrap_or_default();
    }

    /// Adds a further occurrence of a cause that was told, with what was folded into it.
    pub fn repeat(&mut self, severity: Severity, cost: Option<Cost>, repeats: u64) {
        self.severity = self.severity.max(severity);
        self.repeats += 1 + repeats;
        self.cost += cost.unwrap_or_default();
    }
}

impl std::ops::AddAssign for Told {
    fn add_assign(&mut self, other: Self) {
        self.severity = self.severity.max(other.severity);
        self.count += other.count;
        self.repeats += other.repeats;
        self.cost += other.cost;
    }
}

impl Outcome {
    /// Everything found, by rule.
    pub fn by_rule(&self) -> BTreeMap<&'static str, Told> {
        let mut by_rule = self.told.clone();
        for Filed { finding, .. } in &self.findings {
            by_rule.entry(finding.rule).or_default().add(finding);
        }
        by_rule
    }

    /// How bad the worst of everything found is; `None` when nothing was.
    pub fn worst(&self) -> Option<Severity> {
        let kept = self.findings.iter().map(|filed| filed.finding.severity);
        kept.chain(self.told.values().map(|told| told.severity)).max()
    }
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
    /// Further anomalies, of which only the number is known.
    pub further_anomalies: u64,
    /// Whether it is a log of messages, which has no frames.
    pub is_log: bool,
}

/// How a comment begins that says what to ignore on its frame.
pub const IGNORE: &str = "impslint: ignore";

/// A comment on a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// Path of the capture.
    pub file: String,
    /// The frame.
    pub frame: FrameNo,
    /// What it says.
    pub text: String,
}

/// A finding that a comment on its frame says is known.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub filed: Filed,
    /// Why it is suppressed.
    pub reason: String,
}

/// A finding and the capture it was made in.
#[derive(Clone, Debug)]
pub struct Filed {
    /// Path of the capture that its place is in.
    pub file: String,
    /// Its frames in that capture, each once, rising.
    pub frames: Vec<FrameNo>,
    /// Its frames in other captures, of a session that runs on from one to the next.
    pub elsewhere: Vec<Elsewhere>,
    /// The finding; the frames of each exhibit are numbered as in the capture of the exhibit.
    pub finding: Finding,
}

/// Frames of a finding in another capture than that of its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Elsewhere {
    /// Path of the capture.
    pub file: String,
    /// The frames, each once, rising.
    pub frames: Vec<FrameNo>,
}

impl Filed {
    /// A finding whose frames `locate` finds: the path of the capture of a frame, and its number there. One without
    /// frames is of the capture `file`.
    pub fn new(mut finding: Finding, file: &str, locate: impl Fn(FrameNo) -> Option<(Arc<str>, FrameNo)>) -> Self {
        let mut files: Vec<(Arc<str>, BTreeSet<FrameNo>)> = Vec::new();
        for exhibit in &mut finding.exhibits {
            let mut of_exhibit = Vec::new();
            for (file, frame) in exhibit.frames.iter().filter_map(|frame| locate(*frame)) {
                match files.iter_mut().find(|(known, _)| *known == file) {
                    Some((_, frames)) => _ = frames.insert(frame),
                    None => files.push((Arc::clone(&file), [frame].into())),
                }
                // Of a message that runs on into the next capture, the exhibit is where it began.
                let own = exhibit.file.get_or_insert_with(|| Arc::clone(&file));
                of_exhibit.extend((*own == file).then_some(frame));
            }
            exhibit.frames = of_exhibit;
        }
        let mut files = files.into_iter().map(|(file, frames)| (file, frames.into_iter().collect()));
        let (file, frames) = files.next().unwrap_or_else(|| (file.into(), Vec::new()));
        for exhibit in &mut finding.exhibits {
            exhibit.file.take_if(|own| *own == file);
        }
        let elsewhere = files.map(|(file, frames)| Elsewhere { file: file.to_string(), frames }).collect();
        Self { file: file.to_string(), frames, elsewhere, finding }
    }
}

/// Writes a report of what is told while a capture is being read: findings one by one, the rest at the end.
#[derive(Debug)]
pub struct Telling<W> {
    format: Format,
    artist: Artist,
    out: W,
    failed: Option<io::Error>,
}

impl<W: Write> Telling<W> {
    /// A report on a writer; `None` for a format that can only be written as a whole.
    pub fn new(format: Format, out: W) -> Option<Self> {
        let options = match format {
            Format::Human(options) => options,
            Format::Concise | Format::Jsonl | Format::Narrated(_) => human::Options::default(),
            _ => return None,
        };
        Some(Self { format, artist: Artist::new(options), out, failed: None })
    }

    /// Tells a finding at once; breaks off when nobody reads.
    pub fn tell(&mut self, filed: &Filed) -> ControlFlow<()> {
        let told = match self.format {
            Format::Human(_) => writeln!(self.out, "{}", self.artist.draw(filed)),
            Format::Jsonl => json::line(filed, &mut self.out),
            Format::Narrated(_) => narrated::finding(filed, &mut self.out),
            _ => concise::finding(filed, &mut self.out),
        };
        self.failed = told.and_then(|()| self.out.flush()).err();
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Writes what stands at the end of a report.
    ///
    /// # Errors
    /// Those of the writer, the first one.
    pub fn finish(mut self, outcome: &Outcome) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => write(outcome, self.format, &mut self.out).and_then(|()| self.out.flush()),
        }
    }
}

/// What a report is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Drawn for people.
    Human(human::Options),
    /// In sentences, for screen readers; whether each finding is told, however many there are.
    Narrated(bool),
    /// A line a finding.
    Concise,
    /// One JSON object, see `docs/report.schema.json`.
    Json,
    /// A JSON object a finding, one a line, and one for the summary.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit; findings of this severity and worse are failures.
    Junit(Option<Severity>),
    /// Workflow commands of GitHub.
    Github,
    /// The code quality report of GitLab.
    Gitlab,
    /// Checkstyle.
    Checkstyle,
    /// A row a finding.
    Csv,
    /// One page that stands by itself.
    Html,
}

impl Format {
    /// Whether reports of the format are passed on, so that they tell nobody's name unless asked to.
    pub fn is_passed_on(self) -> bool {
        matches!(self, Self::Sarif | Self::Junit(_) | Self::Github | Self::Gitlab | Self::Html)
    }
}

/// Writes a report.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Human(options) => human::write(outcome, options, out),
        Format::Narrated(full) => narrated::write(outcome, full, out),
        Format::Concise => concise::write(outcome, out),
        Format::Json => json::write(outcome, out),
        Format::Jsonl => json::lines(outcome, out),
        Format::Sarif => sarif::write(outcome, out),
        Format::Junit(least) => xml::junit(outcome, |severity| least.is_some_and(|least| severity >= least), out),
        Format::Github => github::write(outcome, out),
        Format::Gitlab => gitlab::write(outcome, out),
        Format::Checkstyle => xml::checkstyle(outcome, out),
        Format::Csv => csv::write(outcome, out),
        Format::Html => html::write(outcome, out),
    }
}

#[cfg(test)]
pub(crate) mod samples;
