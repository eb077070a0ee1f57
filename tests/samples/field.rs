//! The field sample: what a probe at a mobile operator's gateway sees in ten minutes, IMPS being a small part of it.
//!
//! The conversations are written as one trace and crafted like every other sample; name look-ups and encrypted
//! streams are put in between. Chance has a fixed seed: the same octets come out every time.

use std::fmt::Write;
use std::io::Cursor;

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::time::Time;
use impslint::trace::{craft, parse};

/// When the sample starts: 2007-05-01T12:00:00Z, in seconds since 1970.
const START: i64 = 1_178_020_800;
/// How long it is, in milliseconds.
const LENGTH: u64 = 600_000;
const SERVER: &str = "192.0.2.10:80";

/// The field sample as pcapng.
pub(crate) fn capture() -> Vec<u8> {
    let mut frames = conversations();
    let mut chance = Chance(7);
    for i in 0..60 {
        let at = chance.below(LENGTH);
        look_up(at, i, &mut chance, &mut frames);
    }
    for i in 0..12 {
        let at = chance.below(LENGTH - 60_000);
        encrypted(at, i, &mut chance, &mut frames);
    }
    // Stable: what was captured in one moment stays in the order in which it was made.
    frames.sort_by_key(|(time, _)| *time);
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    for (time, octets) in &frames {
        writer.frame(*time, octets, &[]).unwrap();
    }
    writer.finish().unwrap()
}

/// Numbers that look like chance: a linear congruential generator with Knuth's constants for MMIX.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// The events of all conversations, each with its time in milliseconds.
#[derive(Default)]
struct Script {
    connections: String,
    count: usize,
    events: Vec<(u64, String)>,
}

impl Script {
    /// A conversation of a client with a server over a new connection.
    fn talk(&mut self, client: &str, server: &str, at: u64, words: &str) -> Talk<'_> {
        self.count += 1;
        let connection = self.count;
        writeln!(self.connections, "connection {connection} {client}:{} {server}", 32_000 + connection).unwrap();
        Talk { script: self, connection, words: words.to_owned(), now: at }
    }

    /// All of it as one trace.
    fn trace(mut self) -> String {
        self.events.sort_by_key(|(time, _)| *time);
        let mut out = format!("csp 1.2 xml\nstart {}\n{}", Time(START * 1_000_000_000), self.connections);
        let mut now = 0;
        for (time, event) in &self.events {
            let delay = time - now;
            writeln!(out, "+{}.{:03} {event}", delay / 1000, delay % 1000).unwrap();
            now = *time;
        }
        out
    }
}

/// One conversation being written.
struct Talk<'s> {
    script: &'s mut Script,
    connection: usize,
    /// The words of each of its messages: session, version, encoding.
    words: String,
    now: u64,
}

