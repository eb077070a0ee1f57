//! One JSON object a run, for programs: `docs/report.schema.json` says what is in it.
//!
//! Values are as on the wire. Characters that a terminal would obey or hide are written as `\u` escapes, so that the
//! text is harmless to look at and the value is still what was sent.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::csp::name;
use crate::finding::{Cost, Exhibit, Scene, Severity};
use crate::session::Doubt;
use crate::syntax::NameId;
use crate::time::Time;
use crate::wire::FrameNo;

use super::baseline::Known;
use super::filter::filter;
use super::human::version_name;
use super::{Elsewhere, Filed, Outcome};
use crate::sanitise::is_hidden;

/// Number of the schema; it changes when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// Writes the object and a line end.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let report = Report {
        schema: SCHEMA,
        tool: Tool::OWN,
        inputs: &outcome.inputs,
        summary: Summary::of(outcome),
        findings: &outcome.findings,
        timings: outcome.timings.as_ref(),
    };
    one(&report, out)
}

/// Writes a line a finding, each an object as in the array of findings of [`write()`], with `"type": "finding"`; then
/// one with `"type": "summary"`, the inputs and the summary.
///
/// # Errors
/// Those of the writer.
pub fn lines(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    outcome.findings.iter().try_for_each(|filed| line(filed, out))?;
    let Outcome { inputs, timings, .. } = outcome;
    let last = Last {
        kind: "summary",
        schema: SCHEMA,
        tool: Tool::OWN,
        inputs,
        summary: Summary::of(outcome),
        timings: timings.as_ref(),
    };
    one(&last, out)
}

/// Writes the line of a finding.
pub(super) fn line(filed: &Filed, out: &mut impl Write) -> io::Result<()> {
    one(&Line { kind: "finding", finding: Finding::of(filed) }, out)
}

fn one(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
    writeln!(out)
}

#[derive(Serialize)]
struct Line<'o> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    finding: Finding<'o>,
}

#[derive(Serialize)]
struct Last<'o> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    tool: Tool,
    #[serde(serialize_with = "inputs")]
    inputs: &'o [super::Input],
    summary: Summary<'o>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<&'o super::Timings>,
}

#[derive(Serialize)]
struct Report<'o> {
    schema: u32,
    tool: Tool,
    #[serde(serialize_with = "inputs")]
    inputs: &'o [super::Input],
    summary: Summary<'o>,
    #[serde(serialize_with = "findings")]
    findings: &'o [Filed],
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<&'o super::Timings>,
}

#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    pub(super) const OWN: Self = Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
}

#[derive(Serialize)]
pub(super) struct Input<'o> {
    path: &'o str,
    format: &'o str,
    packets: u64,
    bytes: u64,
    #[serde(serialize_with = "moment")]
    first_time: Option<Time>,
    #[serde(serialize_with = "moment")]
    last_time: Option<Time>,
    truncated: bool,
}

impl<'o> Input<'o> {
    pub(super) fn of(input: &'o super::Input) -> Self {
        let super::Input { path, format, packets, bytes, first_time, last_time, truncated, .. } = input;
        Self {
            path,
            format,
            packets: *packets,
            bytes: *bytes,
            first_time: *first_time,
            last_time: *last_time,
            truncated: *truncated,
        }
    }
}

#[derive(Serialize)]
struct Summary<'o> {
    packets: u64,
    bytes: u64,
    flows: u64,
    exchanges: u64,
    messages: u64,
    sessions: u64,
    subscribers: u64,
    transactions: BTreeMap<&'o str, u64>,
    judged: u64,
    not_judged: BTreeMap<&'o str, u64>,
    coverage: Option<f64>,
    rules_not_judged: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    relayed: u64,
    findings: BTreeMap<&'o str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Compared<'o>>,
    #[serde(skip_serializing_if = "is_none")]
    suppressed: usize,
}

/// Whether there are none.
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// What came of the baseline.
#[derive(Serialize)]
struct Compared<'o> {
    known: u64,
    stale: &'o [Known],
}

#[derive(Serialize)]
pub(super) struct Tls {
    flows: u64,
    deciphered: u64,
    without_keys: u64,
    unreadable: u64,
    sealed_bytes: u64,
}

impl<'o> Summary<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let tally = &outcome.tally;
        let found = |severity| outcome.findings.iter().filter(|f| f.finding.severity == severity).count();
        Self {
            packets: outcome.packets,
            bytes: outcome.bytes,
            flows: outcome.flows,
            exchanges: tally.exchanges,
            messages: tally.messages,
            sessions: tally.sessions,
            subscribers: tally.subscribers,
            transactions: tally.transactions.iter().map(|(name, count)| (primitive(*name), *count)).collect(),
            judged: tally.judged,
            not_judged: tally.not_judged.iter().map(|(doubt, count)| (doubt.name(), *count)).collect(),
            coverage: (tally.exchanges > 0).then(|| (tally.coverage() * 100.0).floor() / 100.0),
            rules_not_judged: by_rule(&outcome.rule_doubts),
            relayed: tally.relayed,
            suppressed: outcome.suppressed.len(),
            baseline: outcome.baseline.as_ref().map(|of| Compared { known: of.known, stale: &of.stale }),
            findings: [Severity::Info, Severity::Warning, Severity::Error].map(|s| (s.name(), found(s))).into(),
            tls: (outcome.tls.flows > 0).then(|| Tls::of(outcome.tls)),
        }
    }
}

