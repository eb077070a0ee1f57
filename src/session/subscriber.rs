//! The subscriber: everything one user's clients did in a run.

use crate::csp::namespace::Version;
use crate::time::Time;

use super::{ClientId, Doubt, Event, SessionNo};

/// What a Login-Request proved itself with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// A password; its fingerprint.
    Password(u64),
    /// Digest bytes; their fingerprint.
    Digest(u64),
    /// Nothing yet: it names digest schemas and asks for a challenge.
    Schemas,
    /// Nothing.
    Nothing,
}

/// One Login-Request and what became of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `ClientID`.
    pub client: ClientId,
    /// What it proved itself with.
    pub proof: Proof,
    /// The version of the request.
    pub version: Option<Version>,
    /// The request.
    pub request: Event,
    /// The answer; `None` when none was captured.
    pub answer: Option<Event>,
    /// Why the answer may be missing in the capture, where it is.
    pub unheard: Option<Doubt>,
    /// Whether the answer is a challenge: it carries a nonce.
    pub challenged: bool,
    /// The session it opened.
    pub session: Option<SessionNo>,
    /// Whether it names an earlier session to resume (1.3).
    pub resumes: bool,
    /// Whether the session it opened ended with a logout.
    pub left: bool,
}

/// How a session used a client identity, in short.
#[derive(Clone, Debug)]
pub struct Use {
    /// The session.
    pub session: SessionNo,
    /// Its `SessionID`.
    pub id: Option<String>,
    /// Its `UserID`, in lower case.
    pub user: String,
    /// Its `ClientID`.
    pub client: ClientId,
    /// The login answer that opened it.
    pub login: Event,
    /// When the last client request that the server did not refuse was sent.
    pub last_used: Time,
    /// Whether it was seen ending (logout, disconnect, refusal), and when.
    pub ended: Option<Time>,
}

/// A user and what the user's clients did. One who logs in very often is handed over in chapters.
#[derive(Clone, Debug, Default)]
pub struct Subscriber {
    /// `UserID` in lower case.
    pub user: String,
    /// Logins in capture order.
    pub attempts: Vec<Attempt>,
}
