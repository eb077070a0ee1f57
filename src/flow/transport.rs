//! TCP and UDP headers. Checksums are not looked at: captures taken at an end point hold frames whose checksum the
//! network card had yet to fill in.

use super::dissect::{Cursor, Flags, Head, Hosts, Layer, Packet, Path, Stop};
use super::tunnel;

/// TCP; options may be cut by the snap length, the fixed header may not.
#[inline]
pub(super) fn tcp<'f>(cursor: &mut Cursor<'f>, hosts: Hosts<'f>) -> Result<Packet<'f>, Stop> {
    let head = cursor.peek::<20>()?;
    let header_len = usize::from(head[12] >> 4) * 4;
    if header_len < 20 {
        return Err(Stop::Malformed);
    }
    cursor.skip_lost(header_len)?;
    Ok(Packet {
        hosts,
        source_port: u16::from_be_bytes([head[0], head[1]]),
        destination_port: u16::from_be_bytes([head[2], head[3]]),
        head: Head::Tcp {
            seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ack: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            flags: Flags(head[13]),
        },
        payload: cursor.payload(),
    })
}

/// What a UDP datagram turned out to be.
pub(super) enum Carried<'f> {
    /// Data of its own.
    Data(Packet<'f>),
    /// A tunnel with this layer in it.
    Tunnel(Layer),
}

/// UDP; a length of 0 means all there is.
#[inline]
pub(super) fn udp<'f>(cursor: &mut Cursor<'f>, path: &mut Path<'f>) -> Result<Carried<'f>, Stop> {
    let head = cursor.take::<8>()?;
    match usize::from(u16::from_be_bytes([head[4], head[5]])) {
        0 => {}
        len => cursor.limit(len.checked_sub(8).ok_or(Stop::Malformed)?),
    }
    let (source_port, destination_port) =
        (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
    if let Some(layer) = tunnel::in_udp((source_port, destination_port), cursor, path) {
        return layer.map(Carried::Tunnel);
    }
    Ok(Carried::Data(Packet {
        hosts: path.hosts.ok_or(Stop::Malformed)?,
        source_port,
        destination_port,
        head: Head::Udp { id: path.id },
        payload: cursor.payload(),
    }))
}
