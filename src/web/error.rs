//! What a request may fail with, and the one mapping of failures to HTTP: a status, a title, what to do.

mod account;
mod attachment;
mod dossier;
mod oidc;
mod passkey;
mod problem;
mod scan;
mod transfer;

pub(super) use problem::problem_response;
pub use problem::{Problem, finding_json};

use crate::{
    app::AppError,
    domain::text::{Text, shorten},
    store::StoreError,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What a handler may fail with.
#[derive(Debug)]
pub enum Failure {
    /// An operation failed.
    App(AppError),
    /// The form did not come from one of our pages.
    Csrf,
    /// The body cannot be read.
    BadRequest,
    /// The JSON body is not what is expected; says where.
    Json(String),
    /// The body is longer than this many bytes.
    TooLarge(u64),
    /// The layer that notes when a request arrives is missing: without it there is no clock to evaluate by.
    NoRequestMeta,
    /// The route does not know this method.
    Method,
    /// A precondition header is missing.
    PreconditionRequired,
    /// The body fell silent before its end.
    BodyTimedOut,
    /// The answer took too long.
    Slow,
    /// Which host is meant is not clear.
    TwoHosts,
    /// More headers than are read.
    HeadTooLarge,
    /// The body is no part of an upload.
    PartialKind,
    /// A header that says where a part belongs is missing, or cannot be read.
    UploadFields,
    /// An upload begins beyond the start of its file.
    FirstOffset(u64),
    /// A fault of the program.
    Panicked,
    /// A page could not be rendered.
    Template(askama::Error),
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Template(error)
    }
}

/// Carries a failure to [`super::failure_page`], which knows the reader's language and what the reader accepts.
#[derive(Clone)]
pub(super) struct PendingFailure(pub Arc<Failure>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = describe(&self).status.into_response();
        response.extensions_mut().insert(PendingFailure(Arc::new(self)));
        response
    }
}

/// Most characters of a parser's words that are passed on: they repeat what was sent.
const MAX_REASON_CHARS: usize = 500;

/// A failure in words.
pub(super) struct ErrorText {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: Text,
    pub detail: Text,
    pub remedy: Text,
}

fn error_text(
    status: StatusCode,
    code: &'static str,
    title: (&str, &str),
    detail: (&str, &str),
    remedy: (&str, &str),
) -> ErrorText {
    let text = |(fr, en): (&str, &str)| Text::new(fr, en);
    ErrorText { status, code, title: text(title), detail: text(detail), remedy: text(remedy) }
}

const BACK: (&str, &str) = ("Revenez à la page précédente.", "Go back to the previous page.");
const TRY_LATER: (&str, &str) = (
    "Réessayez dans un instant : rien de ce qui était enregistré n’est perdu.",
    "Try again in a moment: nothing that was saved is lost.",
);

