//! From the wish to Sōzu's own state, refusing what Sōzu would accept and serve wrongly.

use crate::edge::{
    answers::pages,
    spec::{EdgeSpec, Site},
};
use sozu_command_lib::{
    config::ListenerBuilder,
    proto::command::{
        ActivateListener, AddBackend, AddCertificate, CertificateAndKey, Cluster, HstsConfig, ListenerType,
        LoadBalancingAlgorithms, LoadBalancingParams, PathRule, RequestHttpFrontend, RulePosition, TlsVersion,
        request::RequestType,
    },
    state::ConfigState,
};
use std::{collections::BTreeSet, net::SocketAddr};

/// Every cluster and backend of ours begins with this; objects without it belong to somebody else and are left alone.
pub const OWNED: &str = "guichet-";

/// Why a wish cannot become a state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// An empty wish would take everything down.
    #[error("there is no site to serve")]
    NoSite,
    /// A site that no request can reach.
    #[error("site {0} has no host name")]
    NoHost(String),
    /// Not a plain lower-case DNS name: Sōzu would read `*` or `/` in it as a pattern.
    #[error("{0:?} is not a host name")]
    BadHost(String),
    /// Two sites want the same host.
    #[error("host {0} is claimed twice")]
    HostTwice(String),
    /// Browsers would be shown a certificate for another name, then refused with 421.
    #[error("the certificate does not cover host {0}")]
    NotCovered(String),
    /// Drain events name a process by its id alone, so it must be unique over all sites.
    #[error("process {0} serves two sites")]
    ProcessTwice(String),
    /// Both listeners on one address.
    #[error("both listeners use {0}")]
    SameListener(SocketAddr),
    /// Sōzu's own rules refuse an object.
    #[error("Sōzu's rules refuse {object}: {reason}")]
    Refused {
        /// What is refused.
        object: String,
        /// Why.
        reason: String,
    },
}

/// Name of a site's cluster.
#[must_use]
pub fn cluster_id(site: &str) -> String {
    format!("{OWNED}{site}")
}

/// Name of a process among Sōzu's backends.
#[must_use]
pub fn backend_id(instance: &str) -> String {
    format!("{OWNED}{instance}")
}

/// Computes the state that Sōzu has to reach.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(spec: &EdgeSpec) -> Result<ConfigState, CompileError> {
    check(spec)?;
    let mut state = ConfigState::new();
    listeners(spec, &mut state)?;
    for (id, site) in &spec.sites {
        add_site(spec, &cluster_id(id), site, &mut state)?;
    }
    Ok(state)
}

fn check(spec: &EdgeSpec) -> Result<(), CompileError> {
    if spec.sites.is_empty() {
        return Err(CompileError::NoSite);
    }
    if spec.http == spec.https {
        return Err(CompileError::SameListener(spec.http));
    }
    let (mut hosts, mut processes) = (BTreeSet::new(), BTreeSet::new());
    for (id, site) in &spec.sites {
        if site.hosts.is_empty() {
            return Err(CompileError::NoHost(id.clone()));
        }
        for host in &site.hosts {
            check_host(spec, host)?;
            if !hosts.insert(host) {
                return Err(CompileError::HostTwice(host.clone()));
            }
        }
        if let Some(twice) = site.instances.keys().find(|process| !processes.insert(*process)) {
            return Err(CompileError::ProcessTwice(twice.clone()));
        }
    }
    Ok(())
}

fn check_host(spec: &EdgeSpec, host: &str) -> Result<(), CompileError> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(CompileError::BadHost(host.into()));
    }
    if !spec.certificate.covers(host) {
        return Err(CompileError::NotCovered(host.into()));
    }
    Ok(())
}

