//! Writing short messages as SMPP, for crafting.

use super::Ports;

/// Octets of user data in one short message.
const DATA_MAX: usize = 140;

/// A payload in octets between a subscriber and the service of these ports, as the PDUs of one way: delivered by the
/// message centre, or submitted to it. A payload that is too long for one short message goes in parts, unless it is to go
/// in one all the same.
pub fn pdus(from_client: bool, subscriber: &str, ports: Ports, reference: u8, payload: &[u8], in_one: bool) -> Vec<u8> {
    let [d, e] = ports.destination.to_be_bytes();
    let [s, t] = ports.source.to_be_bytes();
    let whole = [6, 5, 4, d, e, s, t];
    let room = if in_one { usize::from(u8::MAX) } else { DATA_MAX };
    if payload.len() + whole.len() <= room {
        return pdu(from_client, subscriber, ports, 1, &[&whole, payload].concat());
    }
    let parts = payload.chunks(DATA_MAX - whole.len() - 5);
    let total = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    let part = |(number, text): (u8, &[u8])| {
        let header = [11, 0, 3, reference, total, number, 5, 4, d, e, s, t];
        pdu(from_client, subscriber, ports, number, &[&header, text].concat())
    };
    (1..=total).zip(parts).flat_map(part).collect()
}

fn pdu(from_client: bool, subscriber: &str, ports: Ports, sequence: u8, data: &[u8]) -> Vec<u8> {
    let handset = [&[1, 1], subscriber.as_bytes(), &[0]].concat();
    let service = format!("\0\0{}\0", ports.destination).into_bytes();
    let (from, to) = if from_client { (handset, service) } else { (service, handset) };
    let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
    // User data with a header, in octets.
    let body = [&[0], &*from, &to, &[0x40, 0, 0, 0, 0, 0, 0, 4, 0, length], data].concat();
    let command: u32 = if from_client { 5 } else { 4 };
    let octets = u32::try_from(body.len() + 16).unwrap_or(u32::MAX);
    [&octets.to_be_bytes()[..], &command.to_be_bytes(), &[0; 4], &u32::from(sequence).to_be_bytes(), &body].concat()
}
