//! Pushes: CIRs and messages.

use super::*;

#[test]
fn a_cir_in_every_form() {
    // By number and for the application of IMPS; by name; by nothing but its text.
    let texts: [&[u8]; 3] = [
        b"\x01\x06\x03\xc6\xaf\x8aWVCI 1.2 cookie01",
        b"\x01\x06\x1bapplication/vnd.wv.csp.cir\0WVCI 1.2 cookie01",
        b"\x01\x06\x01\x83WVCI 1.2 cookie01\r\n",
    ];
    for text in texts {
        let mut story = Story::between(9200, 2948);
        story.say(TO, text);
        let [Carried::Cir(cir)] = &story.items[..] else { panic!("a CIR: {:?}", story.items) };
        // The client is who is woken.
        assert_eq!((cir.flow.opener.port(), cir.direction), (2948, Direction::ServerToClient));
        assert_eq!(story.told(), ["cir-push wake-up cookie01 Some(1)"]);
    }
}

#[test]
fn other_pushes_are_nothing() {
    let mut story = Story::between(9200, 2948);
    story.say(TO, b"\x01\x06\x01\xb0\x01\x05\x6a\x00").say(TO, b"\x02\x06\x03\xc6\xaf\x8anothing to read");
    assert_eq!(story.told(), [""; 0]);
}

#[test]
fn a_message_may_be_pushed() {
    let mut story = Story::new(9201);
    story.say(FRO, b"\x0e\x00\x01\x10\x06\x01\xcd\x03\x11\x6a\x00");
    assert_eq!(story.told(), ["server 0 message \"\\x03\\x11j\\x00\" 1-1"]);
}
