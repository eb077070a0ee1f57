//! Conversations become sessions: what belongs together is joined, what answers what is paired, what is missing is known.

#![cfg(test)]

use std::io::Cursor;
use std::ops::ControlFlow;

use impslint::capture::Capture;
use impslint::carrier::{Carried, Direction};
use impslint::csp::decode::decode;
use impslint::csp::name;
use impslint::engine::pipeline;
use impslint::session::{
    Account, Chapter, Closed, Doubt, Ending, Heard, Limits, Opening, Proof, Session, Subscriber, Tally, Tracker,
    Transaction, Use, What,
};
use impslint::tls::Context;
use impslint::trace::{craft, parse};

struct Seen {
    sessions: Vec<Session>,
    subscribers: Vec<Subscriber>,
    identities: Vec<Vec<Use>>,
    tally: Tally,
}

fn see_with(trace: &str, limits: Limits) -> Seen {
    let mut octets = Vec::new();
    craft(&parse(trace).unwrap_or_else(|e| panic!("{e}")), &mut octets).unwrap_or_else(|e| panic!("{e}"));
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "test").unwrap();
    let mut tracker = Tracker::new(limits);
    let mut closed = Closed::default();
    let (_, read) = pipeline::run(
        &mut capture,
        &mut Context::default(),
        1,
        |item| item,
        |_, batch| {
            for item in batch {
                match item {
                    Carried::Envelope(envelope) => {
                        let heard = match decode(envelope) {
                            Ok(message) => Heard::message(&message),
                            Err(envelope) => Heard::bare(&envelope),
                        };
                        tracker.hear(heard, &mut closed);
                    }
                    Carried::Gap { flow, proved, direction, loss, time, frame } => {
                        tracker.miss(&flow, proved, direction, loss, (time, frame));
                    }
                    Carried::Cir(cir) => {
                        tracker.call(&cir, &mut closed);
                    }
                    Carried::End { flow, end, by, time, frame } => tracker.end_flow(&flow, (end, by), (time, frame)),
                }
            }
            ControlFlow::Continue(())
        },
    );
    read.unwrap();
    while tracker.finish(&mut closed) {}
    let Closed { sessions, subscribers, identities } = closed;
    let mut sessions: Vec<Session> = sessions.into_iter().map(Chapter::read).collect();
    let subscribers = subscribers.into_iter().map(Account::read).collect();
    sessions.sort_by_key(|s| (s.no, s.chapter));
    Seen { sessions, subscribers, identities, tally: tracker.tally() }
}

fn see(trace: &str) -> Seen {
    see_with(trace, Limits::default())
}

/// The request and the answer of a transaction, by name.
fn pair(session: &Session, transaction: &Transaction) -> (String, String) {
    let title = |event: Option<&impslint::session::Event>| match event.map(|e| &e.what) {
        Some(What::Spoken(s)) => name::spelling(s.name).to_owned(),
        Some(What::Empty { .. }) => "empty".to_owned(),
        Some(_) => "other".to_owned(),
        None => "none".to_owned(),
    };
    (title(session.request(transaction)), title(session.answer(transaction)))
}

