//! Attachments in a folder, as files `ab/<sha256>`. Processes of one machine share it.
//!
//! The file is synced, renamed into its place and the folder synced, so that it survives a power cut as soon as it is
//! acknowledged. (`object_store` has a store in a folder too. It would write each file a second time, since it takes no
//! file that is there already.)

use super::{
    BlobError, Received, Stored,
    receive::{BATCH_BYTES, blocking},
};
use futures_util::{StreamExt, TryFutureExt, stream::BoxStream};
use ring::digest::{Context, SHA256};
use std::{
    fs::{self, File},
    io::{self, Read, Seek},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// File with the id of the store.
const ID_FILE: &str = "attachment-store";

/// A folder of attachments.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

/// Path of a digest in a folder.
pub(super) fn path_of(folder: &Path, sha256: &str) -> PathBuf {
    // Digests come from our own rows; the filter prevents an invalid one from leaving the folder.
    let name: String = sha256.chars().filter(char::is_ascii_hexdigit).collect();
    folder.join(name.get(..2).unwrap_or("00")).join(name)
}

/// Returns the SHA-256 of a file, lower-case hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> io::Result<String> {
    hash(&mut File::open(path)?)
}

fn hash(file: &mut File) -> io::Result<String> {
    let (mut context, mut part) = (Context::new(&SHA256), vec![0; BATCH_BYTES]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(context.finish())),
            read => context.update(part.get(..read).unwrap_or_default()),
        }
    }
}

/// Opens the file of a digest, positioned at its start; `None` if its bytes are others.
pub(super) fn open_verified(path: &Path, sha256: &str) -> io::Result<Option<File>> {
    let mut file = File::open(path)?;
    let right = hash(&mut file)? == sha256;
    file.rewind()?;
    Ok(right.then_some(file))
}

/// Returns all files of a folder that are in their place, each with its metadata.
pub(super) fn files(folder: &Path) -> io::Result<Vec<(PathBuf, fs::Metadata)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let within = entry?.path();
        let named = within.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.len() == 2);
        if !named || !within.is_dir() {
            continue;
        }
        for file in fs::read_dir(&within)? {
            let file = file?;
            // An interrupted copy keeps a hidden name.
            if !file.file_name().as_encoded_bytes().starts_with(b".") {
                match file.metadata() {
                    Ok(metadata) => files.push((file.path(), metadata)),
                    // Removed since.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(files)
}

fn stored(path: &Path, metadata: &fs::Metadata) -> io::Result<Stored> {
    let sha256 = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Stored { sha256, bytes: metadata.len(), modified: metadata.modified()? })
}

impl Folder {
    pub(super) async fn keep(&self, received: Received) -> io::Result<()> {
        let (root, path) = (self.0.clone(), path_of(&self.0, &received.sha256));
        blocking(move || {
            let folder = path.parent().unwrap_or(&root).to_owned();
            let new_folder = !folder.exists();
            fs::create_dir_all(&folder)?;
            received.file.as_file().sync_all()?;
            received.file.persist(&path).map_err(|error| error.error)?;
            File::open(&folder)?.sync_all()?;
            if new_folder { File::open(&root)?.sync_all() } else { Ok(()) }
        })
        .await
    }

    pub(super) async fn read(&self, sha256: &str) -> Result<tokio::fs::File, BlobError> {
        let (path, wanted) = (path_of(&self.0, sha256), sha256.to_owned());
        match blocking(move || open_verified(&path, &wanted)).await {
            Ok(Some(file)) => Ok(tokio::fs::File::from_std(file)),
            Ok(None) => Err(BlobError::WrongBytes(sha256.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::Missing(sha256.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn find(&self, sha256: &str) -> io::Result<Option<Stored>> {
        let path = path_of(&self.0, sha256);
        blocking(move || match path.metadata() {
            Ok(metadata) => stored(&path, &metadata).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) fn list(&self) -> BoxStream<'_, Result<Stored, BlobError>> {
        let root = self.0.clone();
        let all = blocking(move || files(&root)?.iter().map(|(path, metadata)| stored(path, metadata)).collect());
        let all = all.map_ok(|all: Vec<Stored>| futures_util::stream::iter(all.into_iter().map(Ok)));
        futures_util::TryStreamExt::try_flatten(futures_util::stream::once(all.map_err(BlobError::from))).boxed()
    }

    pub(super) async fn remove(&self, sha256: &str) -> io::Result<()> {
        let path = path_of(&self.0, sha256);
        blocking(move || fs::remove_file(path)).await
    }

    /// Id of the store; it is made at the first use.
    pub(super) async fn id(&self) -> io::Result<Uuid> {
        let file = self.0.join(ID_FILE);
        blocking(move || {
            if !file.exists() {
                let aside = file.with_extension(Uuid::now_v7().simple().to_string());
                fs::write(&aside, Uuid::now_v7().to_string())?;
                File::open(&aside)?.sync_all()?;
                // Two processes may do so at once. The hard link makes both use the same id.
                let linked = fs::hard_link(&aside, &file);
                fs::remove_file(&aside)?;
                match linked {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
            }
            fs::read_to_string(&file)?.trim().parse().map_err(io::Error::other)
        })
        .await
    }
}
