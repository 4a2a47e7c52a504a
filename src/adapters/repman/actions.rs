//! Orders, each followed by looks at the cluster until it is seen done.

use super::{Backup, Repman, RepmanError, Server, ServerRole, Topology, session::Session};
use crate::config::Host;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified<T> {
    /// It was seen done.
    Done(T),
    /// It was seen not to be done.
    Nothing(Why),
    /// Whether it was done cannot be determined.
    Unknown(Why),
}

/// Why an order was not done, or why that cannot be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No server leads, or the one that does has failed.
    NobodyLeads,
    /// The wished server leads already.
    LeadsAlready,
    /// The wished server, or every other one, cannot be handed the leadership.
    NoCandidate,
    /// A failover or switchover is under way.
    InFailover,
    /// replication-manager said that it heard the order, and all is as it was.
    AsBefore,
    /// The backup began and did not come to its end.
    GivenUp,
    /// replication-manager calls the backup complete, but the dump broke off.
    BrokenOff,
    /// The answer to the order was lost.
    NoAnswer,
    /// It has begun, and was not over at the deadline.
    Unfinished,
}

/// A leadership that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The server that led.
    pub from: Host,
    /// The server that leads.
    pub to: Host,
    /// Whether it is the wished one; without a wish, it always is.
    pub as_wished: bool,
    /// Servers that do not follow it, at the deadline.
    pub stragglers: Vec<Host>,
    /// From the order until all of it was seen.
    pub took: Duration,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NobodyLeads => "no server leads the cluster",
            Self::LeadsAlready => "this server leads already",
            Self::NoCandidate => "no server can be handed the leadership",
            Self::InFailover => "a failover or switchover is under way",
            Self::AsBefore => "replication-manager heard the order, and all is as it was",
            Self::GivenUp => "the backup began and did not come to its end",
            Self::BrokenOff => "replication-manager calls the backup complete, but the dump broke off",
            Self::NoAnswer => "the answer to the order was lost",
            Self::Unfinished => "it has begun, and is not over",
        })
    }
}

fn host(server: &Server) -> Host {
    Host { name: server.host.clone(), port: server.port }
}

/// Whether an order was heard. What was refused is an error: then nothing was done.
async fn give(session: &Session, parts: &[&str], form: &[(&str, &str)], patience: Duration) -> ActionReply {
    match session.order(parts, form, patience).await {
        Ok(_) => ActionReply::Yes,
        Err(RepmanError::Answered { status: 400, .. }) => ActionReply::No(Why::NobodyLeads),
        Err(RepmanError::Unreachable { source }) if !source.is_connect() => ActionReply::Maybe,
        // The words of something in between are none of replication-manager's.
        Err(RepmanError::Slow { .. } | RepmanError::Answered { status: 502..=504, .. }) => ActionReply::Maybe,
        Err(error) => ActionReply::Failed(error),
    }
}

enum ActionReply {
    Yes,
    Maybe,
    No(Why),
    Failed(RepmanError),
}

impl Repman {
    fn actor(&self) -> Result<&Session, RepmanError> {
        self.actor.as_ref().ok_or(RepmanError::ReadOnly)
    }

    /// Has the leadership handed over, to a certain server if one is wished.
    ///
    /// # Errors
    /// When it is sure that nothing was ordered: the server is unknown, or replication-manager is unavailable or
    /// refuses.
    pub async fn switchover(&self, preferred: Option<&Host>) -> Result<Verified<Handover>, RepmanError> {
        let actor = self.actor()?;
        let before = self.topology().await?;
        // An unknown wish would be passed over in silence, and another server chosen.
        let wished = match preferred {
            Some(host) => Some(before.at(host).ok_or_else(|| RepmanError::UnknownServer(host.to_string()))?),
            None => None,
        };
        let Some(old) = before.leading().filter(|leader| leader.role == ServerRole::Leader) else {
            return Ok(Verified::Nothing(Why::NobodyLeads));
        };
        if wished.is_some_and(|wished| wished.id == old.id) {
            return Ok(Verified::Nothing(Why::LeadsAlready));
        }
        if before.in_failover == Some(true) {
            return Ok(Verified::Nothing(Why::InFailover));
        }
        if !before.servers.iter().any(|one| one.is_candidate() && wished.is_none_or(|wished| wished.id == one.id)) {
            return Ok(Verified::Nothing(Why::NoCandidate));
        }
        let began = Instant::now();
        let name = wished.map(Server::to_string);
        let form: Vec<(&str, &str)> = name.iter().map(|name| ("prefmaster", name.as_str())).collect();
        let heard = match give(actor, &["actions", "switchover"], &form, self.timeouts.order).await {
            ActionReply::Failed(error) => return Err(error),
            ActionReply::No(why) => return Ok(Verified::Nothing(why)),
            ActionReply::Maybe => false,
            ActionReply::Yes => true,
        };
        let answered = Instant::now();
        // Without an answer it may still be at work.
        let settle = if heard { self.timeouts.settle } else { self.timeouts.order };
        loop {
            let now = self.topology().await.ok();
            let leader = now.as_ref().and_then(|now| Some((now, now.leading().filter(|one| one.id != old.id)?)));
            if let Some((now, new)) = leader {
                if self.takes_writes(now, new).await {
                    let stragglers = stragglers(&before, now, new);
                    if stragglers.is_empty() || answered.elapsed() > self.timeouts.follow {
                        let as_wished = wished.is_none_or(|wished| wished.id == new.id);
                        let (from, to, took) = (host(old), host(new), began.elapsed());
                        return Ok(Verified::Done(Handover { from, to, as_wished, stragglers, took }));
                    }
                } else if answered.elapsed() > settle + self.timeouts.follow {
                    return Ok(Verified::Unknown(Why::Unfinished));
                }
            } else if answered.elapsed() > settle {
                return Ok(match now {
                    _ if !heard => Verified::Unknown(Why::NoAnswer),
                    Some(now) if now.in_failover != Some(true) => Verified::Nothing(Why::AsBefore),
                    _ => Verified::Unknown(Why::Unfinished),
                });
            }
            tokio::time::sleep(self.timeouts.pause).await;
        }
    }

