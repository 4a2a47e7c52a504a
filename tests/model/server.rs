//! The steps of the database servers, and of whoever switches the leader.

use crate::{
    rules::{Protection, Protocol},
    state::{Condition, PROCESSES, SERVERS, Server, ServerId, State, Transaction},
};

impl Protocol {
    /// What transactions on a server can see.
    pub fn visible<'a>(&self, state: &'a State, id: ServerId) -> &'a [Transaction] {
        let server = state.server(id);
        &server.log[..self.visible_length(server)]
    }

    /// Commits that wait for a replica, and hold their locks.
    pub fn invisible<'a>(&self, state: &'a State, id: ServerId) -> &'a [Transaction] {
        let server = state.server(id);
        &server.log[self.visible_length(server)..]
    }

    fn visible_length(&self, server: &Server) -> usize {
        if self.has(Protection::WaitBeforeVisible) { server.acknowledged.into() } else { server.log.len() }
    }

    /// A commit is written to the log. A server that waits for nobody acknowledges it at once.
    pub fn write(&self, server: &mut Server, transaction: Transaction) {
        server.log.push(transaction);
        if !server.waits {
            server.acknowledged = server.length();
        }
    }

    /// Whether a replica can receive the next transaction of the server that it follows. One whose log has become another
    /// one cannot.
    pub fn may_replicate(&self, state: &State, replica: ServerId) -> bool {
        let own = state.server(replica);
        own.follows.map(|source| state.server(source)).is_some_and(|source| {
            own.is_up() && source.is_up() && source.log.len() > own.log.len() && source.log.starts_with(&own.log)
        })
    }

    /// A replica receives the next transaction, and sends its confirmation.
    pub fn replicate(&self, state: &mut State, replica: ServerId) {
        let Some(source) = state.server(replica).follows else { return };
        let length = state.server(replica).log.len();
        let next = state.server(source).log[length].clone();
        state.server_mut(replica).log.push(next);
        let length = state.server(replica).length();
        let source = state.server_mut(source);
        source.received = source.received.max(length);
    }

    /// Whether a confirmation can arrive at a server.
    pub fn may_confirm(&self, server: &Server) -> bool {
        server.is_up() && server.takes_writes && server.received > server.acknowledged
    }

    /// The server acknowledges what was confirmed.
    pub fn confirm(&self, server: &mut Server) {
        server.acknowledged = server.received;
    }

    /// Whether a server can give up waiting (`rpl_semi_sync_master_timeout`).
    pub fn may_time_out(&self, state: &State, server: &Server) -> bool {
        state.timeouts < self.bounds.timeouts && server.is_up() && server.waits && server.length() > server.acknowledged
    }

    /// The server acknowledges what nobody has confirmed, and waits no longer.
    pub fn time_out(&self, state: &mut State, id: ServerId) {
        state.timeouts += 1;
        let server = state.server_mut(id);
        server.waits = false;
        server.acknowledged = server.length();
    }

    /// Whether a server waits again: a replica has caught up with it.
    pub fn may_wait_again(&self, state: &State, id: ServerId) -> bool {
        let server = state.server(id);
        let has_caught_up = |other: &Server| other.is_up() && other.follows == Some(id) && other.log == server.log;
        self.has(Protection::Confirmation)
            && server.is_up()
            && server.takes_writes
            && !server.waits
            && state.servers.iter().any(has_caught_up)
    }

    /// Whether a server can break: only while all are up and follow the leader. They may have received nothing from it yet.
    pub fn may_break(&self, state: &State) -> bool {
        let is_in_order = |id: ServerId| {
            let server = state.server(id);
            server.is_up() && (id == state.leader || server.follows == Some(state.leader))
        };
        state.faults < self.bounds.faults && (0..SERVERS).all(is_in_order)
    }

    pub fn freeze(&self, state: &mut State, id: ServerId) {
        state.faults += 1;
        state.server_mut(id).condition = Condition::Frozen;
    }

    pub fn crash(&self, state: &mut State, id: ServerId) {
        state.faults += 1;
        self.stop(state, id);
    }

    /// The connections end. The server will come back read-only, and a leader without what nobody had confirmed
    /// (`init-rpl-role = SLAVE`).
    fn stop(&self, state: &mut State, id: ServerId) {
        for process in 0..PROCESSES {
            if state.process(process).batch.as_ref().is_some_and(|batch| batch.server == id) {
                self.lose_connection(state, process);
            }
        }
        let kept = self.visible_length(state.server(id));
        let server = state.server_mut(id);
        if server.takes_writes {
            server.log.truncate(kept);
        }
        *server = Server {
            condition: Condition::Down,
            takes_writes: false,
            waits: false,
            follows: None,
            log: std::mem::take(&mut server.log),
            received: 0,
            acknowledged: 0,
        };
    }

    /// Whether a server can be promoted: the leader answers nobody, or came back read-only; and of the servers that answer,
    /// none has received more.
    pub fn may_promote(&self, state: &State, id: ServerId) -> bool {
        let (leader, next) = (state.server(state.leader), state.server(id));
        let mut up = state.servers.iter().filter(|server| server.is_up());
        let is_longest = up.all(|other| other.log.len() <= next.log.len());
        !(leader.is_up() && leader.takes_writes) && next.is_up() && (is_longest || !self.has(Protection::LongestLog))
    }

    /// A server takes writes, and waits for replicas. Those that answer have stopped before it was chosen; a server that does
    /// not answer is left as it is.
    pub fn promote(&self, state: &mut State, id: ServerId) {
        if self.has(Protection::ReplicasStopFirst) {
            for server in state.servers.iter_mut().filter(|server| server.is_up()) {
                server.follows = None;
            }
        }
        state.leader = id;
        let server = state.server_mut(id);
        server.takes_writes = true;
        server.waits = self.has(Protection::Confirmation);
        server.follows = None;
        server.received = server.length();
        server.acknowledged = server.length();
    }

    /// Whether a server can be made to follow the leader.
    pub fn may_follow(&self, state: &State, id: ServerId) -> bool {
        let server = state.server(id);
        id != state.leader
            && server.is_up()
            && server.follows != Some(state.leader)
            && state.server(state.leader).takes_writes
    }

    /// A server follows the leader. A retired leader is killed first, and what only this server has is given up.
    pub fn follow(&self, state: &mut State, id: ServerId) {
        if state.server(id).takes_writes {
            self.stop(state, id);
        }
        let leader = state.leader;
        let logs = state.server(leader).log.iter().zip(&state.server(id).log);
        let common = logs.take_while(|(one, other)| one == other).count();
        let server = state.server_mut(id);
        server.condition = Condition::Up;
        server.follows = Some(leader);
        server.log.truncate(common);
    }
}
