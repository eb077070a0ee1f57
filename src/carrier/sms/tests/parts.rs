//! Parts and segments: in any order, twice, never.

use super::*;

/// Parts of a message that is split by its header, with reference and number.
fn part(reference: u8, total: u8, number: u8, text: &[u8]) -> Step {
    let header = [11, 0, 3, reference, total, number, 5, 4, 0x0E, 6, 0x0E, 6];
    down(&pdu(DELIVER, 0x40, 4, &[&header[..], text].concat()))
}

#[test]
fn parts_come_in_any_order_and_twice() {
    let steps = [
        part(7, 3, 3, b"c"),
        part(8, 2, 1, b"WV12PO2 "),
        part(7, 3, 1, b"WV12PO1 a"),
        part(7, 3, 3, b"c"),
        part(7, 3, 2, b"b"),
        part(7, 3, 1, b"WV12PO1 a"),
        part(8, 2, 2, b"x"),
        Step::End(End::Open),
    ];
    assert_eq!(seen(&steps), ["C 447700900001 WV12PO1 abc", "C 447700900001 WV12PO2 x", "end Open"]);
}

#[test]
fn lost_parts_are_told() {
    let lost = |steps: &[Step]| seen(steps);
    let open = [part(7, 3, 1, b"WV12PO1 a"), part(7, 3, 3, b"c"), Step::End(End::Closed)];
    assert_eq!(lost(&open), ["C 447700900001 WV12PO1 a OpenAtEnd", "end Closed"]);
    let late = [part(7, 2, 1, b"WV12PO1 a"), Step::Wait(601), part(9, 2, 1, b"x"), Step::End(End::Closed)];
    let expected = ["C 447700900001 WV12PO1 a Lost(MissingPackets)", "C 447700900001 x OpenAtEnd", "end Closed"];
    assert_eq!(lost(&late), expected);
    let again = [part(7, 2, 1, b"WV12PO1 a"), part(7, 2, 1, b"WV12PO2 b"), part(7, 2, 2, b"c")];
    assert_eq!(lost(&again), ["C 447700900001 WV12PO1 a Lost(MissingPackets)", "C 447700900001 WV12PO2 bc"]);
    // Of a message without its first part only the port tells that it is of IMPS.
    assert_eq!(lost(&[part(7, 2, 2, b"c"), Step::End(End::Closed)])[0], "C 447700900001  OpenAtEnd");
}

#[test]
fn waiting_has_limits() {
    let mut steps: Vec<Step> = (0..=GROUPS_MAX as u32)
        .map(|n| {
            let header = [12, 8, 4, (n >> 8) as u8, n as u8, 2, 1, 5, 4, 0x0E, 6, 0x0E, 6];
            down(&pdu(DELIVER, 0x40, 4, &[&header[..], b"WV12PO0 "].concat()))
        })
        .collect();
    assert_eq!(seen(&steps), ["C 447700900001 WV12PO0  Limit"]);
    steps.pop();
    assert_eq!(seen(&steps), [""; 0]);
    let large = |n: u8| {
        let text = [b"WV12PO0 ".to_vec(), vec![n; 60_000]].concat();
        let message = pdu(DELIVER, 0, 4, b"").option(0x0424, &text).option(0x020B, &3590_u16.to_be_bytes());
        down(&message.option(0x020C, &[0, n]).option(0x020E, &[2]).option(0x020F, &[1]))
    };
    let held = HELD_MAX / 60_000;
    assert_eq!(seen(&(0..held as u8).map(large).collect::<Vec<_>>()), [""; 0]);
    assert_eq!(seen(&(0..=held as u8).map(large).collect::<Vec<_>>()).len(), 1);
}

#[test]
fn segments_of_the_plain_text_syntax_are_joined() {
    let segment = |text: &[u8]| down(&pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], text].concat()));
    let steps =
        [segment(b"WV12LR1bb obby"), segment(b"WV12UP1bb x"), segment(b"WV12lr1ab UI=wv:b"), Step::End(End::Closed)];
    let expected = ["C 447700900001 WV12lr1 UI=wv:bobby", "C 447700900001 WV12UP1 OpenAtEnd", "end Closed"];
    assert_eq!(seen(&steps), expected);
    let items = read(&steps[..3]);
    let Carried::Envelope(envelope) = &items[0] else { unreachable!() };
    assert_eq!((envelope.frames.first, envelope.frames.last), (FrameNo(1), FrameNo(3)));
    let frames: Vec<_> = envelope.body.pieces().iter().map(|piece| (piece.at, piece.frame)).collect();
    assert_eq!(frames, [(0, FrameNo(3)), (7, FrameNo(3)), (15, FrameNo(1))]);
}
