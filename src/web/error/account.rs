//! Error texts for accounts, invitations and emergency access.

use super::{BACK, ErrorText, error_text, unexpected};
use crate::{app::AppError, domain::text::Text};
use axum::http::StatusCode as S;

/// Describes these errors; any other is an internal error.
pub(super) fn describe(error: &AppError) -> ErrorText {
    match error {
        AppError::Reason => error_text(
            S::UNPROCESSABLE_ENTITY,
            "reason",
            ("Motif manquant", "Reason missing"),
            ("Il faut un motif, de 500 caractères au plus.", "A reason is needed, of 500 characters at most."),
            BACK,
        ),
        AppError::BreakGlass(faults) => {
            let why = together(faults.iter().map(|fault| fault.message()));
            error_text(
                S::UNPROCESSABLE_ENTITY,
                "emergency",
                ("Demande refusée", "Request refused"),
                (&why.fr, &why.en),
                BACK,
            )
        }
        AppError::Invitation(faults) => {
            let why = together(faults.iter().map(|fault| fault.message()));
            error_text(
                S::UNPROCESSABLE_ENTITY,
                "invitation",
                ("Invitation refusée", "Invitation refused"),
                (&why.fr, &why.en),
                BACK,
            )
        }
        AppError::Suspended => error_text(
            S::FORBIDDEN,
            "suspended",
            ("Compte suspendu", "Account suspended"),
            (
                "Ce compte est suspendu : rien ne s’y fait jusqu’à ce qu’il soit rétabli. Rien n’est effacé.",
                "This account is suspended: it does nothing until it is let in again. Nothing is erased.",
            ),
            (
                "Pour savoir pourquoi, écrivez à l’adresse de contact de l’appel.",
                "To learn why, write to the contact address of the call.",
            ),
        ),
        AppError::SignInNeeded => error_text(
            S::UNAUTHORIZED,
            "sign_in",
            ("Connexion nécessaire", "Sign-in needed"),
            ("Cette page demande d’être connecté.", "This page needs you to be signed in."),
            (
                "Connectez-vous : vos saisies non envoyées restent sur cet appareil.",
                "Sign in: what you typed and did not send stays on this device.",
            ),
        ),
        AppError::Closing(faults) => {
            let why = together(faults.iter().map(|fault| fault.message()));
            error_text(S::CONFLICT, "not_closed", ("Compte non fermé", "Account not closed"), (&why.fr, &why.en), BACK)
        }
        AppError::ExportUnderWay => error_text(
            S::TOO_MANY_REQUESTS,
            "export_under_way",
            ("Archive déjà en cours", "Archive under way"),
            ("Une archive de vos données est déjà en cours d’envoi.", "An archive of your data is being sent already."),
            (
                "Attendez la fin de l’envoi, ou annulez-le, puis réessayez.",
                "Wait for the end of the download, or cancel it, then try again.",
            ),
        ),
        AppError::TooManyExports => error_text(
            S::SERVICE_UNAVAILABLE,
            "too_many_exports",
            ("Trop d’archives en cours", "Too many archives under way"),
            (
                "Le portail envoie déjà autant d’archives à d’autres personnes qu’il le peut. La vôtre n’a pas été commencée.",
                "The portal is sending as many archives to other people as it can. Yours was not begun.",
            ),
            ("Réessayez dans une minute.", "Try again in a minute."),
        ),
        AppError::LinkSpent => error_text(
            S::GONE,
            "link_spent",
            ("Lien périmé", "Link expired"),
            (
                "Ce lien de connexion a déjà servi ou a plus de 15 minutes.",
                "This sign-in link has been used or is more than 15 minutes old.",
            ),
            ("Demandez-en un autre sur la page de connexion.", "Ask for another one on the sign-in page."),
        ),
        AppError::SimulationOver => error_text(
            S::GONE,
            "simulation_over",
            ("Réponses effacées", "Answers erased"),
            (
                "Les réponses du simulateur se gardent 24 heures pour celles et ceux qui se connectent : celles-ci n’y sont plus.",
                "Answers to the eligibility check are kept for 24 hours for those who sign in: these are no longer there.",
            ),
            (
                "Si vous avez déjà commencé un dossier avec elles, il est dans « Mes dossiers ». Sinon, refaites le simulateur.",
                "If you have begun an application with them, it is in “My applications”. Otherwise, do the eligibility check again.",
            ),
        ),
        AppError::TooManySimulations => error_text(
            S::TOO_MANY_REQUESTS,
            "too_many_simulations",
            ("Trop de demandes", "Too many requests"),
            (
                "Trop de dossiers viennent d’être commencés d’ici sans connexion.",
                "Too many applications have just been begun from here without signing in.",
            ),
            (
                "Connectez-vous d’abord, ou attendez 15 minutes : vos réponses restent sur cette page.",
                "Sign in first, or wait 15 minutes: your answers stay on this page.",
            ),
        ),
        AppError::TooManyLinks => error_text(
            S::TOO_MANY_REQUESTS,
            "too_many_links",
            ("Trop de demandes", "Too many requests"),
            (
                "Plusieurs liens viennent d’être envoyés à cette adresse.",
                "Several links have just been sent to this address.",
            ),
            ("Utilisez le dernier reçu, ou attendez 15 minutes.", "Use the last one received, or wait 15 minutes."),
        ),
        AppError::NotAnAddress(fault) => {
            let why = fault.sentence();
            error_text(
                S::UNPROCESSABLE_ENTITY,
                "email",
                ("Adresse illisible", "Unreadable address"),
                (&why.fr, &why.en),
                ("Écrivez-la sous la forme nom@entreprise.fr.", "Write it as name@company.com."),
            )
        }
        _ => unexpected(),
    }
}

/// Several sentences as one text.
fn together(texts: impl Iterator<Item = Text>) -> Text {
    let (fr, en): (Vec<_>, Vec<_>) = texts.map(|text| (text.fr, text.en)).unzip();
    Text::new(fr.join(" "), en.join(" "))
}
