//! The keys that hellos and secrets make.

use super::cipher::{Cipher, Writer, prf};
use super::conversation::{Conversation, Fault, Io};
use super::hello::{ClientHello, SSL_3_0, ServerHello, TLS_1_3};
use super::keylog::{Label, Random};
use super::lane::Keyed;
use super::suite::Suite;
use crate::flow::Way;

impl Conversation {
    /// Makes the keys that may come into force next, unless they are there.
    pub(super) fn foresee(&mut self, way: Way, io: &mut Io<'_>) -> Result<(), Fault> {
        if !self.lane(way).coming.is_empty() {
            return Ok(());
        }
        let (Some(hello), Some(answer)) = (self.hello, self.answer) else { return Ok(()) };
        if answer.version != TLS_1_3 {
            if self.lane(way).keyed.is_none() {
                let next = self.next_keys(way, io)?;
                self.lane(way).coming.push(next);
            }
            return Ok(());
        }
        let suite = Suite::of(answer.suite).ok_or(Fault::Unreadable)?;
        let of_traffic = |secret: Vec<u8>, changes: u32| {
            let cipher = Cipher::of_traffic(&secret, suite)?;
            Some(Keyed { cipher, traffic: Some((secret, changes)) })
        };
        let labels = match self.writer(way) {
            Writer::Client => [Label::ClientHandshake, Label::ClientTraffic],
            Writer::Server => [Label::ServerHandshake, Label::ServerTraffic],
        };
        let find = |changes: usize, label| Some((io.keys.find(label, &hello.random, io.now)?.to_vec(), changes as u32));
        let secrets: Vec<(Vec<u8>, u32)> = match self.lane(way).keyed.as_ref().and_then(|keyed| keyed.traffic.as_ref())
        {
            None => labels.into_iter().enumerate().filter_map(|(changes, label)| find(changes, label)).collect(),
            Some((_, 0)) => find(1, labels[1]).into_iter().collect(),
            Some((secret, changes)) => {
                let next = suite.prf.expand_label(secret, "traffic upd", suite.prf.len());
                vec![(next, changes.saturating_add(1))]
            }
        };
        if secrets.iter().all(|(_, changes)| *changes == 0) {
            io.keys.miss(&hello.random);
        }
        let coming: Vec<Keyed> =
            secrets.into_iter().filter_map(|(secret, changes)| of_traffic(secret, changes)).collect();
        let lane = self.lane(way);
        lane.coming = coming;
        if lane.coming.is_empty() && lane.keyed.is_none() { Err(Fault::Keys) } else { Ok(()) }
    }

    fn writer(&self, way: Way) -> Writer {
        if self.client == Some(way) { Writer::Client } else { Writer::Server }
    }

    /// The keys that TLS 1.0 to 1.2 agreed on.
    pub(super) fn next_keys(&self, way: Way, io: &mut Io<'_>) -> Result<Keyed, Fault> {
        let (Some(hello), Some(answer)) = (self.hello, self.answer) else { return Err(Fault::Unreadable) };
        let suite = Suite::of(answer.suite).ok_or(Fault::Unreadable)?;
        if answer.compression != 0 || !(SSL_3_0 + 1..TLS_1_3).contains(&answer.version) {
            return Err(Fault::Unreadable);
        }
        let derived;
        let master = match io.keys.find(Label::Master, &hello.random, io.now) {
            Some(master) => master,
            None => {
                derived = self.master_of_premaster(&hello, &answer, suite, io);
                derived.as_deref().ok_or_else(|| {
                    io.keys.miss(&hello.random);
                    Fault::Keys
                })?
            }
        };
        let cipher = Cipher::of_master(master, &hello.random, &answer, suite, self.writer(way));
        Ok(Keyed { cipher: cipher.ok_or(Fault::Unreadable)?, traffic: None })
    }

    /// The master secret by way of a logged premaster secret. An extended one depends on the whole handshake, and is
    /// not made.
    fn master_of_premaster(
        &self,
        hello: &ClientHello,
        answer: &ServerHello,
        suite: Suite,
        io: &Io<'_>,
    ) -> Option<Vec<u8>> {
        let mut start = Random::default();
        start.get_mut(..8)?.copy_from_slice(&self.premaster?);
        let Some(premaster) = io.keys.find(Label::Rsa, &start, io.now) else {
            io.keys.miss(&start);
            return None;
        };
        let seed = [&hello.random[..], &answer.random[..]];
        let master = || prf(answer.version, suite).expand(premaster, "master secret", seed, 48);
        (!answer.extended_master_secret).then(master)
    }
}
