//! Requests and answers in transactions of WTP.

use super::*;

#[test]
fn a_transaction() {
    let mut story = Story::new(9201);
    story.say(TO, &invoke(2, &post(b"ask"))).say(FRO, &result(2, &reply(b"answer"))).say(TO, &ack(2));
    let [Carried::Envelope(request), _] = &story.items[..] else { panic!("two envelopes") };
    // The header of WTP counts.
    assert_eq!(request.wire_octets as usize, 4 + post(b"ask").len());
    let told = ["client 1 POST http://imps.example.com/ \"ask\" 1-1", "server 1 200 \"answer\" 2-2", "end Open"];
    assert_eq!(story.end().told(), told);
}

#[test]
fn a_session_from_connect_to_disconnect() {
    let mut story = Story::new(9201);
    story
        .say(TO, &invoke(0, b"\x01\x10\x00\x09\xa9Phone/1\0"))
        .say(FRO, &result(0, b"\x02\x05\x00\x00"))
        .say(TO, &ack(0));
    story.say(TO, &invoke(1, &post(b"a"))).say(FRO, &result(1, &reply(b"b"))).say(TO, &ack(1));
    let Carried::Envelope(request) = &story.items[0] else { panic!("an envelope") };
    assert_eq!((request.exchange, request.header("User-Agent")), (2, Some("Phone/1")));
    story.items.clear();
    // It rests, goes on with other headers, and ends. Suspend and Disconnect want nothing back.
    story.say(TO, b"\x0e\x00\x02\x10\x08\x05");
    story.say(TO, &invoke(3, b"\x09\x05\x00\xa9Phone/2\0")).say(FRO, &result(3, b"\x04\x20\x00")).say(TO, &ack(3));
    story.say(TO, &invoke(4, &post(b"c"))).say(FRO, &result(4, &reply(b"d"))).say(TO, &ack(4));
    story.say(TO, b"\x0e\x00\x05\x10\x05\x05");
    let Carried::Envelope(request) = &story.items[0] else { panic!("an envelope") };
    assert_eq!(request.header("User-Agent"), Some("Phone/2"));
    assert_eq!(story.end().told().len(), 3);
}

#[test]
fn what_is_sent_again_is_one() {
    let again = |mut octets: Vec<u8>| {
        octets[0] |= 1;
        octets
    };
    let mut story = Story::new(9201);
    let (ask, answer) = (invoke(2, &post(b"ask")), result(2, &reply(b"answer")));
    story.say(TO, &ask).pause(5000).say(TO, &again(ask.clone())).say(TO, &ask);
    story.say(FRO, &answer).pause(5000).say(FRO, &again(answer.clone())).say(FRO, &answer).say(TO, &ack(2));
    story.say(TO, &again(ask.clone())).say(TO, &ack(2)).say(FRO, &again(answer));
    assert_eq!(story.told(), ["client 1 POST http://imps.example.com/ \"ask\" 1-1", "server 1 200 \"answer\" 4-4"]);
    // The same identifier with something else is another transaction, as of a client that began anew.
    story.say(TO, &invoke(2, &post(b"more"))).say(FRO, &result(2, &reply(b"done")));
    assert_eq!(story.told(), ["client 2 POST http://imps.example.com/ \"more\" 11-11", "server 2 200 \"done\" 12-12"]);
}

/// `post` and its answer, in three parts each.
fn parts() -> [Vec<u8>; 6] {
    let (ask, answer) = (post(b"<WV-CSP-Message>"), reply(b"<WV-CSP-Message>"));
    [
        [b"\x08\x00\x02\x12", &ask[..30]].concat(),
        [b"\x28\x00\x02\x01", &ask[30..36]].concat(),
        [b"\x2a\x00\x02\x02", &ask[36..]].concat(),
        [b"\x10\x80\x02", &answer[..6]].concat(),
        // The end of a group.
        [b"\x34\x80\x02\x01", &answer[6..9]].concat(),
        [b"\x32\x80\x02\x02", &answer[9..]].concat(),
    ]
}

