//! Hostile captures, made while they are read: each meets a limit, that is told, and the conversations before, beside
//! and after it are judged all the same.

#![cfg(test)]

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use impslint::capture::{Capture, MAX_ANOMALIES};
use impslint::engine::{Engine, Rulebook};
use impslint::flow::{HELD_SEGMENTS, MAX_FLOWS};
use impslint::report::{self, Format, Outcome};
use impslint::rules::{self, MOST_FINDINGS};
use impslint::session::Doubt;

const SYN: u8 = 0x02;
const FIN: u8 = 0x01;
const ACK: u8 = 0x10;
const CLIENT: usize = 0;
const SERVER: usize = 1;
const MEDIA: &str = "application/vnd.wv.csp.xml";

/// A pcap of raw IP whose frames are made when they are asked for, a millisecond apart.
struct Made<I> {
    frames: I,
    ready: VecDeque<u8>,
    time: u64,
}

impl<I: Iterator<Item = Vec<u8>>> Read for Made<I> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.ready.len() < room.len().min(1 << 16) {
            let Some(frame) = self.frames.next() else { break };
            self.time += 1000;
            let len = frame.len() as u32;
            for field in [(self.time / 1_000_000) as u32, (self.time % 1_000_000) as u32, len, len] {
                self.ready.extend(field.to_le_bytes());
            }
            self.ready.extend(frame);
        }
        self.ready.read(room)
    }
}

