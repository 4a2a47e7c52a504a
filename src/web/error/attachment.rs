//! Error texts for the store of attachments.

use super::{ErrorText, TRY_LATER, error_text, full, unexpected};
use crate::app::BlobError;
use axum::http::StatusCode as S;

/// What a reader does when an attachment is lost.
const TELL_OPERATOR: (&str, &str) = (
    "Si le fichier est à vous et la relève ouverte, joignez-le de nouveau. Sinon, écrivez à l’adresse de contact de l’appel.",
    "If the file is yours and the round is open, attach it again. Otherwise, write to the contact address of the call.",
);
/// What somebody does whose file was not taken.
const SEND_AGAIN: (&str, &str) = (
    "Réessayez dans un instant, avec le même fichier : rien de ce qui était enregistré n’est perdu.",
    "Try again in a moment, with the same file: nothing that was saved is lost.",
);

/// Describes what can go wrong with attachments.
pub(super) fn describe(error: &BlobError) -> ErrorText {
    match error {
        BlobError::Full(_) => full(),
        BlobError::Away(_) => error_text(
            S::SERVICE_UNAVAILABLE,
            "attachments_away",
            ("Pièces jointes indisponibles", "Attachments unavailable"),
            (
                "Le stockage des pièces jointes ne répond pas : aucun fichier ne peut être reçu ni lu en ce moment. Les saisies et les dépôts déjà faits n’en dépendent pas.",
                "The store of attachments does not answer: no file can be received or read at the moment. What you typed and deposits already made do not depend on it.",
            ),
            SEND_AGAIN,
        ),
        BlobError::Slow(_) => error_text(
            S::SERVICE_UNAVAILABLE,
            "attachments_slow",
            ("Pièces jointes trop lentes", "Attachments too slow"),
            (
                "Le stockage des pièces jointes n’a pas répondu à temps : rien n’a été enregistré par cette requête.",
                "The store of attachments did not answer in time: nothing was recorded by this request.",
            ),
            SEND_AGAIN,
        ),
        BlobError::Refused(_) => error_text(
            S::SERVICE_UNAVAILABLE,
            "attachments_refused",
            ("Pièces jointes inaccessibles", "Attachments not accessible"),
            (
                "Le stockage des pièces jointes refuse le portail : sa clé ou son réglage n’est plus valable. L’opérateur en est averti.",
                "The store of attachments refuses the portal: its key or setting is no longer valid. The operator has been told.",
            ),
            TRY_LATER,
        ),
        BlobError::WrongBytes(_) => error_text(
            S::INTERNAL_SERVER_ERROR,
            "attachment_damaged",
            ("Fichier endommagé", "File damaged"),
            (
                "Le fichier conservé n’est plus celui qui a été joint : il n’est pas montré. L’opérateur en est averti.",
                "The file that is kept is not the one that was attached any more: it is not shown. The operator has been told.",
            ),
            TELL_OPERATOR,
        ),
        BlobError::Missing(_) => error_text(
            S::INTERNAL_SERVER_ERROR,
            "attachment_missing",
            ("Fichier manquant", "File missing"),
            (
                "Le fichier qui a été joint ne se trouve plus dans le stockage. L’opérateur en est averti.",
                "The file that was attached is not in the store any more. The operator has been told.",
            ),
            TELL_OPERATOR,
        ),
        BlobError::TooLarge(_) | BlobError::BrokenOff | BlobError::Disk(_) => unexpected(),
    }
}