impl Tls {
    pub(super) fn of(tally: crate::tls::Tally) -> Self {
        let crate::tls::Tally { flows, deciphered, without_keys, unreadable, sealed_octets: sealed_bytes } = tally;
        Self { flows, deciphered, without_keys, unreadable, sealed_bytes }
    }
}

/// How often each rule could not judge, by reason.
fn by_rule(doubts: &BTreeMap<(&'static str, Doubt), u64>) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
    let mut rules: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for ((rule, doubt), count) in doubts {
        rules.entry(*rule).or_default().insert(doubt.name(), *count);
    }
    rules
}

/// The name of a primitive; `unknown` for those outside the vocabulary.
fn primitive(name: NameId) -> &'static str {
    if name == NameId::UNKNOWN { "unknown" } else { name::spelling(name) }
}

#[derive(Serialize)]
struct Finding<'o> {
    rule: &'static str,
    severity: &'static str,
    basis: &'static str,
    message: &'o str,
    help: &'o str,
    side: &'static str,
    file: &'o str,
    frames: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(serialize_with = "moment")]
    time: Option<Time>,
    flow: Option<Flow>,
    session: Option<&'o str>,
    user: Option<&'o str>,
    forwarded: Option<&'o str>,
    version: Option<&'static str>,
    carrier: Option<&'static str>,
    encoding: Option<&'static str>,
    path: Option<&'o str>,
    cost: Option<Price>,
    display_filter: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<Other<'o>>,
    repeats: u64,
    #[serde(serialize_with = "exhibits")]
    exhibits: &'o [Exhibit],
}

#[derive(Serialize)]
struct Other<'o> {
    file: &'o str,
    frames: Vec<u64>,
    display_filter: Option<String>,
}

#[derive(Serialize)]
struct Flow {
    client: String,
    server: String,
}

#[derive(Serialize)]
struct Price {
    bytes: u64,
    round_trips: u64,
    seconds: Option<f64>,
}

#[derive(Serialize)]
struct Shown<'o> {
    title: &'o str,
    direction: &'static str,
    #[serde(serialize_with = "moment")]
    time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'o str>,
    frames: Vec<u64>,
    label: &'o str,
}

impl<'o> Finding<'o> {
    fn of(Filed { file, frames, elsewhere, finding }: &'o Filed) -> Self {
        let Scene { peers, session, user, forwarded, version, carrier, encoding } = &finding.scene;
        let place = finding.place().and_then(|place| place.frames.first()?.log_place());
        Self {
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column).filter(|column| *column > 0),
            rule: finding.rule,
            severity: finding.severity.name(),
            basis: finding.basis.name(),
            message: &finding.message,
            help: finding.help,
            side: finding.side.name(),
            file,
            display_filter: filter(frames),
            frames: numbers(frames),
            elsewhere: elsewhere
                .iter()
                .map(|Elsewhere { file, frames }| Other {
                    file,
                    frames: numbers(frames),
                    display_filter: filter(frames),
                })
                .collect(),
            time: finding.time(),
            flow: peers.map(|(client, server)| Flow { client: client.to_string(), server: server.to_string() }),
            session: session.as_deref(),
            user: user.as_deref(),
            forwarded: forwarded.as_deref(),
            version: version.map(version_name),
            carrier: carrier.map(|c| c.name()),
            encoding: encoding.map(|e| e.name()),
            path: finding.place().and_then(|p| p.path.as_deref()),
            cost: finding.cost.map(|Cost { octets, round_trips, seconds }| Price {
                bytes: octets,
                round_trips,
                seconds: seconds.map(|s| s.0),
            }),
            repeats: finding.repeats,
            exhibits: &finding.exhibits,
        }
    }
}

pub(super) fn numbers(frames: &[FrameNo]) -> Vec<u64> {
    let mut numbers: Vec<u64> = frames.iter().map(|f| f.number()).collect();
    numbers.dedup();
    numbers
}

fn inputs<S: Serializer>(inputs: &[super::Input], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(inputs.iter().map(Input::of))
}

fn findings<S: Serializer>(findings: &[Filed], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(findings.iter().map(Finding::of))
}

fn exhibits<S: Serializer>(exhibits: &[Exhibit], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(exhibits.iter().map(|exhibit| Shown {
        title: &exhibit.title,
        direction: exhibit.direction.name(),
        time: Some(exhibit.time),
        file: exhibit.file.as_deref(),
        frames: numbers(&exhibit.frames),
        label: &exhibit.label,
    }))
}

pub(super) fn moment<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) if !time.is_order() => to.collect_str(time),
        _ => to.serialize_none(),
    }
}

/// Compact JSON in which hidden characters are escaped beyond what JSON asks for.
#[derive(Clone, Copy, Debug)]
pub struct Guarded;

impl serde_json::ser::Formatter for Guarded {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (before, from) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = from.get(hidden.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests;
