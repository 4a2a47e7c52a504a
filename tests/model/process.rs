//! The steps of the portal's processes, each with the functions that do it.

use crate::{
    rules::{Protection, Protocol},
    state::{
        Batch, CLOSING, Client, Condition, Outcome, Process, Receipt, Request, ServerId, State, Tick, Transaction,
        receipts,
    },
};

impl Protocol {
    /// A request is complete at a process: its body was read to the end and its instant taken
    /// (`web::body_mode::buffer_body`), and it waits (`app::dossier::deposit::queue::enqueue`). It may be the first of its
    /// client, a copy, or another try because an answer is missing or late.
    pub fn arrive(&self, state: &mut State, client: Client, process: Process) {
        state.arrivals[usize::from(client)] += 1;
        let received_at = state.clock(process);
        self.enqueue(state, process, [Request { received_at, attempt: client }]);
    }

    fn enqueue(&self, state: &mut State, process: Process, requests: impl IntoIterator<Item = Request>) {
        let waiting = &mut state.process_mut(process).waiting;
        waiting.extend(requests);
        if self.has(Protection::OrderOfInstants) {
            waiting.sort_unstable();
        }
    }

    /// Whether a process can begin a batch on a server (`store::begin`). It may take any server that takes writes for the
    /// leader: what it believes of the servers (`store::cluster::election::elect`) decides how soon deposits go on, never
    /// whether they are safe.
    pub fn may_prepare(&self, state: &State, process: Process, server: ServerId) -> bool {
        let on = state.server(server);
        on.is_up()
            && on.takes_writes
            && state.process(process).batch.is_none()
            && state.process(process).waiting.iter().any(|request| !self.is_locked(state, request.attempt, server))
    }

    /// Collects what waits (`app::dossier::deposit::queue::collect_batch`), of each dossier one, locks the dossiers that are
    /// free, and decides of each what needs no place in the chain (`app::dossier::deposit::prepare::prepare_batch`). What is
    /// left out is sealed in a transaction of its own, later (`app::dossier::deposit::batch::seal_alone`).
    pub fn prepare(&self, state: &mut State, process: Process, server: ServerId) {
        let (mut requests, mut left_out) = (Vec::<Request>::new(), Vec::new());
        for request in &state.process(process).waiting {
            let is_free = !self.is_locked(state, request.attempt, server);
            if is_free && requests.iter().all(|other| other.attempt != request.attempt) {
                requests.push(*request);
            } else {
                left_out.push(*request);
            }
        }
        let (visible, clock) = (self.visible(state, server), state.clock(process));
        let outcomes = requests.iter().map(|request| self.decide(visible, *request, clock)).collect();
        let own = state.process_mut(process);
        own.waiting = left_out;
        own.batch = Some(Batch { server, requests, outcomes, committed: None });
    }

    /// First `app::dossier::deposit::prepare::answer_known_attempts`, then `app::dossier::deposit::prepare::check_unchanged`, then
    /// the rules (`domain::dossier::prepare_version`).
    fn decide(&self, visible: &[Transaction], request: Request, clock: Tick) -> Outcome {
        let Request { attempt, received_at } = request;
        let known = receipts(visible).find(|receipt| receipt.attempt == attempt);
        if let Some(receipt) = known.filter(|_| self.has(Protection::AttemptLookup)) {
            return Outcome::Found(*receipt);
        }
        let is_changed = visible.iter().any(|transaction| transaction.changed_after(attempt, received_at));
        if is_changed && self.has(Protection::ConflictOfChange) {
            return Outcome::Conflict;
        }
        let judged_at =
            if self.has(Protection::ReceptionAgainstClosing) { received_at } else { received_at.max(clock) };
        if judged_at < CLOSING { Outcome::Prepared } else { Outcome::Closed }
    }

