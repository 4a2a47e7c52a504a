//! Files that only we can read.

use std::{
    io::{self, Write},
    path::Path,
};

/// Atomically replaces a file that only we can read.
///
/// # Errors
/// When it cannot be written; the former content then stays.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Private from its first byte.
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
