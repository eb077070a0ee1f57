//! Where bodies end, and what an envelope says of its message.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;
use crate::carrier::Anomaly;
use crate::wire::{FrameRange, Piece};

/// What comes of one answer with these headers and what follows them, then the end of the stream.
fn answered(headers: &str, rest: &str) -> Vec<String> {
    let answer = format!("HTTP/1.1 200 OK\r\n{headers}\r\n{rest}");
    let steps = [[c(post("q")), s(answer)], closed()].concat();
    let all = briefs(&seen(&steps));
    assert_eq!(all.first().unwrap(), "C1 POST /imps q");
    assert_eq!(all.last().unwrap(), "end Closed");
    all[1..all.len() - 1].to_vec()
}

#[test]
fn an_exchange_in_two_frames() {
    let request = "POST http://im.example.com/imps HTTP/1.1\r\nHost: im.example.com\r\nMSISDN: 447700900001\r\n\
                   Content-Type: application/vnd.wv.csp.wbxml\r\nContent-Length: 4\r\n\r\n\x03\x11\x6a\0";
    let out = seen(&[c(request), s(ok("<a/>"))]);
    assert_eq!(briefs(&out), ["C1 POST http://im.example.com/imps \\x03\\x11j\\x00", "S1 200 <a/>"]);
    let (asked, answered) = (envelope(&out[0]), envelope(&out[1]));
    assert_eq!(asked.content_type.as_deref(), Some("application/vnd.wv.csp.wbxml"));
    assert_eq!((asked.header("msisdn"), asked.headers.iter().count()), (Some("447700900001"), 4));
    assert_eq!(asked.wire_octets as usize, request.len());
    assert_eq!(asked.frames, FrameRange { first: FrameNo(1), last: FrameNo(1) });
    let at = OFFSET + request.len() as u32 - 4;
    assert_eq!(asked.body.pieces().iter().collect::<Vec<_>>(), [Piece { at: 0, frame: FrameNo(1), offset: Some(at) }]);
    assert_eq!((answered.start_time, answered.end_time), (Time(2_000_000), Time(2_000_000)));
    assert_eq!(answered.status(), Some(200));
    assert_eq!(answered.peers(), (flow(true).opener, flow(true).acceptor));
    assert!(!asked.closes && !asked.compressed);
}

#[test]
fn a_message_in_many_frames_knows_them_all() {
    let out =
        seen(&[c("POST / HTTP/1.0\r\nContent-Type: "), c(CSP), c("\r\nContent-Length: 6\r\n\r\n<"), c("a>"), c("b/>")]);
    let asked = envelope(&out[0]);
    assert_eq!(brief(&out[0]), "C1 POST / <a>b/>");
    assert_eq!(asked.frames, FrameRange { first: FrameNo(1), last: FrameNo(5) });
    assert_eq!((asked.start_time, asked.end_time), (Time(1_000_000), Time(5_000_000)));
    assert_eq!(asked.wire_octets, 17 + 14 + 26 + 2 + 19 + 2 + 6);
    let pieces: Vec<_> = asked.body.pieces().iter().map(|p| (p.at, p.frame.0, p.offset)).collect();
    assert_eq!(pieces, [(0, 3, Some(OFFSET + 23)), (1, 4, Some(OFFSET)), (3, 5, Some(OFFSET))]);
    assert!(asked.closes);
}

#[test]
fn persistent_and_pipelined() {
    let out = seen(&[c(post("1")), s(ok("a")), c(post("2") + &post("3")), s(ok("b") + &ok("")), c(post("4"))]);
    let expected =
        ["C1 POST /imps 1", "S1 200 a", "C2 POST /imps 2", "C3 POST /imps 3", "S2 200 b", "S3 200", "C4 POST /imps 4"];
    assert_eq!(briefs(&out), expected);
}

