//! HTTP as a gateway sends it: many subscribers on one connection, one subscriber on many, the same exchange on both
//! sides of the gateway, and answers that are the gateway's own.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Cursor;
use std::net::SocketAddr;

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::carrier::Direction;
use impslint::engine::{Engine, Rulebook};
use impslint::report::Outcome;
use impslint::rules;
use impslint::time::Time;
use impslint::trace::{Line, Said, Trace, craft, parse};

fn checked(trace: &Trace) -> Outcome {
    let mut octets = Vec::new();
    craft(trace, &mut octets).unwrap();
    lint(octets)
}

fn lint(octets: Vec<u8>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "gateway").unwrap();
    Engine::new(Rulebook::new(rules::all()).unwrap(), 1).check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

fn outcome(trace: &str) -> Outcome {
    checked(&parse(trace).unwrap_or_else(|e| panic!("{e}\n{trace}")))
}

/// Rule, session and user of each finding.
fn found(outcome: &Outcome) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let all = outcome.findings.iter().map(|f| &f.finding);
    all.map(|f| format!("{} {} {}", f.rule, text(&f.scene.session), text(&f.scene.user))).collect()
}

/// Headers that a gateway adds for a subscriber.
fn added(number: &str) -> String {
    format!("header=\"Via: 1.1 wap.example.net\" header=\"X-Nokia-MSISDN: +{number}\"")
}

const GATEWAY: &str = "\
start 2007-05-01T10:00:00Z
connection 1 10.9.0.1:5001 192.0.2.1:80
connection 2 10.9.0.1:5002 192.0.2.1:80
connection 3 10.9.0.2:5003 192.0.2.1:80
";

fn login_request(at: &str, user: &str, words: &str) -> String {
    format!(
        "{at} client Login-Request 1 outband target=http://imps.example/ {words}\n  UserID wv:{user}@example.com\n  \
         ClientID\n    URL app:{user}\n  Password secret\n  TimeToLive 600\n"
    )
}

fn login_answer(at: &str, user: &str, session: &str, words: &str) -> String {
    format!(
        "{at} server Login-Response 1 outband {words}\n  ClientID\n    URL app:{user}\n  Result\n    Code 200\n  \
         SessionID {session}\n  KeepAliveTime 500\n"
    )
}

#[test]
fn logins_in_flight_on_one_connection_are_told_apart() {
    let (anna, bob) = (added("447700900001"), added("447700900002"));
    let trace = [
        GATEWAY,
        &login_request("+0", "anna", &anna),
        &login_request("+0.1", "bob", &bob),
        &login_answer("+0.1", "anna", "s1", ""),
        &login_answer("+0.1", "bob", "s2", ""),
        &format!("+1 client Polling-Request session=s2 connection=2 {bob}\n+0.1 server empty connection=2\n"),
        &format!("+1 client Polling-Request session=s1 {anna}\n+0.1 server empty\n"),
    ]
    .concat();
    let outcome = outcome(&trace);
    assert_eq!((outcome.tally.sessions, outcome.tally.subscribers, outcome.tally.relayed), (2, 2, 0));
    assert_eq!((outcome.tally.exchanges, outcome.tally.judged), (4, 4));
    let mut passwords = found(&outcome);
    passwords.retain(|found| found.starts_with("privacy/plaintext-password"));
    let of = |user: &str| format!("privacy/plaintext-password - wv:{user}@example.com");
    assert_eq!(passwords, [of("anna"), of("bob")]);
}

/// How the two sides of a gateway differ.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Between {
    /// A proxy with an address of its own that names itself.
    Proxy,
    /// A proxy that names itself and takes on the addresses of both.
    Transparent,
    /// A translator of the client's address.
    Nat,
    /// A balancer that hands connections on to a server as they are.
    Balancer,
}

const ALL: [Between; 4] = [Between::Proxy, Between::Transparent, Between::Nat, Between::Balancer];

/// 20 ms.
const LATENCY: i64 = 20_000_000;

