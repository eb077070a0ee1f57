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
