use std::collections::{HashMap, HashSet};

use crate::carrier::Direction;
use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session};
use crate::syntax::Node;

/// What went to one set of users.
#[derive(Default)]
struct Talk {
    users: HashSet<u64>,
    sent: Vec<EventIx>,
    answered: bool,
}

/// A talk of several users by messages to each of them, instead of a group.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (window, often) = (verdict.parameter("window"), verdict.count("min-count"));
    let mut talks: HashMap<Vec<u64>, Talk> = HashMap::new();
    let mut order: Vec<Vec<u64>> = Vec::new();
    let mut spoken_of: HashMap<u64, Vec<usize>> = HashMap::new();
    for (ix, event) in session.indexed() {
        if event.direction == Direction::ServerToClient && event.is(name::NEW_MESSAGE) {
            let from = event.primitive().and_then(|p| p.at(&[name::MESSAGE_INFO, name::SENDER]));
            let from = from.and_then(|sender| sender.find(name::USER_ID)).map(Node::text);
            let talked = from.and_then(|from| spoken_of.get(&address::folded_fingerprint(from)));
            for key in talked.into_iter().flatten().filter_map(|at| order.get(*at)) {
                talks.entry(key.clone()).and_modify(|talk| talk.answered = true);
            }
            continue;
        }
        if !event.asks(name::SEND_MESSAGE_REQUEST) || event.direction != Direction::ClientToServer {
            continue;
        }
        let Some(users) = users(event) else { continue };
        let talk = talks.entry(users.clone()).or_default();
        if talk.users.is_empty() {
            for user in &users {
                spoken_of.entry(*user).or_default().push(order.len());
            }
            talk.users = users.iter().copied().collect();
            order.push(users);
        }
        talk.sent.push(ix);
    }
    for key in order {
        let Some(talk) = talks.get(&key).filter(|talk| talk.answered) else { continue };
        let in_time = |run: &&[EventIx]| {
            let ends = run.first().zip(run.last()).and_then(|(a, b)| Some((session.event(*a)?, session.event(*b)?)));
            ends.is_some_and(|(first, last)| last.start.since(first.start).0 <= window)
        };
        let Some(run) = talk.sent.windows(often.max(1)).find(in_time) else { continue };
        let no_groups = run.last().is_some_and(|ix| session.agreed_at(*ix).refused.contains(&name::GROUP_FEAT));
        let ends = run.first().zip(run.last()).and_then(|(a, b)| Some((session.event(*a)?, session.event(*b)?)));
        let Some((first, last)) = ends.filter(|_| !no_groups && !verdict.is_full()) else { continue };
        verdict
            .find(
                format!("{} messages go to the same {} users, and they answer", talk.sent.len(), talk.users.len()),
                Exhibit::event(last, "a talk of several, message by message"),
            )
            .show(Exhibit::event(first, "the first to all of them"))
            .cost(Cost::of_exchanges(session, talk.sent.iter().skip(1).copied()))
            .cause("conference");
    }
}

/// The users that a message goes to, where there are several and nobody else.
fn users(event: &Event) -> Option<Vec<u64>> {
    let spoken = event.spoken().filter(|spoken| !spoken.cut)?;
    let recipient = spoken.primitive()?.at(&[name::MESSAGE_INFO, name::RECIPIENT])?;
    let each = recipient.children().map(|user| match user.name() {
        name::USER => Some(address::folded_fingerprint(user.child(name::USER_ID)?.text())),
        _ => None,
    });
    let mut users = each.collect::<Option<Vec<u64>>>()?;
    users.sort_unstable();
    users.dedup();
    (users.len() > 1).then_some(users)
}
