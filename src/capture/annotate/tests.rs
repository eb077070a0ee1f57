use std::io::Cursor;

use super::*;

/// A block, with this type and body.
fn block_of(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let len = order.put_u32(12 + body.len() as u32);
    [&order.put_u32(kind)[..], &len, body, &len].concat()
}

fn section(order: Order, length: u64) -> Vec<u8> {
    let length = if order == Order::Little { length.to_le_bytes() } else { length.to_be_bytes() };
    let body = [&order.put_u32(0x1A2B_3C4D)[..], &order.put_u16(1), &order.put_u16(0), &length].concat();
    block_of(order, SECTION, &body)
}

fn interface(order: Order) -> Vec<u8> {
    block_of(order, 1, &[&order.put_u16(1)[..], &[0; 6]].concat())
}

/// An enhanced packet block of these octets and options.
fn packet(order: Order, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let len = order.put_u32(bytes.len() as u32);
    let padding = vec![0; bytes.len().next_multiple_of(4) - bytes.len()];
    block_of(order, 6, &[&[0; 12][..], &len, &len, bytes, &padding, options].concat())
}

fn annotated(input: &[u8], window: usize, comments: &Comments) -> (Vec<u8>, Annotated) {
    let input = Cursor::new(input.to_vec());
    let mut capture = Capture::from_reader(Box::new(input), "x").unwrap().with_window_size(window);
    let mut out = Vec::new();
    let told = annotate(&mut capture, comments, &mut out).unwrap();
    (out, told)
}

fn on(frames: &[u64]) -> Comments {
    frames.iter().map(|no| (FrameNo(*no), vec!["one".to_owned(), "another".to_owned()])).collect()
}

/// The comments of a pcapng by frame, and its frames, as they are read.
fn read(octets: &[u8]) -> (Vec<(u64, String)>, Vec<Vec<u8>>) {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets.to_vec())), "x").unwrap();
    let (mut window, mut comments, mut frames) = (Window::default(), Vec::new(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        comments.extend(window.comments.iter().map(|c| (c.frame.0, c.text.clone())));
        frames.extend(window.frames.iter().map(|f| window.captured(f).to_vec()));
    }
    assert!(capture.parts()[0].anomalies.is_empty());
    (comments, frames)
}

const ORDERS: [Order; 2] = [Order::Little, Order::Big];

#[test]
fn comments_are_put_before_options_and_everything_else_stays() {
    for order in ORDERS {
        let old = [&order.put_u16(1)[..], &order.put_u16(3), b"old\0", &[0; 4]].concat();
        let unknown = block_of(order, 0x0BAD, b"whatever");
        let parts = |a: &[u8], b: &[u8], c: &[u8], length| {
            [
                section(order, length),
                interface(order),
                packet(order, b"12345", a),
                unknown.clone(),
                packet(order, b"6", b),
                packet(order, b"78", c),
            ]
            .concat()
        };
        let mine = |end: &[u8]| {
            [
                &order.put_u16(1)[..],
                &order.put_u16(3),
                b"one\0",
                &order.put_u16(1),
                &order.put_u16(7),
                b"another\0",
                end,
            ]
            .concat()
        };
        let input = parts(&old, &[], &[], 4_711);
        // Counted by hand: comments before the old one, and an end of options where there was none.
        let expected = parts(&mine(&old), &mine(&[0; 4]), &[], u64::MAX);
        for window in [1, 64, 1 << 16] {
            let (out, told) = annotated(&input, window, &on(&[1, 2]));
            assert_eq!(out, expected, "{order:?} {window}");
            assert_eq!(told, Annotated { frames: 2, without: 0 });
        }
        let (comments, frames) = read(&expected);
        assert_eq!(
            comments.iter().map(|(no, text)| (*no, text.as_str())).collect::<Vec<_>>(),
            [(1, "one"), (1, "another"), (1, "old"), (2, "one"), (2, "another")]
        );
        assert_eq!(frames, [&b"12345"[..], b"6", b"78"]);
    }
}

#[test]
fn without_comments_a_section_of_no_told_length_is_the_same() {
    for order in ORDERS {
        let one = [section(order, u64::MAX), interface(order), packet(order, b"12345", &[])].concat();
        let other = if order == Order::Little { Order::Big } else { Order::Little };
        let two = [one.clone(), section(other, u64::MAX), interface(other), packet(other, b"6", &[])].concat();
        assert_eq!(annotated(&two, 32, &Comments::new()).0, two);
        let (out, told) = annotated(&two, 1 << 16, &on(&[2]));
        assert_eq!((read(&out).0.len(), told.frames), (2, 1));
    }
}

#[test]
fn simple_packets_have_none_and_it_is_told() {
    let order = Order::Little;
    let simple = block_of(order, 3, &[&order.put_u32(4)[..], b"1234"].concat());
    let input = [section(order, u64::MAX), interface(order), simple].concat();
    assert_eq!(annotated(&input, 1 << 16, &on(&[1])), (input, Annotated { frames: 0, without: 1 }));
}

#[test]
fn damage_stays_and_what_comes_after_it_is_annotated() {
    let order = Order::Little;
    let head = [section(order, u64::MAX), interface(order), packet(order, b"12345", &[])].concat();
    let damage = [0xEE; 40];
    let input = [&head[..], &damage, &packet(order, b"last", &[])].concat();
    let (out, told) = annotated(&input, 1 << 16, &on(&[2]));
    assert!(out.windows(40).any(|window| window == damage), "{out:02x?}");
    assert_eq!(told, Annotated { frames: 1, without: 0 });
}

#[test]
fn a_pcap_becomes_a_pcapng_with_the_same_packets() {
    let record = |bytes: &[u8]| {
        [
            &7_u32.to_le_bytes()[..],
            &5_u32.to_le_bytes(),
            &(bytes.len() as u32).to_le_bytes(),
            &60_u32.to_le_bytes(),
            bytes,
        ]
        .concat()
    };
    let head =
        [&0xA1B2_C3D4_u32.to_le_bytes()[..], &[2, 0, 4, 0], &[0; 8], &65_535_u32.to_le_bytes(), &1_u32.to_le_bytes()];
    let input = [head.concat(), record(b"12345"), record(b"67")].concat();
    let (out, told) = annotated(&input, 1 << 16, &on(&[2]));
    let (comments, frames) = read(&out);
    assert_eq!((comments.len(), told), (2, Annotated { frames: 1, without: 0 }));
    assert_eq!(frames, [&b"12345"[..], b"67"]);
    let mut capture = Capture::from_reader(Box::new(Cursor::new(out)), "x").unwrap();
    let mut window = Window::default();
    assert!(capture.next_window(&mut window).unwrap());
    assert_eq!(window.frames[0].time, Some(Time::new(7, 5_000)));
    assert_eq!(window.frames[0].original_len, 60);
}
