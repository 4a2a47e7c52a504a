//! What a virus scanner said of attached files, and who may open one after that (decision 24).

use super::slugs::slugs;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Most characters of the name of what was found.
pub const MAX_SIGNATURE_CHARS: usize = 200;

slugs! {
    /// The state of a file, by its digest.
    pub enum ScanState {
        /// The scanner has not seen it yet.
        Waiting = "waiting",
        Clean = "clean",
        Infected = "infected",
        /// The scanner gave no verdict. It is asked again.
        Unscannable = "unscannable",
    }
}

/// What the scanner says of a file that it has read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Infected {
        /// Name of what was found, in the scanner's words.
        signature: String,
    },
}

impl Verdict {
    /// The state of the file from now on.
    #[must_use]
    pub fn state(&self) -> ScanState {
        match self {
            Self::Clean => ScanState::Clean,
            Self::Infected { .. } => ScanState::Infected,
        }
    }
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    pub state: ScanState,
    /// Name of what was found, in the scanner's words.
    pub signature: Option<String>,
    /// Instant of the last verdict.
    pub scanned_at: Option<Timestamp>,
}

/// A file that the scanner has not seen.
const WAITING: Scan = Scan { state: ScanState::Waiting, signature: None, scanned_at: None };

/// Who wants to open a file, as far as this matters here. The policy has permitted it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceReader {
    /// The owner of the dossier, whose file it is.
    Owner,
    /// Readers whose work requires it: experts, the jury, auditors, an operator in an emergency.
    NeedToKnow,
    /// Officers, and guests of the owner.
    Other,
}

/// Whether the reader was warned that a file is not known to be clean, and wants to open it nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanWarning {
    NotShown,
    Accepted,
}

/// Why a file is not handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// It is infected: its owner alone may open it.
    #[error("the file is infected")]
    Infected,
    /// It is not known to be clean, which this reader has to wait for.
    #[error("the file is not known to be clean")]
    NotClean,
    /// It is not known to be clean, and the reader was not warned yet.
    #[error("the reader was not warned of a file that is not known to be clean")]
    WithoutWarning(ScanState),
}

/// Whether a file may be opened.
///
/// # Errors
/// Why it is withheld.
pub fn may_open(state: ScanState, reader: PieceReader, warning: ScanWarning) -> Result<(), Withheld> {
    match (state, reader, warning) {
        (ScanState::Clean, ..) | (_, PieceReader::Owner, _) => Ok(()),
        (ScanState::Infected, ..) => Err(Withheld::Infected),
        (_, PieceReader::NeedToKnow, _) => Err(Withheld::NotClean),
        (_, PieceReader::Other, ScanWarning::Accepted) => Ok(()),
        (state, PieceReader::Other, ScanWarning::NotShown) => Err(Withheld::WithoutWarning(state)),
    }
}

/// What one reader is told of the files of a dossier; where no scanner is configured, only that a file is infected.
#[derive(Clone, Debug)]
pub struct PieceScans {
    pub reader: PieceReader,
    /// By digest.
    found: BTreeMap<String, Scan>,
    /// What is known of all other files.
    others: Option<&'static Scan>,
}

impl PieceScans {
    /// Without a scanner: an infected file stays so, whoever has found it; nothing is said of the others.
    #[must_use]
    pub fn without_scanner(reader: PieceReader, found: impl IntoIterator<Item = (String, Scan)>) -> Self {
        let infected = found.into_iter().filter(|(_, scan)| scan.state == ScanState::Infected);
        Self { reader, found: infected.collect(), others: None }
    }

    /// With a scanner; a file that it was not asked about is waiting.
    #[must_use]
    pub fn new(reader: PieceReader, found: impl IntoIterator<Item = (String, Scan)>) -> Self {
        Self { reader, found: found.into_iter().collect(), others: Some(&WAITING) }
    }

    /// What is known of a file.
    #[must_use]
    pub fn of(&self, sha256: &str) -> Option<&Scan> {
        self.found.get(sha256).or(self.others)
    }

    /// Whether the reader may open a file.
    ///
    /// # Errors
    /// Why it is withheld.
    pub fn may_open(&self, sha256: &str, warning: ScanWarning) -> Result<(), Withheld> {
        self.of(sha256).map_or(Ok(()), |scan| may_open(scan.state, self.reader, warning))
    }

    /// Whether the reader cannot open a file, warned or not.
    #[must_use]
    pub fn withholds(&self, sha256: &str) -> bool {
        self.may_open(sha256, ScanWarning::Accepted).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opens_what() {
        use PieceReader::{NeedToKnow, Other, Owner};
        use ScanState::{Clean, Infected, Unscannable, Waiting};
        let all = |reader, warning| ScanState::ALL.iter().map(move |state| (*state, may_open(*state, reader, warning)));
        for warning in [ScanWarning::NotShown, ScanWarning::Accepted] {
            assert!(all(Owner, warning).all(|(_, done)| done.is_ok()));
            for reader in [NeedToKnow, Other] {
                assert_eq!(may_open(Clean, reader, warning), Ok(()));
                assert_eq!(may_open(Infected, reader, warning), Err(Withheld::Infected), "no warning opens it");
            }
            for state in [Waiting, Unscannable] {
                assert_eq!(may_open(state, NeedToKnow, warning), Err(Withheld::NotClean));
            }
        }
        for state in [Waiting, Unscannable] {
            assert_eq!(may_open(state, Other, ScanWarning::NotShown), Err(Withheld::WithoutWarning(state)));
            assert_eq!(may_open(state, Other, ScanWarning::Accepted), Ok(()));
        }
    }

    #[test]
    fn a_file_that_the_scanner_was_not_asked_about_is_waiting() {
        let infected = Scan { state: ScanState::Infected, ..WAITING };
        let scans = |reader| PieceScans::new(reader, [("bad".to_owned(), infected.clone())]);
        assert_eq!(scans(PieceReader::Other).of("new"), Some(&WAITING));
        let withheld = |reader| ["bad", "new"].map(|sha256| scans(reader).withholds(sha256));
        assert_eq!(withheld(PieceReader::Owner), [false, false]);
        assert_eq!(withheld(PieceReader::Other), [true, false]);
        assert_eq!(withheld(PieceReader::NeedToKnow), [true, true]);
        let unwarned = |reader| ["bad", "new"].map(|sha256| scans(reader).may_open(sha256, ScanWarning::NotShown));
        let without_warning = Withheld::WithoutWarning(ScanState::Waiting);
        assert_eq!(unwarned(PieceReader::Other), [Err(Withheld::Infected), Err(without_warning)]);
        assert_eq!(unwarned(PieceReader::NeedToKnow), [Err(Withheld::Infected), Err(Withheld::NotClean)]);
    }

    #[test]
    fn an_infected_file_stays_closed_without_a_scanner() {
        let found = || ScanState::ALL.iter().map(|state| (state.slug().to_owned(), Scan { state: *state, ..WAITING }));
        for reader in [PieceReader::Owner, PieceReader::NeedToKnow, PieceReader::Other] {
            let scans = PieceScans::without_scanner(reader, found());
            assert_eq!(scans.withholds("infected"), reader != PieceReader::Owner);
            for said_nothing_of in ["waiting", "clean", "unscannable", "new"] {
                assert!(scans.of(said_nothing_of).is_none() && !scans.withholds(said_nothing_of));
            }
        }
    }
}
