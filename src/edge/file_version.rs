//! Files of the operator that are polled: how a changed file is recognised, and reading that does not block.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

/// Device, inode, size, and the times of the last change of content and of mode.
pub type FileVersion = (u64, u64, u64, (i64, i64), (i64, i64));

/// The version of a file; nothing when there is none.
pub fn file_version(path: &Path) -> Option<FileVersion> {
    let meta = fs::metadata(path).ok()?;
    let (content, mode) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
    Some((meta.dev(), meta.ino(), meta.size(), content, mode))
}

/// Reads a regular file. A pipe is refused, because reading it would block until something writes to it.
pub fn read_regular_file(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.is_file() {
        fs::read_to_string(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}
