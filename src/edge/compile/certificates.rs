//! The certificates of the HTTPS listener: one for each name, so that which one Sōzu shows is never a matter of order.

use super::Compiled;
use crate::edge::{
    certificates::{SiteCertificate, covers},
    spec::EdgeSpec,
};
use sozu_command_lib::{
    proto::command::{AddCertificate, CertificateAndKey, TlsVersion, request::RequestType},
    state::ConfigState,
};
use std::collections::BTreeSet;

pub(super) fn add(spec: &EdgeSpec, compiled: &mut Compiled) {
    let mut best: Vec<&SiteCertificate> = spec.certificates.iter().collect();
    best.sort_by_key(|certificate| (std::cmp::Reverse(certificate.expires), certificate.fingerprint.clone()));
    let mut taken = BTreeSet::new();
    for certificate in best {
        let names: Vec<String> = certificate.names.iter().filter(|name| !taken.contains(*name)).cloned().collect();
        if names.is_empty() {
            continue;
        }
        taken.extend(names.iter().cloned());
        let order = AddCertificate {
            address: spec.listeners.https.into(),
            certificate: CertificateAndKey {
                certificate: certificate.leaf.clone(),
                certificate_chain: certificate.chain.clone(),
                key: certificate.key.clone(),
                versions: vec![TlsVersion::TlsV12.into(), TlsVersion::TlsV13.into()],
                names,
            },
            expired_at: None,
        };
        let object = format!("certificate {}", certificate.fingerprint);
        compiled.add_or_refuse(object, RequestType::AddCertificate(order));
    }
}

/// Fingerprint of the certificate that a state shows for a host: the one with its very name, else the one with its
/// wildcard.
#[must_use]
pub fn fingerprint_for(state: &ConfigState, host: &str) -> Option<String> {
    let all = || state.certificates.values().flatten();
    let exact = all().find(|(_, certificate)| certificate.names.iter().any(|name| name == host));
    let found = exact.or_else(|| all().find(|(_, certificate)| covers(&certificate.names, host)));
    found.map(|(fingerprint, _)| fingerprint.to_string())
}