/// A trace as it looks at a gateway between client and server: each message on both sides, the further side within.
fn at_gateway(trace: &Trace, between: Between) -> Trace {
    let behind = |connection: u32| connection + 10_000;
    let port = |connection: u32| 40_000 + u16::try_from(connection).unwrap();
    let mut ends: BTreeMap<u32, (SocketAddr, SocketAddr)> = BTreeMap::new();
    let mut lines = Vec::new();
    // How far what was put in went beyond the event before.
    let mut ahead = 0;
    for line in &trace.lines {
        let said = match line {
            Line::Connection(number, client, server) => {
                ends.insert(*number, (*client, *server));
                lines.push(line.clone());
                continue;
            }
            Line::Over(_) => {
                lines.push(line.clone());
                continue;
            }
            Line::Event(said) => said,
        };
        let number = said.connection;
        if !lines.iter().any(|l| matches!(l, Line::Connection(n, ..) if *n == behind(number))) {
            let usual = (SocketAddr::from(([10, 0, 0, 1], port(number))), SocketAddr::from(([192, 0, 2, 1], 80)));
            let (client, server) = ends.get(&number).copied().unwrap_or(usual);
            let gateway = SocketAddr::from(([10, 9, 0, 1], port(number)));
            let (client, server) = match between {
                Between::Proxy => (gateway, SocketAddr::from(([198, 51, 100, 1], 80))),
                Between::Transparent => (SocketAddr::new(client.ip(), client.port() ^ 0x4000), server),
                Between::Nat => (gateway, server),
                Between::Balancer => (client, SocketAddr::from(([198, 51, 100, 1], 80))),
            };
            lines.push(Line::Connection(behind(number), client, server));
        }
        let mut copy = Said { connection: behind(number), ..(**said).clone() };
        if matches!(between, Between::Proxy | Between::Transparent) {
            copy.headers.push(("Via".to_owned(), "1.1 wap.example.net".to_owned()));
        }
        let mut original = (**said).clone();
        if said.direction == Direction::ClientToServer {
            (original.delay, copy.delay) = (said.delay - ahead, LATENCY);
            ahead = LATENCY;
            lines.extend([Line::Event(Box::new(original)), Line::Event(Box::new(copy))]);
        } else {
            (copy.delay, original.delay) = (said.delay - ahead - LATENCY, LATENCY);
            ahead = 0;
            lines.extend([Line::Event(Box::new(copy)), Line::Event(Box::new(original))]);
        }
    }
    Trace { start: trace.start, defaults: trace.defaults.clone(), lines }
}

/// Everything about the findings that does not hang on frame numbers.
fn all_found(outcome: &Outcome) -> Vec<String> {
    let mut all: Vec<String> = outcome
        .findings
        .iter()
        .map(|filed| {
            let f = &filed.finding;
            let shown: Vec<String> = f.exhibits.iter().map(|e| format!("{} {} {}", e.title, e.time, e.label)).collect();
            let scene = (&f.scene.session, &f.scene.user, f.scene.peers);
            format!("{} {} {:?} {} {scene:?} {}", f.rule, f.message, f.cost, f.repeats, shown.join(", "))
        })
        .collect();
    all.sort();
    all
}

/// Every example of every page and every sample's trace.
fn traces() -> Vec<(String, String)> {
    let mut traces = Vec::new();
    for rule in rules::all() {
        for (i, example) in rule.page.split("```trace ").skip(1).enumerate() {
            let body = example.split_once('\n').unwrap().1.split("\n```").next().unwrap();
            // What wakes a client, and short messages, do not go through a gateway for HTTP.
            let elsewhere = ["over cir-", "over sms", " dropped"];
            if !elsewhere.iter().any(|words| body.contains(words)) {
                traces.push((format!("{} example {}", rule.name, i + 1), format!("{body}\n")));
            }
        }
    }
    for sample in ["clean-xml", "clean-wbxml", "wasteful"] {
        let path = format!("{}/samples/{sample}.trace", env!("CARGO_MANIFEST_DIR"));
        traces.push((sample.to_owned(), fs::read_to_string(path).unwrap()));
    }
    traces
}

