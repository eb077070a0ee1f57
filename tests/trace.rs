//! The trace notation: what is written comes back, what is crafted decodes to what was written, what is wrong is told
//! with its line.

#![cfg(test)]

use std::io::Cursor;

use impslint::capture::Capture;
use impslint::carrier::{Carried, Direction};
use impslint::csp::decode::decode;
use impslint::csp::message::Mode;
use impslint::csp::name::VOCABULARY;
use impslint::csp::namespace::Version;
use impslint::engine::pipeline;
use impslint::syntax::{Builder, Document, Encoding};
use impslint::time::Time;
use impslint::tls::Context;
use impslint::trace::{
    Coding, CraftError, Crafted, Decoder, Defaults, Header, Line, Payload, Said, Show, Trace, Transaction, Usual,
    craft, parse,
};
use proptest::prelude::*;

/// A capture crafted from a trace, and what became of its events.
fn crafted(trace: &Trace) -> (Vec<u8>, Vec<Crafted>) {
    let mut octets = Vec::new();
    let crafted = craft(trace, &mut octets).unwrap_or_else(|e| panic!("{e}"));
    (octets, crafted)
}

/// What a capture decodes to.
fn decoded(capture: Vec<u8>, show: Show) -> String {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(capture)), "test").unwrap();
    let mut decoder = Decoder::new(show);
    let mut out = String::new();
    let (_, read) = pipeline::run(
        &mut capture,
        &mut Context::default(),
        1,
        |item| item,
        |_, batch| {
            for item in batch {
                if let Carried::Envelope(envelope) = item {
                    match decode(envelope) {
                        Ok(message) => out.push_str(&decoder.message(&message)),
                        Err(envelope) => out.push_str(&decoder.bare(&envelope)),
                    }
                }
            }
            std::ops::ControlFlow::Continue(())
        },
    );
    read.unwrap();
    out
}

const EVERYTHING: Show = Show { secrets: true, content: true };

