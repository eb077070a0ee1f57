//! pcapng: blocks of a type and a total length, which stands at both ends; sections of blocks, each with a byte order
//! and interfaces of its own.

use pcap_parser::{
    CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, NRB_MAGIC, OptionCode, SHB_MAGIC, SPB_MAGIC,
};

use super::anomaly::AnomalyKind;
use super::interface::{Interface, MAX_INTERFACES, options};
use super::octets::Order;
use super::pcap::MAX_CAPTURED_LEN;
use super::walk::{Out, Search, Stop, Stretch};
use super::{Comment, FrameRef, Secrets};
use crate::wire::FrameNo;

/// The longest block that is read, in octets; a longer one is taken for a damaged length.
pub const MAX_BLOCK_LEN: u32 = 16 * 1024 * 1024;

/// The longest block, in octets, that a search through damage recognises: a packet and some options.
const MAX_FOUND_BLOCK_LEN: u32 = MAX_CAPTURED_LEN + 65_536;

/// The kind of secrets that is a key log of TLS, a number of the pcapng draft's list.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Packet Block, the obsolete predecessor of the Enhanced Packet Block.
const PB_MAGIC: u32 = 2;

/// A pcapng file: what holds in the section that is being read.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: Order,
    /// By number; `None` for one whose description could not be read.
    interfaces: Vec<Option<Interface>>,
}

/// What stands at a position.
enum Framing {
    Block {
        kind: u32,
        len: usize,
    },
    /// The beginning of something that is not there as a whole.
    Short,
    Bad,
}

impl PcapNg {
    /// A pcapng file whose first section has this byte order.
    pub(super) fn new(order: Order) -> Self {
        Self { order, interfaces: Vec::new() }
    }

    /// Goes over the blocks from `at` on and hands over their packets.
    pub(super) fn take(&mut self, stretch: &Stretch<'_>, mut at: usize, out: &mut Out<'_>) -> Stop {
        loop {
            let (kind, len) = match self.framing(stretch.bytes, at, MAX_BLOCK_LEN) {
                Framing::Block { kind, len } => (kind, len),
                Framing::Short => return Stop::Short(at),
                Framing::Bad => return Stop::Damaged(at, AnomalyKind::BadBlockLength),
            };
            let block = stretch.bytes.get(at..at + len).unwrap_or_default();
            let read = match kind {
                EPB_MAGIC | PB_MAGIC => self.packet(kind, block, at, out),
                SPB_MAGIC => self.simple_packet(block, at, out),
                IDB_MAGIC => self.interface(block),
                SHB_MAGIC => self.section(block),
                DSB_MAGIC => self.secrets(block, out),
                _ => Ok(()),
            };
            if let Err(kind) = read {
                out.anomalies.push(kind, stretch.offset + at as u64, len as u64);
            }
            at += len;
        }
    }

    /// Searches from `at` on for a block of a known type that is there as a whole.
    pub(super) fn search(&self, stretch: &Stretch<'_>, mut at: usize) -> Search {
        while let Some(kind) = self.order.u32(stretch.bytes, at) {
            let least_len = least_len(kind);
            if least_len < usize::MAX {
                match self.framing(stretch.bytes, at, MAX_FOUND_BLOCK_LEN) {
                    Framing::Block { len, .. } if len >= least_len => return Search::Found(at),
                    Framing::Short if !stretch.ended => return Search::Short(at),
                    _ => {}
                }
            }
            at += 1;
        }
        Search::Short(at)
    }

    #[inline]
    fn framing(&self, bytes: &[u8], at: usize, max_len: u32) -> Framing {
        let Some(head) = bytes.get(at..).and_then(|rest| rest.get(..12)) else { return Framing::Short };
        // The type of a section header reads the same in both orders; the mark after the length tells which it is.
        let Some(kind) = self.order.u32(head, 0) else { return Framing::Short };
        let order = if kind == SHB_MAGIC { section_order(head) } else { Some(self.order) };
        let Some(order) = order else { return Framing::Bad };
        match order.u32(head, 4) {
            Some(len) if (12..=max_len).contains(&len) => {
                let len_at_end = order.u32(bytes, at + len as usize - 4);
                match len_at_end {
                    Some(again) if again == len => Framing::Block { kind, len: len as usize },
                    Some(_) => Framing::Bad,
                    None => Framing::Short,
                }
            }
            _ => Framing::Bad,
        }
    }

    /// Section Header Block: byte order and interfaces begin anew.
    fn section(&mut self, block: &[u8]) -> Result<(), AnomalyKind> {
        self.order = section_order(block).unwrap_or(self.order);
        self.interfaces.clear();
        match self.order.u16(block, 12) {
            _ if block.len() < least_len(SHB_MAGIC) => Err(AnomalyKind::ShortBlock),
            Some(1) => Ok(()),
            _ => Err(AnomalyKind::UnsupportedVersion),
        }
    }