impl Talk<'_> {
    /// Says something so many milliseconds later: a line of what and, below it, the elements.
    fn say(&mut self, later: u64, who: &str, what: &str) -> &mut Self {
        self.now += later;
        let (head, body) = what.split_once('\n').unwrap_or((what, ""));
        let words = if head.starts_with("text") || head.starts_with("empty") { "" } else { &*self.words };
        let event = format!("{who} {head} {words} connection={}\n{body}", self.connection);
        self.script.events.push((self.now, event));
        self
    }

    /// A request of the client and the answer to it.
    fn ask(&mut self, later: u64, request: &str, answer: &str) -> &mut Self {
        self.say(later, "client", request).say(340, "server", answer)
    }

    /// Polls at these distances that find nothing.
    fn poll(&mut self, distances: &[u64]) -> &mut Self {
        for distance in distances {
            self.ask(*distance, "Polling-Request", "empty");
        }
        self
    }

    /// A login by digest, the session it grants taken up.
    fn log_in(&mut self, user: &str, session: &str) -> &mut Self {
        let client = format!("  ClientID\n    URL http://clients.example.com/{user}\n");
        let head = format!("  UserID wv:{user}@example.com\n{client}");
        let tail = format!("  TimeToLive 1200\n  SessionCookie c-{user}\n");
        let request = |id, proof: &str| format!("Login-Request {id} outband\n{head}{proof}{tail}");
        let first = request(1, "  DigestSchema MD5\n");
        let second = request(2, "  DigestBytes aX9sPLmTqk0dV2hUe8b3Yw==\n");
        let challenge = format!(
            "Login-Response 1 outband\n{client}  Result\n    Code 401\n  Nonce {session}-n\n  DigestSchema MD5"
        );
        let grant = format!(
            "Login-Response 2 outband\n{client}  Result\n    Code 200\n  SessionID {session}\n  KeepAliveTime 1200\n  \
             CapabilityRequest T"
        );
        self.ask(0, &first, &challenge).ask(500, &second, &grant);
        self.words = format!("session={session} {}", self.words);
        self
    }

    /// Negotiates capabilities and services; a client of 1.1 says who it is.
    fn negotiate(&mut self, user: &str, kind: &str) -> &mut Self {
        let old = self.words.contains("version=1.1");
        let who = if old { format!("  ClientID\n    URL http://clients.example.com/{user}\n") } else { String::new() };
        let list = format!(
            "    ClientType {kind}\n    InitialDeliveryMethod P\n    AcceptedContentType text/plain\n    \
             AcceptedTransferEncoding BASE64\n    AcceptedContentLength 30000\n    SupportedBearer HTTP\n    \
             MultiTrans 1\n    ParserSize 32000\n    ServerPollMin 20\n"
        );
        let request = format!("ClientCapability-Request 3\n{who}  CapabilityList\n{list}");
        let answer = if old {
            format!("ClientCapability-Response 3\n{who}  CapabilityList\n{list}")
        } else {
            "ClientCapability-Response 3\n  AgreedCapabilityList\n    SupportedBearer HTTP\n    ServerPollMin 20".into()
        };
        let services = format!(
            "Service-Request 4\n{who}  Functions\n    WVCSPFeat\n      FundamentalFeat\n      PresenceFeat\n      \
             IMFeat\n  AllFunctionsRequest F"
        );
        self.ask(300, &request, &answer).ask(300, &services, &format!("Service-Response 4\n{who}"))
    }

    /// Publishes that the user is there.
    fn appear(&mut self, id: u32) -> &mut Self {
        let update = format!(
            "UpdatePresence-Request {id}\n  PresenceSubList\n    UserAvailability\n      Qualifier T\n      PresenceValue \
             AVAILABLE"
        );
        self.ask(400, &update, &format!("Status {id}\n  Result\n    Code 200"))
    }

    /// Subscribes to the presence of these users.
    fn watch(&mut self, id: u32, users: &[&str]) -> &mut Self {
        let users: String = users.iter().map(|u| format!("  User\n    UserID wv:{u}@example.com\n")).collect();
        let request = format!("SubscribePresence-Request {id}\n{users}  PresenceSubList\n    OnlineStatus");
        self.ask(400, &request, &format!("Status {id}\n  Result\n    Code 200"))
    }

    /// Writes to a user.
    fn write(&mut self, later: u64, id: u32, from: &str, to: &str, text: &str) -> &mut Self {
        let info = info("", from, to, text);
        let request = format!("SendMessage-Request {id}\n  DeliveryReport F\n{info}  ContentData {text}");
        let answer = format!("SendMessage-Response {id}\n  Result\n    Code 200\n  MessageID {to}-{id}");
        self.ask(later, &request, &answer)
    }

    /// A poll that finds a message; it is confirmed unless the client forgets.
    fn find(&mut self, later: u64, message: (&str, &str, &str, &str), flag: &str, confirms: bool) -> &mut Self {
        let (id, from, to, text) = message;
        let info = info(&format!("    MessageID {id}\n"), from, to, text);
        self.ask(later, "Polling-Request", &format!("NewMessage n{id} {flag}\n{info}  ContentData {text}"));
        if confirms {
            self.ask(400, &format!("MessageDelivered n{id}\n  MessageID {id}"), "empty");
        }
        self
    }

    fn log_out(&mut self, later: u64, id: u32) -> &mut Self {
        self.ask(later, &format!("Logout-Request {id}"), &format!("Status {id}\n  Result\n    Code 200"))
    }

    /// A page or a service of the web.
    fn web(&mut self, later: u64, method: &str, target: &str, kind: &str, body: &str) -> &mut Self {
        let request = match method {
            "GET" => format!("empty method=GET target={target}"),
            _ => format!("text target={target} type=\"{kind}\" header=\"SOAPAction: \\\"urn:x\\\"\"\n{body}"),
        };
        self.ask(later, &request, &format!("text type=\"{kind}\"\n{body}"))
    }
}

/// The `MessageInfo` of a text.
fn info(id: &str, from: &str, to: &str, text: &str) -> String {
    format!(
        "  MessageInfo\n{id}    ContentType text/plain\n    ContentSize {}\n    Recipient\n      User\n        UserID \
         wv:{to}@example.com\n    Sender\n      User\n        UserID wv:{from}@example.com\n    DateTime \
         20070501T120500Z\n    Validity 600\n",
        text.len()
    )
}

/// Everything that goes over HTTP, as frames.
fn conversations() -> Vec<(Time, Vec<u8>)> {
    let mut script = Script::default();
    in_order(&mut script);
    with_faults(&mut script);
    browsing(&mut script);
    let trace = script.trace();
    let trace = parse(&trace).unwrap_or_else(|error| panic!("{error}\n{trace}"));
    let mut octets = Vec::new();
    craft(&trace, &mut octets).unwrap();
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets)), "conversations").unwrap();
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), window.captured(f).to_vec())));
    }
    frames
}

