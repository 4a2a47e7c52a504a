//! The private keys of an installation: files of mode 0600 in one folder, made at the first start, never in logs.

use biscuit_auth::{KeyPair, PrivateKey, builder::Algorithm};
use ring::{
    hkdf, hmac,
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file is not the key that its name says.
    #[error("{0} is not a key of the expected kind")]
    Malformed(PathBuf),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness,
    /// The seed could be guessed.
    #[error("{0} has fewer than {SEED} characters: keys made from it could be guessed")]
    ShortSeed(PathBuf),
}

/// Fewest characters of a seed.
const SEED: usize = 32;

/// A secret from which missing keys are made, so that several machines have the same ones. No `Debug`.
struct Seed(hkdf::Prk);

impl Seed {
    /// Reads the seed from a file; blanks around it do not count.
    fn read(file: &Path) -> Result<Self, KeysError> {
        let text = fs::read_to_string(file).map_err(|source| KeysError::File { path: file.into(), source })?;
        if text.trim().chars().count() < SEED {
            return Err(KeysError::ShortSeed(file.into()));
        }
        Ok(Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"guichet keys").extract(text.trim().as_bytes())))
    }

    /// The secret of one name (RFC 5869).
    fn secret(&self, name: &str) -> Result<[u8; 32], KeysError> {
        let mut secret = [0; 32];
        let info = [name.as_bytes()];
        let made = self.0.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut secret));
        made.map(|()| secret).map_err(|_| KeysError::Randomness)
    }
}

/// The keys. No `Debug`: the libraries print private halves.
pub struct Keys {
    /// Root of session tokens.
    pub session: KeyPair,
    /// Root of API tokens.
    pub api: KeyPair,
    /// Signs receipts.
    pub receipt: Ed25519KeyPair,
    /// Public halves of receipt keys that signed once and sign no more: files `receipt-*.pub`, hexadecimal. Receipts
    /// that they signed are verified for ever.
    pub retired: Vec<Vec<u8>>,
    /// Makes form tokens.
    pub form: hmac::Key,
    /// Shows processes of other machines that a request is ours.
    pub peers: hmac::Key,
}

impl Keys {
    /// Reads the keys of a folder; those that are missing are made, from the seed in a file where there is one.
    ///
    /// # Errors
    /// See [`KeysError`].
    pub fn open(folder: &Path, seed_file: Option<&Path>) -> Result<Self, KeysError> {
        let seed = seed_file.map(Seed::read).transpose()?;
        let seed = seed.as_ref();
        let failed = |source| KeysError::File { path: folder.into(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let malformed = |name: &str| KeysError::Malformed(folder.join(name));
        let biscuit = |name: &str| -> Result<KeyPair, KeysError> {
            let secret = secret_file(folder, name, seed)?;
            let key = PrivateKey::from_bytes(&secret, Algorithm::Ed25519).map_err(|_| malformed(name))?;
            Ok(KeyPair::from(&key))
        };
        Ok(Self {
            session: biscuit("session.key")?,
            api: biscuit("api.key")?,
            receipt: Ed25519KeyPair::from_seed_unchecked(&secret_file(folder, "receipt.key", seed)?)
                .map_err(|_| malformed("receipt.key"))?,
            retired: retired(folder)?,
            form: hmac::Key::new(hmac::HMAC_SHA256, &secret_file(folder, "form.key", seed)?),
            peers: hmac::Key::new(hmac::HMAC_SHA256, &secret_file(folder, "peers.key", seed)?),
        })
    }

    /// The public half of the receipt key.
    #[must_use]
    pub fn receipt_public(&self) -> &[u8] {
        self.receipt.public_key().as_ref()
    }
}

/// What Sōzu writes on every request, so that the portal knows its requests from others on the machine: 32 random bytes,
/// hexadecimal, in `keys/edge.key` of the data folder; made by whoever comes first, from the seed where there is one.
///
/// # Errors
/// See [`KeysError`].
pub fn edge_marker(data_dir: &Path, seed_file: Option<&Path>) -> Result<String, KeysError> {
    let seed = seed_file.map(Seed::read).transpose()?;
    let folder = data_dir.join("keys");
    let failed = |source| KeysError::File { path: folder.clone(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    secret_file(&folder, "edge.key", seed.as_ref()).map(hex::encode)
}

fn retired(folder: &Path) -> Result<Vec<Vec<u8>>, KeysError> {
    let failed = |source| KeysError::File { path: folder.into(), source };
    let mut keys = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("receipt-") && name.ends_with(".pub") {
            let text = fs::read_to_string(&path).map_err(failed)?;
            let key = hex::decode(text.trim()).ok().filter(|key| key.len() == 32);
            keys.push(key.ok_or(KeysError::Malformed(path))?);
        }
    }
    Ok(keys)
}

/// Reads 32 secret bytes, hexadecimal in the file, or makes them. Two processes may start at once: the file is
/// written aside and linked, so that both end with the same key.
fn secret_file(folder: &Path, name: &str, seed: Option<&Seed>) -> Result<Vec<u8>, KeysError> {
    let path = folder.join(name);
    let failed = |source| KeysError::File { path: path.clone(), source };
    if !path.exists() {
        let mut secret = [0; 32];
        match seed {
            Some(seed) => secret = seed.secret(name)?,
            None => SystemRandom::new().fill(&mut secret).map_err(|_| KeysError::Randomness)?,
        }
        let aside = folder.join(format!(".{name}.{}", std::process::id()));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside).map_err(failed)?;
        file.write_all(hex::encode(secret).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let linked = fs::hard_link(&aside, &path);
        fs::remove_file(&aside).map_err(failed)?;
        match linked {
            Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(source)),
            _ => fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?,
        }
    }
    let text = fs::read_to_string(&path).map_err(failed)?;
    hex::decode(text.trim()).ok().filter(|secret| secret.len() == 32).ok_or(KeysError::Malformed(path))
}
