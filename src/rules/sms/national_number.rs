use std::collections::HashSet;

use crate::carrier::Direction;
use crate::csp::{address, name};
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Event, Session};
use crate::syntax::Node;

/// The codes by which a server says that it cannot make anything of an address.
const ADDRESS_REFUSED: [u16; 5] = [404, 516, 531, 900, 901];

/// A phone number in national form where the server could not make anything of it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let least = verdict.count("min-digits");
    let mut known: Option<Known> = None;
    for transaction in session.client_requests() {
        let Some(event) = session.request(transaction) else { continue };
        if transaction.name == name::LOGIN_REQUEST {
            msisdn(event, least, verdict);
            continue;
        }
        let Some((answer, code)) = session.answer(transaction).zip(session.outcome(transaction)) else { continue };
        if !names_contacts(event) || !(code == 201 || ADDRESS_REFUSED.contains(&code)) {
            continue;
        }
        let known = known.get_or_insert_with(|| Known::of(session, least));
        if known.custom {
            continue;
        }
        let refused = refused(answer);
        let numbers = event
            .primitive()
            .into_iter()
            .flat_map(Node::descendants)
            .filter(|n| n.name() == name::USER_ID && national_digits(n.text()) >= least && is_contact(*n));
        for number in numbers {
            let key = address::folded(number.text());
            // A partial refusal is about those it names.
            let blamed = if refused.is_empty() { code != 201 && code != 900 } else { refused.contains(&key) };
            if !blamed || known.users.contains(&key) {
                continue;
            }
            verdict
                .find(
                    format!("{} is a phone number without + and country code", number.text()),
                    Exhibit::element(event, number, "national form"),
                )
                .show(Exhibit::event(answer, "the server refuses it"))
                .cause(key);
        }
    }
}

fn msisdn(event: &Event, least: usize, verdict: &mut Verdict<'_>) {
    let number = event.primitive().and_then(|p| p.at(&[name::CLIENT_ID, name::MSISDN]));
    let Some(number) = number.filter(|n| n.text().len() >= least && n.text().bytes().all(|b| b.is_ascii_digit()))
    else {
        return;
    };
    verdict
        .find(
            format!("MSISDN {} lacks the + of the international form", number.text()),
            Exhibit::element(event, number, "no +"),
        )
        .cause(number.text());
}

/// What a session shows about users whose names are digits.
struct Known {
    /// Whether the user of the session is one: then numbers are the custom of the house.
    custom: bool,
    /// Users that the server itself speaks of.
    users: HashSet<String>,
}

impl Known {
    fn of(session: &Session, least: usize) -> Self {
        let digits = |user: &str| national_digits(user) >= least;
        let mut known = Self { custom: session.user.as_deref().is_some_and(digits), users: HashSet::new() };
        for event in &session.events {
            let named = event.primitive().into_iter().flat_map(Node::descendants);
            for user in named.filter(|n| n.name() == name::USER_ID && digits(n.text())) {
                if event.direction == Direction::ClientToServer {
                    known.custom |= is_below(user, name::SENDER);
                } else if !is_below(user, name::DETAILED_RESULT) {
                    known.users.insert(address::folded(user.text()));
                }
            }
        }
        known
    }
}

/// The users whom an answer names with a refusal of their address, as keys.
fn refused(answer: &Event) -> HashSet<String> {
    let details = answer.primitive().into_iter().flat_map(Node::descendants);
    details
        .filter(|n| n.name() == name::DETAILED_RESULT)
        .filter(|n| {
            let code = n.text_at(&[name::CODE]).and_then(|c| c.parse().ok());
            code.is_some_and(|code| ADDRESS_REFUSED.contains(&code))
        })
        .flat_map(|n| n.children_named(name::USER_ID))
        .map(|n| address::folded(n.text()))
        .collect()
}

/// Requests that name other users as contacts or recipients.
fn names_contacts(event: &Event) -> bool {
    event.spoken().is_some_and(|s| {
        matches!(
            s.name,
            name::SEND_MESSAGE_REQUEST
                | name::LIST_MANAGE_REQUEST
                | name::CREATE_LIST_REQUEST
                | name::SUBSCRIBE_PRESENCE_REQUEST
                | name::GET_PRESENCE_REQUEST
                | name::INVITE_REQUEST
        )
    })
}

/// Whether a user is named as whom to reach, not as who speaks or who is to go.
fn is_contact(user: Node<'_>) -> bool {
    !is_below(user, name::SENDER) && !is_below(user, name::REMOVE_NICK_LIST)
}

fn is_below(node: Node<'_>, ancestor: crate::syntax::NameId) -> bool {
    std::iter::successors(node.parent(), |n| n.parent()).any(|n| n.name() == ancestor)
}

/// How many digits the user part of an address has when it is nothing but digits; 0 otherwise.
fn national_digits(text: &str) -> usize {
    let user = address::Address::parse(text).ok().and_then(|address| address.user).unwrap_or_default();
    if user.bytes().all(|b| b.is_ascii_digit()) { user.len() } else { 0 }
}
