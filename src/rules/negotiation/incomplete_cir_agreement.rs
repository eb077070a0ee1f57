use crate::csp::name;
use crate::finding::{Exhibit, Side};
use crate::rules::Verdict;
use crate::session::{Doubt, Session, Transaction};
use crate::syntax::{NameId, Node};

/// What a method needs to be told together with it: any one of these elements.
const ADDRESSES: [(&str, &[NameId]); 2] =
    [("STCP", &[name::TCP_ADDRESS]), ("SHTTP", &[name::CIR_URL, name::CIR_HTTP_ADDRESS])];

/// A wake-up method agreed without the address that it needs.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    if !matches!(transaction.name, name::CLIENT_CAPABILITY_REQUEST | name::LOGIN_REQUEST) {
        return;
    }
    let Some((answer, primitive)) = session.answer(transaction).and_then(|a| Some((a, a.primitive()?))) else { return };
    let list = primitive.child(name::AGREED_CAPABILITY_LIST).or_else(|| primitive.child(name::CAPABILITY_LIST));
    let Some(list) = list else { return };
    let agreed = |method: &str| list.children_named(name::SUPPORTED_CIR_METHOD).find(|m| m.text() == method);
    for (method, addresses) in ADDRESSES {
        let Some(place) = agreed(method) else { continue };
        let told = |wanted: &NameId| list.child(*wanted).is_some_and(|a| !Node::text(a).is_empty());
        if addresses.iter().any(told) {
            continue;
        }
        if answer.spoken().is_none_or(|s| s.cut) {
            return verdict.doubt(Doubt::Limit);
        }
        if let Some(doubt) = Doubt::of(answer.whole) {
            return verdict.doubt(doubt);
        }
        verdict
            .find(
                format!("{method} is agreed, and where to go is not said"),
                Exhibit::element(answer, place, "agreed, without an address"),
            )
            .side(Side::Server)
            .cause(method);
    }
}
