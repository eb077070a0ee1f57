use crate::csp::message::integer;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Session, Transaction};

/// A server that lets sessions live for a moment only.
pub(super) fn check(session: &Session, transaction: &Transaction, verdict: &mut Verdict<'_>) {
    let Some((request, answer)) = session.request(transaction).zip(session.answer(transaction)) else { return };
    let number = |event: &crate::session::Event, wanted| event.primitive()?.child(wanted).and_then(integer);
    let asked = number(request, name::TIME_TO_LIVE);
    let granted = number(answer, name::KEEP_ALIVE_TIME);
    let (Some(asked), Some(granted)) = (asked, granted) else { return };
    // Zero is no time: the session does not end by silence.
    if granted == 0 || granted as f64 >= verdict.parameter("min-time") || granted >= asked {
        return;
    }
    if !(request.whole.is_whole() && answer.whole.is_whole()) {
        return;
    }
    let Some(place) = answer.primitive().and_then(|primitive| primitive.child(name::KEEP_ALIVE_TIME)) else { return };
    verdict
        .find(
            format!("the server grants {granted} s where {asked} s were asked for"),
            Exhibit::element(answer, place, format!("{granted} s")),
        )
        .show(Exhibit::event(request, format!("asks for {asked} s")))
        .cause("granted");
}