#[test]
fn both_sides_of_a_gateway_are_judged_like_the_client_side_alone() {
    for (name, text) in traces() {
        // Where a gateway shows up, heads are not held against the client, whichever side they were captured on.
        if name.starts_with("transport/heavy-headers") {
            continue;
        }
        let trace = parse(&text).unwrap();
        let alone = checked(&trace);
        for between in ALL {
            let both = checked(&at_gateway(&trace, between));
            assert_eq!(all_found(&both), all_found(&alone), "{name} {between:?}");
        }
    }
}

fn frames(octets: &[u8]) -> Vec<(Time, Vec<u8>)> {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets.to_vec())), "capture").unwrap();
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), window.captured(f).to_vec())));
    }
    frames
}

/// A capture without one of its frames.
fn without(frames: &[(Time, Vec<u8>)], lost: usize) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    for (_, (time, octets)) in frames.iter().enumerate().filter(|(i, _)| *i != lost) {
        writer.frame(*time, octets, &[]).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_frame_lost_at_a_gateway_accuses_nobody() {
    let families = ["messaging/duplicate", "session/", "transaction/", "transport/"];
    for (name, text) in traces().iter().filter(|(name, _)| families.iter().any(|f| name.starts_with(f))) {
        let trace = parse(text).unwrap();
        let alone: BTreeSet<&str> = checked(&trace).findings.iter().map(|f| f.finding.rule).collect();
        let mut octets = Vec::new();
        craft(&at_gateway(&trace, Between::Proxy), &mut octets).unwrap();
        let frames = frames(&octets);
        for lost in (0..frames.len()).filter(|_| frames.len() < 60) {
            let outcome = lint(without(&frames, lost));
            let new = outcome.findings.iter().find(|f| !alone.contains(f.finding.rule));
            assert!(new.is_none(), "{name} without frame {lost}: {:?}", new.map(|f| &f.finding.message));
        }
    }
}

/// A trace as it looks on the server's side of a gateway that keeps some connections open and uses whichever is free.
fn pooled(trace: &Trace) -> Trace {
    let mut lines: Vec<Line> = (1..=32)
        .map(|n| {
            let port = 5_000 + u16::try_from(n).unwrap();
            Line::Connection(n, SocketAddr::from(([10, 9, 0, 1], port)), SocketAddr::from(([192, 0, 2, 1], 80)))
        })
        .collect();
    let mut used: BTreeMap<u32, VecDeque<u32>> = BTreeMap::new();
    let mut turn = 0;
    for line in &trace.lines {
        let Line::Event(said) = line else { continue };
        let mut said = Said { close: false, ..(**said).clone() };
        let busy: Vec<u32> = used.values().flatten().copied().collect();
        let mine = used.entry(said.connection).or_default();
        if said.direction == Direction::ClientToServer {
            turn = (0..32).map(|step| (turn + step) % 32 + 1).find(|n| !busy.contains(n)).unwrap();
            mine.push_back(turn);
            said.headers.push(("Via".to_owned(), "1.1 wap.example.net".to_owned()));
            said.headers.push(("X-Forwarded-For".to_owned(), "10.1.2.3".to_owned()));
            said.connection = turn;
        } else {
            said.connection = mine.pop_front().unwrap();
        }
        lines.push(Line::Event(Box::new(said)));
    }
    Trace { start: trace.start, defaults: trace.defaults.clone(), lines }
}

#[test]
fn requests_may_come_on_any_connection_of_a_gateway() {
    for (name, text) in traces() {
        let trace = parse(&text).unwrap();
        let facts = |outcome: &Outcome| -> Vec<String> {
            let all = outcome.findings.iter().map(|f| &f.finding);
            // Neither speaks where a new connection, or a gateway's own headers, explain what was seen.
            let of_the_way = ["transport/connection-per-request", "polling/redundant-poll", "transport/heavy-headers"];
            let kept = all.filter(|f| !of_the_way.contains(&f.rule));
            kept.map(|f| format!("{} {} {:?} {:?}", f.rule, f.message, f.scene.session, f.scene.user)).collect()
        };
        let pooled = checked(&pooled(&trace));
        assert!(pooled.findings.iter().all(|f| f.finding.rule != "transport/connection-per-request"), "{name}");
        assert_eq!(facts(&pooled), facts(&checked(&trace)), "{name}");
        for scene in pooled.findings.iter().map(|f| &f.finding.scene).filter(|scene| scene.peers.is_some()) {
            assert_eq!(scene.forwarded.as_deref(), Some("10.1.2.3"), "{name}");
        }
    }
}

/// A POST that keeps a session alive, and its answer.
const KEEP_ALIVE: &str = "client KeepAlive-Request 7 session=s1\n  TimeToLive 600\n";
const KEPT: &str = "server KeepAlive-Response 7 session=s1\n  Result\n    Code 200\n";

/// An event on another connection, with further words.
fn on(event: &str, connection: u32, words: &str) -> String {
    let (line, rest) = event.split_once('\n').unwrap();
    format!("{line} connection={connection} {words}\n{rest}")
}

#[test]
fn a_client_that_sends_again_is_no_gateway() {
    let ends = "connection 1 10.0.0.1:5001 192.0.2.1:80\nconnection 2 10.0.0.1:5002 192.0.2.1:80\n";
    let again = |wait: &str, words: &str| {
        let second = on(KEEP_ALIVE, 2, words);
        outcome(&format!("{ends}+0 {KEEP_ALIVE}+{wait} {second}+0.1 {}+0.1 {KEPT}", on(KEPT, 2, ""))).tally
    };
    assert_eq!((again("1", "").exchanges, again("1", "").relayed), (2, 0));
    let via = "header=\"Via: 1.1 gw\"";
    assert_eq!((again("1", via).exchanges, again("1", via).relayed), (1, 1));
    assert_eq!(again("2.1", via).relayed, 0, "too late to be relayed");
    let answered = format!("{ends}+0 {KEEP_ALIVE}+0.1 {KEPT}+0.1 {}+0.1 {}", on(KEEP_ALIVE, 2, via), on(KEPT, 2, ""));
    assert_eq!(outcome(&answered).tally.relayed, 0, "the first had its answer");
}

#[test]
fn an_answer_that_only_the_far_side_shows_stands_in() {
    let ends = "connection 1 10.0.0.1:5001 192.0.2.7:80\nconnection 2 10.9.0.1:5002 192.0.2.1:80\n";
    let send = |id: u32| {
        format!(
            "client SendMessage-Request {id} session=s1\n  DeliveryReport F\n  MessageInfo\n    ContentType text/plain\n    \
             Recipient\n      User\n        UserID wv:bob@example.com\n  ContentData {}\n",
            "a text that nobody writes twice by chance, ".repeat(4)
        )
    };
    let sent =
        |id: u32| format!("server SendMessage-Response {id} session=s1\n  Result\n    Code 200\n  MessageID m{id}\n");
    let poll = "+4 client Polling-Request session=s1 connection=3\n+0.1 server empty connection=3\n";
    let trace = |far: &str| {
        let again = on(&send(2), 3, "");
        // The last event keeps the first connection open until then.
        let later = "+9 client Polling-Request session=s1\n";
        format!("{ends}+0 {}{far}{poll}+5 {again}+0.1 {}{later}", send(1), on(&sent(2), 3, ""))
    };
    // The client got no answer and sends again: alone that shows as it is. With the far side seen, an answer is missing.
    let duplicate = |outcome: &Outcome| outcome.findings.iter().any(|f| f.finding.rule == "messaging/duplicate-send");
    assert!(duplicate(&outcome(&trace(""))));
    let far = format!("+0.1 {}+0.1 {}", on(&send(1), 2, ""), on(&sent(1), 2, ""));
    let both = outcome(&trace(&far));
    assert!(!duplicate(&both), "{:?}", found(&both));
    assert_eq!((both.tally.relayed, both.tally.exchanges), (1, 4));
    assert!(both.rule_doubts.keys().any(|(rule, _)| *rule == "messaging/duplicate-send"));
}

#[test]
fn where_no_login_was_seen_the_gateway_names_the_subscriber() {
    let bad = "client SubscribePresence-Request 3 session=s1\n  UserID wv:bob@example.com\n  Nonsense x\n";
    let answer = "+0.1 server Status 3 session=s1\n  Result\n    Code 200\n";
    let named = |words: &str| {
        let (line, rest) = bad.split_once('\n').unwrap();
        let outcome = outcome(&format!("+0 {line} {words}\n{rest}{answer}"));
        let scene = &outcome.findings.first().expect("a finding").finding.scene;
        (scene.user.clone(), scene.forwarded.clone())
    };
    let added = "header=\"X-Up-Calling-Line-ID: 447700900001\" header=\"X-Forwarded-For: 10.1.2.3\"";
    assert_eq!(named(added), (Some("447700900001".to_owned()), Some("10.1.2.3".to_owned())));
    assert_eq!(named("header=\"X-Up-Calling-Line-ID: nobody\""), (None, None));
}

#[test]
fn an_error_page_of_a_gateway_is_an_answer_and_no_document() {
    let page = "  <html><body><p>Bad & gone</body></html>\n";
    for status in [502, 504, 200] {
        let answer = format!("+0.1 server text type=text/html status={status}\n{page}");
        let seen = outcome(&format!("session s1\n+0 {KEEP_ALIVE}{answer}+1 {KEEP_ALIVE}+0.1 {KEPT}"));
        assert_eq!((seen.tally.exchanges, seen.tally.judged, seen.tally.messages), (2, 2, 3));
        let told: &[&str] = if status == 200 { &[] } else { &["transport/non-200-answer s1 -"] };
        assert_eq!(found(&seen), told, "{status}");
    }
}

#[test]
fn a_connection_of_two_users_was_opened_by_neither() {
    // A gateway that does not name itself opens a connection for each request of Anna; Bob's go over them too.
    let mut trace = "session s1\n".to_owned();
    let mut handset = trace.clone();
    for n in 1..=12 {
        let poll = format!("+3 client Polling-Request session=s1 connection={n}\n+0.1 server empty connection={n}\n");
        let number = "header=\"MSISDN: 447700900002\"";
        handset += &poll;
        trace += &poll.replacen(
            &format!("connection={n}\n"),
            &format!("connection={n} header=\"MSISDN: 447700900001\"\n"),
            1,
        );
        trace += &format!(
            "+1 client Polling-Request session=s2 connection={n} {number}\n+0.1 server empty connection={n}\n"
        );
    }
    let opens = |trace: &str| found(&outcome(trace)).iter().any(|f| f.starts_with("transport/connection-per-request"));
    assert!(opens(&handset), "{:?}", found(&outcome(&handset)));
    assert!(!opens(&trace));
}

/// A trace in which every exchange has a connection of its own.
fn scattered(trace: &Trace) -> Trace {
    let mut lines = Vec::new();
    let mut used: BTreeMap<u32, VecDeque<u32>> = BTreeMap::new();
    let mut next = 100;
    for line in &trace.lines {
        let Line::Event(said) = line else { continue };
        let mut said = Said { close: true, ..(**said).clone() };
        let mine = used.entry(said.connection).or_default();
        if said.direction == Direction::ClientToServer {
            next += 1;
            mine.push_back(next);
            said.connection = next;
        } else {
            said.connection = mine.pop_front().unwrap();
        }
        lines.push(Line::Event(Box::new(said)));
    }
    Trace { start: trace.start, defaults: trace.defaults.clone(), lines }
}

#[test]
fn a_frame_lost_on_a_connection_of_its_own_accuses_nobody() {
    let families = ["messaging/missing", "negotiation/missing", "session/"];
    for (name, text) in traces().iter().filter(|(name, _)| families.iter().any(|f| name.starts_with(f))) {
        let trace = scattered(&parse(text).unwrap());
        let whole: BTreeSet<&str> = checked(&trace).findings.iter().map(|f| f.finding.rule).collect();
        let mut octets = Vec::new();
        craft(&trace, &mut octets).unwrap();
        let frames = frames(&octets);
        for lost in (0..frames.len()).filter(|_| frames.len() < 60) {
            let outcome = lint(without(&frames, lost));
            let new = outcome.findings.iter().find(|f| !whole.contains(f.finding.rule));
            assert!(new.is_none(), "{name} without frame {lost}: {:?}", new.map(|f| &f.finding.message));
        }
    }
}
