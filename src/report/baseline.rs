//! The baseline: findings that are known, so that only new ones are told.
//!
//! It is a JSON file, an entry a line, in an order that does not depend on the capture. An entry holds the
//! [`identity`] of a finding, and for its reader what that was made of. A finding is known by its identity alone: a fixed
//! finding never makes room for a new one of the same rule.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::identity::evened;
use super::{Filed, Outcome, identity};

/// A known finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Name of the rule.
    pub rule: String,
    /// The party that has to change.
    pub side: String,
    /// The fact, its values evened out.
    pub fact: String,
    /// Path of the element that it is about, empty where it is about none.
    pub path: String,
    /// What it is known by.
    pub identity: String,
}

/// The findings that are known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline {
    known: BTreeSet<Known>,
}

/// What came of holding findings against a baseline.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// How many findings were known.
    pub known: u64,
    /// What was known and not found again.
    pub stale: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    findings: BTreeSet<Known>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with the text, with its place.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match file.schema {
            1 => Ok(Self { known: file.findings }),
            other => Err(format!("schema {other} is not known; this release reads schema 1")),
        }
    }

    /// The baseline by which everything that was found is known.
    pub fn of(outcome: &Outcome) -> Self {
        Self { known: outcome.findings.iter().map(known).collect() }
    }

    /// Takes what is known out of an outcome.
    pub fn apply(&self, outcome: &mut Outcome) {
        let mut waiting: BTreeMap<&str, &Known> =
            self.known.iter().map(|known| (known.identity.as_str(), known)).collect();
        let is_known: BTreeSet<&str> = waiting.keys().copied().collect();
        let before = outcome.findings.len();
        outcome.findings.retain(|filed| {
            let identity = identity(filed);
            waiting.remove(identity.as_str());
            !is_known.contains(identity.as_str())
        });
        let known = (before - outcome.findings.len()) as u64;
        let mut stale: Vec<Known> = waiting.into_values().cloned().collect();
        stale.sort_unstable();
        outcome.baseline = Some(Compared { known, stale });
    }

    /// Writes the baseline.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{{\n\"schema\": 1,\n\"findings\": [")?;
        for (at, known) in self.known.iter().enumerate() {
            write!(out, "{}\n  ", if at == 0 { "" } else { "," })?;
            serde_json::to_writer(&mut *out, known).map_err(io::Error::from)?;
        }
        writeln!(out, "\n]\n}}")
    }
}

fn known(filed: &Filed) -> Known {
    let finding = &filed.finding;
    Known {
        rule: finding.rule.to_owned(),
        side: finding.side.name().to_owned(),
        fact: evened(&finding.message),
        path: finding.place().and_then(|place| place.path.clone()).unwrap_or_default(),
        identity: identity(filed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::redundant_poll;
    use super::*;
    use crate::finding::Finding;

    fn outcome(findings: impl IntoIterator<Item = Finding>) -> Outcome {
        let file = |finding| Filed { file: "a.pcap".to_owned(), frames: Vec::new(), elsewhere: Vec::new(), finding };
        Outcome { findings: findings.into_iter().map(file).collect(), ..Outcome::default() }
    }

    fn another() -> Finding {
        Finding { message: "polled although nobody asked".to_owned(), ..redundant_poll() }
    }

    fn written(baseline: &Baseline) -> String {
        let mut text = Vec::new();
        baseline.write(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_known_is_taken_out_however_often_it_comes() {
        let baseline = Baseline::of(&outcome([redundant_poll()]));
        let mut again = outcome([redundant_poll(), redundant_poll()]);
        baseline.apply(&mut again);
        assert!(again.findings.is_empty());
        assert_eq!(again.baseline, Some(Compared { known: 2, stale: Vec::new() }));
    }

    #[test]
    fn a_fixed_finding_makes_no_room_for_a_new_one_of_its_rule() {
        let baseline = Baseline::of(&outcome([redundant_poll()]));
        let mut next = outcome([another()]);
        baseline.apply(&mut next);
        assert_eq!(next.findings.len(), 1);
        let compared = next.baseline.unwrap();
        assert_eq!((compared.known, compared.stale.len()), (0, 1));
        assert_eq!(compared.stale[0].rule, "polling/redundant-poll");
    }

    #[test]
    fn what_is_written_is_read_and_does_not_depend_on_the_order() {
        let (one, other) = (
            Baseline::of(&outcome([redundant_poll(), another()])),
            Baseline::of(&outcome([another(), redundant_poll()])),
        );
        assert_eq!(written(&one), written(&other));
        assert_eq!(written(&one).lines().count(), 7);
        assert_eq!(Baseline::read(&written(&one)), Ok(one));
        let none = Baseline::default();
        assert_eq!(Baseline::read(&written(&none)), Ok(none));
    }

    #[test]
    fn what_is_none_is_refused() {
        assert!(Baseline::read("{\"schema\": 2, \"findings\": []}").unwrap_err().contains("schema 2"));
        assert!(Baseline::read("{\"schema\": 1, \"findings\": [{\"rule\": 3}]}").unwrap_err().contains("line 1"));
        assert!(Baseline::read("").is_err());
    }
}
