//! A certificate with its chain and key. What could not be served is refused before it reaches Sōzu.

use crate::edge::file_version::read_regular_file;
use jiff::Timestamp;
use rustls::{
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use sozu_command_lib::certificate::{
    calculate_fingerprint_from_der, get_cn_and_san_attributes, parse_x509, split_certificate_chain,
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// A certificate with its chain and the matching key.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteCertificate {
    /// The leaf, PEM.
    pub leaf: String,
    /// The rest of the chain, PEM, one each.
    pub chain: Vec<String>,
    /// The private key, PEM.
    pub key: String,
    /// Host names, wildcards included.
    pub names: Vec<String>,
    /// SHA-256 of the leaf's DER, hexadecimal: Sōzu identifies it by that.
    pub fingerprint: String,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
}

impl fmt::Debug for SiteCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteCertificate").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The files are not a certificate and its key.
    #[error("{path}: {reason}")]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        reason: String,
    },
}

impl SiteCertificate {
    /// Reads a certificate with its chain, and its key.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let text = |path: &Path| {
            read_regular_file(path).map_err(|source| CertificateError::Read { path: path.into(), source })
        };
        Self::parse(text(certificate)?, text(key)?)
            .map_err(|reason| CertificateError::Unusable { path: certificate.into(), reason })
    }

    /// Parses PEM texts, leaf first, and checks that chain and key match.
    ///
    /// # Errors
    /// The reason, which contains nothing of the key.
    pub fn parse(certificate: String, key: String) -> Result<Self, String> {
        let ders = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("not a PEM certificate ({error})"))?;
        let leaf = ders.first().cloned().ok_or("no certificate in the file")?;
        let secret =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| format!("the key is not PEM ({error})"))?;
        CertifiedKey::from_der(ders.clone(), secret, &default_provider())
            .map_err(|error| format!("certificate and key do not go together ({error})"))?;
        let x509 = parse_x509(&leaf).map_err(|error| error.to_string())?;
        check_chain(&ders)?;
        let names = get_cn_and_san_attributes(&x509);
        if names.is_empty() {
            return Err("the certificate has no name".into());
        }
        let mut parts = split_certificate_chain(certificate).into_iter();
        Ok(Self {
            leaf: parts.next().unwrap_or_default(),
            chain: parts.collect(),
            key,
            names,
            fingerprint: hex::encode(calculate_fingerprint_from_der(&leaf)),
            not_before: x509.validity().not_before.timestamp(),
            not_after: x509.validity().not_after.timestamp(),
        })
    }

    /// Whether its dates are valid now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.date_issue().is_none()
    }

    /// Why its dates are not valid now.
    pub fn date_issue(&self) -> Option<String> {
        let now = Timestamp::now().as_second();
        let day = |second| Timestamp::from_second(second).map_or_else(|_| "?".into(), |at| at.to_string());
        match () {
            () if now < self.not_before => Some(format!("it is not valid before {}", day(self.not_before))),
            () if now >= self.not_after => Some(format!("it has expired on {}", day(self.not_after))),
            () => None,
        }
    }

    /// Whether browsers accept it for a host.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        covers(&self.names, host)
    }
}

/// Each certificate has to be issued by the next one: browsers that lack the missing link would refuse the chain.
fn check_chain(ders: &[CertificateDer<'_>]) -> Result<(), String> {
    for pair in ders.windows(2) {
        let [issued, issuer] = pair else { continue };
        let (issued, issuer) = (
            parse_x509(issued).map_err(|error| error.to_string())?,
            parse_x509(issuer).map_err(|error| error.to_string())?,
        );
        if issued.issuer() != issuer.subject() {
            return Err(format!("the chain is broken: {} was not issued by {}", issued.subject(), issuer.subject()));
        }
    }
    Ok(())
}

/// Whether a certificate's names cover a host: by the name itself, or by a wildcard for exactly one label.
#[must_use]
pub fn covers(names: &[String], host: &str) -> bool {
    let parent = host.split_once('.').map(|(_, parent)| parent);
    names.iter().any(|name| match name.strip_prefix("*.") {
        Some(suffix) => parent.is_some_and(|parent| parent.eq_ignore_ascii_case(suffix)),
        None => name.eq_ignore_ascii_case(host),
    })
}

#[cfg(test)]
pub(in crate::edge) mod tests {
    use super::SiteCertificate;

    /// A certificate for these names, signed by itself.
    pub fn issued(names: &[&str]) -> SiteCertificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let issued = rcgen::generate_simple_self_signed(names).unwrap();
        SiteCertificate::parse(issued.cert.pem(), issued.signing_key.serialize_pem()).unwrap()
    }

    #[test]
    fn a_wildcard_covers_one_label_only() {
        let certificate = issued(&["aap.example", "*.portal.example"]);
        assert!(certificate.covers("AAP.example"));
        assert!(certificate.covers("a.portal.example"));
        assert!(!certificate.covers("portal.example"));
        assert!(!certificate.covers("a.b.portal.example"));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, other) = (issued(&["a.example"]), issued(&["a.example"]));
        let error = SiteCertificate::parse(one.leaf, other.key).unwrap_err();
        assert!(error.contains("do not go together"), "{error}");
    }

    #[test]
    fn the_key_never_appears_in_debug_output() {
        let certificate = issued(&["a.example"]);
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
    }
}
