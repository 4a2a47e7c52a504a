//! SHA-256 of files, read in chunks.

use ring::digest::{Context, SHA256};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

const BYTES_PER_READ: usize = 256 * 1024;

/// The SHA-256 of a file, lower-case hexadecimal, and its length.
pub fn sha256(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let (mut batch, mut length) = (vec![0; BYTES_PER_READ], 0_u64);
    loop {
        match file.read(&mut batch)? {
            0 => return Ok((hex::encode(context.finish()), length)),
            read => {
                context.update(&batch[..read]);
                length += read as u64;
            }
        }
    }
}
