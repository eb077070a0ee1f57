use crate::csp::address::Address;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// A screen name in another group than the one it is used in.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    for screen_name in message.document.nodes().filter(|n| n.name() == name::SCREEN_NAME) {
        let Some((inside, outside)) = groups(screen_name) else { continue };
        if is_same(inside.text(), outside.text()) {
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
                "a ScreenName belongs to another group than the one it is used in",
                Exhibit::message(message, Some(inside), "another group"),
            )
            .show(Exhibit::message(message, Some(outside), "than this one"))
            .cause("ScreenName");
    }
}

/// The group inside a screen name, and that of what holds it: a sibling of the screen name or of what is around it. Lists
/// of screen names may be of several groups.
fn groups(screen_name: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let inside = screen_name.child(name::GROUP_ID).filter(|g| !g.text().is_empty())?;
    let holder = screen_name.parent()?;
    let group = match holder.name() {
        name::USER_LIST | name::ENTITY_LIST => None,
        name::GROUP => holder.parent()?.child(name::GROUP_ID).or_else(|| holder.child(name::GROUP_ID)),
        _ => holder.child(name::GROUP_ID),
    };
    Some((inside, group.filter(|g| !g.text().is_empty())?))
}

/// Whether two addresses are of one group: without regard to case, and to a domain that one of them leaves out.
fn is_same(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (Address::parse(one), Address::parse(other)) else { return true };
    let alike = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    };
    let of_one_domain = one.domain.is_none() || other.domain.is_none() || alike(one.domain, other.domain);
    alike(one.user, other.user) && alike(one.resource, other.resource) && of_one_domain
}
