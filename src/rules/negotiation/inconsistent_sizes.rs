use crate::csp::message::integer;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Doubt, Session, Transaction};
use crate::syntax::{NameId, Node};

/// Which limit (first) must not be below which; a limit of 0 says that there is none.
const PAIRS: [(NameId, NameId); 4] = [
    (name::PARSER_SIZE, name::ACCEPTED_CONTENT_LENGTH),
    (name::PARSER_SIZE, name::ACCEPTED_PUSH_LENGTH),
    (name::PARSER_SIZE, name::ACCEPTED_PULL_LENGTH),
    (name::ACCEPTED_PULL_LENGTH, name::ACCEPTED_PUSH_LENGTH),
];

/// A capability list whose sizes contradict each other.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    let Some(event) = session.request(transaction) else { return };
    let Some(list) = event.primitive().and_then(|p| p.child(name::CAPABILITY_LIST)) else { return };
    if let Some(doubt) = Doubt::of(event.whole) {
        return verdict.doubt(doubt);
    }
    let size = |wanted| list.child(wanted).and_then(|n| Some((n, integer(n)?)));
    for (large, small) in PAIRS {
        if let (Some((larger, limit)), Some((smaller, size))) = (size(large), size(small))
            && size > limit
            && limit > 0
        {
            verdict
                .find(
                    format!("{} {size} is larger than {} {limit}", smaller.spelling(), larger.spelling()),
                    Exhibit::element(event, smaller, format!("{size} octets at most")),
                )
                .show(Exhibit::element(event, larger, format!("but only {limit} here")))
                .cause(Node::spelling(smaller));
        }
    }
}