pub(in crate::web) fn describe(failure: &Failure) -> ErrorText {
    match failure {
        Failure::App(error) => describe_app(error),
        Failure::Csrf => error_text(
            StatusCode::FORBIDDEN,
            "csrf",
            ("Formulaire périmé", "Form out of date"),
            (
                "Ce formulaire ne vient pas d’une page ouverte dans cette session.",
                "This form does not come from a page opened in this session.",
            ),
            (
                "Rechargez la page, vérifiez vos saisies et renvoyez.",
                "Reload the page, check what you typed and send it again.",
            ),
        ),
        Failure::BadRequest => error_text(
            StatusCode::BAD_REQUEST,
            "bad_request",
            ("Requête illisible", "Unreadable request"),
            ("Le formulaire reçu est incomplet.", "The form received is incomplete."),
            BACK,
        ),
        Failure::Json(error) => {
            let mut described = error_text(
                StatusCode::BAD_REQUEST,
                "bad_json",
                ("JSON inattendu", "Unexpected JSON"),
                ("", ""),
                ("Comparez avec /api/v1/openapi.json.", "Compare with /api/v1/openapi.json."),
            );
            let error = shorten(error, MAX_REASON_CHARS);
            described.detail = Text::new(error.clone(), error);
            described
        }
        Failure::TooLarge(max_bytes) => {
            let mut described = error_text(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                ("Envoi trop long", "Request too large"),
                ("", ""),
                (
                    "Revenez à la page précédente et envoyez moins à la fois : rien de ce qui était enregistré n’est perdu.",
                    "Go back to the previous page and send less at once: nothing that was saved is lost.",
                ),
            );
            let kilobytes = max_bytes / 1024;
            described.detail = Text::new(
                format!("Cet envoi dépasse les {kilobytes} Kio que l’on peut envoyer ici."),
                format!("This request exceeds the {kilobytes} KiB that can be sent here."),
            );
            described
        }
        Failure::Method => error_text(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            ("Méthode inconnue ici", "Method not known here"),
            ("Cette adresse ne s’utilise pas ainsi.", "This address is not used this way."),
            BACK,
        ),
        Failure::PreconditionRequired => error_text(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match",
            ("If-Match manquant", "If-Match missing"),
            ("Dites quelle révision vous remplacez.", "Say which revision you replace."),
            (
                "Lisez le document et renvoyez son ETag dans If-Match.",
                "Read the document and send its ETag in If-Match.",
            ),
        ),
        Failure::Template(_) | Failure::Panicked | Failure::NoRequestMeta => unexpected(),
        other => transfer::describe(other).unwrap_or_else(unexpected),
    }
}

fn unexpected() -> ErrorText {
    error_text(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        ("Erreur du portail", "Error of the portal"),
        ("Le portail a rencontré une erreur ; elle est consignée.", "An error occurred; it has been logged."),
        TRY_LATER,
    )
}

fn full() -> ErrorText {
    error_text(
        StatusCode::INSUFFICIENT_STORAGE,
        "full",
        ("Plus de place", "No room left"),
        (
            "Le portail n’a plus de place : rien n’a été écrit par cette requête. L’opérateur en est averti.",
            "The portal has no room left: nothing was written by this request. The operator has been told.",
        ),
        TRY_LATER,
    )
}

