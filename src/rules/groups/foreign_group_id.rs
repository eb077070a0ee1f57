use crate::csp::address::Address;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Session;

/// A group that a user creates in somebody else's name.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let Some(own) = session.user.as_deref().and_then(|user| Address::parse(user.trim()).ok()) else { return };
    for created in session.transactions_named(name::CREATE_GROUP_REQUEST) {
        let Some(request) = session.request(created) else { continue };
        // What the server accepts is its own business.
        if session.outcome(created).is_none_or(|code| (200..300).contains(&code)) {
            continue;
        }
        let id = request.primitive().and_then(|primitive| primitive.child(name::GROUP_ID));
        let Some((id, group)) = id.and_then(|id| Some((id, Address::parse(id.text().trim()).ok()?))) else { continue };
        let alike = |a: Option<&str>, b: Option<&str>| a.zip(b).is_none_or(|(a, b)| a.eq_ignore_ascii_case(b));
        if group.user.is_some() && alike(group.user, own.user) && alike(group.domain, own.domain) {
            continue;
        }
        verdict
            .find(
                "a group is created under a name that is not built from the creator's",
                Exhibit::element(request, id, "not below the user"),
            )
            .cause("foreign");
    }
}
