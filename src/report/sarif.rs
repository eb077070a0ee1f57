//! SARIF 2.1.0: findings for code scanning and for viewers of static analysis.
//!
//! A location is a stretch of octets of the capture, as far as the file can be read again; the elements in focus are
//! logical locations, the messages shown a thread flow in the order of their time. What GitHub takes of a run is
//! respected: [`MOST_RESULTS`], and the text of no message longer than [`MOST_TEXT`].

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::excerpt::Excerpt;
use super::filter::filter;
use super::human::version_name;
use super::identity::identity;
use super::json::{Guarded, numbers};
use super::offsets::Offsets;
use super::{Filed, Input, Outcome, Position, Suppressed, summary};
use crate::carrier::Direction;
use crate::finding::{Exhibit, Finding, Severity};
use crate::rules::{self, Page};
use crate::sanitise::{clip, sanitise};

/// Results of a run at most. Source: GitHub's documentation of SARIF support, as are the next two.
pub const MOST_RESULTS: usize = 25_000;

/// Octets of a text at most.
pub const MOST_TEXT: usize = 1_000;

/// Locations of a thread flow at most; GitHub takes more, but nobody reads them.
const MOST_STEPS: usize = 100;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Columns of the messages of a finding, where they stand as text.
const WIDTH: usize = 100;

/// Writes the log and a line end.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let files: BTreeMap<&str, usize> =
        outcome.inputs.iter().enumerate().map(|(at, input)| (input.path.as_str(), at)).collect();
    let rules: Vec<&'static str> = {
        let suppressed = outcome.suppressed.iter().map(|of| &of.filed);
        let mut rules: Vec<_> = outcome.findings.iter().chain(suppressed).map(|filed| filed.finding.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    };
    let places = Places { offsets: Offsets::of(outcome), files, rules };
    let run = Run {
        tool: json!({ "driver": {
            "name": env!("CARGO_PKG_NAME"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": places.rules.iter().filter_map(|rule| described(rule)).collect::<Vec<_>>(),
        } }),
        invocations: [json!({
            "executionSuccessful": outcome.internal.is_empty(),
            "toolExecutionNotifications": notifications(outcome),
        })],
        artifacts: outcome.inputs.iter().map(artifact).collect(),
        automation_details: json!({ "id": "impslint/" }),
        results: Results(outcome, &places),
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    log.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
    writeln!(out)
}

#[derive(Serialize)]
struct Log<'o> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'o>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'o> {
    tool: Value,
    invocations: [Value; 1],
    artifacts: Vec<Value>,
    automation_details: Value,
    results: Results<'o>,
}

/// The results, made one by one as they are written.
struct Results<'o>(&'o Outcome, &'o Places<'o>);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(outcome, places) = self;
        let found = outcome.findings.iter().map(|filed| places.result(filed));
        let suppressed = outcome.suppressed.iter().map(|Suppressed { filed, reason }| {
            let mut result = places.result(filed);
            if let Value::Object(members) = &mut result {
                let told = json!([{ "kind": "inSource", "justification": cut(reason) }]);
                members.insert("suppressions".to_owned(), told);
            }
            result
        });
        to.collect_seq(found.chain(suppressed).take(MOST_RESULTS))
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A rule with its page.
fn described(name: &str) -> Option<Value> {
    let rule = rules::all().find(|rule| rule.name == name)?;
    let page = Page::parse(rule.page).ok()?;
    let family = name.split('/').next().unwrap_or_default();
    Some(json!({
        "id": name,
        "shortDescription": { "text": page.summary },
        "fullDescription": { "text": page.summary },
        "help": { "text": page.help, "markdown": page.text },
        "defaultConfiguration": { "level": level(page.severity) },
        "properties": { "tags": ["imps", family, page.basis.name()] },
    }))
}

/// What a reader has to know besides.
fn notifications(outcome: &Outcome) -> Vec<Value> {
    let beyond = outcome.findings.len().saturating_sub(MOST_RESULTS);
    let beyond = (beyond > 0).then(|| format!("{beyond} more findings are left out: GitHub takes {MOST_RESULTS}"));
    let said = summary::remarks(outcome).into_iter().chain([summary::coverage(outcome), summary::counts(outcome)]);
    let note = |text: String| json!({ "level": "note", "message": { "text": text } });
    let faults =
        outcome.internal.iter().map(|fault| json!({ "level": "error", "message": { "text": sanitise(fault) } }));
    beyond.into_iter().chain(said).map(note).chain(faults).collect()
}

fn artifact(input: &Input) -> Value {
    let kind = match input.format.as_str() {
        "pcap" => "application/vnd.tcpdump.pcap",
        "pcapng" => "application/x-pcapng",
        _ => return json!({ "location": { "uri": uri(&input.path) }, "length": input.bytes }),
    };
    json!({ "location": { "uri": uri(&input.path) }, "length": input.bytes, "mimeType": kind })
}

/// A path as a reference: what may not stand in one is written as `%` and two digits.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(octet)),
            octet => uri.push_str(&format!("%{octet:02X}")),
        }
    }
    uri
}

/// What results refer to.
struct Places<'o> {
    offsets: Offsets,
    files: BTreeMap<&'o str, usize>,
    rules: Vec<&'static str>,
}