/// What a capture crafted from a trace decodes to, everything shown.
fn there_and_back(text: &str) -> String {
    decoded(crafted(&parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"))).0, EVERYTHING)
}

const CONVERSATION: &str = "\
csp 1.2 wbxml
start 2007-05-01T10:00:00Z

connection 1 10.0.0.9:1234 192.0.2.7:8080

+0 client Login-Request 1 outband
  UserID wv:anna@example.com
  ClientID
    URL http://example.com/phone
  Password secret

+0.12 server Login-Response 1 outband
  Result
    Code 200
  SessionID s1

+1 client UpdatePresence-Request 2 session=s1
  PresenceSubList
    StatusText
      Qualifier T
      PresenceValue on the train

+0.1 server Status 2 session=s1 poll=T cir=F
  Result
    Code 200

connection 2 10.0.0.9:1235 192.0.2.7:8080

+2.5 client Polling-Request session=s1 connection=2

+0.25 server NewMessage n1 session=s1 connection=2 chunked
  MessageInfo
    MessageID m1
    DateTime 20070501T100000Z
  ContentData \"two\\nlines\"
and NewMessage n2
  MessageInfo
    MessageID m2

+0.5 client MessageDelivered n1 version=1.1 encoding=xml session=s1 misplaced-poll=F connection=2
  MessageID m1

+0.001 server empty connection=2
";

#[test]
fn a_conversation_comes_back_letter_for_letter() {
    assert_eq!(parse(CONVERSATION).unwrap().to_string(), CONVERSATION);
    assert_eq!(there_and_back(CONVERSATION), CONVERSATION);
}

#[test]
fn what_is_not_of_the_usual_frame_is_written_out_from_the_root() {
    let text = "\
csp 1.1 xml
start 2007-05-01T10:00:00Z

connection 1 10.0.0.1:40001 192.0.2.1:80

+0 client document
  WV-CSP-Message
    @xmlns http://www.wireless-village.org/CSP1.1
    Session
      Vendor:Thing \" x\"
";
    // White space around a text does not survive a document, so this one comes back without it.
    assert_eq!(there_and_back(text), text.replace("\" x\"", "x"));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_column() {
    let cases = [
        ("csp 1.2 xml\nhello\n", (2, 1), "neither a statement"),
        ("csp 9.9 xml\n", (1, 5), "no CSP version 9.9"),
        ("csp 1.2 json\n", (1, 9), "xml or wbxml, not json"),
        ("start noon\n", (1, 7), "noon"),
        ("connection 0 10.0.0.1:1 10.0.0.2:2\n", (1, 12), "from 1"),
        ("connection 1 10.0.0.1 10.0.0.2:2\n", (1, 14), "10.0.0.1:40001"),
        ("+0 client empty\nconnection 1 10.0.0.1:1 10.0.0.2:2\n", (2, 12), "already"),
        ("header client Host\n", (1, 15), "Name: value"),
        ("\n+x client empty\n", (2, 1), "+0.25"),
        ("+1 nobody empty\n", (1, 4), "client or server speaks, not nobody"),
        ("+1 server Status 5 status=many\n", (1, 20), "not \"many\""),
        ("+1 client Status ä status=200\n", (1, 20), "only an answer"),
        ("+1 server empty target=/x\n", (1, 17), "only a request"),
        ("+1 server empty 5\n", (1, 17), "means nothing here: 5"),
        ("+1 server empty\n  a\n", (2, 3), "below empty"),
        ("+1 client Status 5\n  Result\n    Code \"200\n", (3, 5), "quoting"),
        ("+1 client Status 5 session=\"s\n", (1, 20), "quoting"),
        ("+1 client Status 5 one\n", (1, 20), "means nothing here: one"),
        ("+1 client Status 5\n    a\n  b\n", (3, 3), "indented"),
        ("+1 client Status 5\n  a\n      b\n    c\n", (4, 5), "indented"),
        ("+1 client Status 5\n  a\n  @x 1\n", (3, 3), "directly below"),
        ("+1 client Status 5\n  a\n    = b\n", (3, 5), "text of a primitive"),
        ("+1 client document\n  a\n    @x 1\n    @x 2\n", (4, 1), "twice"),
        ("+1 client hex\nand Status\n", (2, 1), "further transactions"),
        ("  Result\n", (1, 3), "belongs to nothing"),
        ("csp 1.2 xml\n  Result\n", (2, 3), "belongs to nothing"),
        ("+1 client hex\n  0g\n", (2, 4), "not g"),
        ("+1 client hex\n  0\n", (2, 4), "pairs"),
        ("+1 client document\n  a\n  b\n", (3, 1), "one root"),
    ];
    for (text, place, what) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!((error.line, error.column), place, "{text}");
        assert!(error.what.contains(what), "{}: {}", text, error.what);
    }
    assert_eq!(parse("csp 9.9").unwrap_err().to_string(), "line 1, column 5: there is no CSP version 9.9");
}

#[test]
fn headers_codings_and_targets_come_back() {
    let text = "\
csp 1.3 xml
start 2007-05-01T10:00:00.000000001Z
session s1

header client \"Host: imps.example.com\"
header client \"User-Agent: Phone/1.0\"

connection 1 [2001:db8::1]:1234 [2001:db8::2]:80

+0 client Polling-Request target=/other

header server \"Server: \\\"x\\\"\"

+0 server Status 7 mode=request type=text/xml deflate
  Result
    Code 200

+0 client Status 7 header=\"User-Agent: Phone/2.0\" header=\"X-Extra: \" gzip chunked
  Result
    Code 200

+0 server empty status=500 no-headers close

connection 2 10.0.0.1:9 10.0.0.2:80

+0.000000001 client \"empty\" \"close\" connection=2 no-headers

+0.1 server \"odd name\" \"a=b\" connection=2
  @\"odd attribute\" \"\\u{202e}\"
  = text
  \"@x\" 1
    \"# y\"
";
    // Names with blanks and signs are none of XML's: WBXML carries them.
    let text = text.replace("1.3 xml", "1.3 wbxml");
    assert_eq!(there_and_back(&text), text);
    // Statements of headers stand at the head of a printed trace.
    let trace = parse(&text).unwrap();
    assert_eq!(parse(&trace.to_string()).unwrap().defaults, trace.defaults);
    assert_eq!(there_and_back(&trace.to_string()), text);
}

#[test]
fn absolute_times_comments_and_bodies_as_they_are() {
    let trace = parse("# x\n@1.5 client text type=text/xml\n\n  <WV-CSP-Message>\n\n    # a\n  </x>\n\n#\n@1.25 server hex\n  00 Ff\n").unwrap();
    let said: Vec<_> = trace.lines.iter().map(|l| if let Line::Event(said) = l { said } else { panic!() }).collect();
    assert_eq!([said[0].delay, said[1].delay], [1_500_000_000, -250_000_000]);
    assert_eq!(said[0].payload, Payload::Raw(b"\n<WV-CSP-Message>\n\n  # a\n</x>".to_vec()));
    assert_eq!(said[1].payload, Payload::Raw(vec![0x00, 0xff]));
}

#[test]
fn what_cannot_be_read_or_is_cut_short_is_told() {
    let back = there_and_back("+0 client text type=application/vnd.wv.csp.xml\n  nothing of XML\n");
    assert!(back.contains("# The next: no element can be read from its 14 octets.\n+0 client document"), "{back}");
    assert!(parse(&back).is_ok());
    let cut = there_and_back("+0 client Polling-Request session=s1 cut=300\n+1 server empty\n");
    assert!(cut.contains("# The next: ") && cut.contains("the snap length cut it"), "{cut}");
    assert!(parse(&cut).is_ok());
}

#[test]
fn secrets_and_content_are_shown_when_asked_for_only() {
    let text = "+0 client Login-Request 1 outband header=\"Cookie: mine\"\n  Password secret\n  ContentData hello\n";
    let seen = |secrets, content| {
        let text = decoded(crafted(&parse(text).unwrap()).0, Show { secrets, content });
        ["secret", "mine", "hello"].map(|t| text.contains(t))
    };
    assert_eq!(seen(false, false), [false; 3]);
    assert_eq!(seen(true, false), [true, true, false]);
    assert_eq!(seen(false, true), [false, false, true]);
    let hidden = decoded(crafted(&parse(text).unwrap()).0, Show::default());
    assert!(hidden.contains("Password (6 octets)") && hidden.contains("Cookie: (4 octets)"), "{hidden}");
}

#[test]
fn frames_are_where_the_trace_says() {
    // Handshake 1 to 3, request 4 and its acknowledgement 5, answer in two segments 6 and 7, acknowledged by 8.
    let trace =
        parse("+0 client Polling-Request\n+1 server empty segments=2 <<\n+1 client Polling-Request lost\n").unwrap();
    let (_, crafted) = crafted(&trace);
    let frames: Vec<_> = crafted.iter().map(|c| c.frames.map(|r| (r.first.0, r.last.0))).collect();
    assert_eq!(frames, [Some((4, 4)), Some((6, 7)), None]);
    assert_eq!(crafted.iter().map(|c| (c.line, c.marked)).collect::<Vec<_>>(), [(1, false), (2, true), (3, false)]);
}

#[test]
fn a_request_that_says_close_is_answered_before_the_connection_ends() {
    let text = "+0 client Polling-Request session=s1 close\n+1 server empty\n+1 client Polling-Request session=s1\n";
    let back = there_and_back(text);
    assert_eq!(back.matches("\nconnection ").count(), 2, "{back}");
    assert!(back.contains("close\n\n+1 server empty\n"), "{back}");
}

#[test]
fn times_at_the_ends_of_time_are_no_trouble() {
    for start in ["1677-09-21T00:12:44Z", "2262-04-11T23:47:16Z"] {
        let text = format!(
            "start {start}\n-9223372036 client empty close\n+9223372036 client empty\n+9223372036 client empty\n"
        );
        crafted(&parse(&text).unwrap());
    }
}

#[test]
fn a_server_cannot_answer_what_was_not_asked() {
    let trace = parse("+0 server empty\n").unwrap();
    assert!(matches!(craft(&trace, &mut Vec::new()), Err(CraftError::NothingToAnswer(1))));
}

#[test]
fn lost_and_cut_messages_leave_their_mark() {
    let text = "session s1\n+0 client Polling-Request\n+1 server Status 1 lost\n  Result\n    Code 200\n\
        +1 client Polling-Request\n+1 server Status 2 cut=100\n  Result\n    Code 200\n";
    let back = there_and_back(text);
    assert!(!back.contains("server Status 1"), "{back}");
    assert_eq!(back.matches("client Polling-Request").count(), 2);
}

/// A text that XML can carry, without white space around it.
fn texts() -> impl Strategy<Value = String> {
    "[ -~äöü你\u{202e}\u{200b}\\\\\"<&>]{0,24}".prop_map(|t| t.trim().to_owned())
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c.is_ascii() || c.is_alphanumeric() => c.to_string(),
            c => format!("\\u{{{:x}}}", u32::from(c)),
        })
        .collect();
    format!("\"{escaped}\"")
}

