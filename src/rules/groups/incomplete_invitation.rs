use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// An invitation that does not say where to.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ClientToServer {
        return;
    }
    let invitations = message.parts.iter().filter(|p| p.name == name::INVITE_REQUEST);
    for invitation in invitations.filter_map(|part| message.primitive(part)) {
        let Some(kind) = invitation.child(name::INVITE_TYPE) else { continue };
        let (wanted, what) = match kind.text() {
            "GR" | "GM" => (name::GROUP_ID, "GroupID"),
            "SC" => (name::URL_LIST, "URLList"),
            "AP" => (name::APPLICATION_ID, "ApplicationID"),
            _ => continue,
        };
        let told = |n: &Node<'_>| !n.text().is_empty() || !n.is_leaf();
        if invitation.find(wanted).as_ref().is_some_and(told) {
            continue;
        }
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find(
                format!("the invitation of type {} has no {what}", kind.text()),
                Exhibit::message(message, Some(kind), format!("wants {what}")),
            )
            .cause(what);
    }
}
