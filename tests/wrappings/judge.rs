//! The judgement: what impslint says of a capture, held against what it says of the same conversation captured whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::conversation::{Capture, Given};

/// What the command says of a capture, frame numbers, times and addresses aside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) findings: Vec<Finding>,
    /// Direction, syntax, version, session, transactions and document of every message, sorted.
    pub(crate) messages: Vec<String>,
    /// What the summary counts: exchanges, messages, sessions and so on.
    pub(crate) counts: BTreeMap<String, String>,
    /// What went wrong: exit statuses that no report explains, complaints.
    pub(crate) failures: Vec<String>,
}

/// A finding as far as it does not depend on how it was captured.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) side: String,
    pub(crate) session: String,
    pub(crate) user: String,
    /// Address of the client, as IPv4.
    pub(crate) client: String,
    pub(crate) message: String,
    /// Severity, basis, occurrences, path in focus and each message shown.
    pub(crate) rest: String,
}

fn run(arguments: &[&str], folder: &Path, capture: &Capture) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impslint"));
    command.current_dir(folder).args(arguments).args(capture.options).stdin(Stdio::null());
    match capture.given {
        Given::Named => command.args(capture.files.iter().map(|(name, _)| name)),
        Given::As(all) => command.arg(all),
        Given::Piped => command.arg("-").stdin(File::open(folder.join(&capture.files[0].0)).unwrap()),
    };
    let run = command.output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (run.status.code(), text(run.stdout), text(run.stderr))
}

/// Writes a capture into a folder and asks the command about it.
pub(crate) fn said(folder: &Path, capture: &Capture) -> Said {
    for (name, octets) in &capture.files {
        std::fs::write(folder.join(name), octets).unwrap();
    }
    let mut said = Said::default();
    let (status, report, complaints) = run(&["check", "--format", "json"], folder, capture);
    match serde_json::from_str::<Value>(&report) {
        Ok(report) if matches!(status, Some(0 | 1 | 3)) => {
            said.findings = report["findings"].as_array().unwrap().iter().map(finding).collect();
            said.findings.sort();
            for count in ["exchanges", "messages", "sessions", "subscribers", "judged", "not_judged", "transactions"] {
                said.counts.insert(count.to_owned(), report["summary"][count].to_string());
            }
        }
        _ => said.failures.push(format!("check ends with {status:?}: {}", complaints.trim())),
    }
    let (status, lines, complaints) = run(&["decode", "--format", "jsonl", "--show-content"], folder, capture);
    if !matches!(status, Some(0 | 3)) {
        said.failures.push(format!("decode ends with {status:?}: {}", complaints.trim()));
    }
    said.messages = lines.lines().map(message).collect();
    said.messages.sort();
    said
}

/// The report of a capture already written, for people, with all remarks of its summary and complaints.
pub(crate) fn told(folder: &Path, capture: &Capture) -> String {
    let (_, text, complaints) = run(&["check", "--format", "human"], folder, capture);
    text + &complaints
}

fn message(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).unwrap();
    let object = value.as_object_mut().unwrap();
    let kept = ["direction", "encoding", "version", "session", "transactions", "xml"];
    object.retain(|name, _| kept.contains(&&**name));
    value.to_string()
}

/// The address that an IPv6 address of [`ip::as_v6`](crate::ip::as_v6) stands for.
fn as_v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => Ipv4Addr::from(u128::from(address) as u32),
    }
}

fn finding(value: &Value) -> Finding {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let shown = value["exhibits"].as_array().unwrap().iter();
    let shown: Vec<String> = shown.map(|e| format!("{}, {}: {}", e["title"], e["direction"], e["label"])).collect();
    let rest = ["severity", "basis", "repeats", "path", "cost", "version", "encoding"];
    let client = value["flow"]["client"].as_str().and_then(|c| c.parse().ok());
    let mut value = value.clone();
    // Frames captured twice differ by less than a millisecond.
    if let Some(seconds) = value["cost"]["seconds"].as_f64() {
        value["cost"]["seconds"] = ((seconds * 100.0).round() / 100.0).into();
    }
    let rest: Vec<String> = rest.iter().map(|name| format!("{name} {}", value[name])).chain(shown).collect();
    Finding {
        rule: text("rule"),
        side: text("side"),
        session: text("session"),
        user: text("user"),
        client: client.map(|c: SocketAddr| as_v4(c.ip()).to_string()).unwrap_or_default(),
        message: text("message"),
        rest: rest.join("; "),
    }
}

