//! States as files: the only way to read Sōzu's whole state, to send it many commands at once, and to give it a state
//! for its next start. They contain private keys, so they are written to a private folder and removed after use.

use super::{Reply, Sozu, SozuError, request_name};
use sozu_command_lib::{
    parser::parse_several_requests,
    proto::command::{Request, WorkerRequest, request::RequestType},
    state::ConfigState,
};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The file that Sōzu reads at its start, in the edge's state folder (`saved_state` in Sōzu's configuration).
const SAVED_STATE_FILE: &str = "sozu.state";

/// The result of many commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadResult {
    /// Accepted commands, counted by worker.
    pub ok: usize,
    /// Refused commands, counted by worker, and commands that the main process skipped before the workers got them.
    pub errors: usize,
}

impl Sozu {
    /// Reads Sōzu's state.
    pub async fn observe(&self) -> Result<ConfigState, SozuError> {
        let path = self.state_dir.join(format!("observed-{}.state", std::process::id()));
        let saved = self.call(RequestType::SaveState(path.to_string_lossy().into_owned())).await;
        let state = saved.and_then(|_| {
            let file = File::open(&path).map_err(|source| failed(&path, source))?;
            read_state(BufReader::new(file), &path)
        });
        // The file contains private keys, so it is removed even when it could not be read.
        remove(&path)?;
        state
    }

    /// Saves the state for Sōzu's next start.
    pub async fn save_state(&self) -> Result<(), SozuError> {
        let (fresh, saved_state) =
            (self.state_dir.join(format!("{SAVED_STATE_FILE}.new")), self.state_dir.join(SAVED_STATE_FILE));
        self.call(RequestType::SaveState(fresh.to_string_lossy().into_owned())).await?;
        let replace = || {
            fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
            File::open(&fresh)?.sync_all()?;
            fs::rename(&fresh, &saved_state)?;
            File::open(&self.state_dir)?.sync_all()
        };
        replace().map_err(|source| failed(&saved_state, source))
    }

    /// Sends many commands at once; each is accepted or refused separately.
    ///
    /// # Errors
    /// See [`SozuError`]; refusals are counted, not returned.
    pub async fn load<'a>(
        &self,
        commands: impl IntoIterator<Item = &'a RequestType> + Send,
    ) -> Result<LoadResult, SozuError> {
        let path = self.state_dir.join(format!("batch-{}.state", std::process::id()));
        let written = write_commands(&path, commands).map_err(|source| failed(&path, source));
        let request = RequestType::LoadState(path.to_string_lossy().into_owned());
        let name = request_name(&request);
        let reply = match written {
            Ok(()) => self.exchange(request).await,
            Err(error) => Err(error),
        };
        remove(&path)?;
        let Reply { progress_messages, outcome } = reply?;
        let skipped = progress_messages.iter().find_map(|message| skipped(message)).unwrap_or(0);
        let loaded = match outcome {
            Ok(response) => counts(&response.message).ok_or(SozuError::Misunderstood { request: name })?,
            Err(SozuError::Refused { request, message }) => {
                counts(&message).filter(|counted| counted.errors > 0).ok_or(SozuError::Refused { request, message })?
            }
            Err(error) => return Err(error),
        };
        Ok(LoadResult { errors: loaded.errors + skipped, ..loaded })
    }
}

/// Removes the files of an edge that was killed, because states contain private keys.
pub(super) fn remove_leftovers(folder: &Path) {
    let left = |name: &str| {
        let pid = name
            .strip_suffix(".state")?
            .strip_prefix("observed-")
            .or(name.strip_suffix(".state")?.strip_prefix("batch-"))?;
        Some(!Path::new("/proc").join(pid).exists())
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().and_then(left) == Some(true) {
            // A file that cannot be removed is at least in a private folder.
            fs::remove_file(entry.path()).ok();
        }
    }
}

fn failed(path: &Path, source: io::Error) -> SozuError {
    SozuError::File { path: path.into(), source }
}

fn remove(path: &Path) -> Result<(), SozuError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(path, source)),
        _ => Ok(()),
    }
}

fn write_commands<'a>(path: &Path, commands: impl IntoIterator<Item = &'a RequestType>) -> io::Result<()> {
    remove(path).map_err(io::Error::other)?;
    let mut file = BufWriter::new(File::options().write(true).create_new(true).mode(0o600).open(path)?);
    for (number, command) in commands.into_iter().enumerate() {
        let request = WorkerRequest { id: format!("SAVE-{number}"), content: Request::from(command.clone()) };
        serde_json::to_writer(&mut file, &request)?;
        file.write_all(b"\n\0")?;
    }
    file.flush()
}

/// `… 12 ok messages, 3 errors …`
fn counts(message: &str) -> Option<LoadResult> {
    let before = |word: &str| message.split(word).next()?.split_whitespace().next_back()?.parse().ok();
    Some(LoadResult { ok: before(" ok messages")?, errors: before(" errors")? })
}

/// `load_state: skipped 2 invalid entries …`: Sōzu reports success nevertheless.
fn skipped(message: &str) -> Option<usize> {
    message.split_once("skipped ")?.1.split_once(" invalid entries")?.0.parse().ok()
}

pub(super) fn private_folder(path: &Path) -> Result<PathBuf, SozuError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| failed(path, source))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(|source| failed(path, source))?;
    // An absolute path, because Sōzu has another working directory.
    path.canonicalize().map_err(|source| failed(path, source))
}

fn read_state(mut text: impl BufRead, path: &Path) -> Result<ConfigState, SozuError> {
    let mut state = ConfigState::new();
    let mut piece = Vec::new();
    // Piece by piece, so that a large state is not in memory twice.
    loop {
        piece.clear();
        if text.read_until(0, &mut piece).map_err(|source| failed(path, source))? == 0 {
            return Ok(state);
        }
        // The parser's own message quotes the text, keys included.
        let (rest, requests) = parse_several_requests::<WorkerRequest>(&piece)
            .map_err(|_| SozuError::State("it is not a list of commands".into()))?;
        if !rest.is_empty() {
            return Err(SozuError::State(format!("{} bytes are left over", rest.len())));
        }
        for request in requests {
            state.dispatch(&request.content).map_err(|error| SozuError::State(error.to_string()))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LoadResult, counts, skipped};

    #[test]
    fn sozus_own_counts_are_read() {
        let good = "Successfully loaded state from path /a b/c, 12 ok messages, 0 errors";
        assert_eq!(counts(good), Some(LoadResult { ok: 12, errors: 0 }));
        let bad = "loading state: 10 ok messages, 2 errors, timed out: false, reverted entries: 1";
        assert_eq!(counts(bad), Some(LoadResult { ok: 10, errors: 2 }));
        assert_eq!(counts("Cannot find file at path x"), None);
        assert_eq!(skipped("load_state: skipped 2 invalid entries — see the main process warnings"), Some(2));
        assert_eq!(skipped("Applying state file..."), None);
    }
}