/// What a capture of these frames comes to.
fn outcome(frames: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Outcome {
    let mut ready = VecDeque::new();
    ready.extend([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0]);
    outcome_of(Made { frames, ready, time: 1_178_020_800_000_000 })
}

fn outcome_of(reader: impl Read + Send + 'static) -> Outcome {
    let mut outcome = Outcome::default();
    let mut capture = Capture::from_reader(Box::new(reader), "hostile").unwrap();
    Engine::new(Rulebook::new(rules::all()).unwrap(), 1).check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

/// A TCP connection.
struct Tcp {
    client: u32,
    port: u16,
    next: [u32; 2],
    frames: Vec<Vec<u8>>,
}

impl Tcp {
    fn open(client: u32, port: u16) -> Self {
        let mut tcp = Self { client, port, next: [1000, 9000], frames: Vec::new() };
        tcp.segment(CLIENT, SYN, b"");
        tcp.segment(SERVER, SYN | ACK, b"");
        tcp
    }

    fn segment(&mut self, from: usize, flags: u8, octets: &[u8]) {
        let (hosts, ports) = ([0x0a00_0000 + self.client, 0xc000_0201], [self.port, 80]);
        let to = 1 - from;
        let mut out = vec![0x45, 0];
        out.extend((40 + octets.len() as u16).to_be_bytes());
        out.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        out.extend(hosts[from].to_be_bytes());
        out.extend(hosts[to].to_be_bytes());
        out.extend(ports[from].to_be_bytes());
        out.extend(ports[to].to_be_bytes());
        out.extend(self.next[from].to_be_bytes());
        out.extend(self.next[to].to_be_bytes());
        out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        out.extend(octets);
        self.next[from] += octets.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.frames.push(out);
    }

    fn send(&mut self, from: usize, octets: impl AsRef<[u8]>) -> &mut Self {
        octets.as_ref().chunks(16_000).for_each(|segment| self.segment(from, ACK, segment));
        self.segment(1 - from, ACK, b"");
        self
    }

    /// Closes it; its frames.
    fn close(mut self) -> Vec<Vec<u8>> {
        self.segment(CLIENT, FIN | ACK, b"");
        self.segment(SERVER, FIN | ACK, b"");
        self.frames
    }
}

fn transaction(mode: &str, id: &str, primitive: &str) -> String {
    format!(
        "<Transaction><TransactionDescriptor><TransactionMode>{mode}</TransactionMode><TransactionID>{id}\
         </TransactionID></TransactionDescriptor><TransactionContent>{primitive}</TransactionContent></Transaction>"
    )
}

fn message(session: &str, transactions: &str) -> String {
    let descriptor = match session {
        "" => "<SessionType>Outband</SessionType>".to_owned(),
        session => format!("<SessionType>Inband</SessionType><SessionID>{session}</SessionID>"),
    };
    format!(
        "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session><SessionDescriptor>\
         {descriptor}</SessionDescriptor>{transactions}</Session></WV-CSP-Message>"
    )
}

fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST /imps HTTP/1.1\r\nContent-Type: {MEDIA}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn login_request(user: &str) -> Vec<u8> {
    let primitive = format!(
        "<Login-Request><UserID>{user}</UserID><ClientID><URL>http://example.com/c</URL></ClientID>\
         <Password>secret</Password><TimeToLive>600</TimeToLive><SessionCookie>c</SessionCookie></Login-Request>"
    );
    post("", message("", &transaction("Request", "1", &primitive)).as_bytes())
}

fn login_answer(session: &str) -> Vec<u8> {
    let primitive = format!(
        "<Login-Response><ClientID><URL>http://example.com/c</URL></ClientID><Result><Code>200</Code></Result>\
         <SessionID>{session}</SessionID><KeepAliveTime>600</KeepAliveTime><CapabilityRequest>F</CapabilityRequest>\
         </Login-Response>"
    );
    ok(&message("", &transaction("Response", "1", &primitive)))
}

/// A login in clear, which is a finding wherever it is judged.
fn login(tcp: &mut Tcp, user: &str, session: &str) {
    tcp.send(CLIENT, login_request(user)).send(SERVER, login_answer(session));
}

/// What comes of hostile frames between the halves of a good conversation, with another one after them: both are
/// judged, and so is the good one that speaks on when everything else is over.
fn among_good_ones(hostile: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Outcome {
    let mut beside = Tcp::open(1, 41_000);
    login(&mut beside, "wv:before@example.org", "s-before");
    let before = std::mem::take(&mut beside.frames);
    login(&mut beside, "wv:beside@example.org", "s-beside");
    let mut after = Tcp::open(2, 42_000);
    login(&mut after, "wv:after@example.org", "s-after");
    let frames = before.into_iter().chain(hostile).chain(beside.close()).chain(after.close());
    let outcome = outcome(frames);
    for user in ["before", "beside", "after"] {
        let user = format!("wv:{user}@example.org");
        let found = outcome.findings.iter().filter(|f| f.finding.rule == "privacy/plaintext-password");
        let found = found.filter(|f| f.finding.scene.user.as_deref() == Some(&*user)).count();
        assert_eq!(found, 1, "{user} logged in in clear");
    }
    let tally = &outcome.tally;
    assert_eq!(tally.exchanges, tally.judged + tally.not_judged.values().sum::<u64>());
    outcome
}

/// The same for what a hostile client sends after its login, each answered by `ok`.
fn after_login(bodies: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
    let mut tcp = Tcp::open(66, 46_000);
    login(&mut tcp, "wv:eve@example.org", "s-eve");
    for body in bodies {
        tcp.send(CLIENT, body).send(SERVER, ok(""));
    }
    among_good_ones(tcp.close().into_iter())
}

fn text(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    report::write(outcome, Format::Concise, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn found<'o>(outcome: &'o Outcome, rule: &str) -> Vec<&'o str> {
    let found = outcome.findings.iter().map(|filed| &filed.finding).filter(|finding| finding.rule == rule);
    found.map(|finding| &*finding.message).collect()
}

/// How many exchanges were not judged because a limit was reached.
fn limited(outcome: &Outcome) -> u64 {
    outcome.tally.not_judged.get(&Doubt::Limit).copied().unwrap_or_default()
}

#[test]
fn a_body_that_inflates_beyond_measure_is_cut() {
    let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
    let piece = [b' '; 1 << 16];
    coder.write_all(message("s-eve", &transaction("Request", "2", "<GetList-Request/>")).as_bytes()).unwrap();
    (0..300).for_each(|_| coder.write_all(&piece).unwrap());
    let bomb = coder.finish().unwrap();
    assert!(bomb.len() < 1 << 18);
    let outcome = after_login([post("Content-Encoding: gzip\r\n", &bomb)]);
    assert_eq!(limited(&outcome), 1);
    assert!(text(&outcome).contains("limit reached"));
}

/// What comes of a document that is beyond a limit: rules do not judge what they see only a part of.
fn is_held_back(body: &[u8]) {
    let outcome = after_login([post("", body)]);
    assert!(outcome.rule_doubts.keys().any(|(_, doubt)| *doubt == Doubt::Limit), "{:?}", outcome.rule_doubts);
    assert_eq!(found(&outcome, "encoding/malformed-document"), [""; 0]);
}

#[test]
fn elements_too_deep_are_left_out() {
    let deep = ["<a>".repeat(20_000), "</a>".repeat(20_000)].concat();
    is_held_back(message("s-eve", &transaction("Request", "2", &deep)).as_bytes());
}

/// WBXML 1.3 in UTF-8 of CSP 1.2: the string table, and the body behind it.
fn wbxml(strings: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x03, 0x10, 0x6a];
    let len = strings.len() as u32;
    out.extend([len >> 21 | 0x80, len >> 14 | 0x80, len >> 7 | 0x80, len & 0x7f].map(|octet| octet as u8));
    out.extend(strings);
    out.extend(body);
    out
}

#[test]
fn tokens_too_deep_are_left_out() {
    // WV-CSP-Message with content, in itself again and again.
    is_held_back(&wbxml(b"", &[vec![0x49; 100_000], vec![0x01; 100_000]].concat()));
}

#[test]
fn strings_referred_to_again_and_again_are_cut() {
    let strings = [vec![b'a'; 1 << 20], vec![0]].concat();
    let references = [0x83, 0x00].repeat(10_000);
    is_held_back(&wbxml(&strings, &[&[0x49][..], &references, &[0x01]].concat()));
}

#[test]
fn names_referred_to_again_and_again_are_not_copied() {
    // A literal tag of a megabyte, 20,000 times.
    let strings = [vec![b'a'; 1 << 20], vec![0]].concat();
    let elements = [0x04, 0x00].repeat(20_000);
    after_login([post("", &wbxml(&strings, &[&[0x49][..], &elements, &[0x01]].concat()))]);
}

#[test]
fn attributes_without_end_are_left_out() {
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"x\"")).collect();
    is_held_back(format!("<WV-CSP-Message{attributes}/>").as_bytes());
}

