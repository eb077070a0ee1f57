//! Messages in, conversations out: who asked, who answered, what is missing.
//!
//! In: what the carriers handed over, in capture order. Out: [`Chapter`]s, which read back as [`Session`]s, each the run
//! of [`Event`]s between one client and its server with the [`Transaction`]s found in it, and [`Account`]s, which read
//! back as [`Subscriber`]s that group logins by user.
//! A transaction is not an exchange of the carrier: it is paired by session, initiator and transaction identifier.
//! What was said beside a session about waking its client is a [`Signal`]. What the capture could not have shown is kept
//! as [`Doubt`].

mod agreement;
pub mod calls;
mod doubt;
mod event;
mod heard;
mod id;
mod keyed;
mod live;
mod log;
mod logins;
#[expect(clippy::module_inception, reason = "the folder and its central type share the field's own word")]
mod session;
mod signal;
mod subscriber;
mod tracker;

pub use agreement::{Agreed, Agreements};
pub use doubt::Doubt;
pub use event::{Event, EventIx, Spoken, What};
pub use heard::{ELEMENTS_REMEMBERED, Heard, is_credential, is_secret, remembered};
pub use id::Id;
pub use log::Chapter;
pub use logins::Account;
pub use session::{BROKEN_KEPT, Broken, ClientId, Ending, Opening, Session, SessionNo, Transaction};
pub use signal::{SIGNALS_KEPT, Signal};
pub use subscriber::{Attempt, Proof, Subscriber, Use};
pub use tracker::{CHANNELS_KNOWN, Closed, LEGS_REMEMBERED, Limits, Owner, RELAYED_WITHIN, Tally, Tracker};
