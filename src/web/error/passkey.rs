//! Error texts for rejected passkeys.

use super::{ErrorText, error_text, unexpected};
use crate::app::AppError;
use axum::http::StatusCode as S;

/// Describes passkey errors; any other is an internal error.
pub(super) fn describe(error: &AppError) -> ErrorText {
    match error {
        AppError::CeremonyOver => error_text(
            S::GONE,
            "ceremony_over",
            ("Demande périmée", "Request expired"),
            (
                "Cette demande a déjà servi ou a plus de cinq minutes.",
                "This request has been used or is more than five minutes old.",
            ),
            ("Recommencez.", "Start again."),
        ),
        AppError::PasskeyRefused => error_text(
            S::UNPROCESSABLE_ENTITY,
            "passkey_refused",
            ("Clé d’accès refusée", "Passkey refused"),
            (
                "Le portail ne reconnaît pas cette clé d’accès : elle a pu être supprimée de votre compte.",
                "The portal does not know this passkey: it may have been removed from your account.",
            ),
            ("Choisissez-en une autre, ou connectez-vous par un lien.", "Choose another one, or sign in by a link."),
        ),
        AppError::NoPasskey => error_text(
            S::CONFLICT,
            "no_passkey",
            ("Aucune clé d’accès", "No passkey"),
            ("Votre compte n’a pas de clé d’accès.", "Your account has no passkey."),
            ("Ajoutez-en une sur la page de votre compte.", "Add one on your account's page."),
        ),
        AppError::LastPasskey => error_text(
            S::CONFLICT,
            "last_passkey",
            ("Dernière clé d’accès", "Last passkey"),
            (
                "Votre fonction demande une clé d’accès : la dernière ne peut pas être supprimée.",
                "Your function needs a passkey: the last one cannot be removed.",
            ),
            ("Ajoutez d’abord une autre clé d’accès.", "Add another passkey first."),
        ),
        AppError::TooManyPasskeys => error_text(
            S::CONFLICT,
            "too_many_passkeys",
            ("Trop de clés d’accès", "Too many passkeys"),
            ("Votre compte en a déjà vingt.", "Your account has twenty already."),
            ("Supprimez celles qui ne servent plus.", "Remove those that are not used any more."),
        ),
        AppError::TokenMade => error_text(
            S::CONFLICT,
            "token_made",
            ("Jeton déjà créé", "Token made already"),
            (
                "Ce jeton a été créé par un premier envoi, et affiché cette fois-là.",
                "This token was made by a first sending, and shown then.",
            ),
            (
                "Si vous ne l’avez pas copié, révoquez-le et créez-en un autre.",
                "If you did not copy it, revoke it and make another one.",
            ),
        ),
        AppError::Unconfirmed => error_text(
            S::FORBIDDEN,
            "confirmation_needed",
            ("Confirmez que c’est bien vous", "Confirm that it is you"),
            (
                "Cet acte attend que vous confirmiez votre présence par votre clé d’accès.",
                "This act waits until you confirm with your passkey.",
            ),
            ("Confirmez, puis recommencez : rien n’est perdu.", "Confirm, then do it again: nothing is lost."),
        ),
        _ => unexpected(),
    }
}
