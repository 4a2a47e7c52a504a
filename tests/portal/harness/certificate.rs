//! Self-signed certificates of test servers.

use std::{fs, path::Path};

/// A self-signed certificate in a folder: its files and its fingerprint.
pub struct Certificate {
    pub pem: std::path::PathBuf,
    pub key: std::path::PathBuf,
    pub sha256: String,
}

impl Certificate {
    pub fn make(folder: &Path) -> Self {
        let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (pem, key) = (folder.join("certificate.pem"), folder.join("certificate.key"));
        fs::write(&pem, issued.cert.pem()).unwrap();
        fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
        let sha256 = hex::encode(ring::digest::digest(&ring::digest::SHA256, issued.cert.der()));
        Self { pem, key, sha256 }
    }
}
