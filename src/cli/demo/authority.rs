//! The demonstration's certificates: an authority that a browser may be configured to trust, for this machine only, and
//! the certificate of `localhost`.

use crate::{cli::demo::folder::Folder, edge::certificates::own::Authority};
use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use std::path::PathBuf;

/// Host names of the site.
pub const HOSTS: [&str; 2] = ["localhost", "guichet.localhost"];
/// Host names available for calls: the certificate covers them too.
const SPARE_HOSTS: [&str; 2] = ["appel-1.localhost", "appel-2.localhost"];

/// The paths of the files.
#[derive(Clone, Debug)]
pub struct Tls {
    pub ca_certificate: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Creates what is missing or about to expire.
pub fn prepare(folder: &Folder) -> anyhow::Result<Tls> {
    // Browsers that trust it trust it for these names only.
    let constraints = NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
        ],
        excluded_subtrees: Vec::new(),
    };
    let authority =
        Authority::open(&folder.file("tls"), "Guichet demonstration, this machine only", Some(constraints))?;
    let names: Vec<String> =
        HOSTS.iter().copied().chain(SPARE_HOSTS).chain(["127.0.0.1"]).map(ToOwned::to_owned).collect();
    authority.certify("site", &names)?;
    Ok(Tls {
        ca_certificate: authority.certificate(),
        certificate: folder.file("tls/site.pem"),
        key: folder.file("tls/site-key.pem"),
    })
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
