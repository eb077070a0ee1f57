//! What is missing, and how it shows.

use super::*;

const FIRST: [&str; 2] = ["client 1 POST http://imps.example.com/ \"a\" 1-1", "server 1 200 \"b\" 2-2"];

/// A story with a whole exchange in it.
fn begun() -> Story {
    let mut story = Story::new(9201);
    story.say(TO, &invoke(1, &post(b"a"))).say(FRO, &result(1, &reply(b"b"))).say(TO, &ack(1));
    assert_eq!(story.told(), FIRST);
    story
}

#[test]
fn a_request_is_missing() {
    let mut story = begun();
    story.say(FRO, &result(2, &reply(b"d"))).say(TO, &ack(2)).pause(1000).say(TO, &invoke(3, &post(b"e")));
    let told = [
        "gap client MissingPackets at 4",
        "server 2 200 \"d\" 4-4",
        "client 3 POST http://imps.example.com/ \"e\" 6-6",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn a_flow_that_goes_quiet_is_not_waited_for() {
    let mut story = begun();
    story.say(FRO, &result(2, &reply(b"d"))).quiet();
    assert_eq!(story.told(), ["gap client MissingPackets at 4", "server 2 200 \"d\" 4-4"]);
    // Nor is the end of the capture.
    story.say(FRO, &result(3, &reply(b"e"))).end();
    assert_eq!(story.told(), ["gap client MissingPackets at 5", "server 3 200 \"e\" 5-5", "end Open"]);
}

#[test]
fn an_answer_is_missing() {
    let mut story = begun();
    story.say(TO, &invoke(2, &post(b"c"))).say(TO, &ack(2)).pause(1000).say(TO, &invoke(3, &post(b"e")));
    let told = [
        "client 2 POST http://imps.example.com/ \"c\" 4-4",
        "gap server MissingPackets at 5",
        "client 3 POST http://imps.example.com/ \"e\" 6-6",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn all_of_a_transaction_but_its_end_is_missing() {
    let mut story = begun();
    story.say(TO, &ack(2));
    assert_eq!(story.told(), ["gap client MissingPackets at 4", "gap server MissingPackets at 4"]);
    story.say(TO, &ack(2));
    assert_eq!(story.told(), [""; 0]);
}

#[test]
fn identifiers_are_left_out() {
    let mut story = begun();
    story.say(TO, &invoke(4, &post(b"c"))).say(TO, &invoke(3, &post(b"d"))).say(TO, &invoke(900, &post(b"e")));
    let gaps = ["gap client MissingPackets at 4", "gap server MissingPackets at 4"];
    assert_eq!(story.told().iter().filter(|told| told.starts_with("gap")).collect::<Vec<_>>(), gaps.each_ref());
}

#[test]
fn parts_are_missing() {
    let (ask, answer) = (post(b"<WV-CSP-Message>"), reply(b"<WV-CSP-Message>"));
    let mut story = begun();
    story.say(TO, &[b"\x08\x00\x02\x12", &ask[..31]].concat()).say(TO, &[b"\x2a\x00\x02\x02", &ask[40..]].concat());
    // It was answered: the part came where it was sent to.
    story.say(FRO, &[b"\x10\x80\x02", &answer[..7]].concat()).say(FRO, &[b"\x32\x80\x02\x02", &answer[9..]].concat());
    assert_eq!(story.told(), [""; 0]);
    story.say(TO, &ack(2)).pause(1000).say(TO, &invoke(3, &post(b"e")));
    let told = [
        "client 2 POST http://imps.example.com/ \"<WV\" 4-5 Lost(MissingPackets)",
        "gap client MissingPackets at 8",
        "gap server MissingPackets at 8",
        "server 2 200 \"<WV\" 6-7 Lost(MissingPackets)",
        "client 3 POST http://imps.example.com/ \"e\" 9-9",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn parts_that_may_still_be_sent_again_are_waited_for() {
    let ask = post(b"<WV-CSP-Message>");
    let mut story = begun();
    story.say(TO, &[b"\x08\x00\x02\x12", &ask[..31]].concat()).say(TO, &[b"\x2a\x00\x02\x02", &ask[40..]].concat());
    // The part is asked for; the end of a group is no end.
    story.say(FRO, b"\x38\x80\x02\x01\x01").say(FRO, b"\x98\x80\x02\x19\x00").pause(30_000);
    story.say(TO, &[b"\x29\x00\x02\x01", &ask[31..40]].concat());
    assert_eq!(story.told(), ["client 2 POST http://imps.example.com/ \"<WV-CSP-Message>\" 4-8"]);
    let [first, ..] = [[b"\x08\x00\x03\x12", &ask[..31]].concat()];
    story.say(TO, &first).pause(61_000).say(FRO, &result(2, &reply(b"d")));
    let told = [
        "client 3 POST http://imps.example.com/ \"<WV\" 9-9 Lost(MissingPackets) MissingPart",
        "gap client MissingPackets at 10",
        "gap server MissingPackets at 10",
        "server 2 200 \"d\" 10-10",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn the_first_part_is_missing() {
    let mut story = begun();
    story.say(TO, b"\x2a\x00\x02\x01end").say(FRO, &result(2, &reply(b"d"))).pause(1000).say(TO, &ack(2));
    assert_eq!(story.told(), ["gap client MissingPackets at 5", "server 2 200 \"d\" 5-5"]);
}

#[test]
fn without_transactions_an_answer_is_missing_where_a_later_one_came() {
    let unit = |tid: u8, pdu: &[u8]| [&[tid][..], pdu].concat();
    let mut story = Story::new(9200);
    story.say(TO, &unit(1, &post(b"a"))).say(TO, &unit(2, &post(b"b"))).say(FRO, &unit(2, &reply(b"c")));
    assert_eq!(story.told()[2..], ["gap server MissingPackets at 3", "server 2 200 \"c\" 3-3"]);
    // It may come late all the same, and is told once.
    story.say(TO, &unit(3, &post(b"d"))).say(FRO, &unit(3, &reply(b"e"))).say(FRO, &unit(1, &reply(b"f")));
    let told = ["client 3 POST http://imps.example.com/ \"d\" 4-4", "server 3 200 \"e\" 5-5", "server 1 200 \"f\" 6-6"];
    assert_eq!(story.told(), told);
    // What was asked again was not answered.
    story.say(TO, &unit(4, &post(b"g"))).say(TO, &unit(4, &post(b"g"))).say(FRO, &unit(4, &reply(b"h")));
    assert!(!story.told().iter().any(|told| told.starts_with("gap")));
    // An answer that came twice is one.
    story.say(FRO, &unit(4, &reply(b"h"))).pause(1000).say(FRO, &unit(4, &reply(b"h")));
    assert_eq!(story.told(), [""; 0]);
}

#[test]
fn before_a_flow_proves_to_be_imps_gaps_are_told_and_told_again() {
    let mut story = Story::new(9201);
    story.say(TO, &ack(7)).say(TO, &invoke(8, &post(b"a")));
    let told = [
        "perhaps client MissingPackets at 1",
        "perhaps server MissingPackets at 1",
        "gap client MissingPackets at 1",
        "gap server MissingPackets at 1",
        "client 1 POST http://imps.example.com/ \"a\" 2-2",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn at_the_end_what_is_open_is_open() {
    let ask = post(b"<WV-CSP-Message>");
    let mut story = begun();
    story.say(TO, &[b"\x08\x00\x02\x12", &ask[..31]].concat()).say(TO, &invoke(3, &post(b"a"))).end();
    let told = [
        "client 3 POST http://imps.example.com/ \"a\" 5-5",
        "client 2 POST http://imps.example.com/ \"<WV\" 4-4 OpenAtEnd",
        "end Open",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn a_number_used_anew_is_no_repetition() {
    let mut story = begun();
    // A client that began anew counts from the start, and its first request is missing.
    story.say(FRO, &result(1, &reply(b"other"))).quiet();
    assert_eq!(story.told(), ["gap client MissingPackets at 4", "server 2 200 \"other\" 4-4"]);
    story.say(FRO, &result(1, &reply(b"other")));
    assert_eq!(story.told(), [""; 0]);
}
