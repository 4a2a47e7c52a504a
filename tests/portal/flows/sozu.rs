//! The conversation with a bare Sōzu: what is asked is answered, what is ordered is done, and what Sōzu itself gets
//! wrong is known here first.

mod events;
mod orders;
mod own_answers;
mod reconcile;
mod states;
mod trouble;

use crate::harness::sozu::free;
use guichet::testing::edge::{
    plan::{SafetyLimits, Step, plan},
    render::render,
    sozu::Sozu,
    spec::EdgeSpec,
};
use sozu_command_lib::{
    config::ListenerBuilder,
    proto::command::{
        ActivateListener, AddBackend, Cluster, ListenerType, LoadBalancingParams, PathRule, RemoveBackend,
        RequestHttpFrontend, RulePosition, request::RequestType,
    },
    state::ConfigState,
};
use std::{collections::BTreeMap, net::SocketAddr};

const SAFETY_LIMITS: SafetyLimits = SafetyLimits { max_removal_percent: 100 };

fn add_cluster(id: &str) -> RequestType {
    RequestType::AddCluster(Cluster { cluster_id: id.into(), ..Cluster::default() })
}

fn add_backend(cluster: &str, id: &str, address: SocketAddr) -> RequestType {
    RequestType::add_backend(AddBackend {
        cluster_id: cluster.into(),
        backend_id: id.into(),
        address: address.into(),
        load_balancing_parameters: Some(LoadBalancingParams::default()),
        ..AddBackend::default()
    })
}

fn remove_backend(cluster: &str, id: &str, address: SocketAddr) -> RequestType {
    RequestType::RemoveBackend(RemoveBackend {
        cluster_id: cluster.into(),
        backend_id: id.into(),
        address: address.into(),
    })
}

fn add_route(cluster: &str, listener: SocketAddr, host: &str) -> RequestType {
    RequestType::add_http_frontend(RequestHttpFrontend {
        cluster_id: Some(cluster.into()),
        address: listener.into(),
        hostname: host.into(),
        path: PathRule::prefix("/"),
        position: RulePosition::Tree.into(),
        ..RequestHttpFrontend::default()
    })
}

/// Has Sōzu listen on a free address with these answers of its own.
async fn listen(sozu: &Sozu, answers: BTreeMap<String, String>) -> SocketAddr {
    let address = free();
    let mut listener = ListenerBuilder::new_http(address.into()).to_http(None).unwrap();
    listener.answers = answers;
    sozu.call(RequestType::AddHttpListener(listener)).await.unwrap();
    let bind = ActivateListener {
        address: address.into(),
        proxy: ListenerType::Http.into(),
        from_scm: false,
        interface: None,
    };
    sozu.call(RequestType::ActivateListener(bind)).await.unwrap();
    address
}

/// All orders that an empty Sōzu needs.
fn orders(spec: &EdgeSpec) -> Vec<RequestType> {
    let rendered = render(spec).unwrap();
    assert!(rendered.rejected.is_empty(), "{:?}", rendered.rejected);
    let steps = plan(&ConfigState::new(), &rendered.state, &SAFETY_LIMITS).unwrap();
    let orders = steps.into_iter().map(|step| match step {
        Step::Command { request, .. } => *request,
        Step::NeedsOperator { object, reason } => panic!("{object}: {reason}"),
    });
    orders.collect()
}

#[track_caller]
fn expect_same(one: &ConfigState, other: &ConfigState) {
    // Not shown when it fails: there are keys in it.
    assert!(one.diff(other).is_empty() && other.diff(one).is_empty(), "the states differ");
    assert_eq!(one.hash_state(), other.hash_state());
}