/// What is in the one and not, or not as often, in the other.
fn beyond<T: Ord + Clone>(one: &[T], other: &[T]) -> Vec<T> {
    let mut left = other.to_vec();
    one.iter()
        .filter(|item| left.iter().position(|l| l == *item).map(|at| left.remove(at)).is_none())
        .cloned()
        .collect()
}

fn few(items: impl IntoIterator<Item = String>, sign: char) -> String {
    let items: Vec<String> = items.into_iter().collect();
    let told: String = items.iter().take(4).map(|i| format!("\n    {sign} {i}")).collect();
    told + &items
        .len()
        .checked_sub(4)
        .filter(|n| *n > 0)
        .map(|n| format!("\n    {sign} and {n} more"))
        .unwrap_or_default()
}

/// What differs where nothing may differ.
pub(crate) fn differences(said: &Said, whole: &Said) -> Vec<String> {
    let mut found = said.failures.clone();
    let show = |f: &Finding| format!("{} [{} {} {}] {} ({})", f.rule, f.side, f.session, f.user, f.message, f.rest);
    let (more, less) = (beyond(&said.findings, &whole.findings), beyond(&whole.findings, &said.findings));
    if !more.is_empty() || !less.is_empty() {
        found.push(format!("findings{}{}", few(more.iter().map(show), '+'), few(less.iter().map(show), '-')));
    }
    let (more, less) = (beyond(&said.messages, &whole.messages), beyond(&whole.messages, &said.messages));
    if !more.is_empty() || !less.is_empty() {
        found.push(format!("messages{}{}", few(more, '+'), few(less, '-')));
    }
    for (name, count) in &whole.counts {
        if said.counts.get(name) != Some(count) {
            found.push(format!("{name}: {:?}, not {count}", said.counts.get(name)));
        }
    }
    found
}

/// Rules whose text begins with what they are about, so that the text of another finding does not stand for it.
const NAMING: [&str; 4] = ["messaging/", "schema/", "transaction/reused-open-id", "transaction/unanswered-request"];

/// The first words of a text up to its first comma: whom it is about, without how long it took.
fn subject(text: &str) -> &str {
    text.split(',').next().unwrap_or(text)
}

/// Whether a finding of a whole capture says what this one says, on less. One that stands for more of the same may be
/// about another client whose session has the same name.
pub(crate) fn bears_out(whole: &Finding, poor: &Finding) -> bool {
    let same = |whole: &str, poor: &str| poor.is_empty() || whole.is_empty() || whole == poor;
    whole.rule == poor.rule
        && whole.side == poor.side
        && same(&whole.session, &poor.session)
        && same(&whole.user, &poor.user)
        && (whole.client == poor.client || !whole.session.is_empty() && !whole.rest.contains("; repeats 0;"))
        && (!NAMING.iter().any(|family| poor.rule.starts_with(family))
            || subject(&whole.message) == subject(&poor.message))
}

/// What is said that the whole capture refutes.
pub(crate) fn accusations(said: &Said, whole: &Said) -> Vec<String> {
    let mut found = said.failures.clone();
    for finding in &said.findings {
        if !whole.findings.iter().any(|w| bears_out(w, finding)) {
            let Finding { rule, session, user, message, .. } = finding;
            found.push(format!("refuted: {rule} [{session} {user}] {message}"));
        }
    }
    let invented: Vec<String> =
        beyond(&said.messages, &whole.messages).into_iter().filter(|m| !m.contains("\"xml\":\"\"")).collect();
    if said.messages.len() > whole.messages.len() {
        found.push(format!("messages that nobody sent{}", few(invented, '+')));
    }
    found
}

/// What is missing without a word about it.
pub(crate) fn silence(said: &Said, whole: &Said, told: &str, lost: &[&str]) -> Option<String> {
    let (said, whole) = (said.messages.len(), whole.messages.len());
    let kept_quiet = said < whole && !lost.iter().any(|word| told.contains(word));
    kept_quiet.then(|| format!("{said} of {whole} messages, and the summary says none of {lost:?}"))
}
