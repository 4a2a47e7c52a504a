//! The folder: its answers, and its pieces with their digests.

use super::{place, text_file};
use crate::{
    cli::digest::sha256,
    domain::{
        calendar::{RoundId, day},
        folder, receipt,
        text::Lang,
    },
};
use anyhow::Context;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// What a folder holds, all of it readable.
#[derive(Debug)]
pub struct DossierFiles {
    pub call: String,
    pub round: RoundId,
    pub answers: Json,
    pub pieces: Vec<PieceOnDisk>,
}

/// A piece as it lies in the folder.
#[derive(Debug)]
pub struct PieceOnDisk {
    /// Code of the piece in the call.
    pub code: String,
    /// The file.
    pub path: PathBuf,
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// Day of issue.
    pub issued: Option<Date>,
}

impl DossierFiles {
    /// Reads the folder; days such as `@today` are reckoned from today.
    pub fn read(folder: &Path, lang: Lang) -> anyhow::Result<Self> {
        let path = place::find(folder, "dossier.toml", lang)?;
        let text = text_file::read(&path, lang)?;
        let today = day(Timestamp::now(), &TimeZone::system());
        let dossier = folder::parse(&text, today).with_context(|| path.display().to_string())?;
        let pieces = dossier.pieces.into_iter().map(|piece| {
            let path = place::find(folder, &piece.file, lang).with_context(|| piece.code.clone())?;
            let (sha256, bytes) =
                sha256(&path).with_context(|| format!("{}: cannot read {}", piece.code, path.display()))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Ok(PieceOnDisk { code: piece.code, path, name, sha256, bytes, issued: piece.issued })
        });
        let pieces = pieces.collect::<anyhow::Result<_>>()?;
        Ok(Self { call: dossier.call, round: dossier.round, answers: dossier.answers, pieces })
    }

    /// A digest of all that would be deposited.
    pub fn content(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| json!([piece.code, piece.sha256, piece.issued]));
        receipt::digest(&json!({ "answers": self.answers, "pieces": pieces.collect::<Vec<_>>() }))
    }
}