    /// Whether a batch can be sealed: something passed the rules, and nobody else holds the head of the chain.
    pub fn may_seal(&self, state: &State, process: Process) -> bool {
        let Some(batch) = &state.process(process).batch else { return false };
        let is_sealed = |other: &Batch| other.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Sealed(_)));
        let is_locked = open_batches(state, batch.server).any(is_sealed)
            || self.invisible(state, batch.server).iter().any(|transaction| !transaction.receipts().is_empty());
        batch.outcomes.contains(&Outcome::Prepared)
            && state.server(batch.server).is_up()
            && !(is_locked && self.has(Protection::HeadLock))
    }

    /// Locks the head, and seals what passed as the next links (`app::dossier::deposit::seal::seal_batch`).
    pub fn seal(&self, state: &mut State, process: Process) {
        let clock = state.clock(process);
        let Some(mut batch) = state.process_mut(process).batch.take() else { return };
        let mut head = receipts(self.visible(state, batch.server)).last().copied();
        for (request, outcome) in batch.requests.iter().zip(&mut batch.outcomes) {
            if *outcome == Outcome::Prepared {
                let receipt = self.next_link(head, *request, clock);
                *outcome = Outcome::Sealed(receipt);
                head = Some(receipt);
            }
        }
        state.process_mut(process).batch = Some(batch);
    }

    /// `app::dossier::deposit::seal::seal`, with `domain::receipt::instants::at_sealing`.
    fn next_link(&self, head: Option<Receipt>, request: Request, clock: Tick) -> Receipt {
        let Request { attempt, received_at } = request;
        let previous_seal = head.filter(|_| self.has(Protection::PreviousSeal)).map_or(0, |head| head.sealed_at);
        Receipt {
            attempt,
            sequence: head.map_or(0, |head| head.sequence) + 1,
            previous: head.map(|head| head.attempt),
            received_at,
            sealed_at: received_at.max(clock).max(previous_seal),
        }
    }

    /// Whether a process can send the commit of its batch. A server that is frozen finds it when it wakes.
    pub fn may_commit(&self, state: &State, process: Process) -> bool {
        state.process(process).batch.as_ref().is_some_and(|batch| {
            batch.committed.is_none()
                && !batch.outcomes.contains(&Outcome::Prepared)
                && state.server(batch.server).condition != Condition::Down
                && (state.finds < self.bounds.finds || self.written(batch) != Some(Transaction::WithoutEffect))
        })
    }

    /// `app::dossier::deposit::batch::commit_batch`, with `store::transaction::commit`.
    pub fn commit(&self, state: &mut State, process: Process) {
        let Some(batch) = &mut state.processes[usize::from(process)].batch else { return };
        let Some(transaction) = self.written(batch) else {
            batch.committed = Some(0);
            return;
        };
        state.finds += u8::from(transaction == Transaction::WithoutEffect);
        let server = &mut state.servers[usize::from(batch.server)];
        self.write(server, transaction);
        batch.committed = Some(server.length());
    }

    /// What a batch writes: its receipts; or, if it only found some, a row that it deletes again
    /// (`store::confirm_what_was_found`, with `store::transaction::write_without_effect`). A batch that refuses everything
    /// writes nothing.
    fn written(&self, batch: &Batch) -> Option<Transaction> {
        let sealed = batch.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Sealed(receipt) => Some(*receipt),
            _ => None,
        });
        let sealed: Vec<Receipt> = sealed.collect();
        if !sealed.is_empty() {
            return Some(Transaction::Deposits(sealed));
        }
        let has_found = batch.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Found(_)));
        (has_found && self.has(Protection::ConfirmationOfFinds)).then_some(Transaction::WithoutEffect)
    }

    /// Whether a batch may be answered: the server has acknowledged the commit, and after that it still waits for replicas
    /// (`store::transaction::confirmed`).
    pub fn may_answer(&self, state: &State, process: Process) -> bool {
        let Some(batch) = &state.process(process).batch else { return false };
        let server = state.server(batch.server);
        let asks = self.has(Protection::Confirmation) && self.has(Protection::QuestionAfterCommit);
        batch.committed.is_some_and(|length| server.acknowledged >= length) && server.is_up() && (server.waits || !asks)
    }

    /// Each request of a batch gets its own answer. The client may try again whether or not it arrives, so that nothing
    /// depends on that.
    pub fn answer(&self, state: &mut State, process: Process) {
        let Some(batch) = state.process_mut(process).batch.take() else { return };
        for outcome in batch.outcomes {
            if let Outcome::Sealed(receipt) | Outcome::Found(receipt) = outcome {
                let told = &mut state.told[usize::from(receipt.attempt)];
                state.contradicted |= told.is_some_and(|before| before != receipt);
                told.get_or_insert(receipt);
            }
        }
    }

    /// The connection is lost, or the server answers too late, or another one leads
    /// (`store::transaction::run_until_leader_lost`, `store::transaction::commit_or_roll_back`): what is not committed is rolled
    /// back, and the outcome of a commit is unknown. Then everything runs again, with the instants that it had
    /// (`app::transaction::retry_by_attempt!`). A process that gives up instead tells nobody "deposited": that is a crash.
    pub fn lose_connection(&self, state: &mut State, process: Process) {
        if let Some(batch) = state.process_mut(process).batch.take() {
            self.enqueue(state, process, batch.requests);
        }
    }

    /// Whether a dossier is locked on a server: by a transaction that is open, or by a commit that waits.
    pub fn is_locked(&self, state: &State, dossier: Client, server: ServerId) -> bool {
        let mut open = open_batches(state, server).flat_map(|batch| &batch.requests);
        open.any(|request| request.attempt == dossier)
            || self.invisible(state, server).iter().any(|transaction| transaction.concerns(dossier))
    }

    /// A change of the draft is committed. Its request may have been complete earlier, and waited.
    pub fn change(&self, state: &mut State, client: Client, server: ServerId, at: Tick) {
        state.changes += 1;
        self.write(state.server_mut(server), Transaction::Change { client, at });
    }
}

/// Transactions on a server that hold locks and were not committed.
fn open_batches(state: &State, server: ServerId) -> impl Iterator<Item = &Batch> {
    state.batches().filter(move |batch| batch.server == server && batch.committed.is_none())
}
