//! Child processes: started, restarted when they exit by themselves, and stopped together.

use crate::{
    cli::demo::access::AccessFile,
    store::embedded::{stop_child, tail},
};
use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// A child that exits this often…
const TOO_MANY: usize = 5;
/// …within this time will not recover by itself.
const CRASH_WINDOW: Duration = Duration::from_secs(10);
/// A child that exits successfully after less than this has not done its work.
const MIN_RUN: Duration = Duration::from_secs(1);
/// Delay before a restart, so that a child that exits at once does not keep the machine busy.
const RESTART_DELAY: Duration = Duration::from_millis(100);

/// A program to keep running.
#[derive(Clone, Debug)]
pub struct ChildProgram {
    /// Name of its log, and in `access.json`.
    pub name: String,
    pub file: PathBuf,
    pub args: Vec<OsString>,
    /// How long it may take to stop before it is killed.
    pub grace: Duration,
}

/// The children, each supervised by its own task.
pub struct Children {
    logs: PathBuf,
    run: PathBuf,
    access: AccessFile,
    faults: mpsc::UnboundedSender<String>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Children {
    /// Starts empty. The receiver gets a message when a child must be given up.
    pub fn new(logs: PathBuf, run: PathBuf, access: AccessFile) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (faults, fault) = mpsc::unbounded_channel();
        (Self { logs, run, access, faults, stop: CancellationToken::new(), tasks: JoinSet::new() }, fault)
    }

    /// Starts a program and keeps it running; the log of the previous run is kept beside the new one.
    pub fn keep(&mut self, program: ChildProgram) {
        let watch = Watch {
            log: self.logs.join(format!("{}.log", program.name)),
            pid_file: self.run.join(format!("{}.pid", program.name)),
            access: self.access.clone(),
            stop: self.stop.clone(),
            program,
        };
        // Without a previous run, there is nothing to rename.
        std::fs::rename(&watch.log, watch.log.with_extension("previous.log")).ok();
        let faults = self.faults.clone();
        self.tasks.spawn(async move {
            if let Err(fault) = watch.keep().await {
                // The receiver lives as long as the supervisor; without it, everything is stopping anyway.
                drop(faults.send(fault));
            }
        });
    }

    /// Stops all of them, concurrently.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.join_all().await;
    }
}

struct Watch {
    program: ChildProgram,
    log: PathBuf,
    pid_file: PathBuf,
    access: AccessFile,
    stop: CancellationToken,
}

impl Watch {
    async fn keep(&self) -> Result<(), String> {
        let mut deaths = Deaths::default();
        let name = &self.program.name;
        loop {
            let failed = |error: io::Error| format!("cannot run {}: {error}", self.program.file.display());
            let mut child = self.spawn().map_err(failed)?;
            let began = Instant::now();
            let status = tokio::select! {
                status = child.wait() => status.map_err(failed)?,
                () = self.stop.cancelled() => {
                    stop_child(&mut child, self.program.grace).await.map_err(failed)?;
                    return remove(&self.pid_file).map_err(failed);
                }
            };
            // A process that was rolled out has exited normally, to be replaced by its successor.
            if status.success() && began.elapsed() > MIN_RUN {
                continue;
            }
            if deaths.too_many() {
                return Err(format!(
                    "{name} ended {TOO_MANY} times within {} s ({status}); {} ends with:\n{}",
                    CRASH_WINDOW.as_secs(),
                    self.log.display(),
                    tail(&self.log)
                ));
            }
            eprintln!("{name} ended ({status}); it is started again, see {}", self.log.display());
            tokio::select! {
                () = tokio::time::sleep(RESTART_DELAY) => {}
                () = self.stop.cancelled() => return remove(&self.pid_file).map_err(failed),
            }
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let child = Command::new(&self.program.file)
            .args(&self.program.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its own process group: Ctrl-C goes to the supervisor only, which stops everything in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(pid) = child.id() {
            std::fs::write(&self.pid_file, pid.to_string())?;
            self.access.started(&self.program.name, pid);
        }
        Ok(child)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Counts recent exits of a child.
#[derive(Debug, Default)]
pub struct Deaths(VecDeque<Instant>);

impl Deaths {
    /// Records one more; true when there were too many within a short time.
    pub fn too_many(&mut self) -> bool {
        let now = Instant::now();
        self.0.push_back(now);
        self.0.retain(|at| now.duration_since(*at) < CRASH_WINDOW);
        self.0.len() >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::{ChildProgram, Children};
    use crate::cli::demo::access::AccessFile;
    use std::time::Duration;

    #[tokio::test]
    async fn a_program_that_keeps_ending_is_given_up_with_its_last_words() {
        let dir = tempfile::tempdir().unwrap();
        let access = AccessFile::new(dir.path().join("access.json"));
        let (mut children, mut fault) = Children::new(dir.path().into(), dir.path().into(), access);
        let args = vec!["-c".into(), "echo no luck; exit 3".into()];
        children.keep(ChildProgram { name: "luckless".into(), file: "/bin/sh".into(), args, grace: Duration::ZERO });
        let fault = fault.recv().await.unwrap();
        assert!(fault.starts_with("luckless ended 5 times") && fault.contains("no luck"), "{fault}");
        children.stop().await;
    }

    #[tokio::test]
    async fn a_program_that_does_not_stop_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let access = AccessFile::new(dir.path().join("access.json"));
        let (mut children, _fault) = Children::new(dir.path().into(), dir.path().into(), access);
        let args = vec!["-c".into(), "trap '' TERM; echo deaf; while :; do sleep 1; done".into()];
        let grace = Duration::from_millis(50);
        children.keep(ChildProgram { name: "deaf".into(), file: "/bin/sh".into(), args, grace });
        let heard = async {
            while !std::fs::read_to_string(dir.path().join("deaf.log")).is_ok_and(|log| log.contains("deaf")) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), heard).await.unwrap();
        let pid = std::fs::read_to_string(dir.path().join("deaf.pid")).unwrap();
        children.stop().await;
        assert!(!std::path::Path::new("/proc").join(pid).exists());
        assert!(!dir.path().join("deaf.pid").exists());
    }
}
