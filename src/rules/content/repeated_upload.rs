use std::collections::HashMap;

use super::recipients;
use crate::csp::{name, status};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{EventIx, Session};

/// An upload and whom it goes to.
type Upload = (EventIx, Vec<u64>);

/// The same large content uploaded once for each recipient.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let least = verdict.parameter("min-content");
    let often = verdict.count("min-count");
    // Uploads by content, each with its recipients, in order.
    let mut uploads: HashMap<(u64, u32), Vec<Upload>> = HashMap::new();
    let mut order = Vec::new();
    for transaction in session.transactions_named(name::SEND_MESSAGE_REQUEST) {
        let Some(event) = session.request(transaction) else { continue };
        let Some(content) = event.spoken().and_then(|spoken| spoken.payload) else { continue };
        let accepted = session.outcome(transaction).is_some_and(status::is_success);
        let Some(to) = recipients(event).filter(|_| f64::from(content.1) >= least && accepted) else { continue };
        let known = uploads.entry(content).or_insert_with(|| {
            order.push(content);
            Vec::new()
        });
        // A second copy to the same recipient is another matter.
        if known.iter().all(|(_, before)| before.iter().all(|user| !to.contains(user))) {
            known.push((transaction.request, to));
        }
    }
    for content in order {
        let Some([(first, _), further @ ..]) = uploads.get(&content).map(Vec::as_slice) else { continue };
        let (Some((again, _)), count) = (further.first(), further.len() + 1) else { continue };
        if count < often || verdict.is_full() {
            continue;
        }
        let (Some(again), Some(first)) = (session.event(*again), session.event(*first)) else { continue };
        verdict
            .find(
                format!(
                    "the same content of {} octets is uploaded {count} times, to one recipient after the other",
                    content.1
                ),
                Exhibit::event(again, "the same content again"),
            )
            .show(Exhibit::event(first, "uploaded first here"))
            .cost(Cost::of_exchanges(session, further.iter().map(|(ix, _)| *ix)))
            .cause(content.0);
    }
}