/// Subscribers whose clients do as they should: one in WBXML, one in XML of 1.1, one that was logged in before.
fn in_order(script: &mut Script) {
    let mut anna = script.talk("10.20.0.11", SERVER, 4_000, "encoding=wbxml");
    anna.log_in("anna", "a-100").negotiate("anna", "MOBILE_PHONE").appear(5).watch(6, &["bob", "carol"]);
    anna.write(9_000, 7, "anna", "bob", "Are you there?").poll(&[20_000, 30_000]);
    anna.find(40_000, ("901", "bob", "anna", "Only just. What is it?"), "", true);
    anna.write(12_000, 8, "anna", "bob", "Supper at mine").poll(&[25_000, 35_000, 45_000, 55_000, 65_000]);
    anna.log_out(8_000, 9);
    let mut carol = script.talk("10.20.0.13", SERVER, 61_000, "version=1.1");
    carol.log_in("carol", "c-300").negotiate("carol", "COMPUTER").appear(5).watch(6, &["anna"]);
    carol.find(30_000, ("911", "anna", "carol", "Hello desk"), "poll=T", true);
    carol.find(500, ("912", "bob", "carol", "Back at two"), "poll=F", true);
    carol.poll(&[30_000, 42_000, 55_000, 69_000, 84_000]).log_out(3_000, 7);
    let mut ivan = script.talk("10.20.0.19", SERVER, 15_000, "session=i-900");
    ivan.poll(&[0, 31_000, 52_000, 73_000, 90_000]);
    ivan.write(5_000, 41, "ivan", "anna", "See you").poll(&[33_000, 47_000]);
}

/// Subscribers whose clients, or whose server, do not.
fn with_faults(script: &mut Script) {
    let mut bob = script.talk("10.20.0.12", SERVER, 21_000, "");
    bob.log_in("bob", "b-200").negotiate("bob", "COMPUTER").appear(5);
    for (i, text) in ["Hello", "Anyone?", "Well then", "Last call"].iter().enumerate() {
        let id = format!("92{i}");
        bob.find(45_000, (&id, "anna", "bob", text), "poll=F", false).poll(&[600]);
        bob.ask(300, &format!("MessageDelivered n{id}\n  MessageID {id}"), "empty");
    }
    bob.log_out(20_000, 6);
    let mut dirk = script.talk("10.20.0.14", SERVER, 90_000, "");
    dirk.ask(
        0,
        "Login-Request 1 outband\n  UserID wv:dirk@example.com\n  ClientID\n    URL http://clients.example.com/d\n  \
         Password 0815\n  TimeToLive 600\n  SessionCookie d",
        "Login-Response 1 outband\n  ClientID\n    URL http://clients.example.com/d\n  Result\n    Code 200\n  \
         SessionID d-400\n  KeepAliveTime 600\n  CapabilityRequest T",
    );
    dirk.words = "session=d-400".into();
    dirk.appear(2).write(20_000, 3, "dirk", "eva", "hi").write(30_000, 4, "dirk", "eva", "hi again");
    dirk.poll(&[20_000; 12]).log_out(5_000, 5);
    let mut eva = script.talk("10.20.0.15", SERVER, 100_000, "encoding=wbxml");
    eva.log_in("eva", "e-500").negotiate("eva", "MOBILE_PHONE").appear(5);
    eva.find(30_000, ("931", "dirk", "eva", "hi"), "", false).poll(&[8_000, 9_000, 8_000, 9_000, 45_000, 60_000]);
    eva.log_out(5_000, 6);
    let mut fritz = script.talk("10.20.0.16", SERVER, 140_000, "");
    fritz.log_in("fritz", "f-600").negotiate("fritz", "PDA").appear(5).appear(6).appear(7);
    for (i, friend) in ["anna", "bob", "carol", "eva"].iter().enumerate() {
        fritz.watch(8 + i as u32, &[friend]);
    }
    fritz.ask(20_000, "SendMessage-Request 12 lost", "SendMessage-Response 12\n  Result\n    Code 200");
    fritz.poll(&[25_000, 40_000, 60_000, 90_000]);
}

/// What else goes over HTTP: pages, pictures, web services in XML.
fn browsing(script: &mut Script) {
    let mut chance = Chance(42);
    for i in 0..40_u64 {
        let client = format!("10.20.1.{}", 1 + i % 9);
        let server = format!("198.51.100.{}:80", 1 + chance.below(5));
        let mut talk = script.talk(&client, &server, chance.below(LENGTH - 30_000), "");
        for page in 0..1 + chance.below(4) {
            match chance.below(4) {
                0 => talk.web(900, "POST", "/services/stock", "text/xml; charset=utf-8", &soap(&mut chance)),
                1 => talk.web(700, "GET", &format!("/n/{page}.wml"), "text/vnd.wap.wml", &prose("card", &mut chance)),
                _ => talk.web(700, "GET", &format!("/p/{page}.html"), "text/html", &prose("p", &mut chance)),
            };
        }
    }
}

