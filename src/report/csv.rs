//! A row a finding, for spreadsheets: values separated by commas, as RFC 4180 has them, names of columns first.

use std::io::{self, Write};

use super::filter::filter;
use super::human::version_name;
use super::identity::identity;
use super::{Filed, Outcome, Position};
use crate::sanitise::sanitise;

const COLUMNS: [&str; 21] = [
    "rule",
    "severity",
    "basis",
    "side",
    "file",
    "place",
    "time",
    "session",
    "user",
    "client",
    "server",
    "version",
    "carrier",
    "encoding",
    "message",
    "help",
    "repeats",
    "bytes",
    "round_trips",
    "seconds",
    "identity",
];

/// Writes the names of the columns and a row for each finding.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS.into_iter().chain(["display_filter"]))?;
    for filed in &outcome.findings {
        rows.write_record(row(filed))?;
    }
    rows.flush()
}

fn row(filed: &Filed) -> Vec<String> {
    let Filed { file, frames, finding, .. } = filed;
    let scene = &finding.scene;
    let cost = finding.cost.unwrap_or_default();
    let known = |number: u64| finding.cost.map(|_| number.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| inert(text.as_deref().unwrap_or_default());
    vec![
        finding.rule.to_owned(),
        finding.severity.name().to_owned(),
        finding.basis.name().to_owned(),
        finding.side.name().to_owned(),
        inert(file),
        Position::of(filed).map(|place| place.to_string()).unwrap_or_default(),
        finding.time().filter(|time| !time.is_order()).map(|time| time.to_string()).unwrap_or_default(),
        text(&scene.session),
        text(&scene.user),
        scene.peers.map(|(client, _)| client.to_string()).unwrap_or_default(),
        scene.peers.map(|(_, server)| server.to_string()).unwrap_or_default(),
        scene.version.map(version_name).unwrap_or_default().to_owned(),
        scene.carrier.map(|carrier| carrier.name()).unwrap_or_default().to_owned(),
        scene.encoding.map(|encoding| encoding.name()).unwrap_or_default().to_owned(),
        inert(&finding.message),
        inert(finding.help),
        finding.repeats.to_string(),
        known(cost.octets),
        known(cost.round_trips),
        cost.seconds.map(|seconds| seconds.0.to_string()).unwrap_or_default(),
        identity(filed),
        filter(frames).unwrap_or_default(),
    ]
}

/// A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it.
fn inert(text: &str) -> String {
    let safe = sanitise(text);
    if safe.starts_with(['=', '+', '-', '@']) { format!("'{safe}") } else { safe.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bare, hostile_outcome, outcome, redundant_poll};
    use super::*;

    fn read(outcome: &Outcome) -> Vec<csv::StringRecord> {
        let mut out = Vec::new();
        write(outcome, &mut out).unwrap();
        csv::ReaderBuilder::new().has_headers(false).from_reader(&*out).records().map(Result::unwrap).collect()
    }

    #[test]
    fn a_row_a_finding() {
        let rows = read(&outcome(vec![redundant_poll(), bare()]));
        assert_eq!(rows.len(), 3);
        let cell = |row: usize, name: &str| &rows[row][rows[0].iter().position(|column| column == name).unwrap()];
        assert_eq!(cell(1, "rule"), "polling/redundant-poll");
        assert_eq!((cell(1, "place"), cell(1, "time")), ("815", "2008-03-01T10:14:07.42Z"));
        assert_eq!((cell(1, "bytes"), cell(1, "round_trips"), cell(1, "seconds")), ("2314", "4", ""));
        assert_eq!(cell(1, "display_filter"), "frame.number in {812, 815}");
        assert_eq!((cell(2, "bytes"), cell(2, "place"), cell(2, "session")), ("", "", ""));
    }

    #[test]
    fn nothing_is_a_formula_or_hidden() {
        assert_eq!(inert("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
        assert_eq!(inert("+358401234567"), "'+358401234567");
        assert_eq!(inert("wv:anna"), "wv:anna");
        for row in read(&hostile_outcome()) {
            assert!(row.iter().all(|cell| !cell.chars().any(crate::sanitise::is_hidden)), "{row:?}");
        }
    }
}