proptest! {
    #[test]
    fn any_bytes_are_a_trace_or_an_error(text in "\\PC{0,200}|([+ @a-z=\"\\\\\n]{0,200})") {
        if let Ok(trace) = parse(&text) {
            let printed = trace.to_string();
            let again = parse(&printed).unwrap_or_else(|e| panic!("{e}\n{printed}"));
            prop_assert_eq!(again.to_string(), printed);
        }
    }

    #[test]
    fn texts_of_every_kind_come_back(user in texts(), note in texts(), id in "[!-~]{1,12}", wbxml in any::<bool>()) {
        let encoding = if wbxml { "wbxml" } else { "xml" };
        let text = format!(
            "csp 1.2 {encoding}\n+0 client Invite-Request {} outband\n  InviteID {}\n  InviteNote {}\n",
            quoted(&id), quoted(&user), quoted(&note)
        );
        let once = there_and_back(&text);
        let (a, b) = (parse(&text).unwrap(), parse(&once).unwrap());
        let said = |t: &impslint::trace::Trace| t.lines.iter().find_map(|l| match l {
            impslint::trace::Line::Event(said) => Some(said.payload.clone()),
            _ => None,
        });
        prop_assert_eq!(said(&a), said(&b));
        prop_assert_eq!(there_and_back(&once), once);
    }
}

