//! The desired state, from the configuration, the certificates and the database.

use crate::{
    config::{Config, Edge},
    edge::{
        answers,
        certificate::SiteCertificate,
        certificates::LoadedCertificate,
        inventory::Inventory,
        spec::{Challenges, EdgeSpec, Listeners, Marker},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Id of the portal's own site. No call has it, because their ids begin with a letter.
pub const OWN_SITE: &str = "_portal";

/// Everything that the desired state depends on, at one moment.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The configuration file.
    pub config: &'a Config,
    /// Its section of the edge.
    pub edge: &'a Edge,
    pub certificates: &'a [LoadedCertificate],
    /// The operator's own pages, by status.
    pub answers: &'a BTreeMap<String, String>,
    /// Hosts under validation.
    pub challenges: Option<&'a Challenges>,
    /// What the database lists.
    pub inventory: &'a Inventory,
    /// The secret mark.
    pub marker: &'a str,
    /// Workers of Sōzu.
    pub workers: u32,
    /// Epoch of the lease.
    pub epoch: u64,
}

/// Computes the desired state.
#[must_use]
pub fn build_spec(inputs: Inputs<'_>) -> EdgeSpec {
    let Inputs { config, edge, inventory, .. } = inputs;
    let serving = inventory.processes.iter().filter(|process| process.serves());
    EdgeSpec {
        epoch: inputs.epoch,
        listeners: Listeners {
            http: edge.http_listen,
            https: edge.https_listen,
            public_port: public_port(config.authority()),
            hsts_seconds: config.portal.hsts(),
            limits: edge.limits.clone(),
            workers: inputs.workers,
            answers: answers::with_custom(inputs.answers),
        },
        certificates: usable_certificates(inputs.certificates),
        sites: sites(edge, inventory),
        processes: serving.filter_map(|process| Some((process.id, process.address.as_ref().ok()?.clone()))).collect(),
        challenges: inputs.challenges.cloned(),
        marker: Marker(inputs.marker.into()),
    }
}

fn sites(edge: &Edge, inventory: &Inventory) -> BTreeMap<String, BTreeSet<String>> {
    let own = edge.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    let mut sites = inventory.hosts_by_call.clone();
    sites.insert(OWN_SITE.into(), own);
    sites
}

fn public_port(authority: &str) -> u16 {
    let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
    if let Some(Ok(port)) = port { port } else { 443 }
}

/// The certificates, without those that are not valid now and whose names others cover.
fn usable_certificates(loaded: &[LoadedCertificate]) -> Vec<SiteCertificate> {
    let valid: Vec<&SiteCertificate> =
        loaded.iter().map(|loaded| &loaded.certificate).filter(|one| one.is_valid()).collect();
    let replaced = |one: &SiteCertificate| {
        one.names.iter().all(|name| valid.iter().any(|valid| valid.names.contains(name) || valid.covers(name)))
    };
    let is_used = |one: &&SiteCertificate| one.is_valid() || !replaced(one);
    loaded.iter().map(|loaded| &loaded.certificate).filter(is_used).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{public_port, usable_certificates};
    use crate::edge::{certificate::SiteCertificate, certificates::LoadedCertificate};

    #[test]
    fn the_public_port_is_the_one_of_the_public_address() {
        assert_eq!(public_port("aap.example"), 443);
        assert_eq!(public_port("localhost:8443"), 8443);
        assert_eq!(public_port("[::1]"), 443);
    }

    #[test]
    fn a_certificate_out_of_date_is_only_shown_where_no_other_can_be() {
        let loaded = |name: &str, from: i64, to: i64| {
            let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
            let now = time::OffsetDateTime::now_utc();
            (params.not_before, params.not_after) = (now + time::Duration::days(from), now + time::Duration::days(to));
            let key = rcgen::KeyPair::generate().unwrap();
            let pem = params.self_signed(&key).unwrap().pem();
            let certificate = SiteCertificate::parse(pem, key.serialize_pem()).unwrap();
            LoadedCertificate { certificate, source: "file".into(), issue: None }
        };
        let all = [loaded("a.example", -1, 90), loaded("a.example", 5000, 9000), loaded("b.example", -90, -1)];
        let shown = usable_certificates(&all);
        assert_eq!(shown, [all[0].certificate.clone(), all[2].certificate.clone()]);
        assert!(all[1].certificate.date_issue().unwrap().contains("not valid before"));
        assert!(all[2].certificate.date_issue().unwrap().contains("expired"));
    }
}