#[test]
fn elements_without_end_are_left_out() {
    is_held_back(message("s-eve", &transaction("Request", "2", &"<a/>".repeat(250_000))).as_bytes());
}

#[test]
fn findings_without_end_in_one_message_come_to_an_end() {
    let many = "<a/>".repeat(10_000);
    let outcome = after_login([post("", message("s-eve", &transaction("Request", "2", &many)).as_bytes())]);
    let unknown = outcome.findings.iter().filter(|filed| filed.finding.rule == "schema/unknown-element");
    assert_eq!(unknown.map(|filed| filed.finding.repeats).collect::<Vec<_>>(), [MOST_FINDINGS as u64 - 1]);
    assert_eq!(outcome.rule_doubts.get(&("schema/unknown-element", Doubt::Limit)), Some(&1));
}

#[test]
fn a_message_of_very_many_transactions_is_read() {
    let many: String = (0..5_000).map(|n| transaction("Request", &n.to_string(), "<GetList-Request/>")).collect();
    let outcome = after_login([post("", message("s-eve", &many).as_bytes())]);
    let asked: u64 = outcome.tally.transactions.values().sum();
    assert_eq!(asked, 5_004);
}

#[test]
fn heads_without_end_are_given_up() {
    let endless = [b"POST /imps HTTP/1.1\r\n".to_vec(), b"X-Header: flood\r\n".repeat(20_000)].concat();
    let outcome = after_login([endless]);
    assert!(limited(&outcome) + outcome.rule_doubts.values().sum::<u64>() > 0, "{outcome:?}");
    assert!(text(&outcome).contains("limit reached"), "{}", text(&outcome));
}

