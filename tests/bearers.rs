//! One conversation over several bearers: messages in short messages, wake-ups beside the session.

#![cfg(test)]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType};
use impslint::carrier::cir::{Bearer, Kind};
use impslint::carrier::{Carried, Carrier, Direction};
use impslint::csp::decode::decode;
use impslint::csp::message::Message;
use impslint::csp::pts;
use impslint::engine::pipeline;
use impslint::session::{Chapter, Closed, Heard, Limits, Session, Tally, Tracker};
use impslint::syntax::Encoding;
use impslint::time::Time;
use impslint::tls::Context;
use impslint::trace::{craft, parse};

/// Frames of raw IP, a tenth of a second apart unless told otherwise.
#[derive(Default)]
struct Net {
    frames: Vec<(Time, Vec<u8>)>,
    now: i64,
    /// Sequence numbers of the two ends of each TCP connection, by the port of its opener.
    sequences: std::collections::BTreeMap<u16, [u32; 2]>,
}

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 1];

impl Net {
    fn at(&mut self, seconds: f64) -> &mut Self {
        self.now = (seconds * 1e9) as i64;
        self
    }

    fn packet(&mut self, protocol: u8, from: [u8; 4], to: [u8; 4], segment: &[u8]) {
        let length = (20 + segment.len()) as u16;
        let [high, low] = length.to_be_bytes();
        let mut packet = vec![0x45, 0, high, low, 0, self.frames.len() as u8, 0, 0, 64, protocol, 0, 0];
        packet.extend([from, to].concat());
        packet.extend(segment);
        self.frames.push((Time(self.now), packet));
        self.now += 100_000_000;
    }

    /// What the client, or else the server, sends in the TCP connection of these ports.
    fn tcp(&mut self, ports: (u16, u16), from_client: bool, payload: &[u8]) -> &mut Self {
        if !self.sequences.contains_key(&ports.0) {
            self.sequences.extend([(ports.0, [1000, 5000])]);
            self.segment(ports, true, 0x02, &[]);
            self.segment(ports, false, 0x12, &[]);
        }
        self.segment(ports, from_client, 0x18, payload);
        self
    }

