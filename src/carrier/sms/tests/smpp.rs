//! Links that speak SMPP.

use super::*;

#[test]
fn smpp_says_who_speaks_by_its_command() {
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    let answer = pdu(SUBMIT, 0x40, 4, &[&TO_DATA[..], b"WV12XX5 SI=s1"].concat());
    let steps = [down(&poll), up(&answer), Step::End(End::Closed)];
    let items = read(&steps);
    let expected = ["C 447700900001 WV12PO0 SI=s1", "S 447700900001 WV12XX5 SI=s1", "end Closed"];
    assert_eq!(briefs(&items), expected);
    let Carried::Envelope(envelope) = &items[0] else { unreachable!() };
    // The one that sends through the message centre stands for the server.
    assert_eq!(envelope.peers().1, flow(Transport::Tcp).opener);
    assert_eq!((envelope.exchange, envelope.frames.first), (0, FrameNo(1)));
    let piece = envelope.body.pieces().iter().next().unwrap();
    let at = poll.octets().windows(4).position(|w| w == b"WV12").unwrap() as u32;
    assert_eq!(piece.offset, Some(54 + at));
}

#[test]
fn what_a_primitive_says_of_its_sender_counts_more() {
    let polled = pdu(SUBMIT, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    assert_eq!(seen(&[up(&polled)]), ["C - WV12PO0 SI=s1"]);
}

#[test]
fn texts_are_octets_ascii_septets_latin_or_ucs2() {
    let plain = "WV12ST3 SI=a_b ST=(200,\"\u{e4}\")";
    let latin: Vec<u8> = plain.chars().map(|c| c as u8).collect();
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let gsm: Vec<u8> = latin
        .iter()
        .map(|b| match b {
            b'_' => 0x11,
            0xE4 => 0x7B,
            b => *b,
        })
        .collect();
    for (coding, text) in
        [(4, plain.as_bytes()), (3, &latin), (8, &wide), (0, &gsm), (0, plain.as_bytes()), (0xF0, &gsm)]
    {
        let expected = format!("S 447700900001 {}", plain.as_bytes().escape_ascii());
        assert_eq!(seen(&[up(&pdu(SUBMIT, 0, coding, text))]), [expected], "{coding}");
    }
}

#[test]
fn packed_septets_are_read_in_octets_and_behind_a_header_with_fill_bits() {
    // Of fifteen septets the last octet has seven bits to spare.
    for (text, header, fill) in [
        ("WV12PO0 SI=s1", &TO_DATA[..], 0),
        ("WV12PO0 SI=s123", &TO_DATA, 0),
        ("WV12PO0 SI=s1", &[8, 0x70, 0, 5, 4, 0x0E, 6, 0x0E, 6], 5),
    ] {
        assert_eq!(fill, alphabet::fill(header.len()));
        let packed = packed(text.as_bytes(), fill);
        let message = pdu(DELIVER, 0x40, 4, &[header, &packed].concat());
        assert_eq!(seen(&[down(&message)]), [format!("C 447700900001 {text}")], "{header:?}");
    }
}

#[test]
fn parameters_say_ports_parts_and_text() {
    let part = |number: u8, text: &[u8]| {
        pdu(DATA, 0, 4, b"")
            .option(0x020A, &3590_u16.to_be_bytes())
            .option(0x020B, &3590_u16.to_be_bytes())
            .option(0x020C, &[0, 9])
            .option(0x020E, &[2])
            .option(0x020F, &[number])
            .option(0x0424, text)
    };
    let steps = [up(&part(2, b" SI=s1 ST=200")), up(&part(1, b"WV12ST4"))];
    assert_eq!(seen(&steps), ["S 447700900001 WV12ST4 SI=s1 ST=200"]);
    let unread = pdu(SUBMIT, 0, 4, b"??").option(0x020B, &3590_u16.to_be_bytes());
    assert_eq!(seen(&[up(&unread)]), ["S 447700900001 ??"]);
}

#[test]
fn receipts_other_ports_and_other_texts_are_left_out() {
    let text = b"id:1 sub:001 dlvrd:001 WV12PO0";
    assert_eq!(seen(&[down(&pdu(DELIVER, 0x04, 0, b"WV12PO0 SI=s1")), down(&pdu(DELIVER, 0, 0, text))]), [""; 0]);
}

#[test]
fn a_push_holds_a_wake_up() {
    let push = [&[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 1, 6, 3, 0xC6, 0xAF, 0x8A], &b"WVCI 1.2 c01"[..]].concat();
    assert_eq!(seen(&[up(&pdu(SUBMIT, 0x40, 0xF5, &push))]), ["cir-push wake-up c01"]);
    let hello = [&[6, 5, 4, 0x0E, 0x84, 0x0E, 0x84], &b"HELO s1"[..]].concat();
    assert_eq!(seen(&[down(&pdu(DELIVER, 0x40, 4, &hello))]), ["cir-sms hello s1"]);
    assert_eq!(seen(&[down(&pdu(DELIVER, 0, 0, b"HELO there"))]), [""; 0]);
}

#[test]
fn credentials_of_a_bind_are_passed_over() {
    let bind = framed(9, 0, b"imps\0secret\0\0\x34\0\0\0");
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat()).octets();
    for size in [1, 7, 1000] {
        let mut link = Link::default();
        let info = flow(Transport::Tcp);
        let mut out = Vec::new();
        for (way, octets) in [(Way::Reverse, &bind), (Way::Forward, &poll)] {
            for bytes in octets.chunks(size) {
                let event = StreamEvent::Data { way, bytes, frame: FrameNo(1), offset: None, time: Time(0) };
                assert!(link.push(&info, event, &mut out));
                // Of the bind, never more than a header.
                let held = link.held() - Link::default().held();
                assert!(way == Way::Forward || held < 16, "{held}");
            }
        }
        assert_eq!(briefs(&out), ["C 447700900001 WV12PO0 SI=s1"]);
        let Carried::Envelope(envelope) = &out[0] else { unreachable!() };
        assert_eq!(envelope.peers().1, info.acceptor);
    }
}

