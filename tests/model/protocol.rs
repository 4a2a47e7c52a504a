//! The steps that are possible in a state, as stateright asks for them.

use crate::{
    properties,
    rules::{Protection, Protocol},
    state::{CLIENTS, Client, Condition, PROCESSES, PortalProcess, Process, SERVERS, ServerId, State, Tick},
};
use stateright::{Model, Property};

/// One step of one part. The functions of the model that are called as it is say what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Tick,
    Arrive(Client, Process),
    Change(Client, ServerId, Tick),
    Prepare(Process, ServerId),
    Seal(Process),
    Commit(Process),
    Answer(Process),
    LoseConnection(Process),
    CrashProcess(Process),
    Replicate(ServerId),
    Confirm(ServerId),
    TimeOut(ServerId),
    WaitAgain(ServerId),
    Freeze(ServerId),
    Wake(ServerId),
    Crash(ServerId),
    Restart(ServerId),
    Promote(ServerId),
    Follow(ServerId),
}

/// Whose draft is changed.
const CHANGED: Client = 0;

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(self.has(Protection::Confirmation))]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.now < self.bounds.last_tick {
            steps.push(Step::Tick);
        }
        for client in 0..CLIENTS {
            if state.arrivals[usize::from(client)] < self.bounds.arrivals[usize::from(client)] {
                steps.extend((0..PROCESSES).map(|process| Step::Arrive(client, process)));
            }
        }
        for process in 0..PROCESSES {
            self.process_steps(state, process, steps);
        }
        for server in 0..SERVERS {
            self.server_steps(state, server, steps);
            self.fault_steps(state, server, steps);
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Tick => state.now += 1,
            Step::Arrive(client, process) => self.arrive(&mut state, client, process),
            Step::Change(client, server, at) => self.change(&mut state, client, server, at),
            Step::Prepare(process, server) => self.prepare(&mut state, process, server),
            Step::Seal(process) => self.seal(&mut state, process),
            Step::Commit(process) => self.commit(&mut state, process),
            Step::Answer(process) => self.answer(&mut state, process),
            Step::LoseConnection(process) => self.lose_connection(&mut state, process),
            Step::CrashProcess(process) => *state.process_mut(process) = PortalProcess::default(),
            Step::Replicate(server) => self.replicate(&mut state, server),
            Step::Confirm(server) => self.confirm(state.server_mut(server)),
            Step::TimeOut(server) => self.time_out(&mut state, server),
            Step::WaitAgain(server) => state.server_mut(server).waits = true,
            Step::Freeze(server) => self.freeze(&mut state, server),
            Step::Wake(server) | Step::Restart(server) => state.server_mut(server).condition = Condition::Up,
            Step::Crash(server) => self.crash(&mut state, server),
            Step::Promote(server) => self.promote(&mut state, server),
            Step::Follow(server) => self.follow(&mut state, server),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    fn process_steps(&self, state: &State, process: Process, steps: &mut Vec<Step>) {
        let able = (0..SERVERS).filter(|server| self.may_prepare(state, process, *server));
        steps.extend(able.map(|server| Step::Prepare(process, server)));
        if self.may_seal(state, process) {
            steps.push(Step::Seal(process));
        }
        if self.may_commit(state, process) {
            steps.push(Step::Commit(process));
        }
        if self.may_answer(state, process) {
            steps.push(Step::Answer(process));
        }
        let PortalProcess { waiting, batch } = state.process(process);
        if batch.is_some() {
            steps.push(Step::LoseConnection(process));
        }
        if batch.is_some() || !waiting.is_empty() {
            steps.push(Step::CrashProcess(process));
        }
    }

    fn server_steps(&self, state: &State, id: ServerId, steps: &mut Vec<Step>) {
        let server = state.server(id);
        let may_change = state.changes < self.bounds.changes && server.is_up() && server.takes_writes;
        if may_change && !self.is_locked(state, CHANGED, id) {
            steps.extend((0..=state.now).map(|at| Step::Change(CHANGED, id, at)));
        }
        if self.may_replicate(state, id) {
            steps.push(Step::Replicate(id));
        }
        if self.may_confirm(server) {
            steps.push(Step::Confirm(id));
        }
        if self.may_time_out(state, server) {
            steps.push(Step::TimeOut(id));
        }
        if self.may_wait_again(state, id) {
            steps.push(Step::WaitAgain(id));
        }
    }

    fn fault_steps(&self, state: &State, id: ServerId, steps: &mut Vec<Step>) {
        if self.may_break(state) {
            steps.extend([Step::Freeze(id), Step::Crash(id)]);
        }
        match state.server(id).condition {
            Condition::Frozen => steps.push(Step::Wake(id)),
            Condition::Down => steps.push(Step::Restart(id)),
            Condition::Up => {}
        }
        if self.may_promote(state, id) {
            steps.push(Step::Promote(id));
        }
        if self.may_follow(state, id) {
            steps.push(Step::Follow(id));
        }
    }
}