#[test]
fn interim_answers_are_no_answers() {
    let head =
        format!("POST /imps HTTP/1.1\r\nContent-Type: {CSP}\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let out = seen(&[c(&head), s(interim), c("q"), s(format!("HTTP/1.1 102 Processing\r\nA: b\r\n\r\n{}", ok("a")))]);
    assert_eq!(briefs(&out), ["C1 POST /imps q", "S1 200 a"]);
    // Refused leave: the body is never sent, and the next request follows at once.
    let refused = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";
    let out = seen(&[c(&head), s(refused), c(post("2")), s(ok("b"))]);
    assert_eq!(briefs(&out), ["C1 POST /imps ClosedEarly", "S1 417", "C2 POST /imps 2", "S2 200 b"]);
}

#[test]
fn answers_without_a_body_have_none() {
    let out = seen(&[
        c(post("1")),
        s("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
        c("HEAD /imps HTTP/1.1\r\n\r\n"),
        s("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n"),
        c(post("3")),
        s(ok("c")),
    ]);
    assert_eq!(briefs(&out), ["C1 POST /imps 1", "S1 204", "C3 POST /imps 3", "S3 200 c"]);
}

#[test]
fn lengths_good_and_bad() {
    assert_eq!(answered("Content-Length: 3\r\n", "abc"), ["S1 200 abc"]);
    assert_eq!(answered("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), ["S1 200 abc"]);
    assert_eq!(answered("Content-Length: 4\r\n", "abc"), ["S1 200 abc ClosedEarly"]);
    // No length that can be believed: the body is what comes until the end.
    assert_eq!(answered("Content-Length: 1\r\nContent-Length: 2\r\n", "abc"), ["S1 200 abc ConflictingLength"]);
    assert_eq!(answered("Content-Length: three\r\n", "abc"), ["S1 200 abc ConflictingLength"]);
    assert_eq!(answered("", "abc"), ["S1 200 abc"]);
}

#[test]
fn a_request_of_unbelievable_length_ends_where_its_answer_starts() {
    let head = format!("POST /imps HTTP/1.1\r\nContent-Type: {CSP}\r\nContent-Length: x\r\n\r\n");
    let out = seen(&[c(head + "q1"), c("q2"), s(ok("a")), c(post("2")), s(ok("b"))]);
    let expected = ["C1 POST /imps q1q2 ConflictingLength", "S1 200 a", "C2 POST /imps 2", "S2 200 b"];
    assert_eq!(briefs(&out), expected);
}

#[test]
fn an_answer_without_length_ends_where_the_next_plainly_starts() {
    let bare = "HTTP/1.1 200 OK\r\n\r\n";
    let out = seen(&[c(post("1")), s(bare), c(post("2")), s(ok("b"))]);
    let expected = ["C1 POST /imps 1", "C2 POST /imps 2", "S1 200", "S2 200 b"];
    assert_eq!(briefs(&out), expected);
    assert_eq!(briefs(&seen(&[c(post("1")), c(post("2")), s(bare.to_owned() + &ok("b"))])), expected);
}

#[test]
fn chunks() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let body = "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: 1\r\n\r\n";
    assert_eq!(answered(chunked, body), ["S1 200 abc"]);
    assert_eq!(answered(chunked, "0\r\n\r\n"), ["S1 200"]);
    let both = format!("Content-Length: 99\r\n{chunked}");
    assert_eq!(answered(&both, body), ["S1 200 abc ConflictingLength"]);
    assert_eq!(answered(chunked, "2\r\nab\r\n1\r\n"), ["S1 200 ab ClosedEarly"]);
    assert_eq!(answered(chunked, "<a/>"), ["S1 200 <a/> BadChunkSize"]);
    let out = seen(&[c(post("q")), s(format!("HTTP/1.1 200 OK\r\n{chunked}\r\n{body}"))]);
    let answer = envelope(&out[1]);
    assert_eq!(answer.wire_octets as usize, 17 + chunked.len() + 2 + body.len());
    let offset = OFFSET + 17 + 28 + 2;
    let pieces: Vec<_> = answer.body.pieces().iter().map(|p| (p.at, p.offset)).collect();
    assert_eq!(pieces, [(0, Some(offset + 7)), (2, Some(offset + 14))]);
}

#[test]
fn a_last_chunk_without_its_blank_line_ends_where_the_next_message_starts() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n";
    let all = ["C1 POST /imps 1", "S1 200 a", "C2 POST /imps 2", "S2 200 b"];
    assert_eq!(
        briefs(&seen(&[c(post("1")), s(chunked), c(post("2")), s(ok("b"))])),
        ["C1 POST /imps 1", all[2], all[1], all[3]]
    );
    let at_once = [c(post("1") + &post("2")), s(format!("{chunked}{}", ok("b")))];
    assert_eq!(briefs(&seen(&at_once)), [all[0], all[2], all[1], all[3]]);
}

#[test]
fn line_ends_of_every_kind() {
    let bare = format!("POST / HTTP/1.1\nContent-Type: {CSP}\nContent-Length: 1\n\nq");
    let out =
        seen(&[c(format!("\r\n{bare}\r\n")), s(ok("a")), c(format!("\r\n\n{bare}")), s(format!("\r\n{}", ok("b")))]);
    assert_eq!(briefs(&out), ["C1 POST / q", "S1 200 a", "C2 POST / q", "S2 200 b"]);
    assert_eq!(envelope(&out[0]).wire_octets as usize, bare.len());
}

#[test]
fn odd_heads_are_read_and_told() {
    let folded =
        format!("POST /imps HTTP/1.1\r\nContent-Type:\r\n {CSP};\r\n\tcharset=utf-8\r\nContent-Length: 1\r\n\r\nq");
    let out = seen(&[c(folded), s("HTTP/1.1  200 OK\r\n(odd): x\r\nContent-Length : 1\r\n\r\na")]);
    assert_eq!(briefs(&out), ["C1 POST /imps q FoldedHeader", "S1 200 a OddHead"]);
    assert_eq!(envelope(&out[0]).content_type.as_deref(), Some("application/vnd.wv.csp.xml; charset=utf-8"));
    assert_eq!(envelope(&out[1]).header("(odd)"), Some("x"));
}

#[test]
fn a_connection_that_becomes_something_else_is_left_alone() {
    let (out, interests) = read(
        true,
        &[c("CONNECT a:443 HTTP/1.1\r\n\r\n"), s("HTTP/1.1 200 Established\r\n\r\n"), c("\x16\x03\x01"), s(ok("no"))],
    );
    assert!(out.is_empty());
    assert_eq!(interests, [Interest::Keep, Interest::Ignore, Interest::Ignore, Interest::Ignore]);
    let upgrade = [c(post("1")), s(ok("a")), c(post("2")), s("HTTP/1.1 101 Switching\r\n\r\n\x01\x05"), c(post("no"))];
    let out = seen(&[&upgrade[..], &closed()].concat());
    assert_eq!(briefs(&out), ["C1 POST /imps 1", "S1 200 a", "C2 POST /imps 2", "end Closed"]);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::default());
    coder.write_all(text.as_bytes()).unwrap();
    coder.finish().unwrap()
}

/// An answer in two frames with a body of this coding.
fn coded(coding: &str, body: &[u8]) -> Envelope {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    let (one, two) = body.split_at(body.len() / 2);
    let out = seen(&[c(post("q")), s([head.as_bytes(), one].concat()), s(two)]);
    envelope(&out[1]).clone()
}

#[test]
fn content_codings_are_undone() {
    let text = "<WV-CSP-Message>text text text</WV-CSP-Message>";
    let answer = coded("gzip", &gzip(text));
    assert_eq!((answer.body.bytes(), answer.compressed), (text.as_bytes(), true));
    assert_eq!(answer.body.pieces().frame_list(), [FrameNo(2), FrameNo(3)]);
    assert!(answer.body.pieces().iter().all(|piece| piece.offset.is_none()));
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(text.as_bytes()).unwrap();
    assert_eq!(coded("Deflate", &zlib.finish().unwrap()).body.bytes(), text.as_bytes());
    let empty = coded("gzip", &gzip(""));
    assert!(empty.body.is_empty() && empty.compressed && empty.anomalies.is_empty());
    let unknown = coded("br", text.as_bytes());
    assert_eq!((unknown.body.bytes(), unknown.anomalies), (text.as_bytes(), vec![Anomaly::UnknownContentCoding]));
    let lie = coded("gzip", text.as_bytes());
    assert_eq!((lie.body.bytes(), lie.compressed), (text.as_bytes(), false));
    assert_eq!((lie.anomalies, lie.wholeness), (vec![Anomaly::BadContentCoding], Wholeness::Complete));
    let mut cut = gzip(text);
    cut.truncate(cut.len() - 4);
    let cut = coded("gzip", &cut);
    assert_eq!((cut.body.bytes(), cut.anomalies), (text.as_bytes(), vec![Anomaly::BadContentCoding]));
}

#[test]
fn codings_of_the_transfer_are_undone_however_they_are_listed() {
    let text = "<WV-CSP-Message>x</WV-CSP-Message>";
    let coded = gzip(text);
    let chunked = [format!("{:x}\r\n", coded.len()).as_bytes(), &coded, b"\r\n0\r\n\r\n"].concat();
    let length = format!("Transfer-Encoding: gzip\r\nContent-Length: {}\r\n", coded.len());
    let cases: [(&str, &[u8], &str); 5] = [
        ("Transfer-Encoding: gzip, chunked\r\n", &chunked, text),
        ("transfer-encoding: gzip\r\ntransfer-encoding: Chunked\r\n", &chunked, text),
        (&length, &coded, text),
        ("Transfer-Encoding: identity\r\nContent-Length: 1\r\n", b"a", "a"),
        ("Transfer-Encoding: chunked\r\n", b"A ; x=\"y;z\"\r\n0123456789\r\n0;l\r\nT: v\r\n\r\n", "0123456789"),
    ];
    for (headers, body, plain) in cases {
        let answer = [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), body].concat();
        let out = seen(&[c(post("1")), s(answer), c(post("2")), s(ok("b"))]);
        let expected = ["C1 POST /imps 1", &format!("S1 200 {plain}"), "C2 POST /imps 2", "S2 200 b"];
        assert_eq!(briefs(&out), expected, "{headers}");
    }
}

#[test]
fn exchanges_that_are_not_imps_keep_the_count() {
    for (request, answer) in [
        ("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 304 Not\r\nContent-Length: 10\r\n\r\n"),
        ("CONNECT a:80 HTTP/1.1\r\n\r\n", "HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"),
        ("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 205 Reset\nContent-Length: 0\n\n"),
    ] {
        let out = seen(&[c(request), s(answer), c(post("2")), s(ok("b"))]);
        assert_eq!(briefs(&out), ["C2 POST /imps 2", "S2 200 b"], "{request}");
    }
}