#[test]
fn a_link_is_in_step_again_behind_a_gap() {
    let poll = pdu(DELIVER, 0x40, 4, &[&TO_DATA[..], b"WV12PO0 SI=s1"].concat());
    let response = framed(0x8000_0005, 0, b"\0");
    let said = "C 447700900001 WV12PO0 SI=s1";
    let cut = poll.octets();
    let steps = [
        down(&poll),
        Step::Data(Way::Reverse, cut[..30].to_vec()),
        Step::Gap(Way::Reverse, Some(10)),
        Step::Data(Way::Reverse, cut[40..].to_vec()),
        down(&poll),
    ];
    assert_eq!(seen(&steps), [said, "gap MissingPackets", said]);
    let middle = [&cut[20..], &response, &cut].concat();
    let steps = [down(&poll), Step::Gap(Way::Reverse, None), Step::Data(Way::Reverse, middle.clone()), down(&poll)];
    assert_eq!(seen(&steps), [said, "gap MissingPackets", said, said]);
    // A gap before anything of IMPS is told when the link proves to carry it.
    let steps = [Step::Data(Way::Reverse, response), Step::Gap(Way::Reverse, None), Step::Data(Way::Reverse, middle)];
    assert_eq!(seen(&steps), ["perhaps MissingPackets", "gap MissingPackets", said]);
}

#[test]
fn what_is_not_smpp_is_given_up() {
    for other in [&b"GET / HTTP/1.1"[..], b"\0\0\0\x10\0\0\0\x99\0\0\0\0\0\0\0\x01", b"\0\x02\0\0", b"\0\0\0\x10\0\x01"]
    {
        assert!(!Link::may_begin(other), "{other:?}");
    }
    let enquire = framed(0x15, 0, b"");
    assert!((1..=16).all(|length| Link::may_begin(&enquire[..length])));
    let step = |bytes: &[u8]| Step::Data(Way::Forward, bytes.to_vec());
    assert_eq!(
        seen(&[step(b"\0\0"), step(b"\0\x10\0\0\0\x99\0\0\0\0\0\0\0\x01"), up(&pdu(SUBMIT, 0, 4, b"WV12PO0"))]),
        [""; 0]
    );
}

/// A short message of WSP with this data, from or to port 9200.
fn unit(from_client: bool, data: &[u8]) -> Step {
    let ports = if from_client { [0x23, 0xF0, 0xC0, 0x00] } else { [0xC0, 0x00, 0x23, 0xF0] };
    let text = [&[6, 5, 4][..], &ports, data].concat();
    if from_client { down(&pdu(DELIVER, 0x40, 4, &text)) } else { up(&pdu(SUBMIT, 0x40, 4, &text)) }
}

#[test]
fn wsp_goes_over_short_messages() {
    let post = [b"\x01\x60\x05\x01/imps\xCC", &b"<WV-CSP-Message/>"[..]].concat();
    let reply = [b"\x01\x04\x20\x01\xCC", &b"<WV-CSP-Message/>"[..]].concat();
    let items = read(&[unit(true, &post), unit(false, &reply), Step::End(End::Closed)]);
    let one = |item: &Carried| match item {
        Carried::Envelope(e) => {
            format!("{:?} {:?} {} {}", e.direction, e.start, e.exchange >> 16, e.body.bytes().escape_ascii())
        }
        other => brief(other),
    };
    let expected = [
        r#"ClientToServer Request { method: "POST", target: "/imps" } 1 <WV-CSP-Message/>"#,
        "ServerToClient Answer { status: 200 } 1 <WV-CSP-Message/>",
        "end Closed",
    ];
    assert_eq!(items.iter().map(one).collect::<Vec<_>>(), expected);
}

#[test]
fn only_so_many_subscribers_speak_wsp() {
    let (mut mailbox, flow) = (Mailbox::default(), Arc::new(flow(Transport::Tcp)));
    let mut held = 0;
    for n in 0..=SUBSCRIBERS_MAX {
        if n == SUBSCRIBERS_MAX {
            held = mailbox.held();
        }
        let wire = Wire::from_frame(b"\x01\x60\x05\x01/imps\xCC<WV-CSP-Message/>", FrameNo(1), 0);
        let sent = pdu(DELIVER, 0x40, 4, &[&[6, 5, 4, 0x23, 0xF0, 0xC0, 0][..], wire.bytes()].concat()).octets();
        let header = pdu::Header::read(&sent).unwrap();
        let whole = Wire::from_frame(&sent, FrameNo(1), 0);
        let short = pdu::short(&whole, header, Direction::ClientToServer, FrameRange::default(), (Time(0), Time(0)));
        let short = Short { source: n.to_string().into(), ..short.unwrap() };
        mailbox.take(&flow, short, &mut Vec::new());
    }
    assert_eq!(mailbox.held(), held);
}
