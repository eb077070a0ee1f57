//! TLS as OpenSSL speaks it: `tests/tls/suites.pcap` holds the same conversation over every version and kind of suite,
//! `tests/tls/suites.keys` its keys, and `corners` has renegotiations, changes of keys, another hello, resumed sessions and
//! early data. `tests/tls/make.py` and `tests/tls/corners.py` made them.

#![cfg(test)]
#![cfg(feature = "tls")]

use std::io::Cursor;
use std::sync::Arc;

use impslint::capture::Capture;
use impslint::carrier::{Carried, Envelope};
use impslint::engine::{Engine, Rulebook, pipeline};
use impslint::flow::{End, StreamEvent, Way};
use impslint::report::Outcome;
use impslint::time::Time;
use impslint::tls::{Connection, Context, KeyLog, Keys, Tally, content};
use impslint::wire::FrameNo;
use proptest::prelude::*;

const CAPTURE: &[u8] = include_bytes!("tls/suites.pcap");
const KEYS: &str = include_str!("tls/suites.keys");
/// Connections in the capture, and messages of each.
const FLOWS: usize = 25;
const MESSAGES: usize = 4;

/// The records of a pcap, header included.
fn records(pcap: &[u8]) -> Vec<&[u8]> {
    let mut rest = &pcap[24..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        records.push(&rest[..len]);
        rest = &rest[len..];
    }
    records
}

fn pcap(records: &[&[u8]]) -> Vec<u8> {
    [&CAPTURE[..24], &records.concat()].concat()
}

/// A block of pcapng.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &len, &body, &len].concat()
}

fn section() -> Vec<u8> {
    let header = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    [block(0x0a0d_0d0a, &header), block(1, &[101, 0, 0, 0, 0, 0, 0, 0])].concat()
}

fn secrets(text: &str) -> Vec<u8> {
    block(10, &[&0x544c_534b_u32.to_le_bytes()[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat())
}

/// A record of pcap as a packet of pcapng, at time 0.
fn packet(record: &[u8]) -> Vec<u8> {
    block(6, &[&[0; 12], &record[8..16], &record[16..]].concat())
}

fn read(capture: &[u8], keys: &str, window: usize, threads: usize) -> (Vec<Envelope>, Tally) {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(capture.to_vec())), "test").unwrap();
    capture = capture.with_window_size(window);
    let keys = KeyLog::read(&mut keys.as_bytes()).unwrap();
    let mut context = Context::new(Keys::new(Arc::new(keys)));
    let mut envelopes = Vec::new();
    let (_, read) = pipeline::run(
        &mut capture,
        &mut context,
        threads,
        |item| item,
        |_, batch| {
            envelopes.extend(batch.into_iter().filter_map(|item| match item {
                Carried::Envelope(envelope) => Some(*envelope),
                _ => None,
            }));
            std::ops::ControlFlow::Continue(())
        },
    );
    read.unwrap();
    (envelopes, context.tally())
}

/// Port of the client and body of each message that is whole.
fn bodies(envelopes: &[Envelope]) -> Vec<(u16, Vec<u8>)> {
    let whole = envelopes.iter().filter(|e| e.wholeness == impslint::carrier::Wholeness::Complete);
    whole.map(|e| (e.flow.opener.port(), e.body.bytes().to_vec())).collect()
}

#[test]
fn every_suite_is_deciphered() {
    let (envelopes, tally) = read(CAPTURE, KEYS, 1 << 20, 1);
    let all = bodies(&envelopes);
    assert_eq!(all.len(), FLOWS * MESSAGES);
    for (index, (port, body)) in all.iter().enumerate() {
        assert_eq!(usize::from(*port), 40001 + index / MESSAGES);
        assert_eq!(*body, all[index % MESSAGES].1, "message {index}");
        assert!(body.starts_with(b"<WV-CSP-Message"));
    }
    assert_eq!(tally, Tally { flows: 25, deciphered: 25, ..Tally::default() });
}

#[test]
fn corners_of_the_protocol_are_read() {
    let (envelopes, tally) = read(include_bytes!("tls/corners.pcap"), include_str!("tls/corners.keys"), 1 << 20, 1);
    let all = bodies(&envelopes);
    // Five connections with both exchanges, then three pairs with one each.
    let exchanges: Vec<usize> = (40001..40012).map(|port| all.iter().filter(|(p, _)| *p == port).count()).collect();
    assert_eq!(exchanges, [4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2]);
    assert_eq!((tally.flows, tally.deciphered), (11, 11));
    // What stays sealed is early data, a request of 562 octets and what protects it.
    assert!((562..700).contains(&tally.sealed_octets), "{tally:?}");
}