impl Places<'_> {
    fn result(&self, filed: &Filed) -> Value {
        let Filed { file, frames, finding, .. } = filed;
        let scene = &finding.scene;
        let mut result = json!({
            "ruleId": finding.rule,
            "ruleIndex": self.rules.binary_search(&finding.rule).ok(),
            "level": level(finding.severity),
            "message": { "text": cut(&format!("{}. {}", finding.message, finding.help)) },
            "locations": [self.location(file, finding.place(), Position::of(filed))],
            "partialFingerprints": { "impslint/v1": identity(filed) },
            "occurrenceCount": finding.repeats + 1,
            "properties": {
                "side": finding.side.name(),
                "basis": finding.basis.name(),
                "frames": numbers(frames),
                "displayFilter": filter(frames),
                "session": scene.session.as_deref().map(sanitise),
                "user": scene.user.as_deref().map(sanitise),
                "version": scene.version.map(version_name),
                "carrier": scene.carrier.map(|carrier| carrier.name()),
                "encoding": scene.encoding.map(|encoding| encoding.name()),
            },
        });
        let Value::Object(members) = &mut result else { return result };
        if finding.exhibits.len() > 1 {
            members.insert("codeFlows".to_owned(), self.flow(filed));
        }
        exchange(finding, members);
        if let (Some(cost), Some(Value::Object(properties))) = (finding.cost, members.get_mut("properties")) {
            let cost =
                json!({ "bytes": cost.octets, "roundTrips": cost.round_trips, "seconds": cost.seconds.map(|s| s.0) });
            properties.insert("cost".to_owned(), cost);
        }
        result
    }

    fn location(&self, file: &str, exhibit: Option<&Exhibit>, position: Option<Position>) -> Value {
        let file = exhibit.and_then(|exhibit| exhibit.file.as_deref()).unwrap_or(file);
        let mut physical = json!({ "artifactLocation": { "uri": uri(file), "index": self.files.get(file) } });
        // GitHub asks for a line; in a capture there is but one.
        let (line, column) = position.filter(|p| p.is_line()).map_or((1, None), Position::line_and_column);
        let mut region = json!({ "startLine": line });
        if let Value::Object(region) = &mut region {
            column.into_iter().for_each(|column| _ = region.insert("startColumn".to_owned(), column.into()));
            let frame = exhibit.and_then(|exhibit| exhibit.frames.first());
            if let Some((at, len)) = frame.and_then(|frame| self.offsets.get(file, *frame)) {
                region.insert("byteOffset".to_owned(), at.into());
                region.insert("byteLength".to_owned(), len.into());
            }
        }
        if !self.files.contains_key(file) {
            physical = json!({ "artifactLocation": { "uri": uri(file) } });
        }
        if let Value::Object(physical) = &mut physical {
            physical.insert("region".to_owned(), region);
        }
        let mut location = json!({ "physicalLocation": physical });
        if let (Some(exhibit), Value::Object(location)) = (exhibit, &mut location) {
            if let Some(path) = &exhibit.path {
                let path = sanitise(path);
                location
                    .insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": path, "kind": "element" }]));
            }
            location.insert("message".to_owned(), json!({ "text": cut(&labelled(exhibit)) }));
        }
        location
    }

    /// The messages shown, in the order of their time.
    fn flow(&self, filed: &Filed) -> Value {
        let mut shown: Vec<&Exhibit> = filed.finding.exhibits.iter().take(MOST_STEPS).collect();
        shown.sort_by_key(|exhibit| exhibit.time);
        let steps: Vec<Value> = shown
            .iter()
            .map(|exhibit| {
                let position = exhibit.frames.first().map(|frame| Position::at(*frame));
                let location = self.location(&filed.file, Some(exhibit), position);
                match exhibit.time {
                    time if time.is_order() => json!({ "location": location }),
                    time => json!({ "location": location, "executionTimeUtc": time.to_string() }),
                }
            })
            .collect();
        json!([{ "threadFlows": [{ "locations": steps }] }])
    }
}

/// `Polling-Request 13: polled all the same`
fn labelled(exhibit: &Exhibit) -> String {
    let id = exhibit.transaction.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
    let label = if exhibit.label.is_empty() { String::new() } else { format!(": {}", exhibit.label) };
    format!("{}{id}{label}", exhibit.title)
}

/// The first request and the first answer that a finding shows, as what is understood of them.
fn exchange(finding: &Finding, members: &mut Map<String, Value>) {
    let first = |direction| finding.exhibits.iter().find(|exhibit| exhibit.direction == direction);
    let body = |exhibit: &Exhibit| {
        let alone = Finding { exhibits: vec![exhibit.clone()], ..finding.clone() };
        json!({ "text": Excerpt::of(&alone, WIDTH).text })
    };
    let Some(carrier) = finding.scene.carrier else { return };
    if let Some(asked) = first(Direction::ClientToServer) {
        members.insert("webRequest".to_owned(), json!({ "protocol": carrier.name(), "body": body(asked) }));
    }
    if let Some(answered) = first(Direction::ServerToClient) {
        members.insert("webResponse".to_owned(), json!({ "protocol": carrier.name(), "body": body(answered) }));
    }
}

/// A text of at most [`MOST_TEXT`] octets, nothing hidden in it.
fn cut(text: &str) -> String {
    let mut safe = clip(text, MOST_TEXT);
    while safe.len() > MOST_TEXT {
        safe.pop();
    }
    safe
}

#[cfg(test)]
mod tests;
