//! Makes the nodes what a plan says: connected, each with its place in the layout, with our bucket and key. Doing it again
//! changes nothing; doing it with another plan changes what differs.

use super::{
    Garage, GarageError, Plan, PlannedNode,
    admin_api::AdminApi,
    layout::{Changes, Roles},
    wire,
};
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Longest time until nodes that were just connected see one another, and a new layout has its quorum.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Days after which parts of an upload are removed that nobody went on with; the portal gives one up after half a day.
const UNFINISHED_DAYS: u8 = 3;
/// Name of our key in the lists of Garage's own tools.
const KEY_NAME: &str = "guichet";

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A planned node does not answer, and nobody else knows it: it gets its place when it does.
    Missing(String),
    /// A node was connected with the others.
    Connected(String),
    /// A node has a new place in the layout.
    Assigned { node: String, zone: String },
    /// A node has left the layout.
    Removed(String),
    /// A layout is in force.
    Layout(u64),
    /// A node that has left and does not answer is not waited for any more.
    Skipped(String),
    /// The bucket was made.
    Bucket(String),
    /// Unfinished uploads are removed from the bucket.
    Rule,
    /// The key was brought in.
    Key(String),
    /// The key may use the bucket.
    Allowed,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(node) => write!(f, "the node at {node} does not answer, and waits for the next time"),
            Self::Connected(node) => write!(f, "the node at {node} is connected"),
            Self::Assigned { node, zone } => write!(f, "node {} stores, in zone {zone}", short(node)),
            Self::Removed(node) => write!(f, "node {} stores no more", short(node)),
            Self::Layout(version) => write!(f, "layout {version} is in force"),
            Self::Skipped(node) => write!(f, "node {} is not waited for", short(node)),
            Self::Bucket(name) => write!(f, "the bucket {name} is made"),
            Self::Rule => write!(f, "unfinished uploads are removed after {UNFINISHED_DAYS} days"),
            Self::Key(id) => write!(f, "the key {id} is brought in"),
            Self::Allowed => f.write_str("the key may read and write the bucket"),
        }
    }
}

/// The beginning of an id, by which Garage's own tools name a node.
fn short(id: &str) -> &str {
    id.get(..16).unwrap_or(id)
}

/// A planned node whose id is known.
struct Member<'a> {
    planned: &'a PlannedNode,
    id: String,
}

/// Makes the nodes what a plan says, and tells what was done.
///
/// # Errors
/// When no node answers, or Garage refuses a step. What was done before stays, and the next attempt goes on from there.
pub async fn apply(plan: &Plan) -> Result<Vec<Step>, GarageError> {
    let key = plan.access_key()?;
    let garage = Garage::open(plan.nodes.iter().map(|node| node.admin.as_str()), &plan.admin_token_file)?;
    let ids = join_all(garage.nodes.iter().map(AdminApi::id)).await;
    let answering: Vec<&AdminApi> =
        garage.nodes.iter().zip(&ids).filter_map(|(node, id)| id.is_ok().then_some(node)).collect();
    let Some(node) = answering.first().copied() else {
        return Err(ids.into_iter().find_map(Result::err).unwrap_or(GarageError::Settings(plan.faults())));
    };
    let mut steps = Vec::new();
    let layout: wire::Layout = node.read("GetClusterLayout", &[]).await?;
    let members = members(plan, ids, &layout, &mut steps)?;
    connect(answering.into_iter(), &members, &mut steps).await?;
    lay_out(node, layout, &members, members.len() == plan.nodes.len(), &mut steps).await?;
    let bucket = bucket(node, &plan.bucket, &mut steps).await?;
    if bucket.lifecycle_rules.as_ref().is_none_or(Vec::is_empty) {
        let rule = json!({
            "ID": "unfinished", "Status": "Enabled",
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": UNFINISHED_DAYS },
        });
        let body = json!({ "lifecycleRules": [rule] });
        let _bucket: Value = node.order("UpdateBucket", &[("id", bucket.id.as_str())], body).await?;
        steps.push(Step::Rule);
    }
    import_key(node, &key, &mut steps).await?;
    let all = wire::Permissions { read: true, write: true, owner: true };
    let held = bucket.keys.iter().find(|held| held.access_key_id == key.id).map(|held| held.permissions);
    if held != Some(all) {
        let permissions = json!({ "read": true, "write": true, "owner": true });
        let body = json!({ "bucketId": bucket.id, "accessKeyId": key.id, "permissions": permissions });
        let _bucket: Value = node.order("AllowBucketKey", &[], body).await?;
        steps.push(Step::Allowed);
    }
    Ok(steps)
}

/// The planned nodes with their ids. One that does not answer is known by its address, if it ever had a place.
fn members<'a>(
    plan: &'a Plan,
    ids: Vec<Result<String, GarageError>>,
    layout: &wire::Layout,
    steps: &mut Vec<Step>,
) -> Result<Vec<Member<'a>>, GarageError> {
    let mut members = Vec::new();
    for (planned, id) in plan.nodes.iter().zip(ids) {
        let address = planned.rpc.to_string();
        let known = layout.roles.iter().find(|known| known.role.tags.contains(&address));
        match id {
            Ok(id) => members.push(Member { planned, id }),
            // A wrong token is a fault of the settings, not a node that is away.
            Err(error @ GarageError::Refused { .. }) => return Err(error),
            Err(_) => match known {
                Some(known) => members.push(Member { planned, id: known.id.clone() }),
                None => steps.push(Step::Missing(address)),
            },
        }
    }
    Ok(members)
}

