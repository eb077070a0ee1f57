//! Trees in, typed messages out: what IMPS's client-server protocol (CSP) is made of.
//!
//! In: the payload of an envelope. Out: a [`Message`](message::Message) that says in CSP's own words what the payload
//! says, claims that disagree side by side. Around it stand the tables: the names of all elements, the namespaces and
//! versions they belong to, the tokens that stand for them in WBXML, the content model of each version, the types of
//! transactions, the service tree, the status codes.

pub mod address;
pub mod datetime;
pub mod decode;
pub mod feature;
pub mod message;
pub mod model;
pub mod name;
pub mod namespace;
pub mod pts;
pub mod ssp;
pub mod status;
pub mod tokens;
pub mod transaction;
