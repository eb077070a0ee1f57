use crate::carrier::Direction;
use crate::csp::message::{Mode, fingerprint};
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, Session, Transaction, What};
use crate::time::{Seconds, Time};

/// The same text sent again to the same recipient under a new identifier.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let window = Seconds(verdict.parameter("retry-window"));
    let least = verdict.count("min-content");
    let mut latest: Keyed<(u64, u64, u32), (&Transaction, &Event)> = Keyed::default();
    let mut told: Option<Told> = None;
    for again in session.transactions_named(name::SEND_MESSAGE_REQUEST) {
        let Some(event) = session.request(again) else { continue };
        let Some(what) = sent(event) else { continue };
        let Some((first, earlier)) = latest.insert(what, (again, event)) else { continue };
        if id(earlier).is_none()
            || id(earlier) == id(event)
            || !first.repeats().is_empty()
            || event.start.since(earlier.end) > window
        {
            continue;
        }
        let told = told.get_or_insert_with(|| Told::of(session));
        if told.failure_between(earlier, event) {
            continue;
        }
        let long = what.2 as usize >= least;
        let Some(fate) = fate(session, first, earlier, event, told).filter(|fate| long || *fate == Fate::Silence)
        else {
            continue;
        };
        // An answer to come, or in a direction nobody captured, makes of a short text one that a person repeated.
        let seen = session.doubts.first().map_or(Ok(()), |doubt| Err(*doubt));
        let heard_out = if long { Ok(()) } else { session.watched(first.request, window) };
        if !verdict.trusts(seen.and(heard_out).and_then(|()| session.intact(earlier.start, event.end))) {
            continue;
        }
        let draft = verdict
            .find(
                format!(
                    "a message of {} octets is sent again {} later under a new TransactionID although {}",
                    what.2,
                    event.start.since(earlier.end),
                    fate.words()
                ),
                Exhibit::event(event, "the same content to the same recipient"),
            )
            .show(Exhibit::event(earlier, "sent first here"))
            .cost(Cost::of_exchanges(session, [again.request]))
            .cause(fate.words());
        if let Some(answer) = session.answer(first).filter(|_| fate == Fate::Accepted) {
            draft.show(Exhibit::event(answer, "accepted"));
        }
    }
}

/// What the client knew of the first message when it sent it again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Accepted,
    Processing,
    /// Not answered yet; the answer came later.
    UnderWay,
    /// Never answered.
    Silence,
}

impl Fate {
    fn words(self) -> &'static str {
        match self {
            Self::Accepted => "the first was accepted",
            Self::Processing => "the first was being processed",
            Self::UnderWay => "the first was still under way",
            Self::Silence => "nothing says that the first, which got no answer, was lost",
        }
    }
}

fn id(event: &Event) -> Option<&str> {
    event.spoken().and_then(|s| s.id.as_deref())
}

/// Recipient, content and content length of a message.
fn sent(event: &Event) -> Option<(u64, u64, u32)> {
    let spoken = event.spoken().filter(|s| !s.cut)?;
    let (content, octets) = spoken.payload?;
    let recipient = spoken.primitive()?.at(&[name::MESSAGE_INFO, name::RECIPIENT])?;
    Some((fingerprint(recipient), content, octets))
}

/// What becomes of the first message; `None` where it failed, so that sending it again is right.
fn fate(session: &Session, first: &Transaction, earlier: &Event, again: &Event, told: &Told) -> Option<Fate> {
    match session.answer(first).filter(|a| a.end <= again.start) {
        Some(_) => session.outcome(first).filter(|c| matches!(c, 200 | 202)).map(|_| Fate::Accepted),
        None if told.carrier_answer(earlier, again) => None,
        None if !first.interim().is_empty() => Some(Fate::Processing),
        None if first.answer.is_some() => Some(Fate::UnderWay),
        None => Some(Fate::Silence),
    }
}

/// What told the client that a message was lost.
struct Told {
    /// When delivery reports of failure came, in order.
    reports: Vec<Time>,
    /// When a carrier exchange was answered: by the answer to the message, or by what stands in for it.
    carrier: Keyed<(FlowNo, u32), Time>,
}

impl Told {
    fn of(session: &Session) -> Self {
        let failed = |e: &&Event| e.is(name::DELIVERY_REPORT_REQUEST) && e.code().is_some_and(|c| c > 200);
        let mut reports: Vec<Time> = session.events.iter().filter(failed).map(|e| e.end).collect();
        reports.sort_unstable();
        let answers = |e: &&Event| match &e.what {
            What::Empty { status } => status.is_some_and(|s| s >= 300),
            What::Unread { .. } => true,
            What::Spoken(spoken) => {
                spoken.mode == Some(Mode::Response) && spoken.code.is_none_or(|code| !(100..200).contains(&code))
            }
            What::Gap { .. } => false,
        };
        let from_server = session.events.iter().filter(|e| e.direction == Direction::ServerToClient);
        let carrier = from_server.filter(answers).map(|e| ((e.flow, e.exchange), e.end)).collect();
        Self { reports, carrier }
    }

    fn failure_between(&self, earlier: &Event, again: &Event) -> bool {
        let next = self.reports.partition_point(|time| *time <= earlier.end);
        self.reports.get(next).is_some_and(|time| *time <= again.start)
    }

    fn carrier_answer(&self, earlier: &Event, again: &Event) -> bool {
        self.carrier.get(&(earlier.flow, earlier.exchange)).is_some_and(|time| *time <= again.start)
    }
}