fn describe_app(error: &AppError) -> ErrorText {
    use StatusCode as S;
    match error {
        AppError::NotFound => error_text(
            S::NOT_FOUND,
            "not_found",
            ("Page introuvable", "Page not found"),
            ("Cette adresse ne mène à rien que vous puissiez voir.", "This address leads to nothing that you may see."),
            (
                "Vérifiez l’adresse, ou connectez-vous avec le compte du dossier. Un dossier n’est visible que de son porteur, de ceux qu’il y a invités et, une fois déposé, de ceux qui l’instruisent.",
                "Check the address, or sign in with the account of the application. An application is seen by its owner, by those invited to it and, once deposited, by those who examine it.",
            ),
        ),
        AppError::Forbidden => error_text(
            S::FORBIDDEN,
            "forbidden",
            ("Accès réservé", "Restricted"),
            ("Votre compte n’a pas ce droit.", "Your account does not have this right."),
            (
                "Si vous pensez l’avoir, écrivez à l’opérateur de l’appel.",
                "If you think it should, write to the operator of the call.",
            ),
        ),
        AppError::TooManyWords(_) => error_text(
            S::UNPROCESSABLE_ENTITY,
            "too_many_words",
            ("Recherche trop longue", "Search too long"),
            (
                "Chaque mot d’une recherche compte, et il y en a plus de 30\u{a0}: rien n’a été cherché.",
                "Every word of a search counts, and there are more than 30: nothing was searched.",
            ),
            BACK,
        ),
        error @ (AppError::CeremonyOver
        | AppError::PasskeyRefused
        | AppError::NoPasskey
        | AppError::LastPasskey
        | AppError::TooManyPasskeys
        | AppError::TokenMade
        | AppError::Unconfirmed
        | AppError::Passkey(_)) => passkey::describe(error),
        AppError::Provider(error) => oidc::describe(error),
        AppError::Upload(fault) => transfer::describe_upload(fault),
        AppError::Store(StoreError::NotReplicated | StoreError::Unconfirmed) => error_text(
            S::SERVICE_UNAVAILABLE,
            "not_replicated",
            ("En attente d’un second serveur", "Waiting for a second server"),
            (
                "Aucun second serveur ne confirme les écritures en ce moment : rien ne vous est accusé qui pourrait se perdre.",
                "No second server confirms writes at the moment: we do not confirm anything that could still be lost.",
            ),
            (
                "Vos saisies restent sur cette page et sur cet appareil. Renvoyez dans un instant : le même envoi ne compte jamais deux fois.",
                "What you typed stays on this page and on this device. Send it again in a moment: the same attempt never counts twice.",
            ),
        ),
        AppError::Busy => error_text(
            S::SERVICE_UNAVAILABLE,
            "busy",
            ("Portail très occupé", "Portal very busy"),
            (
                "Trop de fichiers volumineux sont à l’examen en ce moment. Le vôtre n’a pas été lu.",
                "Too many large files are being looked at right now. Yours was not read.",
            ),
            TRY_LATER,
        ),
        AppError::Overloaded => error_text(
            S::SERVICE_UNAVAILABLE,
            "overloaded",
            ("Portail très occupé", "Portal very busy"),
            (
                "Vérifier vos droits a demandé plus de temps que permis. Cette requête n’a rien changé.",
                "Checking your rights exceeded its time limit. This request changed nothing.",
            ),
            TRY_LATER,
        ),
        AppError::Store(
            StoreError::Unavailable(_)
            | StoreError::NoLeader
            | StoreError::Moved
            | StoreError::Deadlock(_)
            | StoreError::UnknownOutcome(_),
        ) => error_text(
            S::SERVICE_UNAVAILABLE,
            "unavailable",
            ("Portail momentanément indisponible", "Portal unavailable for the moment"),
            (
                "La base de données ne répond pas. Rien n’a été déposé par cette requête, à moins que la page du dossier ne le dise.",
                "The database does not answer. Nothing was deposited by this request unless the application's page says so.",
            ),
            TRY_LATER,
        ),
        AppError::Attachment(error) => attachment::describe(error),
        AppError::Withheld(withheld) => scan::describe(*withheld),
        AppError::Store(StoreError::Full(_)) => full(),
        AppError::Disk(error) if error.kind() == std::io::ErrorKind::StorageFull => full(),
        AppError::Store(_) | AppError::Disk(_) | AppError::Internal(_) | AppError::Token(_) | AppError::Keys(_) => {
            unexpected()
        }
        error @ (AppError::Suspended
        | AppError::Closing(_)
        | AppError::ExportUnderWay
        | AppError::TooManyExports
        | AppError::SignInNeeded
        | AppError::LinkSpent
        | AppError::SimulationOver
        | AppError::TooManySimulations
        | AppError::TooManyLinks
        | AppError::NotAnAddress(_)
        | AppError::BreakGlass(_)
        | AppError::Invitation(_)
        | AppError::Reason) => account::describe(error),
        error @ (AppError::Refused(_)
        | AppError::DraftChanged(_)
        | AppError::TooManyDeposits
        | AppError::File(_)
        | AppError::BrokenOff
        | AppError::IssueDate
        | AppError::Document(_)
        | AppError::Stale { .. }
        | AppError::RoundOpen
        | AppError::NotAdmissible
        | AppError::NoExpert
        | AppError::RoundClosed
        | AppError::DossierDeleted
        | AppError::DossierKept
        | AppError::NotCarriedOver
        | AppError::AttemptReused
        | AppError::DepositChanged
        | AppError::PieceChanged
        | AppError::NotDeposited) => dossier::describe(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Lang;

    #[test]
    fn a_decision_that_takes_too_long_is_not_blamed_on_the_database() {
        let described = describe(&Failure::App(AppError::Overloaded));
        assert_eq!((described.status.as_u16(), described.code), (503, "overloaded"));
        assert!(!described.detail.get(&Lang::Fr).contains("base de données"));
    }
}
