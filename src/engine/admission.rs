//! Admission: whether a finding is told, by the policy of the user and by what is known of its conversation.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::carrier::Envelope;
use crate::config::{Head, Policy};
use crate::finding::Finding;
use crate::session::SessionNo;

/// Client and server.
type Peers = (SocketAddr, SocketAddr);

/// Conversations remembered by their ends, while they belong to no session; when there are as many, all are forgotten.
pub const HEADS_KEPT: usize = 10_000;

/// Says which findings of an input are told, as what.
#[derive(Debug)]
pub struct Admission<'p> {
    policy: &'p Policy,
    /// The paths of the input, several of a timeline.
    paths: Vec<Arc<str>>,
    by_session: HashMap<SessionNo, Arc<Head>>,
    by_peers: HashMap<Peers, Arc<Head>>,
}

impl<'p> Admission<'p> {
    /// The admission of a policy to the findings of an input; `None` where every finding is told as it is.
    pub fn new(policy: &'p Policy, paths: Vec<Arc<str>>) -> Option<Self> {
        let (by_session, by_peers) = (HashMap::new(), HashMap::new());
        (!policy.is_about_rules_alone()).then_some(Self { policy, paths, by_session, by_peers })
    }

    /// Learns who talks to whom from what was heard.
    pub fn hear(&mut self, head: Option<Arc<Head>>, peers: Peers, session: Option<SessionNo>) {
        if let Some(head) = head {
            if self.by_peers.len() >= HEADS_KEPT {
                self.by_peers.clear();
            }
            self.by_peers.insert(peers, head);
        }
        if let Some((no, head)) = session.zip(self.by_peers.get(&peers)) {
            self.by_session.entry(no).or_insert_with(|| Arc::clone(head));
        }
    }

    /// A session is over.
    pub fn close(&mut self, session: SessionNo) {
        self.by_session.remove(&session);
    }

    /// Says whether a finding is told, and makes it as bad as it is said to be.
    pub fn admits(&self, finding: &mut Finding, session: Option<SessionNo>) -> bool {
        let by_peers = || self.by_peers.get(&finding.scene.peers?);
        let head = session.and_then(|no| self.by_session.get(&no)).or_else(by_peers).map(Arc::clone);
        self.policy.admits(finding, &self.paths, head.as_deref())
    }
}

/// What a request says of who talks to whom, where a policy asks for it.
pub(super) fn head(policy: &Policy, envelope: &Envelope) -> Option<Arc<Head>> {
    let header = |name: &str| envelope.header(name).map(str::to_owned);
    let asks = policy.wants_heads() && envelope.status().is_none();
    let head = asks.then(|| Head { host: header("Host"), user_agent: header("User-Agent") })?;
    (head != Head::default()).then(|| Arc::new(head))
}