#[test]
fn messages_in_parts() {
    let mut story = Story::new(9201);
    let [a, b, c, d, e, f] = parts();
    story.say(TO, &b).say(TO, &a).say(TO, &b).say(TO, &c).say(FRO, &f).say(FRO, &e).say(FRO, &d);
    let Carried::Envelope(request) = &story.items[0] else { panic!("an envelope") };
    let runs: Vec<_> = request.body.pieces().iter().map(|run| (run.at, run.frame.0, run.offset.unwrap())).collect();
    // The first part holds two octets of the body.
    assert_eq!(runs, [(0, 2, OFFSET + 4 + 28), (2, 1, OFFSET + 4), (8, 4, OFFSET + 4)]);
    assert_eq!(request.wire_octets as usize, post(b"<WV-CSP-Message>").len() + 3 * 4);
    assert_eq!(
        story.told(),
        ["client 1 POST http://imps.example.com/ \"<WV-CSP-Message>\" 1-4", "server 1 200 \"<WV-CSP-Message>\" 5-7"]
    );
}

#[test]
fn several_pdus_in_a_datagram() {
    let mut story = Story::new(9201);
    story.say(TO, &invoke(1, &post(b"a"))).say(FRO, &result(1, &reply(b"b")));
    let next = invoke(2, &post(b"c"));
    story.say(TO, &[&b"\x00\x03\x18\x00\x01\x80"[..], &[next.len() as u8], &next].concat());
    let Carried::Envelope(request) = &story.items[2] else { panic!("an envelope") };
    assert_eq!(request.body.pieces().iter().next().unwrap().offset, Some(OFFSET + 7 + 4 + 28));
    assert_eq!(request.wire_octets as usize, next.len());
    assert_eq!(story.told()[2], "client 2 POST http://imps.example.com/ \"c\" 3-3");
}

#[test]
fn a_result_that_overtakes_its_invocation() {
    let mut story = Story::new(9201);
    story.say(FRO, &result(1, &reply(b"b"))).say(TO, &invoke(1, &post(b"a"))).say(TO, &ack(1));
    let told = ["client 1 POST http://imps.example.com/ \"a\" 2-2", "server 1 200 \"b\" 1-1"];
    assert_eq!(story.told(), told);
}

#[test]
fn an_acknowledgement_while_the_result_takes_its_time() {
    let mut story = Story::new(9201);
    // The gateway asks whether the identifier is right and is told so; then it lets the client wait.
    story.say(TO, &invoke(1, &post(b"a"))).say(FRO, b"\x1c\x80\x01").say(TO, b"\x1c\x00\x01").say(FRO, b"\x18\x80\x01");
    story.pause(40_000).say(FRO, &result(1, &reply(b"b"))).say(TO, &ack(1));
    let told = ["client 1 POST http://imps.example.com/ \"a\" 1-1", "server 1 200 \"b\" 5-5", "end Open"];
    assert_eq!(story.end().told(), told);
}

#[test]
fn an_abort_ends_a_transaction() {
    let mut story = Story::new(9201);
    let [a, b, ..] = parts();
    story.say(TO, &a).say(TO, &b).say(TO, b"\x21\x00\x02\xe0");
    story.say(TO, &invoke(3, &post(b"a"))).say(FRO, b"\x20\x80\x03\x04");
    // Nothing is missing.
    let told = [
        "client 1 POST http://imps.example.com/ \"<WV-CSP-\" 1-2 ClosedEarly",
        "client 2 POST http://imps.example.com/ \"a\" 4-4",
        "end Open",
    ];
    assert_eq!(story.end().told(), told);
}

#[test]
fn both_ends_open_transactions() {
    let mut story = Story::new(9201);
    story.say(TO, &invoke(1, &post(b"a")));
    // A confirmed push of the gateway under the same number.
    story.say(FRO, b"\x0e\x00\x01\x11\x07\x03\xc6\xaf\x8aWVCI 1.2 c1").say(TO, b"\x18\x80\x01");
    story.say(FRO, &result(1, &reply(b"b"))).say(TO, &ack(1));
    let told =
        ["client 1 POST http://imps.example.com/ \"a\" 1-1", "cir-push wake-up c1 None", "server 1 200 \"b\" 4-4"];
    assert_eq!(story.told(), told);
}

#[test]
fn an_identifier_used_twice_at_a_time() {
    let mut story = Story::new(9201);
    // As a test client of a free gateway does: it acknowledges at once and disconnects under the same number.
    story.say(TO, &invoke(4, &post(b"a"))).say(TO, &ack(4)).say(TO, b"\x0a\x00\x04\x10\x05\x20");
    story.say(TO, b"\x0b\x00\x04\x10\x05\x20").say(FRO, &result(4, &reply(b"b")));
    let told = ["client 1 POST http://imps.example.com/ \"a\" 1-1", "server 1 200 \"b\" 5-5", "end Open"];
    assert_eq!(story.end().told(), told);
}
