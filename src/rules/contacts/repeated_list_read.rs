use std::collections::HashMap;

use crate::carrier::Direction;
use crate::csp::message::fingerprint;
use crate::csp::{address, name, status};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, Transaction};
use crate::syntax::{NameId, Node};

/// Elements by which a ListManage-Request changes something.
const ACTIONS: [NameId; 3] = [name::ADD_NICK_LIST, name::REMOVE_NICK_LIST, name::CONTACT_LIST_PROPERTIES];

/// What was read of a list, and since when nothing has changed.
struct Known {
    answer: u64,
    reads: Vec<EventIx>,
}

/// A list that is read again although nothing told of a change.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let (often, age) = (verdict.count("min-count"), verdict.parameter("max-age"));
    let mut known: HashMap<(NameId, u64), Known> = HashMap::new();
    let mut told = Vec::new();
    for transaction in &session.transactions {
        let Some(event) = session.request(transaction) else { continue };
        if is_change(transaction, event) {
            told.extend(known.drain().map(|(_, of)| of));
            continue;
        }
        let Some((what, answer)) = read(session, transaction, event) else { continue };
        let same = |of: &Known| {
            let last = of.reads.last().and_then(|ix| session.event(*ix));
            of.answer == answer && last.is_some_and(|last| event.start.since(last.end).0 <= age)
        };
        match known.get_mut(&what).filter(|of| same(of)) {
            Some(of) => of.reads.push(transaction.request),
            None => told.extend(known.insert(what, Known { answer, reads: vec![transaction.request] })),
        }
    }
    told.extend(known.into_values());
    told.retain(|of| of.reads.len() > often);
    told.sort_by_key(|of| of.reads.first().copied());
    for Known { reads, .. } in told {
        let ends = reads.first().zip(reads.last()).and_then(|(a, b)| Some((session.event(*a)?, session.event(*b)?)));
        let Some((first, last)) = ends.filter(|_| !verdict.is_full()) else { return };
        if !verdict.trusts(session.intact(first.start, last.end)) {
            continue;
        }
        let title = last.primitive().map_or("a list", Node::spelling);
        verdict
            .find(
                format!("{title} is sent {} times, and each answer is the same", reads.len()),
                Exhibit::event(last, "nothing had changed"),
            )
            .show(Exhibit::event(first, "read first here"))
            .cost(Cost::of_exchanges(session, reads.into_iter().skip(1)))
            .cause(title);
    }
}

/// Whether lists may be others than they were: the client changes one, or hears of a change.
fn is_change(transaction: &Transaction, event: &Event) -> bool {
    match transaction.name {
        name::CREATE_LIST_REQUEST | name::DELETE_LIST_REQUEST | name::NOTIFICATION_REQUEST => true,
        name::LIST_MANAGE_REQUEST => {
            let acts = |p: Node<'_>| p.children().any(|child| ACTIONS.contains(&child.name()));
            event.spoken().is_some_and(|spoken| spoken.cut) || event.primitive().is_some_and(acts)
        }
        _ => false,
    }
}

/// Which list a request reads, and the fingerprint of the answer.
fn read(session: &Session, transaction: &Transaction, event: &Event) -> Option<((NameId, u64), u64)> {
    let list = match transaction.name {
        name::GET_LIST_REQUEST => 0,
        name::LIST_MANAGE_REQUEST => address::folded_fingerprint(event.primitive()?.child(name::CONTACT_LIST)?.text()),
        _ => return None,
    };
    if transaction.initiator != Direction::ClientToServer {
        return None;
    }
    let answer = session.answer(transaction).filter(|answer| answer.whole.is_whole())?;
    let spoken = answer.spoken().filter(|spoken| !spoken.cut && spoken.code.is_none_or(status::is_success))?;
    Some(((transaction.name, list), fingerprint(spoken.primitive()?)))
}
