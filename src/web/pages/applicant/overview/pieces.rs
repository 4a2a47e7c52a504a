//! The pieces of a dossier: sections of the form, and files with their known properties.

use crate::{
    domain::{
        access::Part,
        answers::holds,
        call::{Piece, Section},
        finding::{Finding, Severity},
        piece::AttachedPiece,
        text::Text,
    },
    web::{
        frame::{PageContext, scan::ScanNote, show},
        pages::applicant::dossier::DossierPage,
    },
};

/// One piece.
pub struct PieceRow<'a> {
    pub piece: &'a Piece,
    /// The sections of the form that make up the piece.
    pub sections: Vec<&'a Section>,
    /// The number of findings in these sections.
    pub missing: usize,
    pub attached: Option<&'a AttachedPiece>,
    /// The virus scan of the file, where there is a scanner.
    pub scan: Option<ScanNote<'a>>,
    /// The findings on the file.
    pub findings: Vec<&'a Finding>,
    /// The reason why the last upload was refused.
    pub problem: Option<&'a Text>,
    /// Accepted types, in words.
    pub types: String,
    /// Accepted types, for the file picker.
    pub accept: String,
    /// The user may attach and remove it.
    pub writes: bool,
    /// Where its absence may be explained.
    pub exemption: Option<String>,
}

impl PieceRow<'_> {
    pub fn fine(&self) -> bool {
        let blocked = self.findings.iter().any(|finding| finding.severity == Severity::Blocking);
        if self.file() { self.attached.is_some() && !blocked } else { self.missing == 0 }
    }
    /// Only its day of issue is missing: the file itself need not be replaced.
    pub fn undated(&self) -> bool {
        self.piece.fresh_months.is_some() && self.attached.is_some_and(|attached| attached.issued.is_none())
    }
    /// The user must choose a file, or has just tried to.
    pub fn asked(&self) -> bool {
        self.problem.is_some() || (self.piece.required && !self.fine() && !self.undated())
    }
    pub fn file(&self) -> bool {
        self.piece.sections.is_empty()
    }
    pub fn issued(&self) -> String {
        self.attached.and_then(|attached| attached.issued).map_or_else(String::new, |day| day.to_string())
    }
}

/// The requested pieces, in the order of the call.
pub fn piece_rows<'a>(s: &'a PageContext<'a>, page: &DossierPage<'a>) -> Vec<PieceRow<'a>> {
    let draft = &page.dossier.draft;
    let attached = |piece: &Piece| page.pieces.iter().find(|attached| attached.code == piece.code);
    let call = s.call;
    let missing = page.missing(s);
    // No findings are shown on what was sealed.
    let sealed = !page.status(s).counts_missing();
    let shown = |finding: &&Finding| !sealed || finding.severity != Severity::Blocking;
    call.pieces
        .iter()
        .filter(|piece| holds(piece.when.as_ref(), draft) || attached(piece).is_some())
        .filter(|piece| match piece.sections.as_slice() {
            [] => page.share.reads(&Part::Piece(piece.code.clone())),
            sections => sections.iter().any(|section| page.share.section(section)),
        })
        .map(|piece| {
            let path = format!("pieces.{}", piece.code);
            let given = piece.sections.iter().filter(|id| page.share.section(id));
            let sections: Vec<&Section> = given.filter_map(|id| call.section(id)).collect();
            let belongs = |finding: &&Finding| sections.iter().any(|section| section.id == finding.section());
            PieceRow {
                piece,
                missing: missing.iter().filter(|finding| belongs(finding)).count(),
                attached: attached(piece),
                scan: attached(piece).and_then(|file| ScanNote::new(s, page.scans, &file.sha256)),
                findings: page
                    .evaluation
                    .findings
                    .iter()
                    .filter(shown)
                    .filter(|finding| finding.path == path)
                    .collect(),
                problem: page.upload_problem.filter(|(code, _)| *code == piece.code).map(|(_, text)| text),
                types: show::media(&piece.media),
                accept: piece.media.join(","),
                writes: page.share.writes(&Part::Piece(piece.code.clone())),
                exemption: piece.exemption.as_ref().and_then(|path| {
                    let section = path.split('.').next().filter(|section| page.share.section(section))?;
                    Some(format!("{}/{}/edit/{section}#field-{path}", s.url("/dossiers"), page.dossier.id))
                }),
                sections,
            }
        })
        .collect()
}