fn soap(chance: &mut Chance) -> String {
    let mut out =
        String::from("  <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\n");
    for _ in 0..2 + chance.below(12) {
        writeln!(out, "  <Quote id=\"{}\"><Price>{}</Price></Quote>", chance.below(9999), chance.below(99)).unwrap();
    }
    out + "  </soap:Body></soap:Envelope>\n"
}

fn prose(element: &str, chance: &mut Chance) -> String {
    const WORDS: [&str; 12] =
        ["harbour", "the", "weather", "of", "tonight", "and", "ferries", "a", "goal", "in", "minute", "Session"];
    let mut out = String::new();
    for _ in 0..3 + chance.below(14) {
        write!(out, "  <{element}>").unwrap();
        for _ in 0..8 + chance.below(20) {
            write!(out, "{} ", WORDS[chance.below(12) as usize]).unwrap();
        }
        writeln!(out, "</{element}>").unwrap();
    }
    out
}

/// A name look-up over UDP: the question and its answer.
fn look_up(at: u64, number: u64, chance: &mut Chance, frames: &mut Vec<(Time, Vec<u8>)>) {
    let client = [10, 20, 1, 1 + (number % 9) as u8];
    let port = 20_000 + number as u16;
    let mut question = chance.octets(2);
    question.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, b'w', b'w', b'w', 7]);
    question.extend(b"example\x03com\x00\x00\x01\x00\x01");
    let mut answer = question.clone();
    answer[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
    answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 1 + chance.below(5) as u8]);
    let datagram = |source: u16, destination: u16, payload: &[u8]| {
        let length = 8 + payload.len() as u16;
        let words = [source, destination, length, 0].map(u16::to_be_bytes);
        [&words.concat()[..], payload].concat()
    };
    let resolver = [10, 20, 0, 1];
    frames.push((moment(at), packet(client, resolver, 17, &datagram(port, 53, &question))));
    frames.push((moment(at + 21), packet(resolver, client, 17, &datagram(53, port, &answer))));
}

/// A stream that cannot be read: records as TLS has them, filled with chance.
fn encrypted(at: u64, number: u64, chance: &mut Chance, frames: &mut Vec<(Time, Vec<u8>)>) {
    let ends = [[10, 20, 1, 1 + (number % 9) as u8], [203, 0, 113, 1 + (number % 3) as u8]];
    let ports = [50_000 + number as u16, 443];
    let mut next = [chance.next() as u32, chance.next() as u32];
    let mut now = at;
    let mut send = |from: usize, flags: u8, payload: &[u8], after: u64| {
        now += after;
        let mut tcp = [ports[from], ports[1 - from]].map(u16::to_be_bytes).concat();
        tcp.extend(next[from].to_be_bytes());
        tcp.extend(next[1 - from].to_be_bytes());
        tcp.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        tcp.extend(payload);
        next[from] = next[from].wrapping_add(payload.len() as u32 + u32::from(flags & 3 != 0));
        frames.push((moment(now), packet(ends[from], ends[1 - from], 6, &tcp)));
    };
    send(0, 0x02, &[], 0);
    send(1, 0x12, &[], 60);
    send(0, 0x10, &[], 40);
    for round in 0..2 + chance.below(4) {
        let kind = if round == 0 { 0x16 } else { 0x17 };
        for (from, most) in [(0, 400), (1, 6_000)] {
            let length = 100 + chance.below(most) as usize;
            let mut record = vec![kind, 3, 1, (length >> 8) as u8, length as u8];
            record.extend(chance.octets(length));
            for segment in record.chunks(1400) {
                send(from, 0x18, segment, 30);
            }
            send(1 - from, 0x10, &[], 20);
        }
    }
    send(0, 0x11, &[], 500);
    send(1, 0x11, &[], 50);
    send(0, 0x10, &[], 40);
}

/// An Ethernet frame with an IPv4 packet in it.
fn packet(source: [u8; 4], destination: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    out.extend([0x45, 0]);
    out.extend((20 + payload.len() as u16).to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    out.extend(source);
    out.extend(destination);
    let sum: u32 = out[14..34].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    out[24..26].copy_from_slice(&sum.to_be_bytes());
    out.extend(payload);
    out
}

/// So many milliseconds after the start.
fn moment(milliseconds: u64) -> Time {
    Time((START * 1000 + milliseconds.cast_signed()) * 1_000_000)
}
