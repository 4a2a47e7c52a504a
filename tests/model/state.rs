//! What a state of the model consists of. Clients, processes and servers are counted from 0, instants in ticks.

/// A client deposits its one dossier in one attempt: its number is the id of both.
pub type Client = u8;
pub type Process = u8;
pub type ServerId = u8;
pub type Tick = u8;

pub const CLIENTS: Client = 2;
pub const PROCESSES: Process = 2;
pub const SERVERS: ServerId = 3;
/// What is received at this tick or later is refused.
pub const CLOSING: Tick = 2;

/// The statement of a receipt, as far as the protocol depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    pub attempt: Client,
    pub sequence: u8,
    /// The attempt of the statement before it in the chain, which stands for its digest.
    pub previous: Option<Client>,
    pub received_at: Tick,
    pub sealed_at: Tick,
}

/// A committed transaction in the binary log of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transaction {
    /// The draft of a client was changed.
    Change { client: Client, at: Tick },
    /// Deposits that were sealed together.
    Deposits(Vec<Receipt>),
    /// A row that was written and deleted again. What confirms it has everything before it.
    WithoutEffect,
}

/// A request whose body was read to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    pub received_at: Tick,
    pub attempt: Client,
}

/// What becomes of a request in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It passed every rule, and its dossier is locked.
    Prepared,
    Sealed(Receipt),
    /// The attempt was deposited before.
    Found(Receipt),
    /// It was received at the closing or later.
    Closed,
    /// The draft was changed after the reception.
    Conflict,
}

/// A transaction that a process has open on a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    pub server: ServerId,
    /// What was ready at the same moment, in the order of the instants.
    pub requests: Vec<Request>,
    /// One for each request.
    pub outcomes: Vec<Outcome>,
    /// Once the commit was sent: the length of the server's log with it; 0 if nothing was written.
    pub committed: Option<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PortalProcess {
    /// Complete requests that wait for a batch.
    pub waiting: Vec<Request>,
    pub batch: Option<Batch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    Up,
    Frozen,
    Down,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    pub condition: Condition,
    /// `read_only` is off.
    pub takes_writes: bool,
    /// `Rpl_semi_sync_master_status`: it waits for a replica before it acknowledges a commit.
    pub waits: bool,
    /// Whose log it receives.
    pub follows: Option<ServerId>,
    /// The binary log; of a replica, what it has received.
    pub log: Vec<Transaction>,
    /// How much of the log replicas have received. The messages that say so may be under way.
    pub received: u8,
    /// How much of the log it has acknowledged: confirmed by a replica, or no longer waited for.
    pub acknowledged: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: Tick,
    /// How often a request of each client has arrived.
    pub arrivals: [u8; CLIENTS as usize],
    pub changes: u8,
    pub finds: u8,
    pub faults: u8,
    pub timeouts: u8,
    pub processes: [PortalProcess; PROCESSES as usize],
    pub servers: [Server; SERVERS as usize],
    /// The server that was promoted last.
    pub leader: ServerId,
    /// The receipt that an answer has named to each client.
    pub told: [Option<Receipt>; CLIENTS as usize],
    /// A later answer has named another one.
    pub contradicted: bool,
}

impl State {
    /// Nothing is deposited; the first server leads, and the others follow it.
    pub fn initial(waits: bool) -> Self {
        let server = |id: ServerId| Server {
            condition: Condition::Up,
            takes_writes: id == 0,
            waits: id == 0 && waits,
            follows: (id > 0).then_some(0),
            log: Vec::new(),
            received: 0,
            acknowledged: 0,
        };
        Self {
            now: 0,
            arrivals: [0; CLIENTS as usize],
            changes: 0,
            finds: 0,
            faults: 0,
            timeouts: 0,
            processes: Default::default(),
            servers: [server(0), server(1), server(2)],
            leader: 0,
            told: [None; CLIENTS as usize],
            contradicted: false,
        }
    }

    pub fn process(&self, id: Process) -> &PortalProcess {
        &self.processes[usize::from(id)]
    }

    pub fn process_mut(&mut self, id: Process) -> &mut PortalProcess {
        &mut self.processes[usize::from(id)]
    }

    pub fn server(&self, id: ServerId) -> &Server {
        &self.servers[usize::from(id)]
    }

    pub fn server_mut(&mut self, id: ServerId) -> &mut Server {
        &mut self.servers[usize::from(id)]
    }

    /// The transactions that processes have open.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.processes.iter().filter_map(|process| process.batch.as_ref())
    }

    /// The clock of a process. That of the second one is a tick behind.
    pub fn clock(&self, process: Process) -> Tick {
        self.now.saturating_sub(process)
    }

    /// The same state with the servers in an order that depends on what they have and do, not on their numbers: states that
    /// differ only in the numbers are explored once.
    pub fn representative(&self) -> Self {
        let mut order = [0, 1, 2];
        order.sort_by_key(|id: &ServerId| {
            let Server { condition, takes_writes, follows, log, .. } = self.server(*id);
            (*id != self.leader, !takes_writes, *condition, *follows != Some(self.leader), follows.is_none(), log)
        });
        let mut places: [ServerId; SERVERS as usize] = [0; SERVERS as usize];
        for (place, id) in (0..).zip(order) {
            places[usize::from(id)] = place;
        }
        let place = |id: ServerId| places[usize::from(id)];
        let mut state = self.clone();
        state.leader = place(self.leader);
        for (server, id) in state.servers.iter_mut().zip(order) {
            server.clone_from(self.server(id));
            server.follows = server.follows.map(place);
        }
        for batch in state.processes.iter_mut().filter_map(|process| process.batch.as_mut()) {
            batch.server = place(batch.server);
        }
        state
    }
}

impl Server {
    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }

    /// The length of the log.
    pub fn length(&self) -> u8 {
        self.log.len().try_into().unwrap_or(u8::MAX)
    }
}

impl Transaction {
    /// Whether it changed the draft of a client after an instant.
    pub fn changed_after(&self, dossier: Client, instant: Tick) -> bool {
        matches!(self, Self::Change { client, at } if *client == dossier && *at > instant)
    }

    /// Whether it wrote the dossier of a client.
    pub fn concerns(&self, dossier: Client) -> bool {
        match self {
            Self::Change { client, .. } => *client == dossier,
            Self::Deposits(receipts) => receipts.iter().any(|receipt| receipt.attempt == dossier),
            Self::WithoutEffect => false,
        }
    }

    pub fn receipts(&self) -> &[Receipt] {
        match self {
            Self::Deposits(receipts) => receipts,
            Self::Change { .. } | Self::WithoutEffect => &[],
        }
    }
}

/// The receipts of a log, in its order.
pub fn receipts(log: &[Transaction]) -> impl Iterator<Item = &Receipt> {
    log.iter().flat_map(Transaction::receipts)
}
