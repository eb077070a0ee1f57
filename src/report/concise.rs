//! A line a finding, for editors and `grep`.

use std::io::{self, Write};

use super::{Filed, Outcome, Position, summary};
use crate::sanitise::{MOST_COLUMNS, clip, sanitise};

/// Writes `file:FRAME: severity[family/name] message` for each finding, of a log `file:LINE:COLUMN: …`, then what is to be known besides and the
/// summary.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    for filed in &outcome.findings {
        finding(filed, out)?;
    }
    for remark in summary::remarks(outcome) {
        writeln!(out, "{remark}")?;
    }
    writeln!(out, "{}; {}", summary::counts(outcome), summary::coverage(outcome))
}

/// Writes the line of a finding.
pub(super) fn finding(filed: &Filed, out: &mut impl Write) -> io::Result<()> {
    let Filed { file, finding, .. } = filed;
    let place = Position::of(filed).map(|place| format!("{place}:")).unwrap_or_default();
    let (severity, rule) = (finding.severity.name(), finding.rule);
    let message = clip(&finding.message, MOST_COLUMNS);
    writeln!(out, "{}:{place} {severity}[{rule}] {message}", sanitise(file))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bare, hostile_outcome, outcome, redundant_poll};
    use super::*;

    fn written(outcome: &Outcome) -> String {
        let mut out = Vec::new();
        write(outcome, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_a_finding_then_the_summary() {
        assert_eq!(
            written(&outcome(vec![redundant_poll(), bare()])),
            "anna.pcap:815: warning[polling/redundant-poll] polled again 4.2 s after the server had said that nothing \
             is waiting\n\
             anna.pcap: info[session/missing-logout] polled again 4.2 s after the server had said that nothing is \
             waiting\n\
             anna.pcap: the last record is cut at offset 1234000\n\
             1 warning, 1 note in 1 file; 42 sessions, 812 messages; 412 of 430 exchanges judged (95 %), 18 not: \
             11 open at the end, 7 missing packets\n"
        );
    }

    #[test]
    fn hostile_text_keeps_its_line() {
        let text = written(&hostile_outcome());
        // A finding, an anomaly, a failed rule, the summary.
        assert_eq!(text.lines().count(), 4);
        assert!(!text.chars().any(|c| c != '\n' && crate::sanitise::is_hidden(c)));
    }
}