    /// Whether a new leader is one in every respect that can be seen.
    async fn takes_writes(&self, now: &Topology, leader: &Server) -> bool {
        now.in_failover != Some(true)
            && leader.role == ServerRole::Leader
            && leader.read_only != Some(true)
            && self.is_leader(&leader.id).await.unwrap_or(false)
    }

    /// Has a logical backup taken of a server, and waits for its end as long as the caller likes.
    ///
    /// # Errors
    /// When it is sure that nothing was ordered: the server is unknown, or replication-manager is unavailable or
    /// refuses.
    pub async fn backup(&self, of: &Host, patience: Duration) -> Result<Verified<Backup>, RepmanError> {
        let actor = self.actor()?;
        let before = self.topology().await?;
        let server = before.at(of).ok_or_else(|| RepmanError::UnknownServer(of.to_string()))?;
        let order = ["servers", server.id.as_str(), "actions", "backup-logical"];
        let heard = match give(actor, &order, &[], self.timeouts.order).await {
            ActionReply::Failed(error) => return Err(error),
            ActionReply::No(why) => return Ok(Verified::Nothing(why)),
            heard => matches!(heard, ActionReply::Yes),
        };
        let fresh = |backup: &&Backup| {
            let source = backup.source.parse::<Host>().ok();
            let ours = source.is_some_and(|source| before.at(&source).is_some_and(|one| one.id == server.id));
            ours && before.backups.iter().all(|known| known.id != backup.id)
        };
        let (answered, mut idle_since) = (Instant::now(), None);
        loop {
            let now = self.topology().await.ok();
            let backup = now.as_ref().and_then(|now| now.backups.iter().find(fresh));
            if let Some(backup) = backup.filter(|backup| backup.complete) {
                let whole = backup.position.is_some() && !self.dump_failed(server).await;
                return Ok(if whole { Verified::Done(backup.clone()) } else { Verified::Nothing(Why::BrokenOff) });
            }
            // Between its end and its entry in the list there is a moment without either.
            let idle = now.as_ref().is_some_and(|now| now.in_backup == Some(false));
            idle_since = if idle { idle_since.or(Some(Instant::now())) } else { None };
            if idle_since.is_some_and(|since: Instant| since.elapsed() > self.timeouts.settle) {
                return Ok(match backup {
                    Some(_) => Verified::Nothing(Why::GivenUp),
                    None if heard => Verified::Nothing(Why::AsBefore),
                    None => Verified::Unknown(Why::NoAnswer),
                });
            }
            if answered.elapsed() > patience {
                return Ok(Verified::Unknown(if heard { Why::Unfinished } else { Why::NoAnswer }));
            }
            tokio::time::sleep(self.timeouts.pause).await;
        }
    }

    /// Whether the newest lines of its log say that the dump of a server failed, which it forgets to say elsewhere.
    async fn dump_failed(&self, server: &Server) -> bool {
        let lines = self.reader.read(&["topology", "logs"], self.timeouts.read).await.unwrap_or_default();
        let lines = lines.as_array().into_iter().flatten().filter_map(|line| line.as_str());
        // The newest line is the first.
        let request = format!("backup mysqldump for: {server}");
        let mut since = lines.take_while(|line| !line.contains(&request));
        since.any(|line| line.contains("ERROR") && line.contains("dump"))
    }
}

/// Servers that took part before the order and do not follow the new leader.
fn stragglers(before: &Topology, now: &Topology, leader: &Server) -> Vec<Host> {
    let follows = |id: &str| now.servers.iter().any(|one| one.id == id && one.role == ServerRole::Replica);
    let took_part = |one: &&Server| matches!(one.role, ServerRole::Leader | ServerRole::Replica) && one.id != leader.id;
    before.servers.iter().filter(took_part).filter(|one| !follows(&one.id)).map(host).collect()
}
