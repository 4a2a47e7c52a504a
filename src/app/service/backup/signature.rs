//! The signature of a backup set: who created it, and that it was not changed since. It covers the manifest, which
//! lists the digest of every file. The signing key is the only key that no set contains, so a person who can change a
//! set cannot sign it again. Its public half is printed whenever a set is created. An installation trusts its own key
//! and the keys of the sets it was restored from.

use crate::app::service::backup::{BackupError, MANIFEST_FILE, Manifest, Set, failed, write_private};
use crate::{
    auth::{BACKUP_KEY, Keys},
    blob,
};
use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::Path};

const SIGNATURE_FILE: &str = "manifest.sig";
/// Prefix of the signed bytes. The key signs nothing else.
const SIGNATURE_PURPOSE: &[u8] = b"guichet-backup/1\n";
/// File name prefix for the public keys of the sets that this installation was restored from.
const KNOWN_KEY_PREFIX: &str = "backup-";

#[derive(Serialize, Deserialize)]
struct BackupSignature {
    public_key: String,
    signature: String,
}

/// Which sets the operator accepts.
#[derive(Clone, Debug, Default)]
pub struct TrustPolicy {
    /// The public key that must have signed the set, in hexadecimal.
    pub signer: Option<String>,
    /// Accept a set of any origin, even if it was changed or has no signature.
    pub from_elsewhere: bool,
}

/// The result of the signature check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetTrust {
    /// Signed with a key that is known here or that the operator named.
    Known,
    /// The signature is valid and the set unchanged, but the key is unknown here.
    Stranger(String),
    /// No signature: the set was created before sets were signed, or someone removed the signature. Accepted by the
    /// operator.
    Unsigned,
    /// Changed, or created by another installation. Accepted by the operator.
    Taken(String),
}

/// Signs a set that is being created.
pub(super) fn sign(folder: &Path, manifest: &[u8], keys: &Keys) -> Result<(), BackupError> {
    let seal = BackupSignature {
        public_key: signer(keys),
        signature: hex::encode(keys.backup.sign(&[SIGNATURE_PURPOSE, manifest].concat())),
    };
    let path = folder.join(SIGNATURE_FILE);
    let text = serde_json::to_vec_pretty(&seal).map_err(io::Error::other).map_err(failed(&path))?;
    write_private(&path, &text)
}

/// The public half of the local signing key, in hexadecimal.
pub fn signer(keys: &Keys) -> String {
    hex::encode(keys.backup.public_key().as_ref())
}

/// Returns the trusted keys: our own, and those of the sets that we were restored from.
pub(in crate::app) fn known(keys: &Keys, folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut known = vec![signer(keys)];
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let name = entry.map_err(failed(folder))?.file_name();
        let name = name.to_str().unwrap_or_default();
        known.extend(name.strip_prefix(KNOWN_KEY_PREFIX).and_then(|name| name.strip_suffix(".pub")).map(str::to_owned));
    }
    Ok(known)
}

/// Whether a key file belongs to the signing of sets. Such a file is neither backed up nor restored.
pub(super) fn concerns(name: &str) -> bool {
    name == BACKUP_KEY || name.starts_with(KNOWN_KEY_PREFIX)
}

/// Checks the signature of a set, and that its key files match the manifest. `known` are the trusted keys of this
/// installation; it is empty if there is no installation yet.
///
/// # Errors
/// [`BackupError::Changed`], [`BackupError::Foreign`] or [`BackupError::Unsigned`], each of which the operator may
/// overrule where the sets say so; [`BackupError::Damaged`] when the keys are others.
pub(in crate::app) fn check(set: &Set, known: &[String], trust: &TrustPolicy) -> Result<SetTrust, BackupError> {
    let path = set.path.join(MANIFEST_FILE);
    let bytes = fs::read(&path).map_err(failed(&path))?;
    let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
    if manifest.as_ref() != Some(&set.manifest) {
        return Err(BackupError::Changed(set.path.clone()));
    }
    let vouched = vouched(set, &bytes, known, trust)?;
    if vouched != SetTrust::Unsigned || !set.manifest.keys.is_empty() {
        let keys = digests(&set.path.join("keys"))?;
        if keys != set.manifest.keys {
            return Err(BackupError::Damaged {
                path: set.path.join("keys"),
                reason: "they are not those put in".into(),
            });
        }
    }
    Ok(vouched)
}

fn vouched(set: &Set, manifest: &[u8], known: &[String], trust: &TrustPolicy) -> Result<SetTrust, BackupError> {
    let path = set.path.join(SIGNATURE_FILE);
    let seal: Option<BackupSignature> = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A person who can change a set can also remove its signature. Only the operator can state that the set
            // never had one.
            return match trust.from_elsewhere && trust.signer.is_none() {
                true => Ok(SetTrust::Unsigned),
                false => Err(BackupError::Unsigned(set.path.clone())),
            };
        }
        read => serde_json::from_slice(&read.map_err(failed(&path))?).ok(),
    };
    let holds = |seal: &BackupSignature| {
        let (key, signature) = (hex::decode(&seal.public_key).ok()?, hex::decode(&seal.signature).ok()?);
        UnparsedPublicKey::new(&ED25519, key).verify(&[SIGNATURE_PURPOSE, manifest].concat(), &signature).ok()
    };
    let key = match seal.filter(|seal| holds(seal).is_some()) {
        Some(seal) => seal.public_key,
        None if trust.from_elsewhere => return Ok(SetTrust::Taken("its signature does not hold".into())),
        None => return Err(BackupError::Changed(set.path.clone())),
    };
    let named = trust.signer.iter().chain(known);
    match (named.into_iter().any(|known| known.eq_ignore_ascii_case(&key)), known.is_empty(), &trust.signer) {
        (true, ..) => Ok(SetTrust::Known),
        (false, true, None) => Ok(SetTrust::Stranger(key)),
        (false, ..) if trust.from_elsewhere => Ok(SetTrust::Taken(format!("it was signed by {key}"))),
        (false, ..) => Err(BackupError::Foreign { path: set.path.clone(), key }),
    }
}

