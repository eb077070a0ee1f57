use crate::csp::message::Mode;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Session, Transaction};

/// A logout answered with the primitive of another version.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    let Some((request, answer)) = session.request(transaction).zip(session.answer(transaction)) else { return };
    let Some((asked, spoken)) = request.spoken().zip(answer.spoken()) else { return };
    // A Disconnect in the mode of a request is the server's own.
    let answers = spoken.mode == Some(Mode::Response) && spoken.id == asked.id;
    let Some(version) = asked.version.filter(|v| answers && spoken.version == Some(*v)) else { return };
    let wanted = match (version, spoken.name, spoken.code) {
        (Version::V12 | Version::V13, name::DISCONNECT, _) => "Status",
        (Version::V11, name::STATUS, Some(200)) => "Disconnect",
        _ => return,
    };
    if !verdict.trusts(session.intact(request.start, answer.end)) {
        return;
    }
    let title = name::spelling(spoken.name);
    verdict
        .find(
            format!("Logout-Request of {version} is answered with {title}"),
            Exhibit::event(answer, format!("{wanted} in {version}")),
        )
        .show(Exhibit::event(request, "asked here"))
        .cause(title);
}
