use crate::csp::message::{Kind, Message};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::rules::privacy::{is_placeholder, is_protected};
use crate::syntax::{NameId, Node};

/// A secret that servers send each other over a bearer that does not protect it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Ssp || is_protected(message) {
        return;
    }
    let is_secret = |node: &Node<'_>| node.name() == NameId::UNKNOWN && node.local_name() == "SecretToken";
    let Some(secret) = message.document.nodes().find(is_secret).filter(|secret| !is_placeholder(secret.text())) else {
        return;
    };
    let (from, to) = message.envelope.peers();
    verdict
        .find(
            "a server sends the secret of its sessions with another in clear",
            Exhibit::message(message, Some(secret), "readable by whoever sees the packets"),
        )
        .cause(format!("{} {}", from.ip(), to.ip()));
}
