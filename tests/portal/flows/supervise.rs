//! The supervisor of a node's programs: what it starts outlives it, and nothing it starts is forgotten.

use crate::harness::installation::{guichet, wait_for};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A plan with a supervisor at work on it.
struct Node {
    folder: tempfile::TempDir,
    supervisor: Child,
}

impl Drop for Node {
    fn drop(&mut self) {
        Command::new("kill").args(["-TERM", &self.supervisor.id().to_string()]).status().ok();
        self.supervisor.wait().ok();
    }
}

fn supervisor(plan: &Path) -> Child {
    let mut command = Command::new(guichet());
    command.args(["supervise", "--plan"]).arg(plan).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// A program of a plan that sleeps for a number of seconds of its own, so that it can be told from others.
fn sleeper(name: &str, more: &str) -> String {
    format!("[[programs]]\nname = \"{name}\"\ncommand = [\"sleep\", \"86400\"]\ngrace_seconds = 2\n{more}\n")
}

impl Node {
    fn start(programs: &[String]) -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-supervise-").tempdir().unwrap();
        write(folder.path(), "", programs);
        let supervisor = supervisor(&folder.path().join("supervise.toml"));
        Self { folder, supervisor }
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("supervise.toml")
    }

    fn record(&self, name: &str) -> Option<serde_json::Value> {
        serde_json::from_slice(&fs::read(self.folder.path().join(format!("state/{name}.json"))).ok()?).ok()
    }

    fn pid(&self, name: &str) -> Option<i64> {
        let pid = self.record(name)?["process"]["pid"].as_i64()?;
        runs(pid).then_some(pid)
    }

    fn until_other(&self, name: &str, old: Option<i64>) -> i64 {
        wait_for("another process", || self.pid(name).is_some_and(|pid| Some(pid) != old));
        self.pid(name).unwrap()
    }

    fn signal_supervisor(&mut self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.supervisor.id().to_string()]).status().unwrap().success());
        self.supervisor.wait().unwrap();
    }
}

fn write(folder: &Path, more: &str, programs: &[String]) {
    let text = format!(
        "state_dir = {:?}\nlog_dir = {:?}\n{more}\n{}",
        folder.join("state"),
        folder.join("log"),
        programs.concat()
    );
    fs::write(folder.join("supervise.toml.new"), text).unwrap();
    fs::rename(folder.join("supervise.toml.new"), folder.join("supervise.toml")).unwrap();
}

