//! Error texts for files that a virus scan withholds.

use super::{ErrorText, error_text};
use crate::domain::scan::Withheld;
use axum::http::StatusCode as S;

pub(super) fn describe(withheld: Withheld) -> ErrorText {
    match withheld {
        Withheld::Infected => error_text(
            S::FORBIDDEN,
            "piece_infected",
            ("Fichier retenu : virus détecté", "File withheld: virus found"),
            (
                "L’antivirus a détecté un virus dans ce fichier. Il n’est remis à personne d’autre que son porteur.",
                "The virus scanner found a virus in this file. It is handed to nobody but its owner.",
            ),
            (
                "Demandez au porteur un fichier sain, sans lui demander de vous envoyer celui-ci par un autre moyen.",
                "Ask the owner for a clean file, and do not have this one sent to you by another way.",
            ),
        ),
        Withheld::NotClean => error_text(
            S::FORBIDDEN,
            "piece_not_clean",
            ("Fichier pas encore analysé", "File not scanned yet"),
            (
                "L’antivirus n’a pas encore rendu son avis sur ce fichier. Il est remis aux experts, au jury et aux auditeurs une fois analysé, si aucun virus n’y est trouvé.",
                "The virus scanner has not given its verdict on this file yet. It is handed to experts, the jury and auditors once it was scanned, if no virus is found.",
            ),
            (
                "Réessayez dans quelques minutes. Si cela dure, écrivez à l’adresse de contact de l’appel.",
                "Try again in some minutes. If it lasts, write to the contact address of the call.",
            ),
        ),
        Withheld::WithoutWarning(_) => error_text(
            S::FORBIDDEN,
            "piece_not_scanned",
            ("Fichier non analysé", "File not scanned"),
            (
                "L’antivirus n’a pas rendu d’avis sur ce fichier : il peut contenir un virus. Il n’est remis qu’après une confirmation.",
                "The virus scanner has given no verdict on this file: it may contain a virus. It is handed out only after a confirmation.",
            ),
            (
                "Attendez l’analyse, ou ouvrez cette adresse dans un navigateur et confirmez.",
                "Wait for the scan, or open this address in a browser and confirm.",
            ),
        ),
    }
}
