//! Requests and answers without transactions below them.

use super::*;
use crate::flow::Loss;
use crate::wire::Piece;

const BODY: &[u8] = b"\x03\x11\x6a\x00\xc9";

/// A datagram of WSP without sessions.
fn unit(tid: u8, pdu: &[u8]) -> Vec<u8> {
    [&[tid][..], pdu].concat()
}

#[test]
fn a_request_and_its_answer() {
    let mut story = Story::new(9200);
    story.say(TO, &unit(1, &post(BODY))).say(FRO, &unit(1, &reply(BODY)));
    let [Carried::Envelope(request), Carried::Envelope(answer)] = &story.items[..] else { panic!("two envelopes") };
    assert_eq!((request.flow.opener.port(), request.carrier.name()), (40000, "wsp"));
    assert_eq!(request.content_type.as_deref(), Some("application/vnd.wv.csp+wbxml"));
    assert_eq!(request.header("content-type"), Some("application/vnd.wv.csp+wbxml"));
    // Identifier, type, two lengths, URI, type of content.
    assert_eq!(request.wire_octets, 1 + 1 + 2 + 24 + 1 + 5);
    let piece = Piece { at: 0, frame: FrameNo(1), offset: Some(OFFSET + 29) };
    assert_eq!(request.body.pieces().iter().collect::<Vec<_>>(), [piece]);
    assert_eq!((request.start_time, answer.end_time), (Time(10 * MILLISECOND), Time(20 * MILLISECOND)));
    assert_eq!(
        story.end().told(),
        [
            "client 1 POST http://imps.example.com/ \"\\x03\\x11j\\x00\\xc9\" 1-1",
            "server 1 200 \"\\x03\\x11j\\x00\\xc9\" 2-2",
            "end Open",
        ]
    );
}

#[test]
fn who_asks_is_told_by_what_is_said() {
    // The capture begins with an answer, and the gateway uses an odd port.
    let mut story = Story::between(9999, 40000);
    story.say(TO, &unit(1, &reply(b"a"))).say(FRO, &unit(2, &post(b"b"))).say(TO, &unit(2, &reply(b"c")));
    let told = story.items.iter().map(|item| match item {
        Carried::Envelope(e) => (e.flow.opener.port(), e.direction),
        other => panic!("{other:?}"),
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(40000, Direction::ClientToServer), (40000, Direction::ServerToClient)]);
    let told = story.pause(1000).say(FRO, &unit(3, &post(b"d"))).told();
    assert_eq!(
        told[2..],
        [
            "gap client MissingPackets at 1",
            "server 1 200 \"a\" 1-1",
            "client 3 POST http://imps.example.com/ \"d\" 4-4",
        ]
    );
}

#[test]
fn other_methods_and_statuses() {
    let mut story = Story::new(9200);
    story.say(TO, b"\x01\x61\x03\x01h:a\xcdput").say(FRO, b"\x01\x04\x53\x01\xcdno");
    story.say(TO, b"\x02\x70\x03\x01h:a\xcdodd").say(FRO, b"\x02\x04\x24\x00");
    story.say(TO, b"\x03\x40\x03h:a").say(FRO, b"\x03\x04\x20\x01\xcdgot");
    story.say(TO, b"\x04\x60\x03\x01h:a\xcdgo").say(FRO, b"\x04\x03\x80\x00");
    // There is nothing to ask with, and nothing in the answer: a type does not make it IMPS.
    story.say(TO, b"\x05\x42\x03h:a").say(FRO, b"\x05\x04\x20\x01\xcd");
    assert_eq!(
        story.told(),
        [
            "client 1 PUT h:a \"put\" 1-1",
            "server 1 503 \"no\" 2-2",
            "client 2 0x70 h:a \"odd\" 3-3",
            "server 2 204 \"\" 4-4",
            "client 3 GET h:a \"\" 5-5",
            "server 3 200 \"got\" 6-6",
            "client 4 POST h:a \"go\" 7-7",
            "server 4 301 \"\" 8-8",
        ]
    );
}

