use crate::csp::address::{Address, same};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Event, Opening, Session};
use crate::syntax::Node;

/// A message that names another sender than the user who is logged in.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let Opening::Login { answer, .. } = session.opening else { return };
    let Some(user) = session.user.as_deref().filter(|user| !user.trim().is_empty()) else { return };
    // The server may have given another name at the login.
    let granted = session.event(answer).and_then(Event::primitive).and_then(|login| login.child(name::USER_ID));
    let granted = granted.map(Node::text);
    for transaction in session.transactions_named(name::SEND_MESSAGE_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let sender =
            event.primitive().and_then(|p| p.at(&[name::MESSAGE_INFO, name::SENDER, name::USER, name::USER_ID]));
        let Some(sender) = sender.filter(|sender| sender.has_text()) else { continue };
        let is_own = |own: &str| is_same(sender.text(), own);
        if is_own(user) || granted.is_some_and(is_own) {
            continue;
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find(
                format!("the session is of {user}, and the message names {} as its sender", sender.text().trim()),
                Exhibit::element(event, sender, "somebody else"),
            )
            .cause(sender.text());
    }
}

/// Whether two addresses may be of one user: case, scheme and a domain that is left out aside.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |text| Address::parse(text).ok().map(|address| (address.user, address.domain));
    let (Some((user, domain)), Some((own, home))) = (parts(one.trim()), parts(other.trim())) else {
        return same(one, other);
    };
    let alike = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let named = match (user, own) {
        (Some(user), Some(own)) => alike(user, own),
        (user, own) => user == own,
    };
    named && domain.zip(home).is_none_or(|(domain, home)| alike(domain, home))
}