/// A trace of a few exchanges as `decode` would print it: connections numbered as they appear, defaults from the first
/// messages.
#[derive(Clone, Debug)]
struct Exchange {
    ask: (Usual, Carrier),
    answer: (Option<Usual>, Carrier),
    closes: bool,
}

#[derive(Clone, Debug)]
struct Carrier {
    delay: i64,
    headers: Vec<Header>,
    coding: Option<Coding>,
    chunked: bool,
    status: Option<u16>,
    target: Option<String>,
}

fn words_of_xml() -> impl Strategy<Value = String> {
    texts().prop_filter("not empty", |t| !t.is_empty())
}

fn primitives() -> impl Strategy<Value = Document> {
    let names =
        prop::sample::select(vec!["Status", "Invite-Request", "Invite-Response", "empty", "Foo-Response", "v:Bar"]);
    let rows = prop::collection::vec(
        (
            prop::sample::select(vec!["InviteNote", "v:Own", "Foo", "close"]),
            0_usize..4,
            texts(),
            prop::option::of(texts()),
        ),
        0..6,
    );
    (names, prop::option::of(texts()), texts(), rows).prop_map(|(name, attribute, text, rows)| {
        let mut builder = Builder::new(VOCABULARY, "");
        builder.open(name, 0..0);
        if let Some(value) = &attribute {
            builder.attribute("a", value, 0..0);
        }
        builder.text(&text);
        for (name, depth, text, attribute) in &rows {
            while builder.depth() > depth + 1 {
                builder.close(0);
            }
            builder.open(name, 0..0);
            if let Some(value) = attribute {
                builder.attribute("a", value, 0..0);
            }
            builder.text(text);
        }
        while builder.depth() > 0 {
            builder.close(0);
        }
        builder.document()
    })
}

fn usuals() -> impl Strategy<Value = Usual> {
    let flag = || prop::option::of(prop::sample::select(vec!["T", "F", "may be"]).prop_map(str::to_owned));
    let parts = (any::<bool>(), texts(), primitives()).prop_map(|(request, id, primitive)| Transaction {
        mode: if request { Mode::Request } else { Mode::Response },
        id,
        primitive,
    });
    let frame = (prop::option::of(words_of_xml()), any::<bool>(), flag(), flag(), flag());
    let written = (prop::sample::select(Version::ALL.to_vec()), any::<bool>());
    (written, frame, prop::collection::vec(parts, 1..3)).prop_map(|((version, wbxml), frame, parts)| Usual {
        version,
        encoding: if wbxml { Encoding::Wbxml } else { Encoding::Xml },
        namespaces: true,
        session: frame.0,
        outband: frame.1,
        poll: frame.2,
        misplaced_poll: frame.3,
        cir: frame.4,
        parts,
    })
}