fn pairs(session: &Session) -> Vec<(String, String)> {
    session.transactions.iter().map(|t| pair(session, t)).collect()
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const LOGIN: &str = "\
+0 client Login-Request 1 outband
  UserID wv:Anna@example.com
  ClientID
    URL app:1
  Password secret
  TimeToLive 600
  SessionCookie c7
+0.1 server Login-Response 1 outband
  ClientID
    URL app:1
  Result
    Code 200
  SessionID s1
  KeepAliveTime 500
  CapabilityRequest T
";

#[test]
fn a_login_in_one_step_opens_the_session_it_names() {
    let seen = see(&format!("{LOGIN}+1 client Polling-Request session=s1\n+0.1 server empty\n"));
    let [session] = seen.sessions.as_slice() else { panic!("one session") };
    assert_eq!(session.id.as_deref(), Some("s1"));
    assert_eq!(session.user.as_deref(), Some("wv:Anna@example.com"));
    assert_eq!(session.client.url.as_deref(), Some("app:1"));
    assert_eq!(session.cookie.as_deref(), Some("c7"));
    assert!(matches!(session.opening, Opening::Login { resumed: false, .. }));
    assert_eq!(pairs(session), named(&[("Login-Request", "Login-Response"), ("Polling-Request", "empty")]));
    let agreed = session.agreed_at_end();
    assert_eq!((agreed.keep_alive_time, agreed.capability_request), (Some(500), Some(true)));
    assert_eq!((seen.tally.sessions, seen.tally.subscribers, seen.tally.exchanges, seen.tally.judged), (1, 1, 2, 2));
    assert_eq!(seen.subscribers[0].user, "wv:anna@example.com");
    assert!(matches!(seen.subscribers[0].attempts[0].proof, Proof::Password(_)));
    assert_eq!(seen.identities.iter().map(Vec::len).collect::<Vec<_>>(), [1]);
}

#[test]
fn passwords_and_content_are_not_remembered() {
    let seen = see(&format!(
        "{LOGIN}+1 client SendMessage-Request 2 session=s1\n  MessageInfo\n    ContentType text/plain\n  \
         ContentData meet me\n+0.1 server SendMessage-Response 2 session=s1\n  Result\n    Code 200\n"
    ));
    let kept = format!("{:?}", seen.sessions) + &format!("{:?}", seen.subscribers);
    assert!(!kept.contains("secret") && !kept.contains("meet me"));
    assert!(kept.contains("app:1"));
}

#[test]
fn both_steps_of_a_challenge_belong_to_the_session() {
    let seen = see("\
+0 client Login-Request 1 outband
  UserID wv:anna@example.com
  ClientID
    URL app:1
  DigestSchema MD5
+0.1 server Login-Response 1 outband
  Result
    Code 401
  Nonce abc
  DigestSchema MD5
+1 client Login-Request 2 outband
  UserID wv:anna@example.com
  ClientID
    URL app:1
  DigestBytes q1w2
+0.1 server Login-Response 2 outband
  Result
    Code 200
  SessionID s1
");
    let [session] = seen.sessions.as_slice() else { panic!("one session") };
    let logins = [("Login-Request", "Login-Response"), ("Login-Request", "Login-Response")];
    assert_eq!(pairs(session), named(&logins));
    let attempts = &seen.subscribers[0].attempts;
    assert_eq!(attempts.len(), 2);
    assert!(attempts[0].challenged && attempts[0].session.is_none());
    assert!(!attempts[1].challenged && attempts[1].session == Some(session.no));
}

#[test]
fn a_login_out_of_band_opens_a_session_too() {
    let seen = see("\
+0 client text type=application/x-www-form-urlencoded
  user=anna
+0.1 server Login-Response 1 outband
  Result
    Code 200
  UserID wv:anna@example.com
  SessionID s9
+1 client Polling-Request session=s9
+0.1 server empty
");
    let [session] = seen.sessions.as_slice() else { panic!("one session") };
    assert!(matches!(session.opening, Opening::OutOfBand { .. }));
    assert_eq!(session.user.as_deref(), Some("wv:anna@example.com"));
    assert_eq!(seen.tally.exchanges, 2);
}

#[test]
fn a_refused_login_opens_nothing() {
    let seen = see("\
+0 client Login-Request 1 outband
  UserID wv:anna@example.com
  Password x1
+0.1 server Status 1 outband
  Result
    Code 409
");
    assert!(seen.sessions.is_empty());
    assert_eq!(seen.subscribers[0].attempts[0].answer.as_ref().and_then(|a| a.code()), Some(409));
}

#[test]
fn transactions_are_paired_by_initiator_and_identifier_not_by_exchange() {
    let seen = see("\
session s1
+0 client Polling-Request
+0.1 server NewMessage 5
  MessageInfo
    MessageID m1
+1 client SendMessage-Request 5
  MessageInfo
    ContentType text/plain
+0.1 server empty
+1 client MessageDelivered 5
  MessageID m1
+0.1 server SendMessage-Response 5
  Result
    Code 200
");
    let [session] = seen.sessions.as_slice() else { panic!("one session") };
    assert_eq!(session.opening, Opening::MidStream);
    let expected = [
        ("Polling-Request", "NewMessage"),
        ("NewMessage", "MessageDelivered"),
        ("SendMessage-Request", "SendMessage-Response"),
    ];
    assert_eq!(pairs(session), named(&expected));
    assert_eq!(session.transactions[1].initiator, Direction::ServerToClient);
}

#[test]
fn a_message_of_several_transactions_is_several_events_and_its_octets_count_once() {
    let seen = see("\
session s1
+0 client Polling-Request
+0.1 server NewMessage 1
  MessageInfo
    MessageID m1
and NewMessage 2
  MessageInfo
    MessageID m2
+1 client MessageDelivered 1
  MessageID m1
and MessageDelivered 2
  MessageID m2
+0.1 server empty
");
    let [session] = seen.sessions.as_slice() else { panic!("one session") };
    let answers: Vec<bool> = session.transactions.iter().map(|t| t.answer.is_some()).collect();
    assert_eq!(answers, [true, true, true]);
    let octets: Vec<bool> = session.events.iter().map(|e| e.octets > 0).collect();
    assert_eq!(octets, [true, true, false, true, false, true]);
    assert_eq!(seen.tally.messages, 3);
}

#[test]
fn a_session_goes_on_over_connections_and_is_told_from_others() {
    let seen = see("\
+0 client Polling-Request session=s1
+0.1 server empty
+1 client Polling-Request session=s2 connection=2
+0.1 server empty connection=2
+1 client Polling-Request session=s1 connection=2
+0.1 server empty connection=2
");
    let counts: Vec<(Option<&str>, usize)> =
        seen.sessions.iter().map(|s| (s.id.as_deref(), s.transactions.len())).collect();
    assert_eq!(counts, [(Some("s1"), 2), (Some("s2"), 1)]);
}

#[test]
fn the_end_of_a_session_is_known() {
    let logout = "+1 client Logout-Request 9 session=s1\n+0.1 server Status 9 session=s1\n  Result\n    Code 200\n";
    let seen = see(&format!("{LOGIN}{logout}"));
    let Some(Ending::Logout { request, answer: Some(answer) }) = seen.sessions[0].ending else { panic!("logout") };
    assert!(request < answer);
    let gone = "+1 client Polling-Request session=s1\n+0.1 server Status session=s1\n  Result\n    Code 604\n";
    assert!(matches!(see(&format!("{LOGIN}{gone}")).sessions[0].ending, Some(Ending::Refused { .. })));
    let thrown = "+1 client Polling-Request session=s1\n+0.1 server Disconnect 3 session=s1\n  Result\n    Code 601\n";
    assert!(matches!(see(&format!("{LOGIN}{thrown}")).sessions[0].ending, Some(Ending::Disconnect { .. })));
    let again = LOGIN.replace(" 1 outband", " 2 outband").replace("SessionID s1", "SessionID s2");
    let seen = see(&format!("{LOGIN}{again}"));
    assert!(matches!(seen.sessions[0].ending, Some(Ending::Replaced { .. })));
    assert!(seen.sessions[1].ending.is_none());
    assert_eq!(see(LOGIN).sessions[0].ending, None);
}

#[test]
fn the_same_request_again_is_a_repeat_and_another_under_the_same_identifier_is_not() {
    let seen = see("\
session s1
+0 client GetList-Request 4
+0.1 server empty
+1 client GetList-Request 4
+0.1 server empty
+1 client GetBlockedList-Request 4
+0.1 server empty
");
    let repeats: Vec<usize> = seen.sessions[0].transactions.iter().map(|t| t.repeats().len()).collect();
    assert_eq!(repeats, [1, 0]);
}

#[test]
fn an_interim_answer_leaves_the_transaction_open() {
    let seen = see("\
session s1
+0 client Search-Request 4
+0.1 server Status 4
  Result
    Code 101
+1 client Polling-Request
+0.1 server Search-Response 4
  Result
    Code 200
");
    let search = &seen.sessions[0].transactions[0];
    assert_eq!(search.interim().len(), 1);
    assert_eq!(pair(&seen.sessions[0], search).1, "Search-Response");
}

#[test]
fn what_was_agreed_is_known_at_each_moment() {
    let seen = see("\
session s1
+0 client ClientCapability-Request 1
  CapabilityList
    ClientType MOBILE_PHONE
    MultiTrans 2
    SupportedCIRMethod STCP
    ServerPollMin 20
+0.1 server ClientCapability-Response 1
  AgreedCapabilityList
    SupportedCIRMethod STCP
+1 client Service-Request 2
  Functions
    WVCSPFeat
      PresenceFeat
      IMFeat
  AllFunctionsRequest F
+0.1 server Service-Response 2
  Functions
    WVCSPFeat
      IMFeat
        IMSendFunc
          FWMSG
");
    let session = &seen.sessions[0];
    let before = session.agreed_at(session.transactions[0].request);
    assert!(!before.capabilities);
    let agreed = session.agreed_at_end();
    // The answer leaves ServerPollMin and MultiTrans out: the client's own values hold.
    assert_eq!((agreed.server_poll_min, agreed.multi_trans), (Some(20), Some(2)));
    assert_eq!(agreed.cir_methods, ["STCP"]);
    assert_eq!(agreed.refused, [name::FWMSG]);
}

#[test]
fn a_lost_message_is_a_gap_in_every_session_of_its_flow() {
    let before = "+1 client Polling-Request\n+0.1 server empty\n".repeat(8);
    let seen = see(&format!(
        "session s1\n{before}+1 client GetList-Request 4\n+0.1 server GetList-Response 4 lost\n  ContactList \
         wv:a/x@b\n+1 client Polling-Request\n+0.1 server empty\n"
    ));
    let session = &seen.sessions[0];
    assert!(session.events.iter().any(|e| matches!(e.what, What::Gap { .. })));
    assert_eq!(session.complete(), Err(Doubt::BeganMidStream));
    assert!(session.intact(session.events[0].start, session.events[1].end).is_ok());
    assert_eq!(session.intact(session.events[0].start, session.watched_until), Err(Doubt::MissingPackets));
    // A gap is noticed late: what was said shortly before it is in doubt too.
    assert_eq!(session.intact(session.events[15].start, session.events[15].end), Err(Doubt::MissingPackets));
    assert_eq!(seen.tally.exchanges, 10);
    assert_eq!(seen.tally.not_judged.values().sum::<u64>(), 1);
}

#[test]
fn a_very_long_session_comes_in_chapters_and_keeps_what_was_agreed() {
    let polls: String = (0..30).map(|_| "+5 client Polling-Request session=s1\n+0.1 server empty\n").collect();
    let seen = see_with(&format!("{LOGIN}{polls}"), Limits { events: 20, ..Limits::default() });
    let shape: Vec<(u32, bool)> = seen.sessions.iter().map(|s| (s.chapter, s.last)).collect();
    assert_eq!(shape, [(0, false), (1, false), (2, false), (3, true)]);
    assert_eq!(seen.sessions[3].agreed.keep_alive_time, Some(500));
    assert_eq!(seen.sessions.iter().map(|s| s.events.len()).sum::<usize>(), 62);
    assert_eq!(seen.sessions[1].complete(), Err(Doubt::Limit));
    assert_eq!(seen.tally.sessions, 1);
}

#[test]
fn beyond_the_limit_the_session_idle_longest_is_closed_and_counted() {
    let polls: String =
        (1..=5).map(|i| format!("+1 client Polling-Request session=s{i}\n+0.1 server empty\n")).collect();
    let seen = see_with(&polls, Limits { sessions: 3, ..Limits::default() });
    assert_eq!(seen.tally.evicted, 2);
    let limited: Vec<_> =
        seen.sessions.iter().filter(|s| s.doubts.contains(&Doubt::Limit)).map(|s| s.id.as_deref()).collect();
    assert_eq!(limited, [Some("s1"), Some("s2")]);
}

#[test]
fn beyond_the_limit_the_oldest_unanswered_exchange_is_given_up() {
    let lost: String = (0..5).map(|_| "+1 client Polling-Request session=s1\n").collect();
    let seen = see_with(&lost, Limits { exchanges: 3, ..Limits::default() });
    assert_eq!(seen.tally.exchanges, 5);
    assert_eq!(seen.tally.not_judged.get(&Doubt::Limit), Some(&2));
}

#[test]
fn very_many_logins_of_a_user_are_handed_over_in_chapters() {
    let logins: String = (1..=300)
        .map(|i| format!("+1 client Login-Request {i} outband\n  UserID wv:anna@example.com\n+0.1 server Status {i} outband\n  Result\n    Code 503\n"))
        .collect();
    let seen = see(&logins);
    let chapters: Vec<usize> = seen.subscribers.iter().map(|anna| anna.attempts.len()).collect();
    assert_eq!((chapters, seen.tally.subscribers), (vec![224, 76], 1));
    let id = |a: &impslint::session::Attempt| a.request.spoken().and_then(|s| s.id.as_deref().map(str::to_owned));
    let ids: Vec<String> = seen.subscribers.iter().flat_map(|anna| anna.attempts.iter().filter_map(id)).collect();
    assert!(ids.iter().eq((1..=300).map(|i| i.to_string()).collect::<Vec<_>>().iter()));
}

#[test]
fn beyond_the_limit_the_subscriber_silent_longest_is_handed_over() {
    let login = |i: usize, user: &str| {
        format!(
            "+1 client Login-Request {i} outband\n  UserID wv:{user}@example.com\n+0.1 server Status {i} outband\n  Result\n    Code 503\n"
        )
    };
    let users = ["a", "b", "c", "a", "d", "e", "b"];
    let logins: String = users.iter().enumerate().map(|(i, user)| login(i + 1, user)).collect();
    let seen = see_with(&logins, Limits { subscribers: 3, ..Limits::default() });
    // At d only 2 of 3 may stay: b goes, and again at e (c) and at b, who counts anew (a).
    let gone: Vec<&str> = seen.subscribers.iter().map(|s| &s.user[3..4]).collect();
    assert_eq!((gone, seen.tally.subscribers), (vec!["b", "c", "a", "b", "d", "e"], 6));
}

#[test]
fn when_all_sessions_hold_too_much_the_longest_end_their_chapters() {
    let poll = |session: u32, i: u32| {
        format!(
            "+1 client Polling-Request session=s{session}\n+0.1 server Status {i} session=s{session}\n  Result\n    Code 200\n"
        )
    };
    let trace: String = (1..=60).map(|i| poll(1, i)).chain((61..=64).map(|i| poll(2, i))).collect();
    let whole = see(&trace);
    let seen = see_with(&trace, Limits { octets_in_all: 1_000, ..Limits::default() });
    assert!(seen.tally.cut_short > 0);
    let chapters = |id: &str| seen.sessions.iter().filter(|s| s.id.as_deref() == Some(id)).count();
    assert!(chapters("s1") > 1 && chapters("s2") == 1, "the long one is cut");
    let events = |seen: &Seen| seen.sessions.iter().map(|s| s.events.len()).sum::<usize>();
    assert_eq!(events(&seen), events(&whole));
}
