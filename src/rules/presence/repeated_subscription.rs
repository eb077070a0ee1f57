use std::collections::{BTreeSet, HashMap};

use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, Transaction};
use crate::syntax::NameId;

/// A subscription in force.
struct Standing {
    place: EventIx,
    /// The attributes subscribed to; all of them where none is named.
    attributes: BTreeSet<NameId>,
    automatic: bool,
    is_list: bool,
}

/// A subscription to what is subscribed to already.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut standing: HashMap<u64, Standing> = HashMap::new();
    for transaction in &session.transactions {
        let Some(event) = session.request(transaction) else { continue };
        match transaction.name {
            name::SUBSCRIBE_PRESENCE_REQUEST => {
                again(session, transaction, event, &standing, verdict);
                if verdict.is_full() {
                    return;
                }
                // What was not granted, or only in part, may be asked for again.
                if session.outcome(transaction) == Some(200)
                    && let Some((wanted, attributes, automatic)) = wanted(event)
                {
                    for (whom, is_list) in wanted {
                        let attributes = attributes.clone();
                        standing.insert(whom, Standing { place: transaction.request, attributes, automatic, is_list });
                    }
                }
            }
            name::UNSUBSCRIBE_PRESENCE_REQUEST => match wanted(event) {
                Some((wanted, ..)) if !wanted.is_empty() => {
                    wanted.iter().for_each(|(whom, _)| _ = standing.remove(whom))
                }
                _ => standing.clear(),
            },
            // Whoever came to a list, or left it, is not covered by what was subscribed before.
            name::LIST_MANAGE_REQUEST | name::CREATE_LIST_REQUEST | name::DELETE_LIST_REQUEST => {
                standing.retain(|_, of| !of.is_list);
            }
            _ => {}
        }
    }
}

fn again(
    session: &Session,
    transaction: &Transaction,
    event: &Event,
    standing: &HashMap<u64, Standing>,
    verdict: &mut Verdict<'_>,
) {
    let Some((wanted, attributes, automatic)) = wanted(event).filter(|(wanted, ..)| !wanted.is_empty()) else { return };
    let covers = |of: &&Standing| {
        let attributes = of.attributes.is_empty() || !attributes.is_empty() && attributes.is_subset(&of.attributes);
        attributes && (of.automatic || !automatic)
    };
    let covered: Option<Vec<&Standing>> = wanted.iter().map(|(whom, _)| standing.get(whom).filter(covers)).collect();
    let Some(first) = covered.and_then(|all| all.iter().map(|of| of.place).min()).and_then(|ix| session.event(ix))
    else {
        return;
    };
    // The same sent again before it was answered is a retry.
    if event.start <= first.end || !verdict.trusts(session.intact(first.start, event.end)) {
        return;
    }
    let whom = if wanted.len() == 1 { "what".to_owned() } else { format!("{} users or lists that", wanted.len()) };
    verdict
        .find(
            format!("{whom} has been subscribed to {} ago is subscribed to again", event.start.since(first.end)),
            Exhibit::event(event, "nothing new in it"),
        )
        .show(Exhibit::event(first, "still in force"))
        .cost(Cost::of_exchanges(session, [transaction.request]))
        .cause("again");
}

/// Whom a request is about, and which of them are lists; which attributes; whether those who come to the lists too.
type Wanted = (Vec<(u64, bool)>, BTreeSet<NameId>, bool);

fn wanted(event: &Event) -> Option<Wanted> {
    let primitive = event.spoken().filter(|spoken| !spoken.cut)?.primitive()?;
    let named = primitive.descendants().filter(|n| matches!(n.name(), name::USER_ID | name::CONTACT_LIST));
    let named = named.map(|n| (address::folded_fingerprint(n.text()), n.name() == name::CONTACT_LIST)).collect();
    let attributes = primitive.child(name::PRESENCE_SUB_LIST).into_iter().flat_map(|list| list.children());
    let automatic = primitive.child(name::AUTO_SUBSCRIBE).and_then(crate::csp::message::flag) == Some(true);
    Some((named, attributes.map(|attribute| attribute.name()).collect(), automatic))
}
