//! Any octets, any segmentation, any order.

use proptest::prelude::*;

use super::air::{put, tapped};
use super::*;

proptest! {
    #[test]
    fn any_octets_are_read(pieces in proptest::collection::vec((any::<bool>(), any::<Vec<u8>>()), 0..8), start in any::<bool>()) {
        let enquire = start.then(|| Step::Data(Way::Forward, framed(0x15, 0, b"")));
        let steps = pieces.into_iter().map(|(up, bytes)| Step::Data(if up { Way::Forward } else { Way::Reverse }, bytes));
        let all: Vec<Step> = enquire.into_iter().chain(steps).chain([Step::End(End::Reset)]).collect();
        let _ = read(&all);
    }

    #[test]
    fn any_tpdu_is_read(octets: Vec<u8>) {
        let wire = Wire::from_frame(&octets, FrameNo(1), 0);
        if let Some(short) = Short::of_tpdu(&wire, FrameRange::default(), Time(0)) {
            let _ = (short.plain(), short.unpacked().count());
            Mailbox::default().take(&Arc::new(flow(Transport::Udp)), short, &mut Vec::new());
        }
    }

    #[test]
    fn any_datagram_is_read(datagrams in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
        let mut tap = Tap::default();
        for mut datagram in datagrams {
            datagram.splice(0..0, tapped(true, false, 0, false, b"\x09\x01"));
            put(&mut tap, &datagram, 1, &mut Vec::new());
        }
    }

    #[test]
    fn segmentation_makes_no_difference(size in 1_usize..80, order in Just([0_usize, 1, 2, 3]).prop_shuffle()) {
        let parts: [&[u8]; 4] = [b"WV12UP7 UV=(", b"(OS,T,T),", b"(UA,T,AV)", b")"];
        let octets: Vec<u8> = order.iter().flat_map(|n| {
            let header = [11, 0, 3, 7, 4, *n as u8 + 1, 5, 4, 0x0E, 6, 0x0E, 6];
            let mut octets = pdu(DELIVER, 0x40, 4, &[&header[..], parts[*n]].concat()).octets();
            octets.extend(framed(0x8000_0015, 0, b""));
            octets
        }).collect();
        let steps: Vec<Step> = octets.chunks(size).map(|bytes| Step::Data(Way::Reverse, bytes.to_vec())).collect();
        prop_assert_eq!(seen(&steps), ["C 447700900001 WV12UP7 UV=((OS,T,T),(UA,T,AV))"]);
    }
}
