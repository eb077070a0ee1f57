//! Limits.

use super::super::{ENDED_REMEMBERED, MESSAGE_MAX, OPEN_MAX, SKIPPED_MAX, UNREAD_MAX};
use super::*;

#[test]
fn the_oldest_of_too_many_transactions_is_given_up() {
    let mut story = Story::new(9201);
    for tid in 1..=OPEN_MAX as u16 {
        story.say(TO, &invoke(tid, &post(b"a")));
    }
    assert_eq!(story.told().len(), OPEN_MAX);
    story.say(TO, &invoke(OPEN_MAX as u16 + 1, &post(b"b")));
    let told = story.told();
    assert_eq!(told[0], format!("gap server Limit at {}", OPEN_MAX + 1));
    assert_eq!(told.len(), 2);
}

#[test]
fn what_is_over_is_remembered_for_a_while() {
    let mut story = Story::new(9201);
    let first = invoke(0, &post(b"a"));
    story.say(TO, &first).say(FRO, &result(0, &reply(b"b")));
    for tid in 1..ENDED_REMEMBERED as u16 {
        story.say(TO, &invoke(tid, &post(b"a"))).say(FRO, &result(tid, &reply(b"b")));
    }
    story.told();
    assert!(story.say(TO, &first).told().is_empty());
    let next = ENDED_REMEMBERED as u16;
    story.say(TO, &invoke(next, &post(b"a"))).say(FRO, &result(next, &reply(b"b"))).told();
    assert!(!story.say(TO, &first).told().is_empty());
}

#[test]
fn a_message_in_parts_has_an_end() {
    let mut story = Story::new(9201);
    let part = vec![b'x'; MESSAGE_MAX / 16];
    story.say(TO, &[b"\x08\x00\x01\x12", &post(b"")[..]].concat());
    for number in 1..=16 {
        story.say(TO, &[b"\x28\x00\x01", &[number][..], &part].concat());
    }
    assert!(story.connection.held() < MESSAGE_MAX + 65536);
    story.say(TO, b"\x21\x00\x01\x00");
    let [Carried::Envelope(request)] = &story.items[..] else { panic!("an envelope") };
    assert_eq!((request.body.len(), request.wholeness), (part.len() * 15, crate::carrier::Wholeness::Limit));
}

#[test]
fn a_flow_that_is_something_else_is_given_up() {
    let mut story = Story::new(9201);
    for _ in 1..UNREAD_MAX {
        story.say(TO, b"\xff\xff");
    }
    assert_eq!((story.interest, story.connection.is_certain()), (Interest::Followed, false));
    story.say(TO, b"\xff\xff");
    assert_eq!((story.interest, story.connection.held()), (Interest::Ignored, 0));
}

#[test]
fn identifiers_far_ahead_are_another_way_of_counting() {
    let gaps = |ahead: u16| {
        let mut story = Story::new(9201);
        story.say(TO, &invoke(1, &post(b"a"))).say(TO, &invoke(1 + ahead, &post(b"b")));
        story.told().iter().filter(|told| told.starts_with("gap")).count()
    };
    assert_eq!((gaps(1), gaps(2), gaps(SKIPPED_MAX), gaps(SKIPPED_MAX + 1)), (0, 2, 2, 0));
}