/// Stores the public key of the set that an installation was restored from, so that drills accept that set like its
/// own.
pub(in crate::app) fn remember(set: &Set, keys: &Path) -> Result<(), BackupError> {
    let path = set.path.join(SIGNATURE_FILE);
    let Ok(text) = fs::read(&path) else { return Ok(()) };
    let Ok(seal) = serde_json::from_slice::<BackupSignature>(&text) else { return Ok(()) };
    let fine = seal.public_key.len() == 64 && seal.public_key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fine { write_private(&keys.join(format!("{KNOWN_KEY_PREFIX}{}.pub", seal.public_key)), b"") } else { Ok(()) }
}

/// Returns the digest of every key file.
pub(super) fn digests(keys: &Path) -> Result<BTreeMap<String, String>, BackupError> {
    let mut digests = BTreeMap::new();
    for entry in fs::read_dir(keys).map_err(failed(keys))? {
        let path = entry.map_err(failed(keys))?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) {
            digests.insert(name.to_owned(), blob::digest(&path).map_err(failed(&path))?);
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::service::backup::sets;

    fn made(folder: &Path, keys: &Keys) -> Set {
        let path = folder.join("sets/20261129T000000000Z");
        fs::create_dir_all(path.join("keys")).unwrap();
        fs::write(path.join("keys/receipt.key"), "00").unwrap();
        let manifest = Manifest {
            format: crate::app::service::backup::SET_FORMAT_VERSION,
            taken_at: "2026-11-29T00:00:00Z".parse().unwrap(),
            build: "0".into(),
            database_sha256: "00".into(),
            keys: digests(&path.join("keys")).unwrap(),
            receipts: 0,
            attachments: 0,
            took_ms: 0,
        };
        let text = serde_json::to_vec_pretty(&manifest).unwrap();
        fs::write(path.join(MANIFEST_FILE), &text).unwrap();
        sign(&path, &text, keys).unwrap();
        sets(folder).unwrap().pop().unwrap()
    }

    #[test]
    fn a_set_is_taken_as_it_was_made_by_whom_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (Keys::ephemeral().unwrap(), Keys::ephemeral().unwrap());
        let set = made(folder.path(), &ours);
        let (here, elsewhere) = (vec![signer(&ours)], vec![signer(&others)]);
        let plain = TrustPolicy::default();
        let named = TrustPolicy { signer: Some(signer(&ours)), from_elsewhere: false };
        let misnamed = TrustPolicy { signer: Some(signer(&others)), from_elsewhere: false };
        let anyhow = TrustPolicy { signer: None, from_elsewhere: true };
        assert_eq!(check(&set, &here, &plain).unwrap(), SetTrust::Known);
        assert_eq!(check(&set, &[], &plain).unwrap(), SetTrust::Stranger(signer(&ours)));
        assert_eq!(check(&set, &[], &named).unwrap(), SetTrust::Known);
        assert!(matches!(check(&set, &[], &misnamed), Err(BackupError::Foreign { .. })));
        assert!(matches!(check(&set, &elsewhere, &plain), Err(BackupError::Foreign { .. })));
        assert!(matches!(check(&set, &elsewhere, &anyhow).unwrap(), SetTrust::Taken(_)));

        // Another digest without a valid signature.
        let path = set.path.join(MANIFEST_FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"receipts\": 0", "\"receipts\": 1")).unwrap();
        let changed = sets(folder.path()).unwrap().pop().unwrap();
        for known in [&here, &elsewhere, &Vec::new()] {
            assert!(matches!(check(&changed, known, &plain), Err(BackupError::Changed(_))));
            assert!(matches!(check(&changed, known, &anyhow).unwrap(), SetTrust::Taken(_)));
        }
        // The signature is removed. Such a set looks like one of version 1; the operator must accept it explicitly.
        fs::remove_file(set.path.join(SIGNATURE_FILE)).unwrap();
        for known in [&here, &elsewhere, &Vec::new()] {
            assert!(matches!(check(&changed, known, &plain), Err(BackupError::Unsigned(_))));
        }
        assert_eq!(check(&changed, &here, &anyhow).unwrap(), SetTrust::Unsigned);
        assert!(matches!(check(&changed, &here, &named), Err(BackupError::Unsigned(_))));
    }

    #[test]
    fn keys_that_were_exchanged_are_told_and_a_set_of_before_has_no_list_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Keys::ephemeral().unwrap();
        let set = made(folder.path(), &ours);
        fs::write(set.path.join("keys/receipt.key"), "ff").unwrap();
        let here = vec![signer(&ours)];
        assert!(matches!(check(&set, &here, &TrustPolicy::default()), Err(BackupError::Damaged { .. })));
        let before = r#"{"format":1,"taken_at":"2026-01-01T00:00:00Z","build":"0","database_sha256":"00","receipts":0,
                         "attachments":0,"took_ms":0}"#;
        fs::write(set.path.join(MANIFEST_FILE), before).unwrap();
        fs::remove_file(set.path.join(SIGNATURE_FILE)).unwrap();
        let before = sets(folder.path()).unwrap().pop().unwrap();
        assert!(matches!(check(&before, &here, &TrustPolicy::default()), Err(BackupError::Unsigned(_))));
        let anyhow = TrustPolicy { signer: None, from_elsewhere: true };
        assert_eq!(check(&before, &here, &anyhow).unwrap(), SetTrust::Unsigned);
    }
}