    fn segment(&mut self, ports: (u16, u16), from_client: bool, flags: u8, payload: &[u8]) {
        let [client, server] = self.sequences.get_mut(&ports.0).unwrap();
        let (own, peer) = if from_client { (client, server) } else { (server, client) };
        let mut segment = Vec::new();
        let (source, destination) = if from_client { ports } else { (ports.1, ports.0) };
        segment.extend([source.to_be_bytes(), destination.to_be_bytes()].concat());
        segment.extend([own.to_be_bytes(), peer.to_be_bytes()].concat());
        segment.extend([0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        segment.extend(payload);
        *own += payload.len() as u32 + u32::from(flags & 0x03 != 0);
        let (from, to) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        self.packet(6, from, to, &segment);
    }

    fn close(&mut self, ports: (u16, u16)) {
        self.segment(ports, true, 0x11, &[]);
        self.segment(ports, false, 0x11, &[]);
    }

    /// A datagram of the server's.
    fn udp(&mut self, ports: (u16, u16), payload: &[u8]) -> &mut Self {
        let length = (8 + payload.len()) as u16;
        let head = [ports.0, ports.1, length, 0].map(u16::to_be_bytes).concat();
        self.packet(17, SERVER, CLIENT, &[&head, payload].concat());
        self
    }

    fn http(&mut self, from_client: bool, head: &str, body: &str) -> &mut Self {
        let length = if head.contains(" 204 ") || head.starts_with("GET") {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/vnd.wv.csp.sms\r\n" };
        let text = format!("{head}\r\nHost: example.com\r\n{kind}{length}\r\n{body}");
        self.tcp((40_000, 80), from_client, text.as_bytes())
    }

    fn post(&mut self, body: &str) -> &mut Self {
        self.http(true, "POST /imps HTTP/1.1", body)
    }

    fn answer(&mut self, body: &str) -> &mut Self {
        self.http(false, "HTTP/1.1 200 OK", body)
    }

    fn capture(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = PcapNgWriter::new(&mut out, LinkType::RAW).unwrap();
        for (time, packet) in &self.frames {
            writer.frame(*time, packet, &[]).unwrap();
        }
        writer.finish().unwrap();
        out
    }
}

/// A PDU of SMPP between the centre, which delivers, and the server, which submits.
fn smpp(from_client: bool, number: &str, data: &[u8]) -> Vec<u8> {
    let handset = [b"\x01\x01", number.as_bytes(), b"\0"].concat();
    let service = b"\0\x003590\0".to_vec();
    let (from, to) = if from_client { (handset, service) } else { (service, handset) };
    let mut body = [&b"\0"[..], &from, &to, &[0x40, 0, 0, 0, 0, 0, 0, 4, 0, data.len() as u8], data].concat();
    let command: u32 = if from_client { 5 } else { 4 };
    let mut pdu = ((body.len() + 16) as u32).to_be_bytes().to_vec();
    pdu.extend([command.to_be_bytes(), [0; 4], 9_u32.to_be_bytes()].concat());
    pdu.append(&mut body);
    pdu
}

const PLAIN: [u8; 7] = [6, 5, 4, 0x0E, 0x06, 0x0E, 0x06];

/// A payload in as many short messages as it takes: in parts, the last first, or in segments of the syntax.
fn short_messages(from_client: bool, payload: &[u8], in_segments: bool) -> Vec<Vec<u8>> {
    let number = "447700900001";
    if payload.len() <= 133 {
        return vec![smpp(from_client, number, &[&PLAIN[..], payload].concat())];
    }
    let preamble = payload.iter().position(|b| *b == b' ').unwrap();
    let (rest, size) = if in_segments { (&payload[preamble + 1..], 120) } else { (payload, 128) };
    let total = rest.chunks(size).count() as u8;
    let part = |(i, text): (usize, &[u8])| {
        let (header, front) = if in_segments {
            let letters = [b'a' + i as u8, b'a' + total - 1, b' '];
            (PLAIN.to_vec(), [&payload[..preamble], &letters].concat())
        } else {
            (vec![11, 0, 3, payload.len() as u8, total, i as u8 + 1, 5, 4, 0x0E, 6, 0x0E, 6], Vec::new())
        };
        smpp(from_client, number, &[&header, &front, text].concat())
    };
    rest.chunks(size).enumerate().map(part).rev().collect()
}

struct Seen {
    messages: Vec<Message>,
    sessions: Vec<Session>,
    tally: Tally,
}

fn see(octets: Vec<u8>) -> Seen {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "test").unwrap();
    let mut tracker = Tracker::new(Limits::default());
    let (mut closed, mut messages) = (Closed::default(), Vec::new());
    let (_, read) = pipeline::run(
        &mut capture,
        &mut Context::default(),
        1,
        |item| item,
        |_, batch| {
            for item in batch {
                match item {
                    Carried::Envelope(envelope) => match decode(envelope) {
                        Ok(message) => {
                            tracker.hear(Heard::message(&message), &mut closed);
                            messages.push(message);
                        }
                        Err(envelope) => {
                            tracker.hear(Heard::bare(&envelope), &mut closed);
                        }
                    },
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
    let mut sessions: Vec<Session> = closed.sessions.into_iter().map(Chapter::read).collect();
    sessions.sort_by_key(|s| s.no);
    Seen { messages, sessions, tally: tracker.tally() }
}

/// Every primitive of which codes are known.
const CONVERSATION: &str = "\
csp 1.2 xml

+0 client Login-Request 1 outband
  UserID wv:anna@example.com
  ClientID
    URL app:1
  Password secret
  TimeToLive 600
  SessionCookie c7
+1 server Login-Response 1 outband
  ClientID
    URL app:1
  Result
    Code 200
  SessionID s1
  KeepAliveTime 500
  CapabilityRequest T
+1 client ClientCapability-Request 2 session=s1
  CapabilityList
    ClientType MOBILE_PHONE
    InitialDeliveryMethod P
    SupportedBearer SMS
    MultiTrans 1
    ParserSize 4096
    SupportedCIRMethod SSMS
    SupportedCIRMethod STCP
    UDPPort 3717
    ServerPollMin 30
    DefaultLanguage en
+1 server ClientCapability-Response 2 session=s1
  AgreedCapabilityList
    SupportedBearer SMS
    SupportedCIRMethod STCP
    TCPAddress 192.0.2.1
    TCPPort 3171
    ServerPollMin 30
+1 client Service-Request 3 session=s1
  Functions
    WVCSPFeat
      FundamentalFeat
      PresenceFeat
  AllFunctionsRequest F
+1 server Service-Response 3 session=s1
  Functions
    WVCSPFeat
      GroupFeat
+1 client GetList-Request 4 session=s1
+1 server GetList-Response 4 session=s1
  ContactList wv:anna/friends@example.com
  ContactList wv:anna/work@example.com
  DefaultContactList wv:anna/friends@example.com
+1 client CreateList-Request 5 session=s1
  ContactList wv:anna/new@example.com
  NickList
    NickName
      Name \"Bob, the \\\"other\\\" (one)\"
      UserID wv:bob@example.com
    UserID wv:carl@example.com
  ContactListProperties
    Property
      Name DisplayName
      Value New & old
    Property
      Name Default
      Value F
+1 server Status 5 session=s1
  Result
    Code 200
    Description all is well
+1 client ListManage-Request 6 session=s1
  ContactList wv:anna/new@example.com
  RemoveNickList
    UserID wv:carl@example.com
  ReceiveList T
+1 server ListManage-Response 6 session=s1
  Result
    Code 200
  NickList
    NickName
      Name Bob
      UserID wv:bob@example.com
+1 client SubscribePresence-Request 7 session=s1
  ContactList wv:anna/new@example.com
  PresenceSubList
    OnlineStatus
    UserAvailability
    ClientInfo
      ClientType
      ClientProducer
  AutoSubscribe T
+1 server Status 7 session=s1
  Result
    Code 200
+1 client GetPresence-Request 8 session=s1
  User
    UserID wv:bob@example.com
  User
    UserID wv:carl@example.com
  PresenceSubList
    StatusText
+1 server GetPresence-Response 8 session=s1
  Result
    Code 200
  Presence
    UserID wv:bob@example.com
    PresenceSubList
      StatusText
        Qualifier T
        PresenceValue gone fishing, back at 8
+1 client UpdatePresence-Request 9 session=s1
  PresenceSubList
    OnlineStatus
      Qualifier T
      PresenceValue T
    ClientInfo
      Qualifier T
      ClientType MOBILE_PHONE
      ClientProducer Acme
    UserAvailability
      Qualifier T
      PresenceValue DISCREET
+1 server Status 9 session=s1
  Result
    Code 200
+1 client Polling-Request 0 session=s1
+1 server PresenceNotification-Request 17 session=s1
  Presence
    UserID wv:bob@example.com
    PresenceSubList
      OnlineStatus
        Qualifier T
        PresenceValue F
  Presence
    UserID wv:carl@example.com
    PresenceSubList
      UserAvailability
        Qualifier F
        PresenceValue AVAILABLE
+1 client Status 17 session=s1
  Result
    Code 200
+1 server empty
+1 client KeepAlive-Request 10 session=s1
  TimeToLive 600
+1 server KeepAlive-Response 10 session=s1
  Result
    Code 200
  KeepAliveTime 600
+1 client DeleteList-Request 11 session=s1
  ContactList wv:anna/new@example.com
+1 server Status 11 session=s1
  Result
    Code 200
+1 client Logout-Request 12 session=s1
+1 server Status 12 session=s1
  Result
    Code 200
";

#[test]
fn a_conversation_says_the_same_over_http_and_sms() {
    let mut octets = Vec::new();
    craft(&parse(CONVERSATION).unwrap_or_else(|e| panic!("{e}")), &mut octets).unwrap();
    let http = see(octets);
    assert!(http.messages.len() > 25);
    for in_segments in [false, true] {
        let mut net = Net::default();
        for message in &http.messages {
            let payload = pts::write(&message.document, message.version.unwrap()).expect("a primitive that has a code");
            let from_client = message.envelope.direction == Direction::ClientToServer;
            net.now = message.envelope.start_time.0;
            for pdu in short_messages(from_client, &payload, in_segments) {
                // The centre is the client of the connection.
                net.tcp((50_000, 2775), from_client, &pdu);
            }
        }
        let sms = see(net.capture());
        let said = |seen: &Seen| -> Vec<_> {
            seen.messages.iter().map(|m| (m.envelope.direction, m.version, m.document.clone())).collect()
        };
        for (a, b) in said(&http).iter().zip(said(&sms)) {
            assert_eq!(*a, b);
        }
        assert_eq!(http.messages.len(), sms.messages.len());
        let all =
            |m: &Message| (m.encoding, m.envelope.carrier) == (Encoding::Pts, Carrier::Sms) && m.anomalies.is_empty();
        assert!(sms.messages.iter().all(all));
        let transactions = |seen: &Seen| -> Vec<_> {
            let [session] = seen.sessions.as_slice() else { panic!("one session") };
            let polls = |t: &&impslint::session::Transaction| t.name != impslint::csp::name::POLLING_REQUEST;
            session.transactions.iter().filter(polls).map(|t| (t.initiator, t.name, t.answer.is_some())).collect()
        };
        assert_eq!(transactions(&http), transactions(&sms));
        // The poll is an exchange of its own, and so is what the server says when it likes.
        assert_eq!(sms.tally.exchanges, 14);
        assert_eq!((sms.tally.judged, sms.tally.not_judged.len()), (14, 0));
        assert_eq!(sms.sessions[0].cookie.as_deref(), Some("c7"));
    }
}

#[test]
fn logins_of_many_on_one_link_find_their_answers() {
    let mut net = Net::default();
    let numbers = ["447700900001", "447700900002", "447700900003"];
    let mut say = |from_client: bool, n: usize, text: &str| {
        let data = [&PLAIN[..], text.as_bytes()].concat();
        net.tcp((50_000, 2775), from_client, &smpp(from_client, numbers[n], &data));
    };
    for n in 0..3 {
        say(true, n, &format!("WV12LR1 UI=wv:{n} SC=c{n} CI=WV:app"));
    }
    for n in [1, 2, 0] {
        say(false, n, &format!("WV12RL1 SI=s{n} ST=200"));
    }
    let seen = see(net.capture());
    let whose: Vec<_> = seen
        .sessions
        .iter()
        .map(|s| (s.id.as_deref().unwrap(), s.user.as_deref().unwrap(), s.cookie.as_deref().unwrap()))
        .collect();
    assert_eq!(whose, [("s1", "wv:1", "c1"), ("s2", "wv:2", "c2"), ("s0", "wv:0", "c0")]);
    assert_eq!(seen.sessions[0].named(), Some("wv:1"));
    assert_eq!(seen.sessions[0].gateway.as_ref().unwrap().msisdn.as_deref(), Some("447700900002"));
}

fn crafted(trace: &str) -> Seen {
    let mut octets = Vec::new();
    craft(&parse(trace).unwrap_or_else(|e| panic!("{e}")), &mut octets).unwrap_or_else(|e| panic!("{e}"));
    see(octets)
}

#[test]
fn a_trace_over_sms_is_what_it_is_over_http() {
    let over_sms = CONVERSATION.replace("csp 1.2 xml\n", "csp 1.2 pts\nover sms\n").replace("+1 server empty\n", "");
    let (http, sms) = (crafted(CONVERSATION), crafted(&over_sms));
    let documents = |seen: &Seen| seen.messages.iter().map(|m| m.document.clone()).collect::<Vec<_>>();
    assert_eq!(documents(&http), documents(&sms));
    assert!(sms.messages.iter().all(|m| m.envelope.carrier == Carrier::Sms));
    assert!(parse("over sms\n+0 client empty\n").is_ok_and(|trace| craft(&trace, &mut Vec::new()).is_err()));
}

#[test]
fn a_trace_has_wake_ups_of_every_bearer() {
    let mut trace = CONVERSATION.split("+1 client Service-Request").next().unwrap().to_owned();
    trace +=
        "\nover cir-tcp\n+1 client text connection=2\n  HELO s1\n+1 server text connection=2\n  OK\n  WVCI 1.2 c7\n";
    for (n, bearer) in (3..).zip(["cir-udp", "cir-sms", "cir-push"]) {
        trace += &format!("\nover {bearer}\n+1 server text connection={n}\n  WVCI 1.2 c7\n");
    }
    trace += "\n+1 client Polling-Request 0 session=s1\n";
    let seen = crafted(&trace);
    let signals: Vec<_> = seen.sessions[0].signals.iter().map(|s| (s.bearer, s.kind, s.answer.is_some())).collect();
    let wake = |bearer| (bearer, Some(Kind::WakeUp), true);
    let expected = [
        (Bearer::Tcp, Some(Kind::Hello), false),
        (Bearer::Tcp, Some(Kind::Ok), false),
        wake(Bearer::Tcp),
        wake(Bearer::Udp),
        wake(Bearer::Sms),
        wake(Bearer::Push),
    ];
    assert_eq!(signals[..6], expected);
}

/// A session over HTTP that is called over every bearer.
fn called() -> Net {
    let mut net = Net::default();
    net.post("WV12LR1 UI=wv:anna SC=Cookie7 CI=WV:app").answer("WV12RL1 SI=s1 ST=200 CI=WV:app");
    net.post("WV12CP2 SI=s1 CA=((SC,STCP),(UP,4000))");
    net.answer("WV12PC2 SI=s1 AP=((SC,ST),(SC,SHTTP),(TA,192.0.2.1),(TP,3171),(CI,http://example.com/wait))");
    net.at(10.0).tcp((40_001, 3171), true, b"HELO s1\r\n").tcp((40_001, 3171), false, b"OK\r\n");
    net.at(20.0).tcp((40_001, 3171), false, b"WVCI 1.2 Cookie7\r\n");
    net.at(22.0).post("WV12PO0 SI=s1").answer("");
    net.at(30.0).udp((1200, 4000), b"WVCI 1.2 cookie7");
    net.at(31.5).post("WV12PO0 SI=s1").answer("");
    net.at(40.0).udp((9200, 2948), b"\x07\x06\x03\xC6\xAF\x8AWVCI 1.2 Cookie7");
    net.at(40.5).udp((9200, 2948), b"\x07\x06\x03\xC6\xAF\x8AWVCI 1.2 Cookie7");
    net.at(43.0).post("WV12PO0 SI=s1").answer("");
    let wake = [&[6, 5, 4, 0x0E, 0x84, 0, 0], &b"WVCI 1.2 Cookie7"[..]].concat();
    // The connection is opened first, which takes two frames.
    net.at(50.0).tcp((50_000, 2775), false, &smpp(false, "447700900001", &wake));
    net.at(51.0).post("WV12PO0 SI=s1").answer("");
    net.at(60.0).http(true, "GET /wait HTTP/1.1", "").http(false, "HTTP/1.1 204 No Content", "");
    net.at(70.0).http(true, "GET /wait HTTP/1.1", "").http(false, "HTTP/1.1 200 OK", "");
    net.at(70.5).post("WV12PO0 SI=s1").answer("");
    net.at(75.0).http(true, "GET /other HTTP/1.1", "").http(false, "HTTP/1.1 200 OK", "");
    net.at(80.0).tcp((40_001, 3171), true, b"PING \r\n").tcp((40_001, 3171), false, b"OK\r\n");
    net.at(90.0).close((40_001, 3171));
    net.at(95.0).udp((1200, 3717), b"WVCI 1.2 nobody");
    net.at(96.0).udp((1200, 3717), b"WVCI 1.2 Cookie7");
    net.at(97.0).post("WV12ST3 SI=s1 ST=200").answer("");
    net
}

#[test]
fn wake_ups_of_every_bearer_belong_to_their_session_and_their_poll() {
    let seen = see(called().capture());
    let [session] = seen.sessions.as_slice() else { panic!("one session: {:?}", seen.sessions.len()) };
    let poll = |signal: &impslint::session::Signal| {
        let event = session.event(signal.answer?).unwrap();
        Some((
            (event.start.since(signal.time).0 * 10.0).round() as i64,
            event.asks(impslint::csp::name::POLLING_REQUEST),
        ))
    };
    let signals: Vec<_> = session.signals.iter().map(|s| (s.bearer, s.kind, poll(s))).collect();
    let wake = |bearer, tenths| (bearer, Some(Kind::WakeUp), Some((tenths, true)));
    let said = |bearer, kind| (bearer, kind, None);
    let expected = [
        said(Bearer::Tcp, Some(Kind::Hello)),
        said(Bearer::Tcp, Some(Kind::Ok)),
        wake(Bearer::Tcp, 20),
        wake(Bearer::Udp, 15),
        wake(Bearer::Push, 30),
        wake(Bearer::Push, 25),
        wake(Bearer::Sms, 8),
        said(Bearer::Http, Some(Kind::Ping)),
        said(Bearer::Http, Some(Kind::Ok)),
        said(Bearer::Http, Some(Kind::Ping)),
        wake(Bearer::Http, 4),
        said(Bearer::Tcp, Some(Kind::Ping)),
        said(Bearer::Tcp, Some(Kind::Ok)),
        said(Bearer::Tcp, None),
        // The one that names nobody went to the only client that is there.
        said(Bearer::Udp, Some(Kind::WakeUp)),
        said(Bearer::Udp, Some(Kind::WakeUp)),
    ];
    assert_eq!(signals, expected);
    let push = |s: &&impslint::session::Signal| s.bearer == Bearer::Push;
    assert!(session.signals.iter().filter(push).all(|s| s.push_id == Some(7) && s.by_cookie));
    assert_eq!(session.signals[3].client_port, 4000);
    let agreed = session.agreed_at_end();
    assert_eq!(agreed.cir_url.as_deref(), Some("http://example.com/wait"));
    assert_eq!(agreed.cir_tcp, Some(("192.0.2.1".to_owned(), Some(3171))));
    assert_eq!(agreed.udp_port, Some(4000));
    assert_eq!(session.wake_ups(Time(0), Time(45_000_000_000)).count(), 4);
    // The end of a channel is no item.
    assert_eq!(seen.tally.signals, 15);
}

#[test]
fn json_lines_tell_what_answers_a_wake_up() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("called.pcapng");
    std::fs::write(&path, called().capture()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
    let output = command.args(["decode", "--format", "jsonl"]).arg(&path).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    let lines: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let carriers = |line: &serde_json::Value| line["carrier"].as_str().unwrap().to_owned();
    let calls: Vec<_> = lines.iter().filter(|line| carriers(line).starts_with("cir-")).collect();
    let brief: Vec<_> = calls.iter().map(|c| format!("{} {}", carriers(c), c["kind"].as_str().unwrap())).collect();
    let expected = [
        "cir-tcp hello",
        "cir-tcp ok",
        "cir-tcp wake-up",
        "cir-udp wake-up",
        "cir-push wake-up",
        "cir-push wake-up",
        "cir-sms wake-up",
        "cir-http ping",
        "cir-http ok",
        "cir-http ping",
        "cir-http wake-up",
        "cir-tcp ping",
        "cir-tcp ok",
        "cir-udp wake-up",
        "cir-udp wake-up",
    ];
    assert_eq!(brief, expected);
    let [_, ok, tcp, .., nobody, unanswered] = calls.as_slice() else { unreachable!() };
    assert!(ok.get("answered_by").is_none() && ok["session"] == "s1");
    assert_eq!(
        (&tcp["session"], &tcp["latency"], &tcp["time"]),
        (&"s1".into(), &2.0.into(), &"1970-01-01T00:00:20Z".into())
    );
    let polled = lines.iter().find(|line| line["transactions"][0]["primitive"] == "Polling-Request").unwrap();
    assert_eq!(tcp["answered_by"], polled["frames"][0]);
    assert!(nobody["session"].is_null() && nobody["answered_by"].is_null() && nobody["latency"].is_null());
    assert!(unanswered["session"] == "s1" && unanswered["answered_by"].is_null());
    assert!(lines.iter().all(|line| !line.to_string().contains("/other")));
}

#[test]
fn what_stands_under_codes_that_are_not_known_is_not_shown_unasked() {
    let mut net = Net::default();
    let text = [&PLAIN[..], b"WV12SM5 SI=s1 TX=\"dear Bob\" XY=(dear,(dear)) UI=wv:bob"].concat();
    net.tcp((50_000, 2775), true, &smpp(true, "447700900001", &text));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("unread.pcapng");
    std::fs::write(&path, net.capture()).unwrap();
    let decoded = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
        let output = command.arg("decode").args(arguments).arg(&path).stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for format in ["jsonl", "trace"] {
        let hidden = decoded(&["--format", format]);
        assert!(hidden.contains("SM") && hidden.contains("wv:bob") && !hidden.contains("dear"), "{hidden}");
        assert!(decoded(&["--format", format, "--show-content"]).contains("dear Bob"));
    }
}
