//! Error texts for identity provider failures.

use super::{ErrorText, TRY_LATER, error_text};
use crate::auth::oidc::OidcError;
use axum::http::StatusCode as S;

const BY_LINK: (&str, &str) =
    ("Connectez-vous par un lien reçu par courriel, ou réessayez.", "Sign in by a link sent by e-mail, or try again.");

/// Describes what can fail when signing in through an identity provider.
pub(super) fn describe(error: &OidcError) -> ErrorText {
    match error {
        OidcError::Unavailable(_) => error_text(
            S::BAD_GATEWAY,
            "provider_unavailable",
            ("Fournisseur d’identité indisponible", "Identity provider unavailable"),
            (
                "Le fournisseur d’identité ne répond pas comme attendu.",
                "The identity provider does not answer as expected.",
            ),
            TRY_LATER,
        ),
        OidcError::Refused(_) => error_text(
            S::UNPROCESSABLE_ENTITY,
            "provider_refused",
            ("Connexion refusée", "Sign-in refused"),
            (
                "Le fournisseur d’identité n’a pas confirmé qui vous êtes.",
                "The identity provider did not confirm who you are.",
            ),
            BY_LINK,
        ),
        OidcError::NoEmail => error_text(
            S::UNPROCESSABLE_ENTITY,
            "provider_email",
            ("Adresse non vérifiée", "Address not verified"),
            (
                "Le fournisseur d’identité n’a pas d’adresse électronique vérifiée pour vous.",
                "The identity provider has no verified e-mail address of yours.",
            ),
            BY_LINK,
        ),
    }
}