fn listeners(spec: &EdgeSpec, state: &mut ConfigState) -> Result<(), CompileError> {
    let refused = |object: &str| {
        let object = object.to_owned();
        move |error: sozu_command_lib::config::ConfigError| CompileError::Refused { object, reason: error.to_string() }
    };
    let mut http = ListenerBuilder::new_http(spec.http.into()).to_http(None).map_err(refused("the HTTP listener"))?;
    http.answers = pages();
    // A client's own X-Real-IP is dropped and Sōzu's put in its place: the one client address the portal may trust.
    (http.elide_x_real_ip, http.send_x_real_ip) = (Some(true), Some(true));
    let mut https =
        ListenerBuilder::new_https(spec.https.into()).to_tls(None).map_err(refused("the HTTPS listener"))?;
    https.answers = pages();
    (https.elide_x_real_ip, https.send_x_real_ip) = (Some(true), Some(true));
    https.hsts = Some(HstsConfig {
        enabled: Some(true),
        max_age: Some(spec.hsts_seconds),
        include_subdomains: Some(false),
        preload: Some(false),
        force_replace_backend: Some(false),
    });
    add(state, "the HTTP listener", RequestType::AddHttpListener(http))?;
    add(state, "the HTTPS listener", RequestType::add_https_listener(https))?;
    add(state, "the HTTP listener", activation(spec.http, ListenerType::Http))?;
    add(state, "the HTTPS listener", activation(spec.https, ListenerType::Https))?;
    let certificate = AddCertificate {
        address: spec.https.into(),
        certificate: CertificateAndKey {
            certificate: spec.certificate.leaf.clone(),
            certificate_chain: spec.certificate.chain.clone(),
            key: spec.certificate.key.clone(),
            versions: vec![TlsVersion::TlsV12.into(), TlsVersion::TlsV13.into()],
            names: spec.certificate.names.clone(),
        },
        expired_at: None,
    };
    add(state, "the certificate", RequestType::AddCertificate(certificate))
}

fn add_site(spec: &EdgeSpec, cluster: &str, site: &Site, state: &mut ConfigState) -> Result<(), CompileError> {
    let definition = Cluster {
        cluster_id: cluster.into(),
        // Only the HTTP listener redirects, so whatever reaches the portal came in over HTTPS.
        https_redirect: true,
        https_redirect_port: (spec.public_port != 443).then(|| spec.public_port.into()),
        load_balancing: LoadBalancingAlgorithms::RoundRobin.into(),
        ..Cluster::default()
    };
    add(state, cluster, RequestType::AddCluster(definition))?;
    for (id, address) in &site.instances {
        let backend = AddBackend {
            cluster_id: cluster.into(),
            backend_id: backend_id(id),
            address: (*address).into(),
            load_balancing_parameters: Some(LoadBalancingParams::default()),
            ..AddBackend::default()
        };
        add(state, id, RequestType::add_backend(backend))?;
    }
    for host in &site.hosts {
        add(state, host, RequestType::add_http_frontend(frontend(cluster, spec.http, host)))?;
        add(state, host, RequestType::add_https_frontend(frontend(cluster, spec.https, host)))?;
    }
    Ok(())
}

/// Hosts only: Sōzu matches paths together with the query, so paths are the portal's business.
fn frontend(cluster: &str, listener: SocketAddr, host: &str) -> RequestHttpFrontend {
    RequestHttpFrontend {
        cluster_id: Some(cluster.into()),
        address: listener.into(),
        hostname: host.into(),
        path: PathRule::prefix("/"),
        position: RulePosition::Tree.into(),
        ..RequestHttpFrontend::default()
    }
}

/// The order that binds a defined listener.
pub(super) fn activation(address: SocketAddr, proxy: ListenerType) -> RequestType {
    RequestType::ActivateListener(ActivateListener {
        address: address.into(),
        proxy: proxy.into(),
        from_scm: false,
        interface: None,
    })
}

fn add(state: &mut ConfigState, object: &str, order: RequestType) -> Result<(), CompileError> {
    state
        .dispatch(&order.into())
        .map_err(|error| CompileError::Refused { object: object.into(), reason: error.to_string() })
}
