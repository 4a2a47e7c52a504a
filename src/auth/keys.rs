//! The private keys of an installation: files of mode 0600 in one folder, created at the first start and never logged.

use super::roots::{Root, RootKind, RootRecord, Roots};
use biscuit_auth::{KeyPair, PrivateKey, PublicKey, builder::Algorithm};
use jiff::Timestamp;
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
    sync::{Arc, PoisonError, RwLock},
};

/// File of the key that signs backup sets. Files with this name as a prefix are neither backed up nor restored.
pub const BACKUP_KEY: &str = "backup.key";

/// Why the keys cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File { path: PathBuf, source: std::io::Error },
    /// A file does not contain the kind of key that its name indicates.
    #[error("{0} is not a key of the expected kind")]
    Malformed(PathBuf),
    /// The system provides no randomness.
    #[error("the system gives no randomness")]
    Randomness,
    /// The seed could be guessed.
    #[error("{0} has fewer than {MIN_SEED_CHARS} characters: keys made from it could be guessed")]
    ShortSeed(PathBuf),
}

/// Minimum length of a seed, in characters.
const MIN_SEED_CHARS: usize = 32;

/// A secret from which missing keys are derived, so that several machines have the same ones. No `Debug`.
struct Seed(hkdf::Prk);

impl Seed {
    /// Reads the seed from a file, without surrounding whitespace.
    fn read(file: &Path) -> Result<Self, KeysError> {
        let text = fs::read_to_string(file).map_err(|source| KeysError::File { path: file.into(), source })?;
        if text.trim().chars().count() < MIN_SEED_CHARS {
            return Err(KeysError::ShortSeed(file.into()));
        }
        Ok(Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"guichet keys").extract(text.trim().as_bytes())))
    }

    /// Derives the secret of one name (RFC 5869).
    fn secret(&self, name: &str) -> Result<[u8; 32], KeysError> {
        let mut secret = [0; 32];
        let info = [name.as_bytes()];
        let made = self.0.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut secret));
        made.map(|()| secret).map_err(|_| KeysError::Randomness)
    }
}

/// The keys. No `Debug`: the libraries print private keys.
pub struct Keys {
    /// Roots of tokens. All processes read the same ones from the database.
    roots: RwLock<Arc<Roots>>,
    /// The folder of private keys and the seed for missing ones; `None` for ephemeral keys.
    place: Option<(PathBuf, Option<Seed>)>,
    /// Signs receipts.
    pub receipt: Ed25519KeyPair,
    /// Public keys of retired receipt keys: files `receipt-*.pub`, hexadecimal. Their receipts remain verifiable
    /// permanently.
    pub retired: Vec<Vec<u8>>,
    /// Signs backup sets. No set contains it, so that a person who changes a set cannot sign it again.
    pub backup: Ed25519KeyPair,
    /// Key of form tokens.
    pub form: hmac::Key,
}

