//! Writes a bag (`domain::bagit`) as a ZIP stream: a file goes out while it is read, and nothing is held but one batch of
//! its bytes.
//!
//! The library writes to memory, and what it wrote is sent after each batch; so no thread of its own is needed. The
//! archive is complete only with its directory, which is written last: one that ends before is refused by every program
//! that opens it.

use crate::domain::bagit::{self, Bag};
use jiff::civil::Date;
use ring::digest::{Context, SHA256};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use zip::{
    CompressionMethod, DateTime, ZipWriter,
    result::ZipError,
    write::{SimpleFileOptions, StreamWriter},
};

/// Bytes that are read, compressed and sent at once: few enough that nobody waits behind them.
const BATCH_BYTES: usize = 32 << 10;
/// Maximum time for a reader to take one batch.
const READER_TIMEOUT: Duration = Duration::from_secs(60);
/// Level for files that are compressed already, as most pieces are: the fastest.
const FAST: i64 = 1;

/// Why a bag could not be written.
#[derive(Debug, thiserror::Error)]
pub enum BagError {
    /// Whoever takes the archive is gone, or a file cannot be read.
    #[error("cannot write the archive")]
    Io(#[from] io::Error),
    /// The archive cannot have such an entry.
    #[error("cannot make the archive")]
    Zip(#[from] ZipError),
    /// A file is not the one that was recorded.
    #[error("{0}: its bytes are others")]
    WrongBytes(String),
}

/// Memory that the library writes to.
#[derive(Clone, Debug, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A bag that is being sent.
pub struct BagWriter<W> {
    bag: Bag,
    zip: ZipWriter<StreamWriter<Buffer>>,
    buffer: Buffer,
    sink: W,
}

impl<W: AsyncWrite + Unpin> BagWriter<W> {
    /// Begins a bag.
    ///
    /// # Errors
    /// See [`BagError`].
    pub async fn begin(bag: Bag, sink: W) -> Result<Self, BagError> {
        let buffer = Buffer::default();
        let mut writer = Self { bag, zip: ZipWriter::new_stream(buffer.clone()), buffer, sink };
        writer.write(bagit::DECLARATION, bagit::DECLARATION_TEXT.as_bytes()).await?;
        Ok(writer)
    }

    /// Adds a text to the payload.
    ///
    /// # Errors
    /// See [`BagError`].
    pub async fn text(&mut self, folder: &str, name: &str, text: &str) -> Result<(), BagError> {
        let path = self.bag.reserve(folder, name);
        let sha256 = self.write(&path, text.as_bytes()).await?;
        self.bag.add(path, sha256, text.len() as u64);
        Ok(())
    }

    /// Adds a file to the payload, and compares it with what was recorded of it: its digest and length.
    ///
    /// # Errors
    /// [`BagError::WrongBytes`]: the archive must not be completed then. See [`BagError`].
    pub async fn file(
        &mut self,
        folder: &str,
        name: &str,
        mut source: impl AsyncRead + Unpin,
        (sha256, bytes): (&str, u64),
    ) -> Result<(), BagError> {
        let path = self.bag.reserve(folder, name);
        self.start(&path, Some(FAST))?;
        let (mut digest, mut batch, mut length) = (Context::new(&SHA256), vec![0; BATCH_BYTES], 0);
        loop {
            let read = source.read(&mut batch).await?;
            let part = batch.get(..read).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            digest.update(part);
            length += part.len() as u64;
            self.zip.write_all(part)?;
            self.send().await?;
        }
        if hex::encode(digest.finish()) != sha256 || length != bytes {
            return Err(BagError::WrongBytes(path));
        }
        self.bag.add(path, sha256.to_owned(), length);
        Ok(())
    }

    /// Ends the bag with what it says of itself, and the archive with its directory.
    ///
    /// # Errors
    /// See [`BagError`].
    pub async fn finish(mut self) -> Result<(), BagError> {
        let mut tags = vec![(bagit::DECLARATION, sha256_of(bagit::DECLARATION_TEXT.as_bytes()))];
        for (path, text) in [(bagit::INFO, self.bag.info_text()), (bagit::MANIFEST, self.bag.manifest_text())] {
            tags.push((path, self.write(path, text.as_bytes()).await?));
        }
        self.write(bagit::TAG_MANIFEST, bagit::tag_manifest_text(&tags).as_bytes()).await?;
        let Self { zip, buffer, mut sink, .. } = self;
        zip.finish()?;
        sink.write_all(&buffer.take()).await?;
        sink.shutdown().await?;
        Ok(())
    }

    /// Leaves the archive without its directory, after a file that says why: a program that reads it as far as it goes
    /// finds that one.
    ///
    /// # Errors
    /// See [`BagError`].
    pub async fn abandon(mut self, name: &str, text: &str) -> Result<(), BagError> {
        self.write(name, text.as_bytes()).await?;
        self.sink.flush().await?;
        // What the library adds when it is dropped stays in memory.
        Ok(())
    }

    /// Writes a file of the bag, and returns its digest.
    async fn write(&mut self, path: &str, bytes: &[u8]) -> Result<String, BagError> {
        self.start(path, None)?;
        for part in bytes.chunks(BATCH_BYTES) {
            self.zip.write_all(part)?;
            self.send().await?;
        }
        self.send().await?;
        Ok(sha256_of(bytes))
    }

    fn start(&mut self, path: &str, level: Option<i64>) -> Result<(), BagError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(level)
            .last_modified_time(modified(self.bag.bagged_on()))
            .unix_permissions(0o644);
        Ok(self.zip.start_file(self.bag.place(path), options)?)
    }

    async fn send(&mut self) -> Result<(), BagError> {
        let written = self.buffer.take();
        if !written.is_empty() {
            // A reader that takes nothing keeps nobody else from an archive.
            timeout(READER_TIMEOUT, self.sink.write_all(&written)).await.map_err(io::Error::from)??;
        }
        Ok(())
    }
}

/// The day of the bag, as archives write it.
fn modified(day: Date) -> DateTime {
    let parts = (u16::try_from(day.year()), u8::try_from(day.month()), u8::try_from(day.day()));
    match parts {
        (Ok(year), Ok(month), Ok(day)) => DateTime::from_date_and_time(year, month, day, 12, 0, 0).unwrap_or_default(),
        _ => DateTime::default(),
    }
}

fn sha256_of(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bagit::BagInfo;
    use std::io::{Cursor, Read};
    use zip::ZipArchive;

    fn bag() -> Bag {
        let info = BagInfo {
            source: "https://guichet.example".into(),
            description: "Essai".into(),
            identifier: "1".into(),
            bagged_on: jiff::civil::date(2026, 11, 30),
        };
        Bag::new("essai", info)
    }

    fn read(archive: &[u8], path: &str) -> String {
        let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
        let mut text = String::new();
        archive.by_name(path).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[tokio::test]
    async fn what_is_written_can_be_opened_and_agrees_with_its_manifests() {
        let noise: Vec<u8> = (0..200_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let (sha256, bytes) = (sha256_of(&noise), noise.len() as u64);
        let mut archive = Vec::new();
        let mut writer = BagWriter::begin(bag(), &mut archive).await.unwrap();
        writer.text("compte", "compte.json", "{}").await.unwrap();
        writer.file("pieces", "kbis.pdf", &noise[..], (sha256.as_str(), bytes)).await.unwrap();
        writer.finish().await.unwrap();
        assert_eq!(read(&archive, "essai/bagit.txt"), bagit::DECLARATION_TEXT);
        let manifest = read(&archive, "essai/manifest-sha256.txt");
        assert!(manifest.contains(&format!("{sha256}  data/pieces/kbis.pdf\n")), "{manifest}");
        assert!(read(&archive, "essai/bag-info.txt").contains(&format!("Payload-Oxum: {}.2\n", bytes + 2)));
        let tags = read(&archive, "essai/tagmanifest-sha256.txt");
        for file in ["bagit.txt", "bag-info.txt", "manifest-sha256.txt"] {
            let digest = sha256_of(read(&archive, &format!("essai/{file}")).as_bytes());
            assert!(tags.contains(&format!("{digest}  {file}\n")), "{file}: {tags}");
        }
        let mut opened = ZipArchive::new(Cursor::new(&archive)).unwrap();
        let mut piece = Vec::new();
        opened.by_name("essai/data/pieces/kbis.pdf").unwrap().read_to_end(&mut piece).unwrap();
        assert!(piece == noise);
    }

    #[tokio::test]
    async fn a_file_that_is_another_one_is_told_and_the_archive_cannot_be_opened() {
        let mut archive = Vec::new();
        let mut writer = BagWriter::begin(bag(), &mut archive).await.unwrap();
        let wrong =
            writer.file("pieces", "kbis.pdf", &b"other"[..], (sha256_of(b"these").as_str(), 5)).await.unwrap_err();
        assert!(matches!(&wrong, BagError::WrongBytes(path) if path == "data/pieces/kbis.pdf"), "{wrong:?}");
        writer.abandon("INCOMPLETE.txt", "why").await.unwrap();
        assert!(ZipArchive::new(Cursor::new(&archive)).is_err());
        let has = |name: &[u8]| archive.windows(name.len()).any(|part| part == name);
        assert!(has(b"essai/INCOMPLETE.txt"), "whoever reads on finds why");
    }

    /// A sink that takes what it is given in small parts, and remembers the longest.
    #[derive(Default)]
    struct Small(usize);

    impl AsyncWrite for Small {
        fn poll_write(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            bytes: &[u8],
        ) -> std::task::Poll<io::Result<usize>> {
            self.0 = self.0.max(bytes.len());
            std::task::Poll::Ready(Ok(bytes.len()))
        }
        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn memory_is_bounded_however_long_a_file_is() {
        let mut sink = Small::default();
        let mut writer = BagWriter::begin(bag(), &mut sink).await.unwrap();
        let noise: Vec<u8> = (0..1_000_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let told = (sha256_of(&noise), noise.len() as u64);
        writer.file("pieces", "long.bin", &noise[..], (told.0.as_str(), told.1)).await.unwrap();
        writer.finish().await.unwrap();
        assert!(sink.0 < 4 * BATCH_BYTES, "{}", sink.0);
    }
}