/// Connects every node that answers with those that it does not see. Left alone they would find one another, too, within
/// half a minute.
async fn connect(
    nodes: impl Iterator<Item = &AdminApi>,
    members: &[Member<'_>],
    steps: &mut Vec<Step>,
) -> Result<(), GarageError> {
    for connected in join_all(nodes.map(|node| connect_one(node, members))).await {
        for step in connected? {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    Ok(())
}

async fn connect_one(node: &AdminApi, members: &[Member<'_>]) -> Result<Vec<Step>, GarageError> {
    let status = node.status().await?;
    let up = |id: &str| status.nodes.iter().any(|seen| seen.id == id && seen.is_up);
    let away: Vec<&Member<'_>> = members.iter().filter(|one| !up(&one.id)).collect();
    if away.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = away.iter().map(|one| format!("{}@{}", one.id, one.planned.rpc)).collect();
    let answers: Vec<wire::Connected> = node.order("ConnectClusterNodes", &[], json!(places)).await?;
    let mut steps = Vec::new();
    for (one, answer) in away.iter().zip(&answers) {
        if answer.success {
            steps.push(Step::Connected(one.planned.rpc.to_string()));
        } else {
            let words = answer.error.as_deref().unwrap_or("no reason");
            tracing::warn!(node = %one.planned.rpc, words, "garage.not_connected");
        }
    }
    Ok(steps)
}

async fn lay_out(
    node: &AdminApi,
    layout: wire::Layout,
    members: &[Member<'_>],
    all_known: bool,
    steps: &mut Vec<Step>,
) -> Result<(), GarageError> {
    let role = |planned: &PlannedNode| wire::Role {
        zone: planned.zone.clone(),
        capacity: Some(planned.capacity_bytes()),
        tags: vec![planned.rpc.to_string()],
    };
    let planned: Roles = members.iter().map(|one| (one.id.clone(), role(one.planned))).collect();
    let current: Roles = layout.roles.into_iter().map(|one| (one.id, one.role)).collect();
    let changes = Changes::between(&current, &planned, all_known);
    if !changes.is_empty() {
        if !layout.staged_role_changes.is_empty() {
            // What somebody else prepared would come into force with ours.
            let _layout: wire::Layout = node.order("RevertClusterLayout", &[], json!({})).await?;
        }
        let _staged: wire::Layout = node.order("UpdateClusterLayout", &[], changes.body()).await?;
        let version = layout.version + 1;
        if let Err(error) = node.order::<Value>("ApplyClusterLayout", &[], json!({ "version": version })).await {
            // Nobody is to find a layout prepared that Garage itself cannot compute.
            node.order::<wire::Layout>("RevertClusterLayout", &[], json!({})).await.ok();
            return Err(error);
        }
        let assigned = changes.assigned.into_iter();
        steps.extend(assigned.map(|(id, role)| Step::Assigned { node: id, zone: role.zone }));
        steps.extend(changes.removed.into_iter().map(Step::Removed));
        steps.push(Step::Layout(version));
    }
    settle(node).await?;
    skip_lost(node, &planned, steps).await
}

/// Waits until every part of the store can be written to.
async fn settle(node: &AdminApi) -> Result<(), GarageError> {
    let end = Instant::now() + SETTLE_TIMEOUT;
    loop {
        let health = node.health().await?;
        if health.partitions_quorum == health.partitions {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(GarageError::Impossible(format!(
                "{} of {} parts of the store have no quorum: more nodes have to run",
                health.partitions - health.partitions_quorum,
                health.partitions
            )));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A node that has left the layout and does not answer would be waited for, and the layout before kept, for ever.
async fn skip_lost(node: &AdminApi, planned: &Roles, steps: &mut Vec<Step>) -> Result<(), GarageError> {
    let history: wire::LayoutHistory = node.read("GetClusterLayoutHistory", &[]).await?;
    let live = history.versions.iter().filter(|version| version.status != "Historical").count();
    if live < 2 {
        return Ok(());
    }
    let status = node.status().await?;
    let gone = status.nodes.iter().filter(|seen| seen.draining && !seen.is_up && !planned.contains_key(&seen.id));
    if gone.count() == 0 {
        return Ok(());
    }
    let body = json!({ "version": history.current_version, "allowMissingData": false });
    let skipped: wire::Skipped = node.order("ClusterLayoutSkipDeadNodes", &[], body).await?;
    steps.extend(skipped.ack_updated.into_iter().map(Step::Skipped));
    Ok(())
}

async fn bucket(node: &AdminApi, name: &str, steps: &mut Vec<Step>) -> Result<wire::Bucket, GarageError> {
    if let Some(bucket) = node.find("GetBucketInfo", &[("globalAlias", name)]).await? {
        return Ok(bucket);
    }
    let made = node.order("CreateBucket", &[], json!({ "globalAlias": name })).await?;
    steps.push(Step::Bucket(name.into()));
    Ok(made)
}

async fn import_key(node: &AdminApi, key: &super::AccessKey, steps: &mut Vec<Step>) -> Result<(), GarageError> {
    let query = [("id", key.id.as_str()), ("showSecretKey", "true")];
    match node.find::<wire::Key>("GetKeyInfo", &query).await? {
        Some(known) if known.secret_access_key.as_deref() == Some(key.secret.expose_secret()) => Ok(()),
        Some(_) => Err(GarageError::Impossible(format!("there is a key {} already, with another secret", key.id))),
        None => {
            let body = json!({
                "accessKeyId": key.id, "secretAccessKey": key.secret.expose_secret(), "name": KEY_NAME,
            });
            let _key: Value = node.order("ImportKey", &[], body).await?;
            steps.push(Step::Key(key.id.clone()));
            Ok(())
        }
    }
}
