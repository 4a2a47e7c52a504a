//! Errors of the application's operations, independent of HTTP.

use crate::{
    app::examination::break_glass::BreakGlassFault,
    auth::{KeysError, PasskeyError, TokenError, oidc::OidcError},
    blob::BlobError,
    domain::{
        document::DocumentError, email::EmailFault, evaluation::Evaluation, media::FileRefusal, scan::Withheld,
        search::TooManyWords,
    },
    store::{Retriable, StoreError},
};

/// An error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It does not exist, or the actor may not know that it does.
    #[error("not found")]
    NotFound,
    /// The actor may know that it exists, but may not do this.
    #[error("forbidden")]
    Forbidden,
    /// A passkey confirmation is needed first.
    #[error("confirmation needed")]
    Unconfirmed,
    #[error("the account is suspended")]
    Suspended,
    /// Nobody is signed in.
    #[error("sign-in needed")]
    SignInNeeded,
    /// A sign-in link that was used already, has expired or never existed.
    #[error("the link is not valid")]
    LinkSpent,
    /// The answers given to the simulator are no longer kept, or never were.
    #[error("the simulation is over")]
    SimulationOver,
    /// Too many answers of the simulator kept for one client.
    #[error("too many simulations")]
    TooManySimulations,
    /// Too many sign-in links for one address.
    #[error("too many links")]
    TooManyLinks,
    /// A ceremony that has ended, has expired or never existed.
    #[error("the ceremony is over")]
    CeremonyOver,
    /// An invalid passkey.
    #[error("the passkey is refused")]
    PasskeyRefused,
    /// The user has no passkey.
    #[error("no passkey")]
    NoPasskey,
    /// The last passkey of a user who must have one.
    #[error("the last passkey")]
    LastPasskey,
    /// The token of this attempt was created, and shown, before.
    #[error("the token was made already")]
    TokenMade,
    /// Maximum number of passkeys reached.
    #[error("too many passkeys")]
    TooManyPasskeys,
    #[error("not an e-mail address: {}", .0.message().en)]
    NotAnAddress(EmailFault),
    /// An invitation is refused, with all its faults.
    #[error("the invitation is refused")]
    Invitation(Vec<crate::app::delegation::InvitationFault>),
    /// A required reason is missing or too long.
    #[error("a reason is needed")]
    Reason,
    /// A request for break-glass access is refused, with all its faults.
    #[error("the request for an emergency reading is refused")]
    BreakGlass(Vec<BreakGlassFault>),
    /// The deposit is refused, with all findings.
    #[error("the deposit is refused")]
    Refused(Box<Evaluation>),
    /// The draft is no longer the one to be deposited.
    #[error("the draft has changed")]
    DraftChanged(Box<crate::app::DraftChanged>),
    /// Too many deposits wait to be sealed, or this one has waited too long; retry the attempt.
    #[error("too many deposits wait")]
    TooManyDeposits,
    /// A file is refused.
    #[error("the file is refused: {}", .0.code())]
    File(FileRefusal),
    /// The upload was interrupted.
    #[error("the upload broke off")]
    BrokenOff,
    /// A resumable upload cannot continue.
    #[error(transparent)]
    Upload(#[from] crate::app::dossier::upload::UploadFault),
    /// The issue date of a piece cannot be parsed.
    #[error("the day of issue cannot be read")]
    IssueDate,
    /// The body does not fit the form.
    #[error("the document does not fit the form")]
    Document(Vec<DocumentError>),
    /// The document has changed since the given revision.
    #[error("the document has changed since")]
    Stale {
        /// Current revision.
        revision: u64,
    },
    /// The round is still open, so the deposit can still be replaced.
    #[error("the round has not closed")]
    RoundOpen,
    /// The dossier was not found admissible.
    #[error("the dossier is not admissible")]
    NotAdmissible,
    /// This dossier cannot be assigned to this person.
    #[error("not an expert for this dossier")]
    NoExpert,
    /// The round does not accept dossiers now.
    #[error("the round is not open")]
    RoundClosed,
    /// The owner has deleted the dossier.
    #[error("the dossier was deleted")]
    DossierDeleted,
    /// The dossier was deposited, so it is kept.
    #[error("the dossier was deposited")]
    DossierKept,
    /// An account cannot be closed, with all reasons.
    #[error("the account is not closed")]
    Closing(Vec<crate::app::account::close::ClosingFault>),
    /// An archive of one's own data is being sent.
    #[error("an archive is being sent")]
    ExportUnderWay,
    /// The portal sends as many archives of others as it can.
    #[error("too many archives are being sent")]
    TooManyExports,
    /// The dossier has nothing to carry over.
    #[error("nothing to carry over")]
    NotCarriedOver,
    /// The attempt created a dossier from another origin.
    #[error("this attempt began another dossier")]
    AttemptReused,
    /// The deposit, or the effect of its withdrawal, is no longer what the page showed.
    #[error("the deposit changed")]
    DepositChanged,
    /// The piece is no longer the file that the page showed.
    #[error("the piece changed")]
    PieceChanged,
    /// A search for more words than the database bears.
    #[error(transparent)]
    TooManyWords(#[from] TooManyWords),
    /// There is nothing to withdraw.
    #[error("nothing is deposited")]
    NotDeposited,
    /// Too much heavy work is in progress; retry.
    #[error("busy")]
    Busy,
    /// A policy decision took too long; retry.
    #[error("overloaded")]
    Overloaded,
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The attachment disk failed.
    #[error("the attachment store failed")]
    Disk(#[from] std::io::Error),
    /// A value could not be serialized, or a worker thread panicked.
    #[error("an internal error")]
    Internal(#[source] std::io::Error),
    /// A file is withheld after its virus scan, or until there is one.
    #[error(transparent)]
    Withheld(#[from] Withheld),
    /// The attachment store failed, or has lost an attachment.
    #[error(transparent)]
    Attachment(BlobError),
    #[error(transparent)]
    Provider(OidcError),
    /// A stored passkey or ceremony cannot be used.
    #[error(transparent)]
    Passkey(PasskeyError),
    /// A token could not be created.
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<BlobError> for AppError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge(limit) => Self::File(FileRefusal::TooLarge(limit)),
            BlobError::BrokenOff => Self::BrokenOff,
            BlobError::Disk(error) => Self::Disk(error),
            error => Self::Attachment(error),
        }
    }
}

impl Retriable for AppError {
    fn may_run_again(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_run_again())
    }

    fn lost_its_server(&self) -> bool {
        matches!(self, Self::Store(error) if error.lost_its_server())
    }
}
