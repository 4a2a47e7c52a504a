//! The edge's own authority: it issues certificates for the hosts that no file covers, to clients that trust it.
//!
//! It is for an edge behind a content delivery network, which verifies the edge against this authority, and for a
//! laptop. Browsers of the public do not trust it.

use super::{CertificatesError, LoadedCertificate};
use crate::{domain::host::is_host_name, edge::certificate::SiteCertificate, private_file::replace_private};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

/// The source of these certificates, in reports.
pub const SOURCE: &str = "own authority";
/// The authority's certificate, in its folder.
const CERTIFICATE_FILE: &str = "ca.pem";
/// The authority's private key, in its folder.
const KEY_FILE: &str = "ca-key.pem";
/// Clients are told to trust this authority by hand, so it outlives the installation's machines.
const AUTHORITY_VALIDITY_DAYS: i64 = 3650;
/// The longest life that browsers accept.
const LEAF_VALIDITY_DAYS: i64 = 397;
/// A certificate with fewer days left is renewed.
const RENEWAL_MARGIN_DAYS: i64 = 30;
/// Clocks of other machines may be behind.
const BACKDATE_DAYS: i64 = 1;

/// An authority in a folder. It persists, so that clients continue to trust it.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    name: String,
    constraints: Option<NameConstraints>,
}

impl Authority {
    /// Opens the authority of a folder, and creates it when there is none or it is about to expire.
    pub fn open(folder: &Path, name: &str, constraints: Option<NameConstraints>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let this = Self { folder: folder.into(), name: name.into(), constraints };
        let now = OffsetDateTime::now_utc();
        let lasts = SiteCertificate::read(&this.certificate(), &folder.join(KEY_FILE))
            .is_ok_and(|found| found.not_after > (now + Duration::days(LEAF_VALIDITY_DAYS)).unix_timestamp());
        if !lasts {
            let key = KeyPair::generate().map_err(io::Error::other)?;
            let certificate = this.params(now).self_signed(&key).map_err(io::Error::other)?;
            replace_private(&folder.join(KEY_FILE), key.serialize_pem().as_bytes())?;
            replace_private(&this.certificate(), certificate.pem().as_bytes())?;
        }
        Ok(this)
    }

    /// Path of the authority's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE_FILE)
    }

    /// Name and constraints; the same at each start, because an issued certificate repeats them.
    fn params(&self, now: OffsetDateTime) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = self.constraints.clone();
        (params.not_before, params.not_after) =
            (now - Duration::days(BACKDATE_DAYS), now + Duration::days(AUTHORITY_VALIDITY_DAYS));
        params
    }

    /// The certificate for some names, with the first as common name: the stored one while it is valid and of this
    /// authority, otherwise a new one.
    ///
    /// # Errors
    /// When the files cannot be used, or a name is not valid.
    pub fn certify(&self, file: &str, names: &[String]) -> io::Result<SiteCertificate> {
        let (leaf, key) = (self.folder.join(format!("{file}.pem")), self.folder.join(format!("{file}-key.pem")));
        let now = OffsetDateTime::now_utc();
        let authority = fs::read_to_string(self.certificate())?;
        let lasts = |found: &SiteCertificate| {
            found.not_after > (now + Duration::days(RENEWAL_MARGIN_DAYS)).unix_timestamp()
                && names.iter().all(|name| found.covers(name) || name.parse::<std::net::IpAddr>().is_ok())
                && found.chain.iter().any(|one| one.trim() == authority.trim())
        };
        if let Some(found) = SiteCertificate::read(&leaf, &key).ok().filter(lasts) {
            return Ok(found);
        }
        let issuer_key =
            KeyPair::from_pem(&fs::read_to_string(self.folder.join(KEY_FILE))?).map_err(io::Error::other)?;
        let issuer = Issuer::new(self.params(now), issuer_key);
        let own_key = KeyPair::generate().map_err(io::Error::other)?;
        let issued =
            leaf_params(now, names).and_then(|params| params.signed_by(&own_key, &issuer)).map_err(io::Error::other)?;
        replace_private(&key, own_key.serialize_pem().as_bytes())?;
        replace_private(&leaf, format!("{}{authority}", issued.pem()).as_bytes())?;
        SiteCertificate::read(&leaf, &key).map_err(io::Error::other)
    }
}

