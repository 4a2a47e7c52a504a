//! What can go wrong in an intention, without a word of HTTP.

use crate::{
    app::glass::EmergencyFault,
    auth::{KeysError, PasskeyError, TokenError, oidc::OidcError},
    blob::BlobError,
    domain::{document::DocumentError, email::EmailFault, evaluation::Evaluation, media::FileRefusal},
    store::{Retriable, StoreError},
};

/// A failure of an intention.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no such thing, or none that the actor may know of.
    #[error("not found")]
    NotFound,
    /// The actor may know of it but not do this.
    #[error("forbidden")]
    Forbidden,
    /// The person has to confirm to be there first, with a passkey.
    #[error("confirmation needed")]
    Unconfirmed,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Nobody is known.
    #[error("sign-in needed")]
    SignInNeeded,
    /// A sign-in link that is used up, too old or was never sent.
    #[error("the link does not hold")]
    LinkSpent,
    /// Too many sign-in links for one address.
    #[error("too many links")]
    TooManyLinks,
    /// A ceremony that was ended, is too old, or never began.
    #[error("the ceremony is over")]
    CeremonyOver,
    /// A passkey that does not hold.
    #[error("the passkey is refused")]
    PasskeyRefused,
    /// The person has no passkey.
    #[error("no passkey")]
    NoPasskey,
    /// The last passkey of a person who must have one.
    #[error("the last passkey")]
    LastPasskey,
    /// A token of this attempt was made, and shown, before.
    #[error("the token was made already")]
    TokenMade,
    /// More passkeys than a person may have.
    #[error("too many passkeys")]
    TooManyPasskeys,
    /// Not an e-mail address.
    #[error("not an e-mail address: {}", .0.words().en)]
    NotAnAddress(EmailFault),
    /// What was to be given to a guest is not right; all of it is there.
    #[error("the invitation is refused")]
    Gift(Vec<super::delegate::InvitationFault>),
    /// A reason that has to be given is missing or too long.
    #[error("a reason is needed")]
    Reason,
    /// A request for an emergency reading is not right; all that is wrong with it.
    #[error("the request for an emergency reading is refused")]
    Emergency(Vec<EmergencyFault>),
    /// The deposit is refused; all findings are there.
    #[error("the deposit is refused")]
    Refused(Box<Evaluation>),
    /// The draft is no longer what was to be deposited.
    #[error("the draft has changed")]
    DraftChanged(Box<super::DraftChanged>),
    /// A file is refused.
    #[error("the file is refused: {}", .0.code())]
    File(FileRefusal),
    /// The upload broke off.
    #[error("the upload broke off")]
    BrokenOff,
    /// A file that arrives in parts cannot go on like this.
    #[error(transparent)]
    Upload(#[from] super::upload::UploadFault),
    /// The issue date of a piece cannot be read.
    #[error("the day of issue cannot be read")]
    IssueDate,
    /// What was sent cannot be answers to the form.
    #[error("the document does not fit the form")]
    Document(Vec<DocumentError>),
    /// The document has changed since the revision that was named.
    #[error("the document has changed since")]
    Stale {
        /// Its revision now.
        revision: u64,
    },
    /// The round has not closed, so that what stands may still be replaced.
    #[error("the round has not closed")]
    RoundOpen,
    /// The dossier was not found admissible.
    #[error("the dossier is not admissible")]
    NotAdmissible,
    /// Somebody to whom this dossier cannot be given.
    #[error("not an expert for this dossier")]
    NoExpert,
    /// The round takes no dossiers now.
    #[error("the round is not open")]
    RoundClosed,
    /// Nothing of the dossier was left over by its round.
    #[error("nothing to carry over")]
    NotCarriedOver,
    /// The attempt began a dossier from something else.
    #[error("this attempt began another dossier")]
    AttemptReused,
    /// What is deposited, or what a withdrawal means, is no longer what the page showed.
    #[error("the deposit changed")]
    DepositChanged,
    /// The piece is no longer the file that the page showed.
    #[error("the piece changed")]
    PieceChanged,
    /// There is nothing to withdraw.
    #[error("nothing is deposited")]
    NotDeposited,
    /// Too much heavy work is under way: try again.
    #[error("busy")]
    Busy,
    /// A decision took too long: try again.
    #[error("overloaded")]
    Overloaded,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The attachments' disk.
    #[error("the attachment store failed")]
    Disk(#[from] std::io::Error),
    /// An attachment could not be copied to another machine, so it is not acknowledged.
    #[error("{0} copies of an attachment are wanted and cannot be had")]
    TooFewCopies(u8),
    /// The identity provider.
    #[error(transparent)]
    Provider(OidcError),
    /// A stored passkey or ceremony cannot be used.
    #[error(transparent)]
    Passkey(PasskeyError),
    /// A token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<BlobError> for AppError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge(limit) => Self::File(FileRefusal::TooLarge(limit)),
            BlobError::BrokenOff => Self::BrokenOff,
            BlobError::Disk(error) => Self::Disk(error),
            BlobError::TooFewCopies(copies) => Self::TooFewCopies(copies),
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
