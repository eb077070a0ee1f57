//! What GitLab shows of a run beside a merge request: its report of code quality.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::identity::identity;
use super::json::Guarded;
use super::{Outcome, Position};
use crate::finding::Severity;

#[derive(Serialize)]
struct Issue<'o> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'o>,
}

#[derive(Serialize)]
struct Location<'o> {
    path: &'o str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

/// Writes a JSON array, an object a finding. Fingerprints are identities, told apart by a number where several findings
/// have the same; the line is the frame number in a capture and the line in a log.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let issues: Vec<Issue<'_>> = outcome
        .findings
        .iter()
        .map(|filed| {
            let identity = identity(filed);
            let number = seen.entry(identity.clone()).or_default();
            *number += 1;
            let fingerprint = if *number == 1 { identity } else { format!("{identity}-{number}") };
            let finding = &filed.finding;
            Issue {
                description: format!("{}. {}", finding.message, finding.help),
                check_name: finding.rule,
                fingerprint,
                severity: match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Info => "info",
                },
                location: Location {
                    path: &filed.file,
                    lines: Lines { begin: Position::of(filed).map_or(1, |place| place.line_and_column().0) },
                },
            }
        })
        .collect();
    issues.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::samples::{outcome, redundant_poll};
    use super::*;

    #[test]
    fn an_object_a_finding_with_fingerprints_of_their_own() {
        let mut out = Vec::new();
        write(&outcome(vec![redundant_poll(), redundant_poll()]), &mut out).unwrap();
        let issues: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            (&issues[0]["severity"], &issues[0]["check_name"]),
            (&"minor".into(), &"polling/redundant-poll".into())
        );
        assert_eq!(
            (&issues[0]["location"]["path"], &issues[0]["location"]["lines"]["begin"]),
            (&"anna.pcap".into(), &815.into())
        );
        let prints = [0, 1].map(|at: usize| issues[at]["fingerprint"].as_str().unwrap().to_owned());
        assert_eq!(prints[1], format!("{}-2", prints[0]));
    }
}
