use super::{Phase, SafetyLimits, Step, reachable_state};
use crate::{
    config::{Limits, Listen},
    edge::{
        answers::pages,
        certificate::{SiteCertificate, tests::issued},
        render::{OBJECT_PREFIX, PORTAL_CLUSTER, RenderError, backend_id},
        spec::{EdgeSpec, Listeners, Marker},
    },
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
use uuid::Uuid;

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];

fn certificates() -> &'static [SiteCertificate; 3] {
    static ISSUED: OnceLock<[SiteCertificate; 3]> = OnceLock::new();
    ISSUED.get_or_init(|| [issued(&["*.example"]), issued(&["*.example"]), issued(&HOSTS)])
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

const NO_LIMITS: SafetyLimits = SafetyLimits { max_removal_percent: 100 };

fn render(spec: &EdgeSpec) -> Result<ConfigState, RenderError> {
    crate::edge::render::render(spec).map(|rendered| rendered.state)
}

fn plan(actual: &ConfigState, desired: &ConfigState) -> Vec<Step> {
    super::plan(actual, desired, &NO_LIMITS).unwrap()
}

fn process(number: u16) -> Uuid {
    Uuid::from_u128(number.into())
}

/// Sites by id with their hosts, and the ports of the processes.
fn spec(sites: &[(&str, &[&str])], ports: &[u16]) -> EdgeSpec {
    let hosts = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
    EdgeSpec {
        epoch: 1,
        listeners: Listeners {
            http: address(80),
            https: address(443),
            public_port: 443,
            hsts_seconds: 60,
            limits: Limits::default(),
            workers: 2,
            answers: pages().into_iter().take(1).collect(),
        },
        certificates: vec![certificates()[0].clone()],
        sites: sites.iter().map(|(id, names)| ((*id).to_owned(), hosts(names))).collect(),
        processes: ports.iter().map(|port| (process(*port), Listen::Tcp(address(*port)))).collect(),
        challenges: None,
        marker: Marker("secret".into()),
    }
}

fn one_site(ports: &[u16]) -> ConfigState {
    render(&spec(&[("portal", &["a.example"])], ports)).unwrap()
}

fn dispatch(state: &mut ConfigState, command: RequestType) {
    state.dispatch(&command.into()).unwrap();
}

fn apply(state: &mut ConfigState, steps: &[Step]) {
    for step in steps {
        if let Step::Command { request, .. } = step {
            state.dispatch(&(**request).clone().into()).unwrap_or_else(|error| panic!("{step}: {error}"));
        }
    }
}