    /// Interface Description Block: the next interface of the section.
    fn interface(&mut self, block: &[u8]) -> Result<(), AnomalyKind> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(AnomalyKind::TooManyInterfaces);
        }
        let interface = Interface::new(self.order, block);
        self.interfaces.push(interface);
        interface.map(|_| ()).ok_or(AnomalyKind::ShortBlock)
    }

    /// Enhanced Packet Block and Packet Block: they differ in the width of the interface number only.
    #[inline]
    fn packet(&self, kind: u32, block: &[u8], at: usize, out: &mut Out<'_>) -> Result<(), AnomalyKind> {
        const DATA: usize = 28;
        let no = out.tally.packet();
        let field = |at| self.order.u32(block, at).ok_or(AnomalyKind::ShortBlock);
        let room = block.len().checked_sub(DATA + 4).ok_or(AnomalyKind::ShortBlock)?;
        let (number, high, low, captured, original) = (field(8)?, field(12)?, field(16)?, field(20)?, field(24)?);
        let captured_len = captured as usize;
        if captured_len > room {
            return Err(AnomalyKind::BadCapturedLength);
        }
        let number = if kind == PB_MAGIC { self.order.u16(block, 8).map(u32::from) } else { Some(number) };
        let interface = self.described(number).ok_or(AnomalyKind::UnknownInterface)?;
        let start = (at + DATA) as u32;
        let frame = FrameRef {
            no,
            time: Some(interface.time(u64::from(high) << 32 | u64::from(low))),
            link: interface.link,
            range: start..start + captured,
            original_len: original.max(captured),
        };
        out.tally.frame(&frame);
        out.frames.push(frame);
        let after = DATA + captured_len.next_multiple_of(4);
        if after < DATA + room {
            self.comments(block.get(after..DATA + room).unwrap_or_default(), no, out);
        }
        Ok(())
    }

    /// Simple Packet Block: a packet of the first interface, without a time.
    fn simple_packet(&self, block: &[u8], at: usize, out: &mut Out<'_>) -> Result<(), AnomalyKind> {
        const DATA: usize = 12;
        let no = out.tally.packet();
        let original = self.order.u32(block, 8).ok_or(AnomalyKind::ShortBlock)?;
        let room = block.len().checked_sub(DATA + 4).ok_or(AnomalyKind::ShortBlock)?;
        let interface = self.described(Some(0)).ok_or(AnomalyKind::UnknownInterface)?;
        let snap_len = if interface.snap_len == 0 { u32::MAX } else { interface.snap_len };
        let captured = original.min(snap_len).min(room as u32);
        let start = (at + DATA) as u32;
        let range = start..start + captured;
        let frame = FrameRef { no, time: None, link: interface.link, range, original_len: original };
        out.tally.frame(&frame);
        out.frames.push(frame);
        Ok(())
    }

    /// Decryption Secrets Block: the key log of TLS is taken, other kinds of secrets are not.
    #[cold]
    fn secrets(&self, block: &[u8], out: &mut Out<'_>) -> Result<(), AnomalyKind> {
        const DATA: usize = 16;
        let field = |at| self.order.u32(block, at).ok_or(AnomalyKind::ShortBlock);
        let (kind, len) = (field(8)?, field(12)? as usize);
        let room = block.len().checked_sub(DATA + 4).ok_or(AnomalyKind::ShortBlock)?;
        if kind == TLS_KEY_LOG {
            let text = block.get(DATA..DATA + len.min(room)).unwrap_or_default().to_vec();
            out.secrets.push(Secrets { after: FrameNo(out.tally.packets), text });
        }
        if len > room { Err(AnomalyKind::ShortBlock) } else { Ok(()) }
    }

    #[cold]
    fn comments(&self, bytes: &[u8], frame: FrameNo, out: &mut Out<'_>) {
        for option in options(self.order, bytes).filter(|option| option.code == OptionCode::Comment) {
            let text = String::from_utf8_lossy(option.as_bytes().unwrap_or_default()).into_owned();
            out.comments.push(Comment { frame, text });
        }
    }

    #[inline]
    fn described(&self, number: Option<u32>) -> Option<&Interface> {
        self.interfaces.get(number? as usize)?.as_ref()
    }
}

/// The byte order of a section, by the mark in its header; `None` when the mark is not one.
fn section_order(block: &[u8]) -> Option<Order> {
    match block.get(8..12)? {
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(Order::Little),
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(Order::Big),
        _ => None,
    }
}

/// The least length of a block of a type in octets; past every length for a type that is not known.
fn least_len(kind: u32) -> usize {
    // Types and fields as in the pcapng draft of the OPSAWG.
    match kind {
        SHB_MAGIC => 28,
        IDB_MAGIC | DSB_MAGIC => 20,
        EPB_MAGIC | PB_MAGIC => 32,
        SPB_MAGIC | NRB_MAGIC | CB_MAGIC | DCB_MAGIC => 16,
        ISB_MAGIC => 24,
        _ => usize::MAX,
    }
}
