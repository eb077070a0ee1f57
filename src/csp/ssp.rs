//! SSP, what servers of different operators say to each other: read as far as facts are known.
//!
//! In: a document whose root is `WV-SSP-Message`. Out: [`Said`], the session it is said in and its transactions by name.
//! Identifiers are attributes, names have no hyphens, an error is a `Status` with a code; a session begins with secrets
//! that both sides send each other. Read in the source of one server and in the notes of an operator; nothing more could be
//! had, so that everything else is carried on by its name. Version discovery, which belongs to no session either, is
//! counted beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::message::{Kind, Message};
use super::name;
use crate::syntax::{Document, Node};

/// Names of transactions that are counted each; of further ones only how many they are.
pub const NAMES_COUNTED: usize = 64;

/// Sessions that are told apart; further ones are not counted.
pub const SESSIONS_COUNTED: usize = 4_096;

/// What a message between servers says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Said<'d> {
    /// The session, named by the one who speaks; `None` while it is set up.
    pub session: Option<&'d str>,
    /// Its transactions.
    pub transactions: Vec<Transaction<'d>>,
}

/// A transaction of a message between servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transaction<'d> {
    /// Its identifier.
    pub id: Option<&'d str>,
    /// `Request` or `Response`, as written.
    pub mode: Option<&'d str>,
    /// What it is about: the name of the element in it.
    pub name: Option<&'d str>,
    /// The code of a `Status`.
    pub code: Option<u16>,
}

impl<'d> Said<'d> {
    /// Reads a document; `None` where its root is none of SSP.
    pub fn of(document: &'d Document) -> Option<Self> {
        let root = document.root().filter(|root| root.local_name() == "WV-SSP-Message")?;
        let named = |node: Node<'d>, wanted: &str| node.local_name() == wanted;
        let session = root.children().find(|child| named(*child, "Session"));
        let inside = session.unwrap_or(root);
        let holds = |child: &Node<'d>| named(*child, "Transaction") || named(*child, "SetupTransaction");
        let transactions = inside.children().filter(holds).map(Transaction::of).collect();
        Some(Self { session: session.and_then(|session| session.attribute("sessionID")), transactions })
    }
}

impl<'d> Transaction<'d> {
    fn of(node: Node<'d>) -> Self {
        let about = node.children().next();
        let status = about.filter(|about| about.local_name() == "Status");
        Self {
            id: node.attribute("transactionID"),
            mode: node.attribute("mode"),
            name: about.map(Node::local_name),
            code: status.and_then(|status| status.attribute("code")?.parse().ok()),
        }
    }
}

/// Whether an element of SSP holds a credential.
pub fn is_credential(local_name: &str) -> bool {
    matches!(local_name, "SecretToken" | "PasswordDigest" | "Password")
}

/// What was counted of messages that belong to no session of a client.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Messages between servers.
    pub messages: u64,
    /// Sessions between servers, each side's name for one counting by itself.
    pub sessions: BTreeSet<String>,
    /// Transactions between servers, by name.
    pub transactions: BTreeMap<String, u64>,
    /// Transactions of further names.
    pub others: u64,
    /// Requests that ask which versions a server speaks.
    pub discoveries: u64,
    /// Answers to them.
    pub discovered: u64,
}

impl Tally {
    /// Counts a message; `None` where it is neither between servers nor version discovery.
    pub fn of(message: &Message) -> Option<Self> {
        let mut tally = Self::default();
        match message.kind {
            Kind::Ssp => {
                let said = Said::of(&message.document)?;
                tally.messages = 1;
                tally.sessions.extend(said.session.map(str::to_owned));
                for transaction in &said.transactions {
                    tally.count(transaction.name.unwrap_or("nothing"), 1);
                }
            }
            Kind::VersionDiscovery => {
                let root = message.document.root().map(|root| name::canonical(root.name()));
                let answers = root == Some(name::WV_CSP_VERSION_DISCOVERY_RESPONSE);
                *(if answers { &mut tally.discovered } else { &mut tally.discoveries }) = 1;
            }
            _ => return None,
        }
        Some(tally)
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.discoveries += other.discoveries;
        self.discovered += other.discovered;
        self.others += other.others;
        for session in other.sessions {
            if self.sessions.len() < SESSIONS_COUNTED {
                self.sessions.insert(session);
            }
        }
        for (name, count) in other.transactions {
            self.count(&name, count);
        }
    }

    fn count(&mut self, name: &str, count: u64) {
        if let Some(known) = self.transactions.get_mut(name) {
            *known += count;
        } else if self.transactions.len() < NAMES_COUNTED {
            self.transactions.insert(name.to_owned(), count);
        } else {
            self.others += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::name::VOCABULARY;

    fn document(xml: &str) -> Document {
        crate::syntax::xml::parse(xml.as_bytes(), VOCABULARY, None).document
    }

    #[test]
    fn session_and_transactions_are_read_from_attributes() {
        let text = "<s:WV-SSP-Message xmlns:s='x'><s:Session sessionID='7@b'><s:Transaction mode='Response' \
                    transactionID='t2'><s:Status code='405'/></s:Transaction><s:Transaction \
                    transactionID='t3'><s:SendMessageRequest/></s:Transaction></s:Session></s:WV-SSP-Message>";
        let document = document(text);
        let said = Said::of(&document).unwrap();
        assert_eq!(said.session, Some("7@b"));
        let status = Transaction { id: Some("t2"), mode: Some("Response"), name: Some("Status"), code: Some(405) };
        let request = Transaction { id: Some("t3"), mode: None, name: Some("SendMessageRequest"), code: None };
        assert_eq!(said.transactions, [status, request]);
    }

    #[test]
    fn a_session_is_set_up_without_one() {
        let document = document(
            "<WV-SSP-Message><SetupTransaction transactionID='1' mode='Request'><SendSecretToken/></SetupTransaction>\
             </WV-SSP-Message>",
        );
        let said = Said::of(&document).unwrap();
        assert_eq!((said.session, said.transactions[0].name), (None, Some("SendSecretToken")));
        assert_eq!(Said::of(&self::document("<WV-CSP-Message/>")), None);
    }

    #[test]
    fn so_many_names_and_sessions_are_counted() {
        let mut tally = Tally::default();
        for n in 0..NAMES_COUNTED + 3 {
            tally.add(Tally { transactions: [(format!("n{n}"), 2)].into(), ..Tally::default() });
        }
        assert_eq!((tally.transactions.len(), tally.others), (NAMES_COUNTED, 6));
        for n in 0..=SESSIONS_COUNTED {
            tally.add(Tally { sessions: [n.to_string()].into(), ..Tally::default() });
        }
        assert_eq!(tally.sessions.len(), SESSIONS_COUNTED);
    }
}
