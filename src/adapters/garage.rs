//! Garage, the object store that holds attachments on several machines: what its nodes say of themselves, and how a plan
//! of nodes becomes a store with our bucket and key.
//!
//! Attachments themselves pass by the S3 interface (`blob`), never by the admin API that is used here.

mod admin_api;
mod apply;
mod fault;
mod layout;
mod plan;
mod survey;
#[cfg(test)]
mod tests;
mod wire;

pub use apply::apply;
pub use fault::Fault;
pub use plan::{AccessKey, Plan, PlannedNode};
pub use survey::{NodeState, Survey};

pub use crate::config::GarageConfig;

use crate::config::admin_address;
use admin_api::AdminApi;
use futures_util::future::join_all;
use secrecy::SecretString;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The lines of a node's `garage.toml` that decide what an acknowledged write is worth, and how long a frozen node holds
/// others up: Garage's own defaults are less strict, and five minutes.
pub const NODE_SETTINGS: &str = include_str!("garage/node.toml");

/// Why Garage cannot be asked, or a plan cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum GarageError {
    /// The settings or the plan contradict themselves.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// No connection, or the exchange broke off.
    #[error("cannot reach the Garage node at {node}")]
    Unreachable {
        /// Its address.
        node: String,
        /// The reason.
        source: reqwest::Error,
    },
    /// No answer in time.
    #[error("the Garage node at {node} does not answer for {what} in time")]
    Slow {
        /// Its address.
        node: String,
        /// What it was asked for.
        what: &'static str,
    },
    /// It does not take the token.
    #[error("the Garage node at {node} refuses the admin token")]
    Refused {
        /// Its address.
        node: String,
    },
    /// It says that something failed.
    #[error("the Garage node at {node} answers {code} for {what}: {words}")]
    Answered {
        /// Its address.
        node: String,
        /// What it was asked for.
        what: &'static str,
        /// Its own word for the error.
        code: String,
        /// Its explanation.
        words: String,
    },
    /// An answer that is none.
    #[error("the answer of the Garage node at {node} for {what} cannot be understood")]
    Unreadable {
        /// Its address.
        node: String,
        /// What it was asked for.
        what: &'static str,
    },
    /// The nodes cannot do what the plan says.
    #[error("{0}")]
    Impossible(String),
}

/// The nodes of one store.
#[derive(Debug)]
pub struct Garage {
    nodes: Vec<AdminApi>,
}

impl Garage {
    /// Prepares the clients; nothing is sent yet.
    ///
    /// # Errors
    /// When the settings contradict each other or the token cannot be read.
    pub fn new(config: &GarageConfig) -> Result<Self, GarageError> {
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(GarageError::Settings(faults));
        }
        Self::open(config.admin.iter().map(String::as_str), &config.admin_token_file)
    }

    fn open<'a>(addresses: impl Iterator<Item = &'a str>, token_file: &Path) -> Result<Self, GarageError> {
        let token = read_token(token_file)?;
        let nodes = addresses.map(|address| {
            let url = admin_address(address).map_err(|fault| GarageError::Settings(vec![fault]))?;
            AdminApi::new(url, token.clone())
        });
        Ok(Self { nodes: nodes.collect::<Result<_, _>>()? })
    }

    /// What the nodes say of themselves and of one another. Nodes that do not answer are part of the result.
    ///
    /// # Errors
    /// When none answers: the error of the first.
    pub async fn survey(&self) -> Result<Survey, GarageError> {
        let (cluster, workers) = tokio::join!(self.cluster(), join_all(self.nodes.iter().map(AdminApi::workers)));
        let (status, health) = cluster?;
        Ok(Survey::compile(status, &health, workers))
    }

    /// The cluster as the first node sees it that answers.
    async fn cluster(&self) -> Result<(wire::Status, wire::Health), GarageError> {
        let mut first = None;
        for node in &self.nodes {
            match tokio::try_join!(node.status(), node.health()) {
                Ok(seen) => return Ok(seen),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| GarageError::Settings(vec!["no node is named".into()])))
    }

    /// Has every node read all that it holds: what is damaged is fetched again from the others. It takes hours on a full
    /// disk, goes on in the background, and happens by itself about once a month.
    ///
    /// # Errors
    /// When a node does not take the order; the others may have.
    pub async fn scrub(&self) -> Result<(), GarageError> {
        self.repair(&serde_json::json!({ "scrub": "start" })).await
    }

    /// Has every node compare what it holds with what it should hold, and fetch what is missing: now, and not when Garage
    /// comes to it. What it could not fetch, it tries again after a minute, then two, then four, up to an hour.
    ///
    /// # Errors
    /// As [`Garage::scrub`].
    pub async fn refill(&self) -> Result<(), GarageError> {
        for kind in ["tables", "blocks"] {
            self.repair(&serde_json::json!(kind)).await?;
        }
        join_all(self.nodes.iter().map(AdminApi::retry)).await.into_iter().collect()
    }

    async fn repair(&self, kind: &serde_json::Value) -> Result<(), GarageError> {
        join_all(self.nodes.iter().map(|node| node.repair(kind))).await.into_iter().collect()
    }
}

fn read_token(path: &Path) -> Result<SecretString, GarageError> {
    let text = fs::read_to_string(path).map_err(|source| GarageError::File { path: path.into(), source })?;
    let token = text.trim();
    // Garage takes what stands before a point for the name of another kind of token.
    if token.is_empty() || token.contains('.') || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(GarageError::Settings(vec![format!(
            "{} has to hold one word of ASCII letters without a point",
            path.display()
        )]));
    }
    Ok(SecretString::from(token))
}