/// A frame of a connection with its numbers moved on, as if octets had been sent before.
fn moved(record: &[u8], octets: [usize; 2]) -> Vec<u8> {
    let mut record = record.to_vec();
    let own = usize::from(record[36..38] == [1, 187]);
    for (at, more) in [(40, octets[own]), (44, octets[1 - own])] {
        let number = u32::from_be_bytes(record[at..at + 4].try_into().unwrap()) + more as u32;
        record[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    record
}

/// A frame like another one with other data in it.
fn with_data(record: &[u8], data: &[u8]) -> Vec<u8> {
    let mut record = record[..56].to_vec();
    let len = 40 + data.len();
    record[8..12].copy_from_slice(&(len as u32).to_le_bytes());
    record[12..16].copy_from_slice(&(len as u32).to_le_bytes());
    record[18..20].copy_from_slice(&(len as u16).to_be_bytes());
    [record, data.to_vec()].concat()
}

#[test]
fn tls_behind_a_connect_is_read() {
    const ASKED: &[u8] = b"CONNECT imps.example.org:443 HTTP/1.1\r\nHost: imps.example.org\r\n\r\n";
    const GRANTED: &[u8] = b"HTTP/1.0 200 Connection established\r\n\r\n";
    let of_port = |record: &&[u8]| record[36..40].windows(2).step_by(2).any(|p| p == 40008_u16.to_be_bytes());
    let flow: Vec<&[u8]> = records(CAPTURE).into_iter().filter(of_port).collect();
    let mut frames: Vec<Vec<u8>> = flow[..3].iter().map(|record| record.to_vec()).collect();
    let (first, answer) = (flow[3], flow[4]);
    frames.push(with_data(first, ASKED));
    let mut granted = with_data(answer, GRANTED);
    granted[44..48].copy_from_slice(&(1001 + ASKED.len() as u32).to_be_bytes());
    frames.push(granted);
    frames.extend(flow[3..].iter().map(|record| moved(record, [ASKED.len(), GRANTED.len()])));
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let (envelopes, tally) = read(&pcap(&frames), KEYS, 1 << 20, 1);
    assert_eq!((bodies(&envelopes).len(), tally.deciphered), (MESSAGES, 1));
}

#[test]
fn content_keeps_the_frames_of_its_octets_and_has_no_offset() {
    // The second request of the last connection: 2,132 octets of a record in segments of 900, captured in 3 frames.
    let (envelopes, _) = read(CAPTURE, KEYS, 1 << 20, 1);
    let request = envelopes.iter().rev().find(|e| e.status().is_none()).unwrap();
    assert_eq!(request.frames.last.0 - request.frames.first.0, 2);
    assert_eq!(request.body.pieces().frame_list().len(), 3);
    assert!(request.body.pieces().iter().all(|piece| piece.offset.is_none()));
}

#[test]
fn without_keys_flows_are_counted() {
    let (envelopes, tally) = read(CAPTURE, "", 1 << 20, 1);
    assert!(envelopes.is_empty());
    let octets: u64 = records(CAPTURE).iter().map(|record| record.len() as u64 - 16 - 40).sum();
    assert_eq!(tally, Tally { flows: 25, without_keys: 25, sealed_octets: octets, ..Tally::default() });
}

#[test]
fn wrong_keys_are_no_keys() {
    let wrong: String = KEYS.lines().map(|line| format!("{}{}\n", &line[..line.len() - 4], "beef")).collect();
    let (envelopes, tally) = read(CAPTURE, &wrong, 1 << 20, 1);
    assert!(envelopes.is_empty());
    // Those with a NULL cipher too: their MACs are not right.
    assert_eq!((tally.deciphered, tally.without_keys), (0, 25));
}

#[test]
fn neither_windows_nor_threads_matter() {
    let whole = read(CAPTURE, KEYS, 1 << 20, 1);
    assert_eq!(read(CAPTURE, KEYS, 1, 1), whole);
    assert_eq!(read(CAPTURE, KEYS, 4096, 2), whole);
}

#[test]
fn a_flow_that_is_not_seen_from_its_start_is_counted() {
    let late: Vec<&[u8]> = records(CAPTURE).into_iter().filter(|record| record[16 + 33] & 2 == 0).collect();
    // Only what follows the hellos, of every connection.
    let late: Vec<&[u8]> = late.into_iter().filter(|record| record.len() > 56 && record[56] == 23).collect();
    let (envelopes, tally) = read(&pcap(&late), KEYS, 1 << 20, 1);
    assert!(envelopes.is_empty());
    assert_eq!((tally.flows, tally.unreadable, tally.deciphered), (25, 25, 0));
}

/// What is read with one frame missing is what is read without, but for what was in it.
#[test]
fn a_missing_frame_costs_no_more_than_the_messages_around_it() {
    for port in 40001..40001 + FLOWS as u16 {
        let of_port = |record: &&[u8]| record[36..40].windows(2).step_by(2).any(|p| p == port.to_be_bytes());
        one_missing(&records(CAPTURE).into_iter().filter(of_port).collect::<Vec<_>>());
    }
}

fn one_missing(all: &[&[u8]]) {
    let whole = bodies(&read(&pcap(all), KEYS, 1 << 20, 1).0);
    for missing in 0..all.len() {
        if all[missing].len() == 56 {
            continue;
        }
        let mut rest = all.to_vec();
        rest.remove(missing);
        let read = bodies(&read(&pcap(&rest), KEYS, 1 << 20, 1).0);
        assert!(read.iter().all(|message| whole.contains(message)), "frame {}", missing + 1);
        // Frames of the first exchange leave the second one readable, except where the keys were in them.
        let first_request = all[missing].len() > 500 && all[missing].len() < 800 && all[missing][56] == 23;
        if first_request {
            assert!(read.len() >= whole.len() - 2, "frame {}: {} messages", missing + 1, read.len());
        }
    }
}

#[test]
fn segments_of_one_octet_make_no_difference() {
    let whole = bodies(&read(CAPTURE, KEYS, 1 << 20, 1).0);
    let mut small = Vec::new();
    for record in records(CAPTURE) {
        let (head, data) = record.split_at(56);
        let sequence = u32::from_be_bytes(head[40..44].try_into().unwrap());
        if data.is_empty() {
            small.push(head.to_vec());
        }
        for (at, octet) in data.chunks(if data.len() > 600 { 7 } else { 1 }).enumerate() {
            let step = if data.len() > 600 { 7 } else { 1 };
            let mut one = head.to_vec();
            let len = (40 + octet.len()) as u32;
            one[8..12].copy_from_slice(&len.to_le_bytes());
            one[12..16].copy_from_slice(&len.to_le_bytes());
            one[18..20].copy_from_slice(&(len as u16).to_be_bytes());
            one[40..44].copy_from_slice(&(sequence + (at * step) as u32).to_be_bytes());
            one.extend_from_slice(octet);
            small.push(one);
        }
    }
    let small: Vec<&[u8]> = small.iter().map(Vec::as_slice).collect();
    assert_eq!(bodies(&read(&pcap(&small), KEYS, 1 << 20, 1).0), whole);
}

#[test]
fn secrets_in_the_capture_serve_what_comes_after_them() {
    let packets: Vec<u8> = records(CAPTURE).into_iter().flat_map(packet).collect();
    let first = [section(), secrets(KEYS), packets.clone()].concat();
    for window in [1, 1 << 20] {
        assert_eq!(read(&first, "", window, 1).0.len(), FLOWS * MESSAGES);
    }
    let last = [section(), packets, secrets(KEYS)].concat();
    for window in [1, 1 << 20] {
        let (envelopes, tally) = read(&last, "", window, 1);
        assert_eq!((envelopes.len(), tally.without_keys), (0, 25));
    }
}

#[test]
fn a_file_with_its_secrets_at_the_end_is_read_once_more() {
    let packets: Vec<u8> = records(CAPTURE).into_iter().flat_map(packet).collect();
    let path = std::env::temp_dir().join(format!("impslint-tls-{}.pcapng", std::process::id()));
    std::fs::write(&path, [section(), packets, secrets(KEYS)].concat()).unwrap();
    let mut outcome = Outcome::default();
    let engine = Engine::new(Rulebook::new([]).unwrap(), 1);
    engine.check(&mut Capture::open(&path).unwrap(), &mut outcome);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(outcome.tls, Tally { flows: 25, deciphered: 25, ..Tally::default() });
    assert_eq!(outcome.tally.messages, 100);
    assert_eq!(outcome.packets, records(CAPTURE).len() as u64);
}

/// What the two ends of a connection sent.
fn sent(port: u16) -> [Vec<u8>; 2] {
    let mut sent = [Vec::new(), Vec::new()];
    for record in records(CAPTURE) {
        let ports = [36, 38].map(|at| u16::from_be_bytes(record[at..at + 2].try_into().unwrap()));
        if let Some(way) = ports.iter().position(|p| *p == port) {
            sent[way].extend_from_slice(&record[56..]);
        }
    }
    sent
}

#[test]
fn the_order_of_the_directions_does_not_matter() {
    for port in 40001..40001 + FLOWS as u16 {
        let [client, server] = sent(port);
        let [asked, answered] = content(&client, &server, KEYS.as_bytes());
        assert!(asked.starts_with(b"POST /csp HTTP/1.1") && answered.starts_with(b"HTTP/1.1 200 OK"), "{port}");
        assert_eq!(content(&server, &client, KEYS.as_bytes()), [answered, asked], "{port}");
    }
}

#[test]
fn a_direction_that_closes_before_anything_is_deciphered_has_an_end() {
    let [client, server] = sent(40018);
    let hello = &client[..5 + usize::from(u16::from_be_bytes([client[3], client[4]]))];
    let mut context = Context::default();
    context.keys.add(KEYS.as_bytes(), FrameNo(0));
    let (frame, time, offset) = (FrameNo(1), Time(0), None);
    let data = |way, bytes| StreamEvent::Data { way, bytes, frame, offset, time };
    let end = |way| StreamEvent::End { way, end: End::Closed, frame, time };
    let (mut connection, mut ended) = (Connection::new(), [0; 2]);
    for event in [data(Way::Forward, hello), end(Way::Forward), data(Way::Reverse, &server), end(Way::Reverse)] {
        connection.push(event, frame, &context, &mut |plain| {
            let (way, ends) = match plain {
                StreamEvent::Data { way, .. } | StreamEvent::Gap { way, .. } => (way, 0),
                StreamEvent::End { way, .. } => (way, 1),
                StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => {
                    panic!("a connection is no datagrams: {plain:?}")
                }
            };
            assert_eq!(ended[way as usize], 0, "nothing comes after the end");
            ended[way as usize] += ends;
        });
    }
    assert_eq!((ended, context.tally().deciphered), ([1, 1], 1));
}

#[test]
fn the_end_frees_the_records_behind_what_only_looked_like_one() {
    // TLS 1.3, with several records of content at the end.
    let [client, mut server] = sent(40018);
    let [_, whole] = content(&client, &server, KEYS.as_bytes());
    let (mut at, mut starts) = (0, Vec::new());
    while let Some(&[_, _, _, high, low]) = server.get(at..at + 5) {
        starts.push(at);
        at += 5 + usize::from(u16::from_be_bytes([high, low]));
    }
    // No record, and then the header of one that is longer than all that comes.
    let noise = [&[0xaa; 8][..], &[23, 3, 3, 0x40, 0]].concat();
    let at = starts[starts.len() - 4];
    server.splice(at..at, noise);
    assert_eq!(content(&client, &server, KEYS.as_bytes())[1], whole);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Damage costs content, never sense.
    #[test]
    fn damaged_octets_are_got_over(
        port in 40001..40001 + FLOWS as u16,
        damage in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut damaged = sent(port);
        let [asked, answered] = content(&damaged[0], &damaged[1], KEYS.as_bytes());
        for (way, at, octet) in damage {
            let octets = &mut damaged[usize::from(way)];
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        let [a, b] = content(&damaged[0], &damaged[1], KEYS.as_bytes());
        prop_assert!(a.len() <= asked.len() && b.len() <= answered.len());
    }

    #[test]
    fn any_octets_are_got_over(mut a: Vec<u8>, b: Vec<u8>, keys: Vec<u8>) {
        content(&a, &b, &keys);
        a.splice(..0, [22, 3, 1, 0, 40, 1, 0]);
        content(&a, &b, &keys);
        content(&b, &a, KEYS.as_bytes());
    }
}
