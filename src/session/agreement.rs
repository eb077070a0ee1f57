//! Agreed: what login, capability and service negotiation settled.

use std::cmp::Reverse;

use crate::csp::message::{flag, integer};
use crate::csp::name;
use crate::syntax::{NameId, Node};

use super::calls::check_url;
use super::{Event, EventIx, Session, Transaction};

/// What client and server agreed; `None` and empty where nothing was said.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Agreed {
    /// `KeepAliveTime` granted, seconds.
    pub keep_alive_time: Option<u64>,
    /// `CapabilityRequest` of the login answer.
    pub capability_request: Option<bool>,
    /// Whether a capability negotiation succeeded.
    pub capabilities: bool,
    /// Whether a service negotiation succeeded.
    pub services: bool,
    /// `ServerPollMin`, seconds: the server's, or the client's own where the answer left it out.
    pub server_poll_min: Option<u64>,
    /// `MultiTrans`, transactions: found like `server_poll_min`.
    pub multi_trans: Option<u64>,
    /// `SupportedCIRMethod`s of the answer; of the request where the answer has no list.
    pub cir_methods: Vec<String>,
    /// `CIRURL` or `CIRHTTPAddress` of the answer.
    pub cir_url: Option<String>,
    /// `TCPAddress` and `TCPPort` of the answer.
    pub cir_tcp: Option<(String, Option<u64>)>,
    /// `UDPPort` of the request.
    pub udp_port: Option<u64>,
    /// `ClientType` the client called itself.
    pub client_type: Option<String>,
    /// Features, functions and tokens asked for and not agreed: the leaves of `Functions` in the answer.
    pub refused: Vec<NameId>,
    /// Features, functions and tokens asked for: every element of the requested tree.
    pub asked: Vec<NameId>,
}

impl Agreed {
    /// Takes in what a transaction settled.
    pub fn apply(&mut self, session: &Session, transaction: &Transaction) {
        if let (Some(request), Some(answer)) = (session.request(transaction), session.answer(transaction)) {
            self.settle(request, answer);
        }
    }

    /// Takes in what an answer to a negotiation settled; others leave it as it is, and so does one that is not whole in
    /// the capture: the lost part may have said the opposite.
    pub(super) fn settle(&mut self, request: &Event, answer: &Event) {
        let Some(name) = request.spoken().map(|s| s.name).filter(|name| settles(*name)) else { return };
        if !(request.whole.is_whole() && answer.whole.is_whole()) {
            return;
        }
        let code = answer.code();
        let (Some(request), Some(answer)) = (request.primitive(), answer.primitive()) else { return };
        // A refused time to live comes with the time that holds instead.
        let other_time =
            name == name::KEEP_ALIVE_REQUEST && code == Some(605) && answer.child(name::KEEP_ALIVE_TIME).is_some();
        if !other_time && !code.is_none_or(|c| (200..300).contains(&c)) {
            return;
        }
        match name {
            name::LOGIN_REQUEST => self.login(request, answer),
            name::KEEP_ALIVE_REQUEST => {
                let granted = answer.child(name::KEEP_ALIVE_TIME).or_else(|| request.child(name::TIME_TO_LIVE));
                self.keep_alive_time = granted.and_then(integer).or(self.keep_alive_time);
            }
            name::CLIENT_CAPABILITY_REQUEST => self.capability(request, answer),
            name::SERVICE_REQUEST => self.service(request, answer),
            _ => {}
        }
    }

    fn login(&mut self, request: Node<'_>, answer: Node<'_>) {
        if answer.child(name::SESSION_ID).is_none() {
            return;
        }
        *self = Self {
            keep_alive_time: answer
                .child(name::KEEP_ALIVE_TIME)
                .or_else(|| request.child(name::TIME_TO_LIVE))
                .and_then(integer),
            capability_request: answer.child(name::CAPABILITY_REQUEST).and_then(flag),
            ..Self::default()
        };
        if request.child(name::CAPABILITY_LIST).is_some() && answer.child(name::AGREED_CAPABILITY_LIST).is_some() {
            self.capability(request, answer);
        }
        if request.child(name::FUNCTIONS).is_some() {
            self.service(request, answer);
        }
    }

    fn capability(&mut self, request: Node<'_>, answer: Node<'_>) {
        let asked = request.child(name::CAPABILITY_LIST);
        let given = answer.child(name::AGREED_CAPABILITY_LIST).or_else(|| answer.child(name::CAPABILITY_LIST));
        let number = |wanted: NameId| {
            let of = |list: Option<Node<'_>>| list.and_then(|l| l.child(wanted)).and_then(integer);
            of(given).or_else(|| of(asked))
        };
        self.capabilities = true;
        self.server_poll_min = number(name::SERVER_POLL_MIN);
        self.multi_trans = number(name::MULTI_TRANS);
        let methods = |list: Option<Node<'_>>| -> Vec<String> {
            list.into_iter()
                .flat_map(|l| l.children_named(name::SUPPORTED_CIR_METHOD))
                .map(|m| m.text().to_owned())
                .collect()
        };
        self.cir_methods = if given.is_some() { methods(given) } else { methods(asked) };
        let text = |list: Option<Node<'_>>, wanted| list.and_then(|l| l.child(wanted)).map(|n| n.text().to_owned());
        self.cir_url = check_url(answer).map(str::to_owned);
        self.cir_tcp = text(given, name::TCP_ADDRESS)
            .map(|address| (address, given.and_then(|l| l.child(name::TCP_PORT)).and_then(integer)));
        self.udp_port = asked.and_then(|l| l.child(name::UDP_PORT)).and_then(integer);
        self.client_type = asked.and_then(|l| l.child(name::CLIENT_TYPE)).map(|t| t.text().to_owned());
    }

    fn service(&mut self, request: Node<'_>, answer: Node<'_>) {
        self.services = true;
        self.asked = functions(request).map(Node::name).collect();
        self.refused = functions(answer).filter(|n| n.is_leaf()).map(Node::name).collect();
    }
}

/// What was agreed, walked along a chapter of a session.
#[derive(Clone, Debug)]
pub struct Agreements<'s> {
    session: &'s Session,
    now: Agreed,
    /// The negotiations still ahead with the places of their answers, the next one last.
    ahead: Vec<(EventIx, &'s Transaction)>,
}

impl<'s> Agreements<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        let negotiations = session.transactions.iter().filter(|t| settles(t.name));
        let mut ahead: Vec<_> = negotiations.filter_map(|t| Some((t.answer?, t))).collect();
        ahead.sort_unstable_by_key(|(answer, _)| Reverse(*answer));
        Self { session, now: Agreed::clone(&session.agreed), ahead }
    }

    /// What was agreed when the event at `ix` was sent; `ix` never falls from one call to the next.
    pub fn at(&mut self, ix: EventIx) -> &Agreed {
        while let Some((_, transaction)) = self.ahead.pop_if(|(answer, _)| *answer < ix) {
            self.now.apply(self.session, transaction);
        }
        &self.now
    }
}

/// Whether an answer to this request can settle something.
pub(super) fn settles(request: NameId) -> bool {
    matches!(
        request,
        name::LOGIN_REQUEST | name::KEEP_ALIVE_REQUEST | name::CLIENT_CAPABILITY_REQUEST | name::SERVICE_REQUEST
    )
}

/// The elements of the service tree in `Functions`.
fn functions(primitive: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    primitive.child(name::FUNCTIONS).into_iter().flat_map(Node::descendants).filter(|n| n.name() != name::WV_CSP_FEAT)
}
