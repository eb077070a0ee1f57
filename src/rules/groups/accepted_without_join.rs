use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::message::flag;
use crate::csp::{address, name};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Event, Session};
use crate::syntax::Node;
use crate::time::{Seconds, Time};

/// An invitation to a group accepted, and the group never joined.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let reaction = Seconds(verdict.parameter("reaction"));
    let mut acceptances = session
        .transactions_named(name::INVITE_USER_RESPONSE)
        .filter(|t| t.initiator == Direction::ClientToServer)
        .peekable();
    if acceptances.peek().is_none() {
        return;
    }
    let heard = Heard::of(session);
    for transaction in acceptances {
        let Some(accepted) = session.request(transaction) else { continue };
        let Some(primitive) = accepted.primitive() else { continue };
        let accepts = primitive.child(name::ACCEPTANCE).and_then(flag) == Some(true);
        let Some(invite) = primitive.text_at(&[name::INVITE_ID]).filter(|_| accepts) else { continue };
        let Some((invitation, group)) = heard.invitations.get(invite) else { continue };
        let due = Time(accepted.end.0.saturating_add((reaction.0 * 1e9) as i64));
        let inside = |signs: &HashMap<String, Time>, of: &str| signs.get(of).is_some_and(|first| *first <= due);
        let refused = session.outcome(transaction).is_some_and(|code| code >= 300);
        if refused
            || invitation.start > accepted.start
            || inside(&heard.signs, group)
            || heard.cancelled.get(invite).is_some_and(|first| *first <= due)
            || heard.talked_until < due
        {
            continue;
        }
        let shown = invitation.primitive().and_then(|p| p.text_at(&[name::GROUP_ID])).unwrap_or(group);
        // The user may have joined before the invitation came.
        if verdict.trusts(session.opened().and_then(|()| session.intact(Time(i64::MIN), due))) {
            verdict
                .find(
                    format!("the invitation to {shown} is accepted and no JoinGroup-Request follows within {reaction}"),
                    Exhibit::event(accepted, "accepted, but not joined"),
                )
                .show(Exhibit::event(invitation, "the invitation"));
        }
    }
}

/// What was said about groups in a session.
#[derive(Default)]
struct Heard<'s> {
    /// Invitations of type GR by `InviteID`, the latest of each, with the group as a key.
    invitations: HashMap<&'s str, (&'s Event, String)>,
    /// By group: the first sign that the user is in, or asks to be.
    signs: HashMap<String, Time>,
    /// When an invitation was first withdrawn.
    cancelled: HashMap<&'s str, Time>,
    /// When the client last said something.
    talked_until: Time,
}

impl<'s> Heard<'s> {
    fn of(session: &'s Session) -> Self {
        let mut heard = Self { talked_until: Time(i64::MIN), ..Self::default() };
        for event in &session.events {
            let Some((spoken, primitive)) = event.spoken().zip(event.primitive()) else { continue };
            if event.direction == Direction::ClientToServer {
                heard.talked_until = heard.talked_until.max(event.start);
            }
            match spoken.name {
                name::INVITE_USER_REQUEST if primitive.text_at(&[name::INVITE_TYPE]) == Some("GR") => {
                    let group = primitive.child(name::GROUP_ID).map(Node::text).filter(|g| !g.is_empty());
                    if let Some((group, id)) = group.zip(primitive.text_at(&[name::INVITE_ID])) {
                        heard.invitations.insert(id, (event, address::folded(group)));
                    }
                }
                name::CANCEL_INVITE_USER_REQUEST => {
                    if let Some(id) = primitive.text_at(&[name::INVITE_ID]) {
                        heard.cancelled.entry(id).or_insert(event.start);
                    }
                }
                name::JOIN_GROUP_REQUEST
                | name::CREATE_GROUP_REQUEST
                | name::GROUP_CHANGE_NOTICE
                | name::NEW_MESSAGE
                | name::SEND_MESSAGE_REQUEST => {
                    for group in primitive.descendants().filter(|n| n.name() == name::GROUP_ID) {
                        heard.signs.entry(address::folded(group.text())).or_insert(event.start);
                    }
                }
                _ => {}
            }
        }
        heard
    }
}
