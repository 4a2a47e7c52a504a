//! What a reader is told of the virus scan of a file, beside its name.

use crate::{
    domain::scan::{PieceReader, PieceScans, Scan, ScanState},
    web::frame::PageContext,
};
use askama::Template;

/// The state of a file, in words, and what follows from it for this reader.
#[derive(Clone, Copy, Template)]
#[template(path = "frame/scan.html")]
pub struct ScanNote<'a> {
    s: &'a PageContext<'a>,
    scan: &'a Scan,
    reader: PieceReader,
}

impl askama::filters::HtmlSafe for ScanNote<'_> {}

impl<'a> ScanNote<'a> {
    /// `None` where nothing is known of the file: no scanner is configured.
    pub fn new(s: &'a PageContext<'a>, scans: &'a PieceScans, sha256: &str) -> Option<Self> {
        scans.of(sha256).map(|scan| Self { s, scan, reader: scans.reader })
    }

    fn class(&self) -> &'static str {
        match self.scan.state {
            ScanState::Clean => "tag-good",
            ScanState::Infected => "tag-bad",
            ScanState::Waiting | ScanState::Unscannable => "tag-care",
        }
    }

    fn label(&self) -> &str {
        match self.scan.state {
            ScanState::Waiting => self.s.tr("analyse antivirus en attente", "virus scan pending"),
            ScanState::Clean => self.s.tr("aucun virus trouvé", "no virus found"),
            ScanState::Infected => self.s.tr("virus détecté", "virus found"),
            ScanState::Unscannable => self.s.tr("analyse antivirus impossible", "virus scan not possible"),
        }
    }

    /// What the reader has to know or do; `None` for a clean file.
    fn advice(&self) -> Option<&str> {
        let (fr, en) = match (self.scan.state, self.reader) {
            (ScanState::Clean, _) => return None,
            (ScanState::Infected, PieceReader::Owner) => (
                "Vous seul pouvez ouvrir ce fichier\u{a0}: ceux qui instruisent et évaluent le dossier ne le liront pas. Remplacez-le\u{a0}: passez votre ordinateur à l’antivirus, exportez ou numérisez de nouveau le document, puis joignez le nouveau fichier, et déposez-le. Si la relève est close, écrivez à l’adresse de contact de l’appel.",
                "Only you can open this file: those who examine and evaluate the application will not read it. Replace it: scan your computer for viruses, export or digitise the document again, then attach the new file, and deposit it. If the round has closed, write to the contact address of the call.",
            ),
            (ScanState::Infected, _) => (
                "Ce fichier est retenu\u{a0}: seul son porteur peut l’ouvrir.",
                "This file is withheld: only its owner can open it.",
            ),
            (ScanState::Waiting, PieceReader::Owner) => {
                ("Cela ne retarde pas le dépôt.", "This does not delay the deposit.")
            }
            (ScanState::Unscannable, PieceReader::Owner) => (
                "L’analyse est retentée. Cela n’empêche pas le dépôt\u{a0}; ceux qui l’instruisent sont avertis avant d’ouvrir le fichier.",
                "The scan is tried again. This does not prevent the deposit; those who examine it are warned before they open the file.",
            ),
            (_, PieceReader::NeedToKnow) => (
                "Ce fichier est retenu jusqu’à ce que l’antivirus l’ait analysé.",
                "This file is withheld until it was scanned for viruses.",
            ),
            (_, PieceReader::Other) => {
                ("Ce fichier s’ouvre après un avertissement.", "This file opens after a warning.")
            }
        };
        Some(self.s.tr(fr, en))
    }
}