fn labels(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

#[test]
fn specs_that_cannot_be_served_at_all_are_refused() {
    assert_eq!(render(&spec(&[], &[])).map(drop).unwrap_err(), RenderError::NoSite);
    let mut crossed = spec(&[("portal", &["a.example"])], &[1]);
    crossed.listeners.http = crossed.listeners.https;
    assert_eq!(render(&crossed).map(drop).unwrap_err(), RenderError::SameListener(address(443)));
}

#[test]
fn what_sozu_would_serve_wrongly_is_left_out_and_holds_up_nothing_else() {
    for host in ["*.example", "a.example/x", "A.example", "", "a..example", "-a.example", "a.test"] {
        let spec = spec(&[("portal", &["b.example", host])], &[1]);
        let rendered = crate::edge::render::render(&spec).unwrap();
        assert_eq!(routes(&rendered.state).into_keys().collect::<Vec<_>>(), ["b.example"], "{host}");
        assert_eq!(rendered.rejected[0].object.to_string(), format!("host {host}"));
    }
    let twice = spec(&[("one", &["a.example"]), ("two", &["a.example", "b.example"])], &[1]);
    let rendered = crate::edge::render::render(&twice).unwrap();
    assert_eq!(rendered.rejected.len(), 1);
    assert!(rendered.rejected[0].reason.contains("one has this host"), "{:?}", rendered.rejected);
    assert_eq!(routes(&rendered.state).len(), 2);
}

#[test]
fn an_edge_that_was_overtaken_plans_nothing() {
    let (old, mut new) = (spec(&[("portal", &["a.example"])], &[1]), spec(&[("portal", &["a.example"])], &[2]));
    new.epoch = 2;
    let (old, new) = (render(&old).unwrap(), render(&new).unwrap());
    assert_eq!(super::plan(&new, &old, &NO_LIMITS), Err(super::PlanError::Fenced { ours: 1, theirs: 2 }));
    assert!(labels(&plan(&old, &new)).contains(&"remove cluster guichet-epoch-1".to_owned()));
}

#[test]
fn many_hosts_do_not_go_without_the_operator() {
    let names: Vec<String> = (0..10).map(|number| format!("h{number}.example")).collect();
    let hosts: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = render(&spec(&[("portal", &hosts)], &[1])).unwrap();
    let after = render(&spec(&[("portal", &hosts[..2])], &[2])).unwrap();
    let safety_limits = SafetyLimits { max_removal_percent: 50 };
    let steps = super::plan(&before, &after, &safety_limits).unwrap();
    assert!(labels(&steps)[0].starts_with("mass removal: 8 of 10 hosts"), "{steps:?}");
    assert_eq!(steps.len(), 3, "the process is replaced all the same: {steps:?}");
    assert_eq!(plan(&before, &after).len(), 18);
}

#[test]
fn a_listener_that_is_no_longer_wanted_goes_after_its_routes_and_certificates() {
    let mut moved = spec(&[("portal", &["a.example"])], &[1]);
    moved.listeners.https = address(8443);
    let (mut state, desired) = (one_site(&[1]), render(&moved).unwrap());
    let steps = plan(&state, &desired);
    assert_eq!(labels(&steps).last().unwrap(), "remove HTTPS listener 127.0.0.1:443");
    apply(&mut state, &steps);
    assert!(plan(&state, &desired).is_empty() && state.diff(&desired).is_empty());
    assert!(!state.certificates.contains_key(&address(443)));
}

#[test]
fn a_route_with_another_mark_is_swapped_by_two_orders_in_a_row() {
    let mut marked = spec(&[("portal", &["a.example", "b.example"])], &[1]);
    let before = render(&marked).unwrap();
    marked.marker = Marker("other".into());
    let steps = plan(&before, &render(&marked).unwrap());
    let labels = labels(&steps);
    assert_eq!(labels.len(), 4);
    assert!(labels[0].ends_with("a.example;P/, 1 of 2") && labels[1].ends_with("a.example;P/, 2 of 2"), "{labels:?}");
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
    let old = spec(&[("portal", &["a.example"])], &[1]);
    let mut renewed = old.clone();
    renewed.certificates = vec![certificates()[1].clone()];
    let steps = plan(&render(&old).unwrap(), &render(&renewed).unwrap());
    let [Step::Command { request, .. }] = &steps[..] else { panic!("{steps:?}") };
    let RequestType::ReplaceCertificate(replace) = &**request else { panic!("{steps:?}") };
    assert_eq!(replace.old_fingerprint, old.certificates[0].fingerprint);
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
            format!("add process {} at 127.0.0.1:2 to guichet-portal", backend_id(process(2))),
            format!("remove process {} at 127.0.0.1:1 from guichet-portal", backend_id(process(1))),
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
        ports in prop::collection::btree_set(1u16..7, 0..4),
        unix in any::<bool>(),
        certificate in prop::collection::btree_set(0usize..3, 1..3),
        hsts_seconds in 1u32..3,
        public_port in 443u16..445,
        challenged in 0usize..3,
    ) -> Option<EdgeSpec> {
        let hosts = |site: usize| -> Vec<&str> {
            HOSTS.iter().zip(&owner).filter(|(_, owner)| **owner == site).map(|(host, _)| *host).collect()
        };
        let ports: Vec<u16> = ports.into_iter().collect();
        let (one, two) = (hosts(0), hosts(1));
        let mut spec = spec(&[("portal", &one[..]), ("other", &two[..])], &ports);
        spec.certificates = certificate.into_iter().map(|number| certificates()[number].clone()).collect();
        (spec.listeners.hsts_seconds, spec.listeners.public_port) = (hsts_seconds, public_port);
        if unix { spec.processes.insert(Uuid::max(), Listen::Unix("/run/guichet/u.sock".into())); }
        if challenged > 0 {
            let hosts = HOSTS.iter().take(challenged - 1).map(|host| (*host).to_owned()).collect();
            spec.challenges = Some(crate::edge::spec::Challenges { responder: address(99), hosts });
        }
        spec.sites.values().any(|hosts| !hosts.is_empty()).then_some(spec)
    }
}

