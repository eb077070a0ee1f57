//! TCP and UDP headers. Checksums are not looked at: captures taken at an end point hold frames whose checksum the
//! network card had yet to fill in.

use super::dissect::{Cursor, Flags, Head, Hosts, Packet, Path, Stop};

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

/// UDP; a length of 0 means all there is.
#[inline]
pub(super) fn udp<'f>(cursor: &mut Cursor<'f>, path: &Path<'f>) -> Result<Packet<'f>, Stop> {
    let head = cursor.take::<8>()?;
    match usize::from(u16::from_be_bytes([head[4], head[5]])) {
        0 => {}
        len => cursor.limit(len.checked_sub(8).ok_or(Stop::Malformed)?),
    }
    Ok(Packet {
        hosts: path.hosts.ok_or(Stop::Malformed)?,
        source_port: u16::from_be_bytes([head[0], head[1]]),
        destination_port: u16::from_be_bytes([head[2], head[3]]),
        head: Head::Udp { id: path.id },
        payload: cursor.payload(),
    })
}