fn carriers() -> impl Strategy<Value = Carrier> {
    let header = (prop::sample::select(vec!["Server", "X-A", "x-a", "Via"]), "[!-~]{0,8}");
    let headers = prop::collection::vec(header.prop_map(|(n, v)| (n.to_owned(), v)), 0..3);
    let coding = prop::sample::select(vec![None, Some(Coding::Gzip), Some(Coding::Deflate)]);
    let status = prop::sample::select(vec![None, None, Some(500)]);
    (0_i64..9_000_000_000, headers, coding, any::<bool>(), status, prop::option::of("/[a-z]{1,4}[?][a-z=&]{0,5}"))
        .prop_map(|(delay, headers, coding, chunked, status, target)| Carrier {
            delay,
            headers,
            coding,
            chunked,
            status,
            target,
        })
}

fn said(direction: Direction, connection: u32, payload: Payload, carrier: &Carrier, close: bool) -> Line {
    let request = direction == Direction::ClientToServer;
    let coded = payload != Payload::Empty;
    Line::Event(Box::new(Said {
        delay: carrier.delay,
        direction,
        connection,
        payload,
        content_type: None,
        status: carrier.status.filter(|_| !request),
        method: None,
        target: carrier.target.clone().filter(|_| request),
        headers: carrier.headers.clone(),
        coding: carrier.coding.filter(|_| coded),
        chunked: carrier.chunked,
        close,
        dropped: false,
        lost: false,
        cut: None,
        segments: None,
        marked: false,
        line: 0,
    }))
}

fn traces() -> impl Strategy<Value = Trace> {
    let exchange = ((usuals(), carriers()), (prop::option::of(usuals()), carriers()), any::<bool>());
    let exchanges = exchange.prop_map(|(ask, answer, closes)| Exchange { ask, answer, closes });
    (prop::collection::vec(exchanges, 1..4), 0_i64..2_000_000_000_000_000_000).prop_map(|(mut exchanges, start)| {
        exchanges[0].ask.1.delay = 0;
        let first = &exchanges[0];
        let defaults = Defaults {
            version: first.ask.0.version,
            encoding: first.ask.0.encoding,
            session: first.ask.0.session.clone(),
            client_headers: first.ask.1.headers.clone(),
            server_headers: first.answer.1.headers.clone(),
        };
        let (mut connection, mut announced, mut lines) = (1, 0, Vec::new());
        for exchange in &exchanges {
            if announced < connection {
                let client = format!("10.0.0.1:{}", 40_000 + connection).parse().unwrap();
                lines.push(Line::Connection(connection, client, "192.0.2.1:80".parse().unwrap()));
                announced = connection;
            }
            let (ask, answer) = (&exchange.ask, &exchange.answer);
            let payload = Payload::Message(ask.0.clone());
            lines.push(said(Direction::ClientToServer, connection, payload, &ask.1, false));
            let payload = answer.0.clone().map_or(Payload::Empty, Payload::Message);
            lines.push(said(Direction::ServerToClient, connection, payload, &answer.1, exchange.closes));
            connection += u32::from(exchange.closes);
        }
        Trace { start: Time(start), defaults, lines }
    })
}

/// A trace without the numbers of its lines.
fn unnumbered(mut trace: Trace) -> Trace {
    for line in &mut trace.lines {
        if let Line::Event(said) = line {
            said.line = 0;
        }
    }
    trace
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_what_it_was(trace in traces()) {
        let printed = trace.to_string();
        prop_assert_eq!(unnumbered(parse(&printed).unwrap_or_else(|e| panic!("{e}\n{printed}"))), trace);
    }

    #[test]
    fn what_was_crafted_decodes_to_what_it_was(trace in traces()) {
        let text = decoded(crafted(&trace).0, EVERYTHING);
        let back = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(unnumbered(back), trace);
    }

    #[test]
    fn segments_make_no_difference(mut trace in traces(), segments in 1_u32..400) {
        let whole = decoded(crafted(&trace).0, EVERYTHING);
        for line in &mut trace.lines {
            if let Line::Event(said) = line {
                said.segments = Some(segments);
            }
        }
        prop_assert_eq!(decoded(crafted(&trace).0, EVERYTHING), whole);
    }
}
