//! Folding: findings of one rule, session and cause are one finding with a count.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::session::SessionNo;

/// Findings kept of a run; further ones are counted.
pub const FINDINGS_KEPT: usize = 50_000;

/// Which findings are of one cause.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Cause {
    rule: &'static str,
    session: Option<SessionNo>,
    /// Told by its ends where there is no session.
    peers: Option<(std::net::SocketAddr, std::net::SocketAddr)>,
    side: crate::finding::Side,
    cause: String,
}

/// Collects the findings of a run.
#[derive(Debug, Default)]
pub struct Collection {
    findings: Vec<Finding>,
    causes: HashMap<Cause, usize>,
    dropped: u64,
}

impl Collection {
    /// Adds a finding that belongs to `session`.
    pub fn add(&mut self, finding: Finding, session: Option<SessionNo>) {
        let Some(cause) = finding.cause.clone() else {
            self.keep(finding);
            return;
        };
        let key = Cause {
            rule: finding.rule,
            session,
            peers: finding.scene.peers.filter(|_| session.is_none()),
            side: finding.side,
            cause,
        };
        match self.causes.get(&key).and_then(|place| self.findings.get_mut(*place)) {
            Some(first) => first.repeat(&finding),
            None => {
                if let Some(place) = self.keep(finding) {
                    self.causes.insert(key, place);
                }
            }
        }
    }

    fn keep(&mut self, finding: Finding) -> Option<usize> {
        if self.findings.len() >= FINDINGS_KEPT {
            self.dropped += 1;
            return None;
        }
        self.findings.push(finding);
        Some(self.findings.len() - 1)
    }

    /// The findings by their first frame and their rule's name, and how many were dropped.
    pub fn finish(mut self) -> (Vec<Finding>, u64) {
        self.findings.sort_by(|a, b| {
            let frame = |f: &Finding| f.place().and_then(|p| p.frames.first().copied());
            (frame(a), a.rule, a.place().map(|p| p.focus)).cmp(&(frame(b), b.rule, b.place().map(|p| p.focus)))
        });
        (self.findings, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Basis, Cost, Scene, Severity, Side};

    fn finding(rule: &'static str, side: Side, cause: Option<&str>) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            basis: Basis::Guideline,
            side,
            message: String::new(),
            help: "".into(),
            exhibits: Vec::new(),
            cost: Some(Cost { octets: 10, round_trips: 1, seconds: None }),
            scene: Scene::default(),
            repeats: 0,
            cause: cause.map(str::to_owned),
        }
    }

    #[test]
    fn one_cause_in_one_session_is_one_finding_and_its_cost_adds_up() {
        let mut all = Collection::default();
        for _ in 0..3 {
            all.add(finding("a/b", Side::Client, Some("x")), Some(SessionNo(1)));
        }
        all.add(finding("a/b", Side::Client, Some("x")), Some(SessionNo(2)));
        all.add(finding("a/b", Side::Server, Some("x")), Some(SessionNo(1)));
        all.add(finding("a/b", Side::Client, Some("y")), Some(SessionNo(1)));
        all.add(finding("a/c", Side::Client, Some("x")), Some(SessionNo(1)));
        let (findings, dropped) = all.finish();
        let counts: Vec<(&str, u64, u64)> =
            findings.iter().map(|f| (f.rule, f.repeats, f.cost.map_or(0, |c| c.octets))).collect();
        assert_eq!(counts, [("a/b", 2, 30), ("a/b", 0, 10), ("a/b", 0, 10), ("a/b", 0, 10), ("a/c", 0, 10)]);
        assert_eq!(dropped, 0);
    }

    #[test]
    fn findings_without_a_cause_stay_apart() {
        let mut all = Collection::default();
        (0..3).for_each(|_| all.add(finding("a/b", Side::Client, None), Some(SessionNo(1))));
        assert_eq!(all.finish().0.len(), 3);
    }

    #[test]
    fn findings_beyond_the_limit_are_counted_and_repeats_still_fold() {
        let mut all = Collection::default();
        all.add(finding("a/b", Side::Client, Some("x")), None);
        (0..FINDINGS_KEPT + 6).for_each(|_| all.add(finding("a/b", Side::Client, None), None));
        all.add(finding("a/b", Side::Client, Some("x")), None);
        let (findings, dropped) = all.finish();
        assert_eq!((findings.len(), dropped), (FINDINGS_KEPT, 7));
        assert_eq!(findings.first().map(|f| f.repeats), Some(1));
    }
}
