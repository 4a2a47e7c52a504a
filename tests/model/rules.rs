//! What protects a deposit, and how much is explored.

/// One thing that deposits depend on. A model without it is a control: it has to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A server acknowledges a commit when a replica has it (`rpl_semi_sync_master_enabled`).
    Confirmation,
    /// Nobody sees the commit before that (`rpl_semi_sync_master_wait_point = AFTER_SYNC`). What a batch finds early would
    /// be confirmed with its own commit, so that this alone carries none of the properties; people would read of deposits
    /// that may be lost.
    WaitBeforeVisible,
    /// After the commit the portal asks whether the server still waits: `store::cluster::status::still_replicates`.
    QuestionAfterCommit,
    /// Every replica stops following the old leader before the next one is chosen.
    ReplicasStopFirst,
    /// The replica that has received most is promoted.
    LongestLog,
    /// A batch that only finds receipts has its commit confirmed as well: `store::confirm_what_was_found`. On a new leader,
    /// they may be on no other server yet.
    ConfirmationOfFinds,
    /// What an attempt has deposited is looked for first: `app::dossier::deposit::prepare::answer_known_attempts`.
    AttemptLookup,
    /// The head of the chain is locked until the commit is acknowledged: `store::journal::lock_chain_heads`.
    HeadLock,
    /// A batch is in the order of the instants: `app::dossier::deposit::queue::collect_batch`.
    OrderOfInstants,
    /// A seal is not before the previous one: `domain::receipt::instants::at_sealing`.
    PreviousSeal,
    /// A draft that was changed after the reception is not sealed: `app::dossier::deposit::prepare::check_unchanged`.
    ConflictOfChange,
    /// The reception is held against the closing, not the seal: `domain::calendar::state`.
    ReceptionAgainstClosing,
}

/// How often something may happen on one path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Requests of each client that arrive at a process: the first, its copies, and what the client tries again.
    pub arrivals: [u8; 2],
    /// Changes of the first client's draft.
    pub changes: u8,
    /// Batches that only find receipts, and commit a transaction without effect so that it is confirmed.
    pub finds: u8,
    /// Crashes and freezes of servers, never of two at a time. Processes crash without a bound.
    pub faults: u8,
    /// How often a server gives up waiting for a replica.
    pub timeouts: u8,
    /// The last tick of the clock.
    pub last_tick: u8,
}

/// The model.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub bounds: Bounds,
    /// What a control leaves out.
    pub without: &'static [Protection],
}

impl Protocol {
    pub fn has(&self, protection: Protection) -> bool {
        !self.without.contains(&protection)
    }
}
