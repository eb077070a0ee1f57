//! SMS: what carries short messages in, the payloads of IMPS and the wake-ups in them out.
//!
//! A [`Link`] reads a TCP flow as SMPP, the protocol between message centres and those that send through them; a
//! [`Tap`] reads datagrams of GSMTAP; [`Short::of_tpdu`] reads a short message as handsets and logs have it. Whatever it
//! came from, a [`Short`] goes into a [`Mailbox`], which puts together what was split, twice where need be, and tells
//! IMPS from other messages by port and by how its text begins; what is of WSP, `units` hands on to its reader.
//!
//! `udh` reads the header in front of user data, `alphabet` the GSM alphabet, `tpdu` and `pdu` the two forms of a
//! message, `join` keeps parts until the last has come, `preamble` knows how the plain-text syntax begins;
//! `write` goes the other way.

mod alphabet;
mod gsmtap;
mod join;
mod link;
mod mailbox;
mod pdu;
mod preamble;
mod short;
#[cfg(test)]
mod tests;
mod tpdu;
mod udh;
mod units;
pub mod write;

pub use gsmtap::{CHANNELS_MAX, Tap};
pub use join::{GROUPS_MAX, HELD_MAX, PATIENCE};
pub use link::{Link, PDU_MAX};
pub use mailbox::Mailbox;
pub use preamble::{Preamble, Segment};
pub use short::{Coding, Ports, Share, Short};
pub use units::SUBSCRIBERS_MAX;
