//! TPDUs and what is heard off the air.

use super::*;

#[test]
fn tpdus_of_three_kinds_carry_a_wake_up() {
    let vectors = [
        "440c91447700900010000462112280000000180605040e8400005756434920312e3220636f6f6b69653031",
        "440c91447700900010000062112280000000190605040e84000057eb30098ab964a0f1fbbd4e976131",
        "440c91447700900010000462112280000000160605040e84000057eb30098ab964a0f1fbbd4e976131",
    ];
    for vector in vectors {
        for in_front in ["", "07917283010010F5"] {
            let wire = Wire::from_frame(&octets(&format!("{in_front}{vector}")), FrameNo(4), 42);
            let frames = FrameRange { first: FrameNo(4), last: FrameNo(4) };
            let short = Short::of_tpdu(&wire, frames, Time(5)).unwrap();
            assert_eq!(&*short.source, "+447700090001");
            assert_eq!(short.direction, Direction::ServerToClient);
            assert_eq!(short.ports, Some(Ports { destination: 3716, source: 0 }));
            let mut out = Vec::new();
            Mailbox::default().take(&Arc::new(flow(Transport::Udp)), short, &mut out);
            assert_eq!(briefs(&out), ["cir-sms wake-up cookie01"], "{vector}");
            let Carried::Cir(cir) = &out[0] else { unreachable!() };
            let expected = (cir::Bearer::Sms, frames, Time(5), Some("1.2"));
            assert_eq!((cir.bearer, cir.frames, cir.time, cir.version.as_deref()), expected);
        }
    }
}

#[test]
fn messages_of_other_implementations_are_read() {
    // Examples that documents and test suites of other implementations share: PDUs of modems, and one of SMPP.
    let of_modems = [
        (
            "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
            "+31641600986",
            "How are you?",
        ),
        (
            "0011000A9160214365870008AA1C00640061007400610066006100740061007800610073006400610073",
            "+0612345678",
            "datafataxasdas",
        ),
    ];
    for (hex, number, text) in of_modems {
        let wire = Wire::from_frame(&octets(hex), FrameNo(1), 0);
        let short = Short::of_tpdu(&wire, FrameRange::default(), Time(0)).unwrap();
        // The handset itself is not named.
        assert_eq!((&*[&*short.source, &short.destination].concat(), short.whole), (number, Wholeness::Complete));
        assert_eq!(short.subscriber(), "");
        assert_eq!(short.plain().bytes(), text.as_bytes());
    }
    let delivered = octets(
        "0000004d00000005000000009f88f12441575342440001013136353035353531323334000101313737333535353430373000\
         000000000000000300117468657265206973206e6f2073706f6f6e",
    );
    assert!(Link::may_begin(&delivered));
    let header = pdu::Header::read(&delivered).unwrap();
    let (wire, frames) = (Wire::from_frame(&delivered, FrameNo(1), 0), FrameRange::default());
    let short = pdu::short(&wire, header, Direction::ClientToServer, frames, (Time(0), Time(0))).unwrap();
    assert_eq!((&*short.source, &*short.destination), ("+16505551234", "+17735554070"));
    assert_eq!((short.coding, short.plain().bytes()), (Coding::Latin1, &b"there is no spoon"[..]));
}

#[test]
fn a_submit_has_a_reference_and_a_validity_period_of_three_lengths() {
    let text = b"WV12PO0 SI=s1";
    for (first, period) in [(0x41, 0), (0x51, 1), (0x49, 7), (0x59, 7)] {
        let mut tpdu = vec![first, 9, 4, 0x81, 0x53, 0x09, 0, 0xF5];
        tpdu.extend(vec![0; period]);
        tpdu.push(7 + text.len() as u8);
        tpdu.extend(TO_DATA);
        tpdu.extend(text);
        let wire = Wire::from_frame(&tpdu, FrameNo(1), 0);
        let short = Short::of_tpdu(&wire, FrameRange::default(), Time(0)).unwrap();
        assert_eq!((&*short.destination, short.direction), ("3590", Direction::ClientToServer));
        assert_eq!((short.text.bytes(), short.whole), (&text[..], Wholeness::Complete));
    }
}

