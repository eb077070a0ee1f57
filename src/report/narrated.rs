//! Findings in sentences, a fact a line, without drawing: for screen readers.

use std::io::{self, Write};

use crate::finding::Exhibit;

use super::filter::filter;
use super::groups::{FEW, Group};
use super::human::version_name;
use super::{Filed, Outcome, summary};
use crate::carrier::Direction;
use crate::sanitise::{MOST_COLUMNS, clip};

/// Writes each finding, or where there are many each group of them, then what is to be known besides.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(outcome: &Outcome, full: bool, out: &mut impl Write) -> io::Result<()> {
    let findings = &outcome.findings;
    let groups = if full || findings.len() <= FEW { Vec::new() } else { Group::all(findings) };
    for (at, group) in groups.iter().enumerate() {
        writeln!(out, "Group {} of {}: {}. The first of them:", at + 1, groups.len(), group.extent())?;
        finding(group.first, out)?;
    }
    if groups.is_empty() {
        for (at, filed) in findings.iter().enumerate() {
            writeln!(out, "Finding {} of {}.", at + 1, findings.len())?;
            finding(filed, out)?;
        }
    }
    for line in summary::remarks(outcome) {
        writeln!(out, "Note: {line}.")?;
    }
    writeln!(out, "Coverage: {}.", summary::coverage(outcome))?;
    if let Some(line) = summary::held_back(outcome) {
        writeln!(out, "Held back: {line}.")?;
    }
    writeln!(out, "In all: {}.", summary::counts(outcome))
}

/// Tells a finding and ends it with an empty line.
pub(super) fn finding(Filed { file, frames, elsewhere, finding }: &Filed, out: &mut impl Write) -> io::Result<()> {
    let safe = |text: &str| clip(text, MOST_COLUMNS);
    writeln!(out, "Rule {}, {}, basis {}.", finding.rule, finding.severity.name(), finding.basis.name())?;
    writeln!(out, "What: {}.", safe(&finding.message))?;
    writeln!(out, "File: {}.", safe(file))?;
    for (at, exhibit) in finding.exhibits.iter().enumerate() {
        writeln!(out, "Message {}: {}.", at + 1, told(exhibit))?;
    }
    writeln!(out, "Help: {}", safe(finding.help))?;
    let cost =
        finding.cost.as_ref().and_then(summary::cost).map(|cost| format!(" It cost {cost}.")).unwrap_or_default();
    writeln!(out, "Fault of {}.{cost}", finding.side.name())?;
    if finding.repeats > 0 {
        writeln!(out, "It came {} more times of the same cause.", finding.repeats)?;
    }
    let scene = &finding.scene;
    let whence = [
        scene.session.as_deref().map(|id| format!("session {}", safe(id))),
        scene.user.as_deref().map(|user| format!("user {}", safe(user))),
        scene.peers.map(|(client, server)| format!("client {client}, server {server}")),
        scene.version.map(|version| format!("CSP {}", version_name(version))),
    ];
    let whence: Vec<String> = whence.into_iter().flatten().collect();
    if !whence.is_empty() {
        writeln!(out, "Where: {}.", whence.join(", "))?;
    }
    if let Some(filter) = filter(frames) {
        writeln!(out, "Filter: {filter}")?;
    }
    for further in elsewhere {
        if let Some(filter) = filter(&further.frames) {
            writeln!(out, "Filter in {}: {filter}", safe(&further.file))?;
        }
    }
    writeln!(out)
}

/// `frame 31, 08:30:00.000, client to server, Polling-Request, said of it: 4.2 s after the poll before`
fn told(exhibit: &Exhibit) -> String {
    let place = exhibit.frames.first().map(|frame| match frame.log_place() {
        Some((line, _)) => format!("line {line}, "),
        None => format!("frame {}, ", frame.0),
    });
    let time = exhibit.time.to_string();
    let time = if exhibit.time.is_order() { String::new() } else { format!("{time}, ") };
    let ways = match exhibit.direction {
        Direction::ClientToServer => "client to server",
        Direction::ServerToClient => "server to client",
    };
    let id = exhibit.transaction.as_deref().map(|id| format!(" {}", clip(id, MOST_COLUMNS))).unwrap_or_default();
    let label = if exhibit.label.is_empty() {
        String::new()
    } else {
        format!(", said of it: {}", clip(&exhibit.label, MOST_COLUMNS))
    };
    format!("{}{time}{ways}, {}{id}{label}", place.unwrap_or_default(), clip(&exhibit.title, MOST_COLUMNS))
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;

    fn narrated(findings: usize, full: bool) -> String {
        let filed = || Filed {
            file: "a.pcap".to_owned(),
            frames: Vec::new(),
            elsewhere: Vec::new(),
            finding: redundant_poll(),
        };
        let outcome =
            Outcome { findings: std::iter::repeat_with(filed).take(findings).collect(), ..Outcome::default() };
        let mut text = Vec::new();
        write(&outcome, full, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_finding_is_told_in_lines_of_plain_text() {
        let text = narrated(1, false);
        assert!(
            text.starts_with("Finding 1 of 1.\nRule polling/redundant-poll, warning, basis guideline.\nWhat: "),
            "{text}"
        );
        assert!(text.contains("\nFault of client."), "{text}");
        assert!(!text.contains(['─', '│', '╰', '·', '⚠', '⇄', '→']), "{text}");
    }

    #[test]
    fn of_many_findings_one_of_a_kind_is_told() {
        assert!(narrated(21, false).starts_with("Group 1 of 1: 21 findings"), "{}", narrated(21, false));
        assert!(narrated(21, true).contains("Finding 21 of 21."));
    }
}
