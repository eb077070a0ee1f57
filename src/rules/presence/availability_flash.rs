use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, Opening, Session};
use crate::syntax::{NameId, Node};

/// A user shown available for a moment after login and then hidden.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (Opening::Login { answer, resumed: false, .. } | Opening::OutOfBand { answer }) = session.opening else {
        return;
    };
    let Some(login) = session.event(answer) else { return };
    let flash = verdict.parameter("flash");
    let mut shown: Option<(&Event, NameId)> = None;
    for transaction in session.client_requests() {
        let Some(event) = session.request(transaction) else { continue };
        if event.start.since(login.end).0 > flash {
            return;
        }
        if session.outcome(transaction) != Some(200) {
            continue;
        }
        let hiding = hides(event);
        let Some((first, attribute)) = shown else {
            match (shows(event), hiding) {
                (Some(attribute), None) => shown = Some((event, attribute)),
                // Hidden first: whoever is shown after that has changed the mind.
                (_, Some((Some(_), ..))) => return,
                _ => {}
            }
            continue;
        };
        let Some((_, node, how)) = hiding.filter(|(what, ..)| what.is_none_or(|what| what == attribute)) else {
            continue;
        };
        if !verdict.trusts(session.intact(login.start, event.end)) {
            return;
        }
        let visible = event.start.since(first.end);
        verdict
            .find(
                format!(
                    "shown available and hidden again {visible} later, {} after login",
                    event.start.since(login.end)
                ),
                Exhibit::element(event, node, how),
            )
            .show(Exhibit::event(first, "visible to every watcher from here"))
            .cost(Cost { seconds: Some(visible), ..Cost::of([first]) });
        return;
    }
}

/// The attributes that an update publishes.
fn update(event: &Event) -> Option<Node<'_>> {
    event.primitive().filter(|_| event.is(name::UPDATE_PRESENCE_REQUEST))?.child(name::PRESENCE_SUB_LIST)
}

/// A presence attribute of an update, unless its value is said to be unknown.
fn valid(event: &Event, attribute: NameId) -> Option<Node<'_>> {
    update(event)?.child(attribute).filter(|a| a.child(name::QUALIFIER).is_none_or(|q| q.text() != "F"))
}

fn availability(event: &Event) -> Option<Node<'_>> {
    valid(event, name::USER_AVAILABILITY)?.child(name::PRESENCE_VALUE)
}

/// The status of instant messaging in the communication capabilities of an update.
fn im_status(event: &Event) -> Option<Node<'_>> {
    let im = valid(event, name::COMM_CAP)?
        .children_named(name::COMM_C)
        .find(|c| c.text_at(&[name::CAP]).is_some_and(|cap| cap.eq_ignore_ascii_case("IM")))?;
    im.child(name::STATUS)
}

/// The attribute that shows the user available.
fn shows(event: &Event) -> Option<NameId> {
    if availability(event).is_some_and(|v| v.text() == "AVAILABLE") {
        return Some(name::USER_AVAILABILITY);
    }
    im_status(event).filter(|s| s.text() == "OPEN").map(|_| name::COMM_CAP)
}

/// What hides the user: the attribute, or `None` when it hides them all; the element; how.
fn hides(event: &Event) -> Option<(Option<NameId>, Node<'_>, &'static str)> {
    if let Some(node) = availability(event).filter(|v| v.text() == "NOT_AVAILABLE") {
        return Some((Some(name::USER_AVAILABILITY), node, "hidden: not available"));
    }
    if let Some(node) = im_status(event).filter(|s| s.text() == "CLOSED") {
        return Some((Some(name::COMM_CAP), node, "hidden: closed to messages"));
    }
    let list = event.primitive().filter(|_| event.is(name::CREATE_ATTRIBUTE_LIST_REQUEST))?;
    let granted = list.child(name::PRESENCE_SUB_LIST)?;
    let for_all = list.child(name::DEFAULT_LIST).is_some_and(|d| d.text() == "T");
    let telling = [name::ONLINE_STATUS, name::USER_AVAILABILITY, name::COMM_CAP];
    // An empty list may be meant as all attributes.
    let closed = !granted.is_leaf() && telling.iter().all(|attribute| granted.child(*attribute).is_none());
    (for_all && closed).then_some((None, granted, "hidden: presence is not granted any more"))
}
