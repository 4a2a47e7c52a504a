//! Private folders: readable by us alone, locked, and with socket paths of a length that the kernel accepts.

use anyhow::{Context, bail};
use nix::{
    fcntl::{Flock, FlockArg},
    unistd::geteuid,
};
use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

/// Maximum length of the path of a unix socket, in bytes.
const SOCKET_PATH: usize = 107;

/// Creates a folder that only we can read.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// Takes a lock that is held as long as the returned file; returns `None` if another process holds it.
pub fn lock(path: &Path) -> anyhow::Result<Option<Flock<File>>> {
    let file = File::options().create(true).truncate(false).write(true).read(true).open(path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// A folder whose unix sockets have paths that the kernel accepts.
#[derive(Debug)]
pub struct SocketFolder {
    path: PathBuf,
    short: bool,
}

impl SocketFolder {
    /// Returns the folder itself if the path of a socket with that name is short enough, otherwise a short private
    /// folder among the temporary files. It is always the same for the same folder, so that a restarted server is found
    /// where it was.
    ///
    /// # Errors
    /// When the short folder cannot be created, or belongs to another user.
    pub fn within(dir: &Path, socket: &str) -> anyhow::Result<Self> {
        if dir.join(socket).as_os_str().len() <= SOCKET_PATH {
            return Ok(Self { path: dir.into(), short: false });
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, dir.as_os_str().as_encoded_bytes());
        let name: String = hex::encode(digest).chars().take(16).collect();
        let path = std::env::temp_dir().join(format!("guichet-{name}"));
        private_folder(&path)?;
        let found = fs::symlink_metadata(&path)?;
        if !found.is_dir() || found.uid() != geteuid().as_raw() || found.mode() & 0o077 != 0 {
            bail!("{} belongs to somebody else, or others may enter it", path.display());
        }
        Ok(Self { path, short: true })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        if self.short {
            // Including the sockets that servers leave behind. If it cannot be removed, the next start uses it again.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SocketFolder;
    use std::path::Path;

    #[test]
    fn a_deep_folder_gets_a_short_one_for_its_sockets() {
        let deep = Path::new("/tmp").join("x".repeat(120));
        let folder = SocketFolder::within(&deep, "s").unwrap();
        assert!(folder.path().as_os_str().len() < 80 && folder.path().is_dir());
        assert_eq!(SocketFolder::within(&deep, "s").unwrap().path(), folder.path());
        assert_eq!(SocketFolder::within(Path::new("/tmp"), "s").unwrap().path(), Path::new("/tmp"));
    }
}
