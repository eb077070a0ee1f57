use std::collections::BTreeSet;

use crate::csp::message::flag;
use crate::csp::{address, name};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, Session};

/// Codes by which a server says that who speaks is not in the group.
const NOT_IN_IT: [u16; 2] = [808, 810];

/// A message to a group that the session is not in.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut joined: BTreeSet<String> = BTreeSet::new();
    let mut told = 0;
    for transaction in &session.transactions {
        let Some(request) = session.request(transaction) else { continue };
        let good = session.outcome(transaction).is_some_and(|code| (200..300).contains(&code));
        match transaction.name {
            name::JOIN_GROUP_REQUEST if good => joined.extend(group(request)),
            name::CREATE_GROUP_REQUEST if good && joins(request) => joined.extend(group(request)),
            name::LEAVE_GROUP_REQUEST => joined.retain(|known| Some(known) != group(request).as_ref()),
            name::SEND_MESSAGE_REQUEST => {
                let refused = session.outcome(transaction).is_some_and(|code| NOT_IN_IT.contains(&code));
                let Some(to) = recipient(request).filter(|to| refused && !joined.contains(to)) else { continue };
                let Some(answer) = session.answer(transaction) else { continue };
                // It may have joined before anybody listened.
                if !verdict.trusts(session.opened().and_then(|()| session.intact(request.start, answer.end))) {
                    return;
                }
                told += 1;
                verdict
                    .find(
                        "a message goes to a group that this session has not joined",
                        Exhibit::event(request, "nobody of the group"),
                    )
                    .show(Exhibit::event(answer, "refused"))
                    .cost(Cost::of([request, answer]))
                    .cause(to);
                if told > 8 {
                    return;
                }
            }
            _ => {}
        }
    }
}

fn group(event: &Event) -> Option<String> {
    event.primitive()?.child(name::GROUP_ID).map(|id| address::folded(id.text()))
}

fn joins(event: &Event) -> bool {
    event.primitive().and_then(|p| p.child(name::JOIN_GROUP)).and_then(flag) == Some(true)
}

/// The group that a message goes to.
fn recipient(event: &Event) -> Option<String> {
    let to = event.primitive()?.child(name::MESSAGE_INFO)?.child(name::RECIPIENT)?.child(name::GROUP)?;
    to.child(name::GROUP_ID).map(|id| address::folded(id.text()))
}