impl Keys {
    /// Reads the keys of a folder. Missing ones are created, from the seed in a file if there is one.
    pub fn open(folder: &Path, seed_file: Option<&Path>) -> Result<Self, KeysError> {
        let seed_read = seed_file.map(Seed::read).transpose()?;
        let seed = seed_read.as_ref();
        let failed = |source| KeysError::File { path: folder.into(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let malformed = |name: &str| KeysError::Malformed(folder.join(name));
        let first = |kind: RootKind| -> Result<Root, KeysError> {
            let name = root_name(kind, kind.first());
            Ok(first_root(kind, pair(&secret_file(folder, &name, seed)?).ok_or_else(|| malformed(&name))?))
        };
        let roots = RootKind::ALL.iter().copied().map(first).collect::<Result<_, _>>()?;
        Ok(Self {
            roots: RwLock::new(Arc::new(Roots::new(roots))),
            receipt: Ed25519KeyPair::from_seed_unchecked(&secret_file(folder, "receipt.key", seed)?)
                .map_err(|_| malformed("receipt.key"))?,
            retired: retired(folder)?,
            backup: Ed25519KeyPair::from_seed_unchecked(&secret_file(folder, BACKUP_KEY, seed)?)
                .map_err(|_| malformed(BACKUP_KEY))?,
            form: hmac::Key::new(hmac::HMAC_SHA256, &secret_file(folder, "form.key", seed)?),
            place: Some((folder.to_owned(), seed_read)),
        })
    }

    /// The roots of tokens.
    #[must_use]
    pub fn roots(&self) -> Arc<Roots> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adopts the roots that are recorded in the database. A root whose private key is missing or different here can
    /// only verify.
    pub fn adopt(&self, records: &[RootRecord]) -> Result<(), KeysError> {
        let known = self.roots();
        if records.is_empty() || known.iter().map(Root::record).eq(records.iter().cloned()) {
            return Ok(());
        }
        let mut roots = Vec::new();
        for record in records {
            let Some(public) = public(&record.public_key) else { continue };
            let here = known.iter().find(|root| root.public == public).and_then(|root| root.pair.clone());
            let here = match here {
                Some(here) => Some(here),
                None => self.find(record)?.filter(|pair| pair.public() == public).map(Arc::new),
            };
            let RootRecord { kid, kind, signs_at, dropped_at, .. } = *record;
            roots.push(Root { kid, kind, public, signs_at, dropped_at, pair: here });
        }
        *self.roots.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Roots::new(roots));
        Ok(())
    }

    /// Returns the private key of a root, from its file or from the seed that all machines share.
    fn find(&self, record: &RootRecord) -> Result<Option<KeyPair>, KeysError> {
        let Some((folder, seed)) = &self.place else { return Ok(None) };
        let name = root_name(record.kind, record.kid);
        if seed.is_none() && !folder.join(&name).exists() {
            return Ok(None);
        }
        Ok(pair(&secret_file(folder, &name, seed.as_ref())?))
    }

    /// Creates the private key of a new root and returns the public one, in hexadecimal.
    pub fn make_root(&self, kind: RootKind, kid: u32) -> Result<String, KeysError> {
        let Some((folder, seed)) = &self.place else { return Err(KeysError::Randomness) };
        let name = root_name(kind, kid);
        let secret = secret_file(folder, &name, seed.as_ref())?;
        let made = pair(&secret).ok_or_else(|| KeysError::Malformed(folder.join(&name)))?;
        Ok(hex::encode(made.public().to_bytes()))
    }

    /// Creates ephemeral keys, for asking the policy about people who are not signed in.
    pub fn ephemeral() -> Result<Self, KeysError> {
        let secret = || -> Result<[u8; 32], KeysError> {
            let mut secret = [0; 32];
            SystemRandom::new().fill(&mut secret).map_err(|_| KeysError::Randomness)?;
            Ok(secret)
        };
        Ok(Self {
            roots: RwLock::new(Arc::new(Roots::new(
                RootKind::ALL.iter().copied().map(|kind| first_root(kind, KeyPair::new())).collect(),
            ))),
            place: None,
            receipt: Ed25519KeyPair::from_seed_unchecked(&secret()?).map_err(|_| KeysError::Randomness)?,
            retired: Vec::new(),
            backup: Ed25519KeyPair::from_seed_unchecked(&secret()?).map_err(|_| KeysError::Randomness)?,
            form: hmac::Key::new(hmac::HMAC_SHA256, &secret()?),
        })
    }

    /// The public key of receipts.
    pub fn receipt_public(&self) -> &[u8] {
        self.receipt.public_key().as_ref()
    }
}

/// Returns the value that Sōzu adds to every request, so that the portal can distinguish its requests from others on
/// the machine: 32 random bytes, hexadecimal, in `keys/edge.key` of the data folder. It is created by the first process
/// that needs it, from the seed if there is one.
pub fn edge_secret(data_dir: &Path, seed_file: Option<&Path>) -> Result<String, KeysError> {
    let seed = seed_file.map(Seed::read).transpose()?;
    let folder = data_dir.join("keys");
    let failed = |source| KeysError::File { path: folder.clone(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    secret_file(&folder, "edge.key", seed.as_ref()).map(hex::encode)
}

/// File name of a root's private key. The first root of each kind has no number in it.
fn root_name(kind: RootKind, kid: u32) -> String {
    if kid == kind.first() { format!("{}.key", kind.slug()) } else { format!("{}-{kid}.key", kind.slug()) }
}

fn pair(secret: &[u8]) -> Option<KeyPair> {
    PrivateKey::from_bytes(secret, Algorithm::Ed25519).ok().map(|key| KeyPair::from(&key))
}

fn public(text: &str) -> Option<PublicKey> {
    PublicKey::from_bytes(&hex::decode(text).ok()?, Algorithm::Ed25519).ok()
}

/// The first root of an installation. It signs from the beginning.
fn first_root(kind: RootKind, pair: KeyPair) -> Root {
    Root {
        kid: kind.first(),
        kind,
        public: pair.public(),
        signs_at: Timestamp::UNIX_EPOCH,
        dropped_at: None,
        pair: Some(Arc::new(pair)),
    }
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

/// Reads 32 secret bytes (hexadecimal in the file) or creates them. Two processes may start at once, so the file is
/// written aside and hard-linked; both then use the same key.
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