#[test]
fn a_tpdu_may_come_from_a_name_and_be_cut() {
    let name = packed(b"IMPS", 0);
    let mut tpdu = vec![0x04, 7, 0xD0];
    tpdu.extend(name);
    tpdu.extend([0, 4, 0x62, 0x11, 0x22, 0x80, 0, 0, 0, 5]);
    tpdu.extend(b"WV1");
    let short = Short::of_tpdu(&Wire::from_frame(&tpdu, FrameNo(1), 0), FrameRange::default(), Time(0)).unwrap();
    assert_eq!((&*short.source, short.text.bytes(), short.whole), ("IMPS", &b"WV1"[..], Wholeness::Limit));
}

/// A datagram of GSMTAP with a frame of LAPDm, on a channel up or down.
pub(super) fn tapped(up: bool, slow: bool, sequence: u8, more: bool, octets: &[u8]) -> Vec<u8> {
    let mut datagram =
        vec![2, 4, 1, 0, if up { 0x40 } else { 0 }, 20, 0, 0, 0, 0, 0, 0, if slow { 0x87 } else { 7 }, 0, 0, 0];
    datagram.extend(if slow { &[0, 0][..] } else { &[] });
    datagram.extend([0x0D, sequence << 1, (octets.len() as u8) << 2 | u8::from(more) << 1 | 1]);
    datagram.extend(octets);
    datagram.resize(datagram.len() + 20 - octets.len().min(20), 0x2B);
    datagram
}

pub(super) fn put(tap: &mut Tap, bytes: &[u8], frame: u64, out: &mut Vec<Carried>) {
    let (frame, pieces) = (FrameNo(frame), Pieces::one(FrameNo(frame), 42));
    let datagram = Datagram { way: Way::Forward, bytes, pieces: &pieces, missing: 0, frame, time: Time(0) };
    tap.push(&Arc::new(flow(Transport::Udp)), &datagram, out);
}

#[test]
fn short_messages_are_read_off_the_air() {
    let tpdu = octets("440c91447700900010000462112280000000180605040e8400005756434920312e3220636f6f6b69653031");
    let mut relay = vec![1, 5, 4, 0x91, 0x44, 0x77, 0x09, 0, tpdu.len() as u8];
    relay.extend(&tpdu);
    let message = [&[0x09, 1, relay.len() as u8][..], &relay].concat();
    for slow in [false, true] {
        let (mut tap, mut out) = (Tap::default(), Vec::new());
        let count = message.chunks(20).count();
        for (i, segment) in message.chunks(20).enumerate() {
            // Each is sent twice, and on another channel something else is.
            for datagram in [
                tapped(false, slow, i as u8, i + 1 < count, segment),
                tapped(false, slow, i as u8, i + 1 < count, segment),
                tapped(true, slow, i as u8, i + 1 < count, &[1]),
            ] {
                put(&mut tap, &datagram, i as u64 + 1, &mut out);
            }
        }
        assert_eq!(briefs(&out), ["cir-sms wake-up cookie01"]);
        let Carried::Cir(cir) = &out[0] else { unreachable!() };
        assert_eq!(cir.frames, FrameRange { first: FrameNo(1), last: FrameNo(count as u64) });
    }
}

#[test]
fn channels_have_a_limit() {
    let (mut tap, mut out) = (Tap::default(), Vec::new());
    for n in 0..CHANNELS_MAX as u8 + 9 {
        let mut datagram = tapped(false, false, 0, true, b"x");
        datagram[5] = n;
        put(&mut tap, &datagram, 1, &mut out);
    }
    let each = tap.held() / CHANNELS_MAX;
    assert_eq!(tap.held(), each * CHANNELS_MAX);
    let mut one = Tap::default();
    put(&mut one, &tapped(false, false, 0, true, b"x"), 1, &mut out);
    assert_eq!(one.held(), each);
}
