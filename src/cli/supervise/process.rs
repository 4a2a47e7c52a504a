//! One supervised program.

use super::{
    health,
    plan::{Change, SupervisedProgram},
    record::{ProcessRecord, Record, Records},
};
use crate::cli::demo::children::Deaths;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::{Notify, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Delay before a restart…
const RESTART_DELAY: Duration = Duration::from_millis(100);
/// …and of a program that exits repeatedly.
const LONG_PAUSE: Duration = Duration::from_secs(5);
/// A program that has run this long does not count as exiting repeatedly.
const STABLE_RUN: Duration = Duration::from_secs(20);
/// Timeout for a killed process to disappear.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
/// Size above which a log is rotated; the previous one is kept. Bytes.
const MAX_LOG_BYTES: u64 = 32 << 20;
/// Interval between two checks of its size.
const LOG_CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// A program and the task that supervises it.
pub struct SupervisedProcess {
    wish: watch::Sender<SupervisedProgram>,
    /// Whether the running process waits to be replaced.
    pub waits: watch::Receiver<bool>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl SupervisedProcess {
    /// Starts a program, or takes over a running one.
    pub fn start(program: SupervisedProgram, logs: &Path, records: Arc<Records>, pending: Arc<Notify>) -> Self {
        let (wish, wished) = watch::channel(program.clone());
        let stop = CancellationToken::new();
        let log = logs.join(format!("{}.log", program.name));
        let record = records.read(&program.name).unwrap_or_else(|| Record {
            name: program.name.clone(),
            process: None,
            digest: String::new(),
            outdated: false,
            since: jiff::Timestamp::now(),
            repairs: 0,
            last_repair: None,
            failing: false,
        });
        // A predecessor may have left a process that was waiting.
        let (outdated, waits) = watch::channel(record.outdated);
        let supervision = Supervision { wished, outdated, pending, stop: stop.clone(), log, records, record };
        Self { wish, waits, stop, task: tokio::spawn(supervision.run()) }
    }

    /// The program as in the plan.
    pub fn program(&self) -> SupervisedProgram {
        self.wish.borrow().clone()
    }

    /// Updates the program from the plan: the files that it names may have changed, even if the program is the same.
    pub fn tell(&self, program: SupervisedProgram) {
        self.wish.send_replace(program);
    }

    /// Stops it, at first gracefully.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.ok();
    }
}

/// A child process, or one started by a predecessor.
enum Running {
    Child(Child, ProcessRecord),
    Adopted(ProcessRecord),
}

impl Running {
    fn process(&self) -> ProcessRecord {
        match self {
            Self::Child(_, process) | Self::Adopted(process) => *process,
        }
    }

    async fn ended(&mut self) -> Option<ExitStatus> {
        match self {
            Self::Child(child, _) => child.wait().await.ok(),
            Self::Adopted(process) => {
                process.ended().await;
                None
            }
        }
    }

    async fn stop(&mut self, grace: Duration) {
        self.process().signal(Signal::SIGTERM);
        if timeout(grace, self.ended()).await.is_err() {
            self.kill().await;
        }
    }

    async fn kill(&mut self) {
        self.process().kill_group();
        timeout(KILL_TIMEOUT, self.ended()).await.ok();
    }
}

/// Rotates a log that has grown beyond a size. Programs keep it open and append, so its bytes are copied and then
/// truncated. What is written between the two is lost; the alternative would be to make every program reopen it.
fn begin_anew(log: &Path, most: u64) -> io::Result<()> {
    match std::fs::metadata(log) {
        Ok(found) if found.len() > most => {
            std::fs::copy(log, log.with_extension("previous.log"))?;
            File::options().write(true).open(log)?.set_len(0)
        }
        _ => Ok(()),
    }
}

struct Supervision {
    wished: watch::Receiver<SupervisedProgram>,
    outdated: watch::Sender<bool>,
    pending: Arc<Notify>,
    stop: CancellationToken,
    log: PathBuf,
    records: Arc<Records>,
    record: Record,
}

/// Why a running program needs an action.
enum Event {
    Ended(Option<ExitStatus>),
    Stuck,
    Replaced,
    Stopped,
}

impl Supervision {
    async fn run(mut self) {
        let mut deaths = Deaths::default();
        let mut adopted = self.record.process.filter(|process| process.runs()).map(Running::Adopted);
        loop {
            let program = self.wished.borrow_and_update().clone();
            let mut running = match adopted.take() {
                Some(running) => running,
                None => match self.spawn(&program) {
                    Ok(running) => running,
                    Err(error) => {
                        self.fail(format!("cannot be run: {error}"), true);
                        if self.pause(LONG_PAUSE).await {
                            return;
                        }
                        continue;
                    }
                },
            };
            let reason = match self.watch(&mut running).await {
                Event::Stopped => {
                    let grace = self.wished.borrow().grace();
                    running.stop(grace).await;
                    self.records.forget(&self.record.name);
                    return;
                }
                Event::Replaced => {
                    tracing::info!(name = self.record.name, "supervise.replaced");
                    running.stop(program.grace()).await;
                    continue;
                }
                Event::Stuck => {
                    running.kill().await;
                    "did not answer and was killed".to_owned()
                }
                // A process that exited because a successor was requested has exited normally.
                Event::Ended(status) if *self.outdated.borrow() && status.is_none_or(|status| status.success()) => {
                    continue;
                }
                Event::Ended(Some(status)) if status.success() => "ended by itself".to_owned(),
                Event::Ended(Some(status)) => format!("ended ({status})"),
                Event::Ended(None) => "ended".to_owned(),
            };
            // Its own children are killed too; the process group id is not reused while one of its group lives.
            killpg(Pid::from_raw(running.process().pid), Signal::SIGKILL).ok();
            let failing = deaths.too_many();
            self.fail(reason, failing);
            if self.pause(if failing { LONG_PAUSE } else { RESTART_DELAY }).await {
                return;
            }
        }
    }

    /// Waits until the running process needs an action.
    async fn watch(&mut self, running: &mut Running) -> Event {
        let mut settled = Box::pin(tokio::time::sleep(STABLE_RUN));
        let mut health = Box::pin(health::lost(self.wished.borrow().health.clone()));
        let mut look = tokio::time::interval(LOG_CHECK_INTERVAL);
        loop {
            let program = self.wished.borrow_and_update().clone();
            let another = program.digest() != self.record.digest;
            if another && program.change == Change::Restart {
                return Event::Replaced;
            }
            if another != self.record.outdated {
                self.record.outdated = another;
                self.records.write(&self.record);
                self.outdated.send_replace(another);
                self.pending.notify_one();
            }
            tokio::select! {
                () = &mut settled, if self.record.failing => {
                    self.record.failing = false;
                    self.records.write(&self.record);
                }
                status = running.ended() => return Event::Ended(status),
                _ = look.tick() => if let Err(error) = begin_anew(&self.log, MAX_LOG_BYTES) {
                    tracing::warn!(name = self.record.name, %error, "supervise.log_not_begun_anew");
                },
                () = &mut health => return Event::Stuck,
                () = self.stop.cancelled() => return Event::Stopped,
                told = self.wished.changed() => if told.is_err() { return Event::Stopped },
            }
        }
    }

    fn spawn(&mut self, program: &SupervisedProgram) -> io::Result<Running> {
        let log = File::options().create(true).append(true).mode(0o600).open(&self.log)?;
        let (file, arguments) = program.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let digest = program.digest();
        let child = Command::new(file)
            .args(arguments)
            .envs(&program.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its own process group: a signal to our group is for us, and we stop everything in order.
            .process_group(0)
            .kill_on_drop(false)
            .spawn()?;
        let process = child.id().and_then(ProcessRecord::of).ok_or(io::ErrorKind::NotFound)?;
        self.record.process = Some(process);
        self.record.digest = digest;
        self.record.outdated = false;
        self.record.since = jiff::Timestamp::now();
        self.records.write(&self.record);
        self.outdated.send_replace(false);
        tracing::info!(name = self.record.name, pid = process.pid, "supervise.started");
        Ok(Running::Child(child, process))
    }

    fn fail(&mut self, reason: String, failing: bool) {
        tracing::warn!(name = self.record.name, reason, failing, "supervise.repaired");
        self.record.repairs += 1;
        self.record.last_repair = Some(reason);
        self.record.failing = failing;
        self.record.process = None;
        self.records.write(&self.record);
    }

    /// Waits before a restart; true when there must be none.
    async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(pause) => false,
            () = self.stop.cancelled() => {
                self.records.forget(&self.record.name);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::begin_anew;
    use std::{fs::File, io::Write};

    #[test]
    fn a_long_log_is_begun_anew_under_the_program_that_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sozu.log");
        let mut program = File::options().create(true).append(true).open(&path).unwrap();
        program.write_all(b"long ago\n").unwrap();
        begin_anew(&path, 100).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"long ago\n");
        begin_anew(&path, 5).unwrap();
        program.write_all(b"now\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"now\n");
        assert_eq!(std::fs::read(folder.path().join("sozu.previous.log")).unwrap(), b"long ago\n");
    }
}