fn runs(pid: i64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn kill(pid: i64) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[test]
fn what_ends_is_started_again_and_what_the_plan_drops_is_stopped() {
    let mut node = Node::start(&[sleeper("one", ""), sleeper("two", "")]);
    let (one, two) = (node.until_other("one", None), node.until_other("two", None));
    kill(one);
    let again = node.until_other("one", Some(one));
    write(node.folder.path(), "", &[sleeper("one", "")]);
    wait_for("the other one to end", || !runs(two) && node.record("two").is_none());
    assert_eq!(node.pid("one"), Some(again));
    node.signal_supervisor("-TERM");
    assert!(!runs(again) && node.record("one").is_none(), "everything is stopped in order");
    node.supervisor = supervisor(&node.plan());
    node.until_other("one", None);
}

#[test]
fn a_killed_supervisor_leaves_its_programs_to_its_successor_which_ends_those_of_no_plan() {
    let mut node = Node::start(&[sleeper("one", ""), sleeper("two", "")]);
    let (one, two) = (node.until_other("one", None), node.until_other("two", None));
    let second = Command::new(guichet()).args(["supervise", "--plan"]).arg(node.plan()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains("another supervisor is at work"), "{said}");
    node.signal_supervisor("-KILL");
    assert!(runs(one) && runs(two));
    write(node.folder.path(), "", &[sleeper("one", "")]);
    node.supervisor = supervisor(&node.plan());
    wait_for("the one of no plan to end", || !runs(two));
    assert_eq!(node.pid("one"), Some(one), "it was taken over");
    kill(one);
    node.until_other("one", Some(one));
}

#[test]
fn a_replacement_that_was_pending_is_made_by_the_successor() {
    // A stand-in for the portal: asked to roll out, it ends the process that runs.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("portal");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = rollout ]; then [ -e {0}/allowed ] || exit 1; kill $(cat {0}/pid); exit; fi\n\
         echo $$ > {0}/pid.new; mv {0}/pid.new {0}/pid\ntrap 'exit 0' TERM\nwhile :; do sleep 1 & wait; done\n",
        folder.path().display()
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let watched = folder.path().join("config");
    fs::write(&watched, "first").unwrap();
    let portal = format!(
        "[[programs]]\nname = \"portal-1\"\ncommand = [{program:?}]\nfiles = [{watched:?}]\ngrace_seconds = 2\n\
         change = {{ rollout = {{ config = {watched:?} }} }}\n"
    );
    let mut node = Node::start(&[portal]);
    let first = node.until_other("portal-1", None);
    fs::write(&watched, "second").unwrap();
    wait_for("it to be outdated", || node.record("portal-1").is_some_and(|record| record["outdated"] == true));
    node.signal_supervisor("-KILL");
    node.supervisor = supervisor(&node.plan());
    fs::write(folder.path().join("allowed"), "").unwrap();
    let second = node.until_other("portal-1", Some(first));
    assert_eq!(node.record("portal-1").unwrap()["outdated"], false);
    assert_ne!(first, second);
}

#[test]
fn a_supervisor_that_cannot_take_over_is_not_made_room_for() {
    let node = Node::start(&[sleeper("one", "")]);
    let one = node.until_other("one", None);
    write(node.folder.path(), "keeper = \"/bin/false\"", &[sleeper("one", ""), sleeper("two", "")]);
    node.until_other("two", None);
    // Under another name, it is itself.
    let link = node.folder.path().join("guichet");
    std::os::unix::fs::symlink(guichet(), &link).unwrap();
    write(node.folder.path(), &format!("keeper = {link:?}"), &[sleeper("one", "")]);
    wait_for("the plan to be followed", || node.record("two").is_none());
    assert_eq!(node.pid("one"), Some(one));
    // A copy is another program: it becomes that one, with the same number and the same children.
    let copy = node.folder.path().join("copy");
    fs::copy(guichet(), &copy).unwrap();
    write(node.folder.path(), &format!("keeper = {copy:?}"), &[sleeper("one", "")]);
    let exe = format!("/proc/{}/exe", node.supervisor.id());
    wait_for("the copy to be at work", || fs::read_link(&exe).is_ok_and(|exe| exe == copy));
    assert_eq!(node.pid("one"), Some(one));
    kill(one);
    node.until_other("one", Some(one));
}

#[test]
fn a_program_that_is_stuck_is_killed_and_started_again() {
    let health = "health = { command = [\"test\", \"-e\", \"WELL\"], patience_seconds = 1, start_seconds = 600 }";
    let folder = tempfile::tempdir().unwrap();
    let well = folder.path().join("well");
    fs::write(&well, "").unwrap();
    let node = Node::start(&[sleeper("one", &health.replace("WELL", well.to_str().unwrap()))]);
    let one = node.until_other("one", None);
    // The first answer says that the start is over.
    wait_for("a first answer", || fs::metadata(&well).is_ok());
    let told = std::time::Instant::now();
    wait_for("it to be believed", || told.elapsed() > std::time::Duration::from_secs(2));
    fs::remove_file(&well).unwrap();
    wait_for("it to be killed", || !runs(one));
    fs::write(&well, "").unwrap();
    node.until_other("one", Some(one));
    let record = node.record("one").unwrap();
    assert!(record["last_repair"].as_str().unwrap().contains("did not answer"), "{record}");
}
