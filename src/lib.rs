//! impslint reads captures of IMPS (Wireless Village CSP) traffic, rebuilds the sessions in them and holds every
//! exchange against best common practice.
//!
//! The stages, each a module, each importing only from those before it: [`time`], [`sanitise`], [`wire`], [`capture`],
//! [`flow`], [`tls`], [`carrier`], [`syntax`], [`csp`], [`session`], [`trace`], [`log`], [`finding`], [`rules`], [`report`], [`engine`],
//! [`cli`].

pub mod capture;
pub mod carrier;
pub mod cli;
pub mod config;
pub mod csp;
pub mod engine;
pub mod finding;
pub mod flow;
pub mod log;
pub mod report;
pub mod rules;
pub mod sanitise;
pub mod session;
pub mod syntax;
pub mod time;
pub mod tls;
pub mod trace;
pub mod wire;
