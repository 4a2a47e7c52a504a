use super::{Phase, Step, attainable, plan};
use crate::edge::{
    certificate::{SiteCertificate, tests::issued},
    compile::{CompileError, OWNED, compile},
    spec::{EdgeSpec, Site},
};
use proptest::prelude::*;
use sozu_command_lib::{
    proto::command::{
        AddBackend, CertificateAndKey, Cluster, PathRule, RequestHttpFrontend, RulePosition, TlsVersion,
        UpdateHttpsListenerConfig, request::RequestType,
    },
    state::ConfigState,
};
use std::{collections::BTreeMap, net::SocketAddr, sync::OnceLock};

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];

fn certificates() -> &'static [SiteCertificate; 3] {
    static ISSUED: OnceLock<[SiteCertificate; 3]> = OnceLock::new();
    ISSUED.get_or_init(|| [issued(&["*.example"]), issued(&["*.example"]), issued(&HOSTS)])
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn spec(sites: &[(&str, &[&str], &[u16])]) -> EdgeSpec {
    let sites = sites.iter().map(|(id, hosts, ports)| {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let instances = ports.iter().map(|port| (format!("{id}-{port}"), address(*port))).collect();
        ((*id).to_owned(), Site { hosts, instances })
    });
    EdgeSpec {
        http: address(80),
        https: address(443),
        public_port: 443,
        hsts_seconds: 60,
        certificate: certificates()[0].clone(),
        sites: sites.collect(),
    }
}

fn one_site(ports: &[u16]) -> ConfigState {
    compile(&spec(&[("portal", &["a.example"], ports)])).unwrap()
}

fn dispatch(state: &mut ConfigState, order: RequestType) {
    state.dispatch(&order.into()).unwrap();
}

fn apply(state: &mut ConfigState, steps: &[Step]) {
    for step in steps {
        if let Step::Order { label, request, .. } = step {
            state.dispatch(&(**request).clone().into()).unwrap_or_else(|error| panic!("{label}: {error}"));
        }
    }
}