fn leaf_params(now: OffsetDateTime, names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    if let Some(first) = names.first() {
        params.distinguished_name.push(DnType::CommonName, first.as_str());
    }
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) =
        (now - Duration::days(BACKDATE_DAYS), now + Duration::days(LEAF_VALIDITY_DAYS));
    Ok(params)
}

/// Issues certificates for the hosts that no other source covers.
pub struct OwnAuthority {
    authority: Authority,
    issued: Mutex<BTreeMap<String, Result<SiteCertificate, String>>>,
    changed: Notify,
}

impl OwnAuthority {
    /// Opens the authority.
    pub fn start(folder: &Path) -> Result<Self, CertificatesError> {
        let authority = Authority::open(folder, "Guichet, authority of this installation", None)
            .map_err(|source| CertificatesError::File { path: folder.into(), source })?;
        Ok(Self { authority, issued: Mutex::default(), changed: Notify::new() })
    }

    pub fn folder(&self) -> &Path {
        &self.authority.folder
    }

    fn issued(&self) -> MutexGuard<'_, BTreeMap<String, Result<SiteCertificate, String>>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the hosts that need a certificate, and issues what is missing or about to expire.
    pub fn set_hosts(&self, hosts: &BTreeSet<String>) {
        let mut issued = self.issued();
        let before = issued.len();
        issued.retain(|host, _| hosts.contains(host));
        let mut changed = issued.len() != before;
        let soon = (OffsetDateTime::now_utc() + Duration::days(RENEWAL_MARGIN_DAYS)).unix_timestamp();
        let lasts = |issued: &Result<SiteCertificate, String>| issued.as_ref().is_ok_and(|one| one.not_after > soon);
        let due: Vec<&String> = hosts.iter().filter(|host| !issued.get(*host).is_some_and(lasts)).collect();
        for host in due {
            // The host name becomes a file name, so it is checked first.
            let certificate = if is_host_name(host) {
                let certificate = self.authority.certify(&format!("host-{host}"), std::slice::from_ref(host));
                certificate.map_err(|error| error.to_string())
            } else {
                Err("this is no host name that a certificate could be for".into())
            };
            changed |= issued.get(host) != Some(&certificate);
            issued.insert(host.clone(), certificate);
        }
        if changed {
            self.changed.notify_one();
        }
    }

    /// The certificates issued so far.
    pub fn current(&self) -> Vec<LoadedCertificate> {
        let loaded = |certificate: &SiteCertificate| LoadedCertificate {
            certificate: certificate.clone(),
            source: SOURCE.into(),
            issue: None,
        };
        self.issued().values().filter_map(|issued| issued.as_ref().ok()).map(loaded).collect()
    }

    /// Hosts without a certificate, with the reason.
    pub fn issues(&self) -> Vec<(String, String)> {
        let issued = self.issued();
        issued.iter().filter_map(|(host, issued)| Some((host.clone(), issued.as_ref().err()?.clone()))).collect()
    }

    /// Resolves when a certificate or an issue has changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::OwnAuthority;

    #[test]
    fn hosts_get_a_certificate_that_is_kept_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = ["a.example".to_owned(), "b.example".to_owned()].into();
        let own = OwnAuthority::start(folder.path()).unwrap();
        own.set_hosts(&hosts);
        let first = own.current();
        assert_eq!(first.len(), 2);
        assert!(first[0].certificate.covers("a.example") && !first[0].certificate.covers("b.example"));
        let own = OwnAuthority::start(folder.path()).unwrap();
        own.set_hosts(&hosts);
        assert_eq!(own.current(), first);
        own.set_hosts(&["b.example".to_owned()].into());
        assert_eq!(own.current(), first[1..]);
        std::fs::remove_file(folder.path().join("ca-key.pem")).unwrap();
        let own = OwnAuthority::start(folder.path()).unwrap();
        own.set_hosts(&hosts);
        assert_ne!(own.current(), first, "another authority");
    }
}