#[test]
fn a_type_in_text_and_a_body_under_another_name() {
    let mut story = Story::new(9200);
    let typed = |kind: &str, body: &[u8]| {
        let headers = [kind.as_bytes(), b"\0"].concat();
        [&[1, 0x60, 3, headers.len() as u8][..], b"h:a", &headers, body].concat()
    };
    story.say(TO, &typed("application/vnd.wv.csp.xml", b"<a/>")).say(TO, &typed("text/plain", b"<WV-CSP-Message/>"));
    story.say(TO, &typed("text/vnd.wap.wml", b"<wml/>"));
    assert_eq!(
        story.told(),
        [
            "client 1 POST h:a \"<a/>\" 1-1",
            "gap server MissingPackets at 2",
            "client 2 POST h:a \"<WV-CSP-Message/>\" 2-2",
            "gap server MissingPackets at 3"
        ]
    );
}

#[test]
fn other_traffic_is_nothing() {
    let mut story = Story::new(9200);
    for tid in 0..40 {
        story.say(TO, &unit(tid, b"\x40\x0bhttp://a/b/")).say(FRO, &unit(tid, b"\x04\x20\x01\x94wmlc"));
    }
    assert_eq!((story.interest, story.connection.is_certain()), (Interest::Followed, true));
    assert_eq!(story.end().told(), [""; 0]);
}

#[test]
fn a_compressed_body() {
    // The octets of `printf abc | gzip -n`.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00";
    let mut story = Story::new(9200);
    story.say(TO, &[&b"\x01\x60\x03\x03h:a\xcd\x8b\x80"[..], gzip].concat());
    let [Carried::Envelope(request)] = &story.items[..] else { panic!("one envelope") };
    assert_eq!((request.compressed, request.body.bytes()), (true, &b"abc"[..]));
    assert_eq!(request.body.pieces().frame_list(), [FrameNo(1)]);
}

#[test]
fn what_the_snap_length_cut() {
    let mut story = Story::new(9200);
    story.cut(TO, &unit(1, &post(b"first")), 7).cut(FRO, b"\x01\x04\x20\x05\xcd", 9);
    assert_eq!(
        story.told(),
        [
            "client 1 POST http://imps.example.com/ \"first\" 1-1 Lost(SnapLength)",
            "server 1 200 \"\" 2-2 Lost(SnapLength)",
        ]
    );
    let lost = |item: &Carried| matches!(item, Carried::Gap { loss: Loss::MissingPackets, .. });
    assert!(!story.end().items.iter().any(lost));
}

#[test]
fn odd_headers_are_got_over() {
    let mut story = Story::new(9200);
    story.say(TO, b"\x01\x60\x03\x09h:a\xcd\xa9endless").say(TO, b"\x02\x60\x03\x03h:a\xcd\x8d\x89data");
    let told = story.told();
    assert_eq!(told[0], "client 1 POST h:a \"\" 1-1 OddHead");
    assert_eq!(told.last().unwrap(), "client 2 POST h:a \"data\" 2-2 ConflictingLength");
}

#[test]
fn flows_by_port_and_by_content() {
    for port in [9200, 9201, 9202, 9203, 2948, 2949] {
        // The first octet of a handshake of WTLS, its length and number beside it; and of something else.
        assert!(begins([40000, port], b"\xc3") && begins([port, 40000], b"\xc3"));
        assert_eq!(begins([port, 53], b"\xc0"), !matches!(port, 9202 | 9203 | 2949));
        assert_eq!(is_sealed(&Story::new(port).flow), matches!(port, 9202 | 9203 | 2949));
    }
    assert!(begins([1, 2], &unit(1, &post(BODY))) && begins([1, 2], &invoke(1, &post(BODY))));
    assert!(begins([1, 2], &invoke(1, b"\x01\x10\x00\x00")));
    assert!(!begins([1, 53], b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"));
    // What stands on what is told by the content even where the port says something else.
    let mut story = Story::new(9201);
    story.say(TO, &unit(1, &post(b"a")));
    assert_eq!(story.told(), ["client 1 POST http://imps.example.com/ \"a\" 1-1"]);
}