fn some_spec() -> impl Strategy<Value = EdgeSpec> {
    any_spec().prop_filter_map("no site", |spec| spec)
}

/// Which cluster each host leads to on the HTTPS listener.
fn routes(state: &ConfigState) -> BTreeMap<String, String> {
    let route = |frontend: &sozu_command_lib::response::HttpFrontend| {
        (frontend.hostname.clone(), frontend.cluster_id.as_deref().unwrap_or_default().to_owned())
    };
    state.https_fronts.values().map(route).collect()
}

proptest! {
    #[test]
    fn a_plan_leads_where_it_should_and_a_second_one_is_empty(from in some_spec(), to in some_spec()) {
        let (mut state, desired) = (render(&from).unwrap(), render(&to).unwrap());
        let wanted = reachable_state(&state, &desired, &NO_LIMITS);
        let steps = plan(&state, &desired);
        apply(&mut state, &steps);
        prop_assert!(plan(&state, &desired).is_empty());
        // Sōzu minds the order in which certificates came; with one certificate for each name it decides nothing.
        let diff = state.diff(&wanted);
        let names = diff.iter().map(|command| command.short_name().to_owned());
        let rest: Vec<String> = names.filter(|name| !name.ends_with("Certificate")).collect();
        prop_assert_eq!(&state.certificates, &wanted.certificates);
        prop_assert!(rest.is_empty(), "Sōzu's own difference must be empty too: {rest:?} after {steps:?}");
        prop_assert_eq!(state.hash_state(), wanted.hash_state());
    }

    #[test]
    fn what_is_not_ours_survives_and_our_strays_do_not(from in some_spec(), to in some_spec()) {
        let (mut state, desired) = (render(&from).unwrap(), render(&to).unwrap());
        disturb(&mut state);
        let steps = plan(&state, &desired);
        apply(&mut state, &steps);
        prop_assert!(plan(&state, &desired).is_empty());
        prop_assert!(state.clusters.contains_key("theirs") && routes(&state).contains_key("theirs.test"));
        prop_assert_eq!(state.backends["theirs"].len(), 1);
        let theirs = state.certificates[&address(443)].values().any(|one| one.names == ["theirs.test"]);
        prop_assert!(theirs);
        prop_assert!(!state.clusters.contains_key("guichet-forgotten") && !routes(&state).contains_key("ghost.test"));
    }

    #[test]
    fn no_step_opens_a_hole(from in some_spec(), to in some_spec()) {
        let (before, desired) = (render(&from).unwrap(), render(&to).unwrap());
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
            if before.backends.contains_key(PORTAL_CLUSTER) {
                prop_assert!(!state.backends[PORTAL_CLUSTER].is_empty(), "{step}: nobody is left to serve");
            }
            prop_assert!(!state.certificates[&address(443)].is_empty(), "{step}: no certificate");
        }
    }

    #[test]
    fn the_same_states_give_the_same_plan(from in some_spec(), to in some_spec()) {
        let twice = [(); 2].map(|()| {
            let mut state = render(&from).unwrap();
            disturb(&mut state);
            labels(&plan(&state, &render(&to).unwrap()))
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
    assert!(OBJECT_PREFIX.ends_with('-'));
}