#[test]
fn headers_without_end_are_left_out() {
    let headers = "X-Header: flood\r\n".repeat(3_000);
    let body = message("s-eve", &transaction("Request", "2", "<GetList-Request/>"));
    let outcome = after_login([post(&headers, body.as_bytes())]);
    assert_eq!(limited(&outcome), 0);
    assert_eq!(outcome.tally.judged, 5);
}

#[test]
fn chunks_without_end_are_cut() {
    let head = format!("POST /imps HTTP/1.1\r\nContent-Type: {MEDIA}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let extension = [head.as_bytes(), b"5", &b";name=value".repeat(100_000), b"\r\nhello\r\n0\r\n\r\n"].concat();
    let tiny = [head.as_bytes(), &b"1\r\na\r\n".repeat(100_000), b"0\r\n\r\n"].concat();
    let outcome = after_login([extension, tiny]);
    assert_eq!(limited(&outcome), 2, "{:?}", outcome.tally);
    assert!(text(&outcome).contains("limit reached"));
}

#[test]
fn interim_answers_without_end_leave_nothing_behind() {
    let mut tcp = Tcp::open(66, 46_000);
    tcp.send(CLIENT, login_request("wv:eve@example.org"));
    tcp.send(SERVER, b"HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000)).send(SERVER, login_answer("s-eve"));
    let outcome = among_good_ones(tcp.close().into_iter());
    assert_eq!((outcome.tally.judged, limited(&outcome)), (4, 0));
}

#[test]
fn segments_that_never_complete_are_given_up() {
    let mut tcp = Tcp::open(66, 46_000);
    login(&mut tcp, "wv:eve@example.org", "s-eve");
    // A hole that nobody acknowledges, and more behind it than is held.
    tcp.next[CLIENT] += 10;
    (0..2 * HELD_SEGMENTS).for_each(|_| tcp.segment(CLIENT, ACK, &[b'x'; 100]));
    let outcome = among_good_ones(tcp.close().into_iter());
    assert_eq!(outcome.tally.judged, 4);
}

#[test]
fn holes_in_very_many_flows_are_forgotten_with_them() {
    let flows = (0..12_000_u32).flat_map(|n| {
        let mut tcp = Tcp::open(1000 + n / 1000, 10_000 + (n % 1000) as u16);
        tcp.next[CLIENT] += 10;
        tcp.segment(CLIENT, ACK, &[b'x'; 40]);
        tcp.frames
    });
    let outcome = among_good_ones(flows);
    assert_eq!(outcome.flows, 12_002);
}

#[test]
fn more_flows_than_are_known_at_a_time_are_forgotten_and_counted() {
    let flood = MAX_FLOWS as u32 + 20_000;
    let segment = |n: u32| {
        let mut tcp = Tcp { client: 0x10_0000 + n, port: 40_000, next: [1, 1], frames: Vec::new() };
        tcp.segment(CLIENT, SYN, b"");
        tcp.frames
    };
    let outcome = among_good_ones((0..flood).flat_map(segment));
    // The connection beside them is forgotten too, and known anew when it speaks on.
    assert_eq!(outcome.flows, u64::from(flood) + 3);
    assert!(text(&outcome).contains(" flows forgotten"), "{}", text(&outcome));
}

#[test]
fn very_many_sessions_of_one_user_are_judged() {
    let sessions = (0..1_000_u32).flat_map(|n| {
        let mut tcp = Tcp::open(66, 10_000 + n as u16);
        login(&mut tcp, "wv:eve@example.org", &format!("s-{n}"));
        tcp.close()
    });
    let outcome = among_good_ones(sessions);
    assert_eq!((outcome.tally.sessions, outcome.tally.judged), (1_003, 1_003));
}

#[test]
fn a_session_of_very_many_messages_goes_on_in_chapters() {
    let poll = || post("", message("s-eve", &transaction("Request", "", "<Polling-Request/>")).as_bytes());
    let outcome = after_login((0..2_500).map(|_| poll()));
    assert_eq!(outcome.tally.judged, 2_504);
}

/// A pcapng of so many octets of blocks, made while it is read.
fn blocks(blocks: impl Iterator<Item = Vec<u8>> + Send + 'static) -> impl Read + Send + 'static {
    struct Blocks<I>(I, VecDeque<u8>);
    impl<I: Iterator<Item = Vec<u8>>> Read for Blocks<I> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            while self.1.len() < room.len().min(1 << 16) {
                let Some(block) = self.0.next() else { break };
                self.1.extend(block);
            }
            self.1.read(room)
        }
    }
    Blocks(blocks, VecDeque::new())
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = (padded as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &len, body, &vec![0; padded - body.len()], &len].concat()
}

fn packet(interface: u32, frame: &[u8]) -> Vec<u8> {
    let len = (frame.len() as u32).to_le_bytes();
    block(6, &[&interface.to_le_bytes()[..], &[0; 8], &len, &len, frame].concat())
}

#[test]
fn blocks_and_interfaces_without_end_are_passed_over() {
    let section = block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    let interface = block(1, &[101, 0, 0, 0, 0, 0, 4, 0]);
    let mut good = Tcp::open(1, 41_000);
    login(&mut good, "wv:anna@example.org", "s1");
    let packets: Vec<Vec<u8>> = good.close().iter().map(|frame| packet(0, frame)).collect();
    let (early, late) = packets.split_at(packets.len() / 2);
    let hostile = std::iter::repeat_n(block(0x0bad, b""), 300_000)
        .chain(std::iter::repeat_n(interface.clone(), 10_000))
        // Packets of interfaces beyond those that are kept, and of none.
        .chain((0..5_000).map(|n| packet(5_000 + 3 * n, b"E")));
    let all = [section, interface].into_iter().chain(early.to_vec()).chain(hostile).chain(late.to_vec());
    let outcome = outcome_of(blocks(all));
    assert_eq!(found(&outcome, "privacy/plaintext-password").len(), 1);
    let anomalies = &outcome.inputs[0].anomalies;
    assert!(
        anomalies.len() <= MAX_ANOMALIES + 1 && anomalies.iter().any(|a| a.contains("interfaces")),
        "{anomalies:?}"
    );
}

#[test]
fn contents_without_end_in_one_message_come_to_an_end() {
    let many = "<ContentData>x</ContentData>".repeat(20_000);
    let request = format!("<SendMessage-Request>{many}</SendMessage-Request>");
    let outcome = after_login([post("", message("s-eve", &transaction("Request", "2", &request)).as_bytes())]);
    assert_eq!(outcome.rule_doubts.get(&("content/unencoded-binary", Doubt::Limit)), Some(&1));
}

#[test]
fn values_without_end_in_one_message_are_read() {
    let many = "<PresenceValue>x</PresenceValue>".repeat(20_000);
    let list = format!("<PresenceSubList><OnlineStatus>{many}</OnlineStatus></PresenceSubList>");
    let request = format!("<UpdatePresence-Request>{list}</UpdatePresence-Request>");
    let outcome = after_login([post("", message("s-eve", &transaction("Request", "2", &request)).as_bytes())]);
    assert_eq!(limited(&outcome), 0);
}
