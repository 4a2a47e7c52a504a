//! From the three sources to one wish.

use crate::{
    config::{Config, Edge},
    edge::{
        answers,
        certificates::Held,
        registry::Snapshot,
        spec::{Challenges, EdgeSpec, Listeners, Marker},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The portal's own site among those of the calls; no call is called so, since their ids begin with a letter.
pub const OWN_SITE: &str = "_portal";

/// What the sources say at one moment.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The configuration file.
    pub config: &'a Config,
    /// Its section of the edge.
    pub edge: &'a Edge,
    /// The certificates.
    pub certificates: &'a [Held],
    /// Hosts under validation.
    pub challenges: Option<&'a Challenges>,
    /// The database.
    pub snapshot: &'a Snapshot,
    /// The secret mark.
    pub marker: &'a str,
    /// Workers of Sōzu.
    pub workers: u32,
    /// Epoch of the lease.
    pub epoch: u64,
}

/// Merges the sources.
#[must_use]
pub fn wish(sources: Sources<'_>) -> EdgeSpec {
    let Sources { config, edge, snapshot, .. } = sources;
    let serving = snapshot.processes.iter().filter(|process| process.serves());
    EdgeSpec {
        epoch: sources.epoch,
        listeners: Listeners {
            http: edge.http_listen,
            https: edge.https_listen,
            public_port: public_port(config.authority()),
            hsts_seconds: config.portal.hsts(),
            limits: edge.limits.clone(),
            workers: sources.workers,
            answers: answers::with_own(&own_answers(edge.answers_dir.as_deref())),
        },
        certificates: sources.certificates.iter().map(|held| held.certificate.clone()).collect(),
        sites: sites(edge, snapshot),
        processes: serving
            .filter_map(|process| Some((process.id.to_string(), process.address.as_ref().ok()?.clone())))
            .collect(),
        challenges: sources.challenges.cloned(),
        marker: Marker(sources.marker.into()),
    }
}

fn sites(edge: &Edge, snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<String>> {
    let own = edge.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    let mut sites = snapshot.sites.clone();
    sites.insert(OWN_SITE.into(), own);
    sites
}

fn public_port(authority: &str) -> u16 {
    let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
    if let Some(Ok(port)) = port { port } else { 443 }
}

/// The operator's own pages, by status. One that cannot be read leaves ours in place.
fn own_answers(folder: Option<&Path>) -> BTreeMap<String, String> {
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let path = entry.path();
            let status = path.file_stem()?.to_str()?.to_owned();
            let page = path.extension().is_some_and(|extension| extension == "html");
            (page && status.len() == 3).then(|| Some((status, fs::read_to_string(&path).ok()?)))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{own_answers, public_port};

    #[test]
    fn the_public_port_is_the_one_of_the_public_address() {
        assert_eq!(public_port("aap.example"), 443);
        assert_eq!(public_port("localhost:8443"), 8443);
        assert_eq!(public_port("[::1]"), 443);
    }

    #[test]
    fn pages_of_the_operator_are_told_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["503.html", "note.txt", "404.txt"] {
            std::fs::write(folder.path().join(name), "<p>x").unwrap();
        }
        assert_eq!(own_answers(Some(folder.path())).into_keys().collect::<Vec<_>>(), ["503"]);
        assert!(own_answers(None).is_empty());
    }
}
