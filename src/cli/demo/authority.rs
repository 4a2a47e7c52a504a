//! The installation's own certificate authority, kept so that a browser which trusts it keeps doing so, and the
//! certificate of `localhost`, issued again when it comes to its end.

use crate::{cli::demo::folder::Folder, edge::certificates::SiteCertificate};
use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::{fs, path::PathBuf};
use time::{Duration, OffsetDateTime};

/// Host names of the site.
pub const HOSTS: [&str; 2] = ["localhost", "guichet.localhost"];
/// Host names that may be given to calls: the certificate covers them too.
const SPARE_HOSTS: [&str; 2] = ["appel-1.localhost", "appel-2.localhost"];

/// How long the authority lasts.
const AUTHORITY_DAYS: i64 = 3650;
/// How long a certificate lasts.
const LEAF_DAYS: i64 = 397;
/// A certificate with fewer days left is issued again.
const RENEW_DAYS: i64 = 30;
/// Clocks of other machines may be behind.
const BACKDATE_DAYS: i64 = 1;

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authority's certificate.
    pub ca_certificate: PathBuf,
    /// The site's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Makes what is missing or about to expire.
pub fn prepare(folder: &Folder) -> anyhow::Result<Tls> {
    let now = OffsetDateTime::now_utc();
    let ca_key_file = folder.file("tls/ca-key.pem");
    let tls = Tls {
        ca_certificate: folder.file("tls/ca.pem"),
        certificate: folder.file("tls/site.pem"),
        key: folder.file("tls/site-key.pem"),
    };
    if !expires_after(&tls.ca_certificate, &ca_key_file, now + Duration::days(LEAF_DAYS)) {
        let key = KeyPair::generate()?;
        folder.write("tls/ca-key.pem", &key.serialize_pem())?;
        folder.write("tls/ca.pem", &authority(now).self_signed(&key)?.pem())?;
        remove_site(&tls)?;
    }
    if !expires_after(&tls.certificate, &tls.key, now + Duration::days(RENEW_DAYS)) {
        let ca_key = fs::read_to_string(&ca_key_file).with_context(|| ca_key_file.display().to_string())?;
        let issuer = Issuer::new(authority(now), KeyPair::from_pem(&ca_key)?);
        let key = KeyPair::generate()?;
        let certificate = leaf(now)?.signed_by(&key, &issuer)?;
        folder.write("tls/site-key.pem", &key.serialize_pem())?;
        folder.write("tls/site.pem", &certificate.pem())?;
    }
    Ok(tls)
}

fn expires_after(certificate: &std::path::Path, key: &std::path::Path, instant: OffsetDateTime) -> bool {
    SiteCertificate::read(certificate, key).is_ok_and(|found| found.expires > instant.unix_timestamp())
}

fn remove_site(tls: &Tls) -> anyhow::Result<()> {
    if tls.certificate.exists() {
        fs::remove_file(&tls.certificate)?;
    }
    Ok(())
}

/// Name and powers of the authority; the same at each start, since an issued certificate repeats them.
fn authority(now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Guichet demonstration, this machine only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Whoever trusts it trusts it for these names only.
    params.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![
            rcgen::GeneralSubtree::DnsName("localhost".into()),
            rcgen::GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (params.not_before, params.not_after) = (now - Duration::days(BACKDATE_DAYS), now + Duration::days(AUTHORITY_DAYS));
    params
}

fn leaf(now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
    let names: Vec<String> =
        HOSTS.iter().copied().chain(SPARE_HOSTS).chain(["127.0.0.1"]).map(ToOwned::to_owned).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = (now - Duration::days(BACKDATE_DAYS), now + Duration::days(LEAF_DAYS));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::prepare;
    use crate::cli::demo::folder::Folder;

    #[test]
    fn the_authority_is_kept_and_the_certificate_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let tls = prepare(&folder).unwrap();
        let read = |path| std::fs::read_to_string(path).unwrap();
        let (ca, site) = (read(&tls.ca_certificate), read(&tls.certificate));
        prepare(&folder).unwrap();
        assert_eq!((&ca, &site), (&read(&tls.ca_certificate), &read(&tls.certificate)));
        std::fs::remove_file(&tls.certificate).unwrap();
        prepare(&folder).unwrap();
        assert_eq!(ca, read(&tls.ca_certificate));
        assert_ne!(site, read(&tls.certificate));
    }
}
