//! What a generated capture holds, counted where it was made.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a generated capture holds. With losses, messages and what is counted of them are those that were sent.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Truth {
    /// What was asked for.
    pub spec: String,
    /// Octets of the capture.
    pub octets: u64,
    /// Packets in the capture.
    pub packets: u64,
    /// Packets that are not in the capture.
    pub lost: u64,
    /// Packets captured behind their successor.
    pub reordered: u64,
    /// Packets captured a second time.
    pub retransmitted: u64,
    /// Requests and answers of which a packet is missing.
    pub damaged: u64,
    /// Flows by kind: `imps`, `web`, `tls`, `mail`, `dns`, `rtp`.
    pub flows: BTreeMap<&'static str, u64>,
    /// Requests of IMPS, which are as many as their answers.
    pub exchanges: u64,
    /// Answers without a body.
    pub empty_answers: u64,
    /// CSP messages by encoding.
    pub messages: BTreeMap<&'static str, u64>,
    /// Octets of CSP messages by encoding.
    pub body_octets: BTreeMap<&'static str, u64>,
    /// CSP messages by version.
    pub versions: BTreeMap<&'static str, u64>,
    /// Primitives by name.
    pub primitives: BTreeMap<String, u64>,
    /// Transactions that a client began, polls included.
    pub client_transactions: u64,
    /// Transactions that a server began.
    pub server_transactions: u64,
    /// Polls.
    pub polls: Polls,
    /// Sessions, every one with a login and a logout, by encoding.
    pub sessions: BTreeMap<&'static str, u64>,
    /// The most sessions that were open at once.
    pub most_open: u64,
    /// What is wrong, by rule: how often it has to be found where nothing was lost, further ones of one cause counted.
    pub findings: BTreeMap<&'static str, u64>,
}

/// What became of polls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Polls {
    /// All of them.
    pub all: u64,
    /// Those that found nothing.
    pub empty: u64,
    /// Those that came sooner than was agreed.
    pub early: u64,
}

impl Truth {
    /// CSP messages in all.
    pub fn messages(&self) -> u64 {
        self.messages.values().sum()
    }

    /// Sessions in all.
    pub fn sessions(&self) -> u64 {
        self.sessions.values().sum()
    }
}