fn labels(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

#[test]
fn wishes_that_sozu_would_serve_wrongly_are_refused() {
    let refused = |spec: &EdgeSpec| compile(spec).map(drop).unwrap_err();
    assert_eq!(refused(&spec(&[])), CompileError::NoSite);
    assert_eq!(refused(&spec(&[("portal", &[], &[1])])), CompileError::NoHost("portal".into()));
    for host in ["*.example", "a.example/x", "A.example", "", "a..example"] {
        assert_eq!(refused(&spec(&[("portal", &[host], &[1])])), CompileError::BadHost(host.into()));
    }
    let elsewhere = spec(&[("portal", &["a.test"], &[1])]);
    assert_eq!(refused(&elsewhere), CompileError::NotCovered("a.test".into()));
    let twice = spec(&[("one", &["a.example"], &[1]), ("two", &["a.example"], &[2])]);
    assert_eq!(refused(&twice), CompileError::HostTwice("a.example".into()));
    let mut crossed = spec(&[("portal", &["a.example"], &[1])]);
    crossed.http = crossed.https;
    assert_eq!(refused(&crossed), CompileError::SameListener(crossed.https));
}

#[test]
fn from_nothing_listeners_are_bound_last() {
    let steps = plan(&ConfigState::new(), &one_site(&[1]));
    let first_bound = labels(&steps).iter().position(|label| label.starts_with("bind")).unwrap();
    assert_eq!(first_bound, steps.len() - 2);
    assert_eq!(labels(&steps)[0], "define HTTP listener 127.0.0.1:80");
}

#[test]
fn a_renewed_certificate_replaces_the_old_one_in_one_order() {
    let old = spec(&[("portal", &["a.example"], &[1])]);
    let mut renewed = old.clone();
    renewed.certificate = certificates()[1].clone();
    let steps = plan(&compile(&old).unwrap(), &compile(&renewed).unwrap());
    let [Step::Order { request, .. }] = &steps[..] else { panic!("{steps:?}") };
    let RequestType::ReplaceCertificate(replace) = &**request else { panic!("{steps:?}") };
    assert_eq!(replace.old_fingerprint, old.certificate.fingerprint);
    assert!(!format!("{steps:?}").contains("PRIVATE"));
}

#[test]
fn a_listener_is_patched_in_place_or_left_to_the_operator() {
    let desired = one_site(&[1]);
    let mut actual = desired.clone();
    let slow = UpdateHttpsListenerConfig {
        address: address(443).into(),
        front_timeout: Some(7),
        ..UpdateHttpsListenerConfig::default()
    };
    dispatch(&mut actual, RequestType::update_https_listener(slow));
    assert_eq!(labels(&plan(&actual, &desired)), ["patch HTTPS listener 127.0.0.1:443"]);

    let mut bound_otherwise = desired.clone();
    let listener = bound_otherwise.https_listeners.values_mut().next().unwrap();
    listener.versions = vec![TlsVersion::TlsV12.into()];
    let steps = plan(&bound_otherwise, &desired);
    assert!(matches!(&steps[..], [Step::NeedsOperator { .. }]), "{steps:?}");
}

#[test]
fn a_process_is_added_before_its_predecessor_goes_and_the_last_ones_stay() {
    let steps = plan(&one_site(&[1]), &one_site(&[2]));
    assert_eq!(
        labels(&steps),
        [
            "add process guichet-portal-2 at 127.0.0.1:2 to guichet-portal",
            "remove process guichet-portal-1 at 127.0.0.1:1 from guichet-portal",
        ]
    );
    assert!(plan(&one_site(&[1, 2]), &one_site(&[])).is_empty());
}

#[test]
fn a_host_that_somebody_else_routes_is_left_to_the_operator() {
    let mut actual = ConfigState::new();
    dispatch(&mut actual, RequestType::add_https_frontend(route("theirs", "a.example", 443)));
    let steps = plan(&actual, &one_site(&[1]));
    assert!(labels(&steps)[0].starts_with("route 127.0.0.1:443;a.example"), "{steps:?}");
}

fn route(cluster: &str, host: &str, port: u16) -> RequestHttpFrontend {
    RequestHttpFrontend {
        cluster_id: Some(cluster.into()),
        address: address(port).into(),
        hostname: host.into(),
        path: PathRule::prefix("/"),
        position: RulePosition::Tree.into(),
        ..RequestHttpFrontend::default()
    }
}

/// Objects of somebody else, a stray route and a stray cluster of ours.
fn disturb(state: &mut ConfigState) {
    let cluster = |id: &str| Cluster { cluster_id: id.into(), ..Cluster::default() };
    dispatch(state, RequestType::AddCluster(cluster("theirs")));
    dispatch(state, RequestType::AddCluster(cluster("guichet-forgotten")));
    for id in ["theirs", "guichet-forgotten"] {
        let backend = AddBackend {
            cluster_id: id.into(),
            backend_id: format!("{id}-1"),
            address: address(9).into(),
            ..AddBackend::default()
        };
        dispatch(state, RequestType::add_backend(backend));
        dispatch(state, RequestType::add_https_frontend(route(id, &format!("{id}.test"), 443)));
    }
    dispatch(state, RequestType::add_https_frontend(route("guichet-ghost", "ghost.test", 443)));
    let other = issued(&["theirs.test"]);
    let certificate = CertificateAndKey {
        certificate: other.leaf,
        certificate_chain: other.chain,
        key: other.key,
        versions: Vec::new(),
        names: other.names,
    };
    let add = sozu_command_lib::proto::command::AddCertificate {
        address: address(443).into(),
        certificate,
        expired_at: None,
    };
    dispatch(state, RequestType::AddCertificate(add));
}

prop_compose! {
    fn any_spec()(
        owner in prop::collection::vec(0usize..3, 3),
        first in prop::collection::btree_set(1u16..5, 0..4),
        second in prop::collection::btree_set(5u16..9, 0..4),
        certificate in 0usize..3,
        hsts_seconds in 1u32..3,
        public_port in 443u16..445,
    ) -> Option<EdgeSpec> {
        let hosts = |site: usize| -> Vec<&str> {
            HOSTS.iter().zip(&owner).filter(|(_, owner)| **owner == site).map(|(host, _)| *host).collect()
        };
        let (first, second): (Vec<u16>, Vec<u16>) = (first.into_iter().collect(), second.into_iter().collect());
        let (one, two) = (hosts(0), hosts(1));
        let mut sites = Vec::new();
        if !one.is_empty() { sites.push(("portal", &one[..], &first[..])); }
        if !two.is_empty() { sites.push(("other", &two[..], &second[..])); }
        let mut spec = spec(&sites);
        spec.certificate = certificates()[certificate].clone();
        (spec.hsts_seconds, spec.public_port) = (hsts_seconds, public_port);
        (!spec.sites.is_empty()).then_some(spec)
    }
}

fn some_spec() -> impl Strategy<Value = EdgeSpec> {
    any_spec().prop_filter_map("no site", |spec| spec)
}

/// Which cluster each host leads to on the HTTPS listener.
fn routes(state: &ConfigState) -> BTreeMap<String, String> {
    let route = |front: &sozu_command_lib::response::HttpFrontend| {
        (front.hostname.clone(), front.cluster_id.as_deref().unwrap_or_default().to_owned())
    };
    state.https_fronts.values().map(route).collect()
}

proptest! {
    #[test]
    fn a_plan_leads_where_it_should_and_a_second_one_is_empty(from in some_spec(), to in some_spec()) {
        let (mut state, desired) = (compile(&from).unwrap(), compile(&to).unwrap());
        let wanted = attainable(&state, &desired);
        let steps = plan(&state, &desired);
        apply(&mut state, &steps);
        prop_assert!(plan(&state, &desired).is_empty());
        prop_assert!(state.diff(&wanted).is_empty(), "Sōzu's own difference must be empty too");
        prop_assert_eq!(state.hash_state(), wanted.hash_state());
    }

    #[test]
    fn what_is_not_ours_survives_and_our_strays_do_not(from in some_spec(), to in some_spec()) {
        let (mut state, desired) = (compile(&from).unwrap(), compile(&to).unwrap());
        disturb(&mut state);
        let steps = plan(&state, &desired);
        apply(&mut state, &steps);
        prop_assert!(plan(&state, &desired).is_empty());
        prop_assert!(state.clusters.contains_key("theirs") && routes(&state).contains_key("theirs.test"));
        prop_assert_eq!(state.backends["theirs"].len(), 1);
        prop_assert_eq!(state.certificates[&address(443)].len(), 2);
        prop_assert!(!state.clusters.contains_key("guichet-forgotten") && !routes(&state).contains_key("ghost.test"));
    }

    #[test]
    fn no_step_opens_a_hole(from in some_spec(), to in some_spec()) {
        let (before, desired) = (compile(&from).unwrap(), compile(&to).unwrap());
        let (old, new) = (routes(&before), routes(&desired));
        let mut state = before.clone();
        for step in plan(&before, &desired) {
            apply(&mut state, std::slice::from_ref(&step));
            let now = routes(&state);
            for (host, cluster) in &now {
                prop_assert!(state.clusters.contains_key(cluster.as_str()), "{step}: {host} leads nowhere");
            }
            for host in new.iter().filter(|(host, cluster)| old.get(*host) == Some(*cluster)).map(|(host, _)| host) {
                prop_assert!(now.contains_key(host), "{step}: {host} has no route");
            }
            for cluster in new.values().filter(|cluster| before.backends.contains_key(cluster.as_str())) {
                prop_assert!(!state.backends[cluster.as_str()].is_empty(), "{step}: {cluster} has nobody left");
            }
            prop_assert!(!state.certificates[&address(443)].is_empty(), "{step}: no certificate");
        }
    }

    #[test]
    fn the_same_states_give_the_same_plan(from in some_spec(), to in some_spec()) {
        let twice = [(); 2].map(|()| {
            let mut state = compile(&from).unwrap();
            disturb(&mut state);
            labels(&plan(&state, &compile(&to).unwrap()))
        });
        prop_assert_eq!(&twice[0][..twice[0].len()], &twice[1][..]);
        prop_assert!(!twice[0].iter().any(|label| label.contains("theirs")));
    }
}

#[test]
fn removals_come_after_everything_that_adds() {
    let removing = [Phase::RemoveFrontend, Phase::RemoveBackend, Phase::RemoveCertificate, Phase::RemoveCluster];
    assert!(removing.iter().all(|phase| phase.removes()));
    assert!(!Phase::Activate.removes() && !Phase::Reroute.removes());
    assert!(OWNED.ends_with('-'));
}
