//! Error texts for drafts, files, deposits and their examination.

use super::{BACK, ErrorText, error_text, unexpected};
use crate::{
    app::AppError,
    domain::text::{Text, counted},
};
use axum::http::StatusCode as S;

/// Describes these errors; any other is an internal error.
pub(super) fn describe(error: &AppError) -> ErrorText {
    match error {
        AppError::Refused(evaluation) => {
            let count = evaluation.blocking_count();
            let mut described = error_text(
                S::UNPROCESSABLE_ENTITY,
                "refused",
                ("Dépôt refusé", "Deposit refused"),
                ("", ""),
                (
                    "Corrigez les points signalés, puis déposez de nouveau : tout est conservé.",
                    "Correct the points listed, then deposit again: everything is kept.",
                ),
            );
            let points =
                counted(count, ["point l’empêche", "points l’empêchent"], ["point prevents", "points prevent"]);
            described.detail = Text::new(
                format!("Ce dépôt n’a pas eu lieu : {}.", points.fr),
                format!("This deposit did not take place: {} it.", points.en),
            );
            described
        }
        AppError::DraftChanged(changed) => {
            let mut described = error_text(
                S::CONFLICT,
                "draft_changed",
                ("Le dossier a changé", "The application has changed"),
                ("", ""),
                (
                    "Relisez le brouillon tel qu’il est maintenant, puis déposez-le : tout est conservé.",
                    "Read the draft as it is now, then deposit it: everything is kept.",
                ),
            );
            described.detail = changed.message();
            described
        }
        AppError::TooManyDeposits => error_text(
            S::SERVICE_UNAVAILABLE,
            "too_many_deposits",
            ("Beaucoup de dépôts en même temps", "Many deposits at the same time"),
            (
                "Ce dépôt n’a pas eu lieu : trop d’autres attendent en ce moment. Le brouillon est conservé.",
                "This deposit did not take place: too many others are waiting right now. The draft is kept.",
            ),
            (
                "Renvoyez-le dans un instant : le même envoi ne compte jamais deux fois.",
                "Send it again in a moment: the same attempt never counts twice.",
            ),
        ),
        AppError::File(refusal) => {
            let mut described = error_text(
                S::UNPROCESSABLE_ENTITY,
                refusal.code(),
                ("Fichier refusé", "File refused"),
                ("", ""),
                ("Le reste du dossier n’est pas touché.", "The rest of the application is untouched."),
            );
            described.detail = refusal.message();
            described
        }
        AppError::BrokenOff => error_text(
            S::BAD_REQUEST,
            "broken_off",
            ("Envoi interrompu", "Upload broken off"),
            ("Le fichier n’est pas arrivé entier.", "The file did not arrive whole."),
            ("Envoyez-le de nouveau.", "Send it again."),
        ),
        AppError::IssueDate => error_text(
            S::UNPROCESSABLE_ENTITY,
            "issue_date",
            ("Date illisible", "Unreadable date"),
            ("La date d’émission n’est pas une date.", "The day of issue is not a date."),
            ("Écrivez-la jj/mm/aaaa, puis renvoyez.", "Write it dd/mm/yyyy, then send again."),
        ),
        AppError::Document(faults) => {
            let mut described = error_text(
                S::UNPROCESSABLE_ENTITY,
                "document",
                ("Document inattendu", "Unexpected document"),
                ("", ""),
                (
                    "Comparez avec le schéma du dossier (dossier.schema.json).",
                    "Compare with the schema of the dossier (dossier.schema.json).",
                ),
            );
            let all = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            described.detail = Text::new(all.clone(), all);
            described
        }
        AppError::Stale { revision } => {
            let mut described = error_text(
                S::PRECONDITION_FAILED,
                "stale",
                ("Document modifié entre-temps", "Document changed meanwhile"),
                ("", ""),
                ("Relisez-le, reprenez vos changements et renvoyez.", "Read it again, redo your changes and send it."),
            );
            described.detail =
                Text::new(format!("Il en est à la révision {revision}."), format!("It is at revision {revision} now."));
            described
        }
        AppError::RoundOpen => error_text(
            S::CONFLICT,
            "round_open",
            ("Relève encore ouverte", "Round still open"),
            (
                "Le dépôt peut encore être remplacé : la recevabilité se constate une fois la relève close.",
                "The deposit may still be replaced: it is found admissible once the round has closed.",
            ),
            BACK,
        ),
        AppError::NotAdmissible => error_text(
            S::CONFLICT,
            "not_admissible",
            ("Dossier non recevable", "Dossier not admissible"),
            (
                "Seul un dossier recevable se confie à un expert.",
                "Only an admissible application is given to an expert.",
            ),
            BACK,
        ),
        AppError::NoExpert => error_text(
            S::UNPROCESSABLE_ENTITY,
            "no_expert",
            ("Expert impossible", "Expert not possible"),
            (
                "Ce dossier ne peut pas être confié à cette personne.",
                "This application cannot be given to this person.",
            ),
            ("Choisissez une personne de la liste.", "Choose somebody from the list."),
        ),
        AppError::RoundClosed => error_text(
            S::CONFLICT,
            "round_closed",
            ("Relève fermée", "Round closed"),
            ("Cette relève ne prend pas de dossier en ce moment.", "This round takes no applications at the moment."),
            ("Le calendrier de l’appel donne les prochaines dates.", "The calendar of the call gives the next dates."),
        ),
        AppError::NotCarriedOver => error_text(
            S::CONFLICT,
            "not_carried_over",
            ("Rien à reprendre", "Nothing to carry over"),
            (
                "Un brouillon se reprend dans une autre relève une fois la sienne close, s’il n’est pas déposé tel quel.",
                "A draft is carried over to another round once its own has closed, unless it stands deposited as it is.",
            ),
            BACK,
        ),
        AppError::AttemptReused => error_text(
            S::CONFLICT,
            "attempt_reused",
            ("Envoi déjà utilisé", "Attempt already used"),
            (
                "Cet identifiant d’envoi a déjà servi à commencer un dossier, à partir d’autre chose : rien n’a été commencé.",
                "This attempt has already begun an application, from something else: nothing was begun.",
            ),
            (
                "Rouvrez la page d’où vous venez et recommencez ; un programme prend un identifiant neuf.",
                "Open the page that you come from again and start over; a program takes a new id.",
            ),
        ),
        AppError::DepositChanged => error_text(
            S::CONFLICT,
            "deposit_changed",
            ("Le dépôt a changé", "The deposit has changed"),
            (
                "Rien n’a été retiré : depuis que cette page a été ouverte, une autre version a été déposée ou la relève s’est close.",
                "Nothing was withdrawn: since this page was opened, another version was deposited or the round closed.",
            ),
            (
                "Relisez ce qu’un retrait signifie maintenant, puis confirmez si c’est bien voulu.",
                "Read what a withdrawal means now, then confirm if that is what you want.",
            ),
        ),
        AppError::PieceChanged => error_text(
            S::CONFLICT,
            "piece_changed",
            ("La pièce a changé", "The document has changed"),
            (
                "Rien n’a été retiré ni changé : depuis que cette page a été ouverte, un autre fichier a été joint pour cette pièce.",
                "Nothing was removed or changed: since this page was opened, another file was attached for this document.",
            ),
            (
                "Revenez au dossier et regardez le fichier qui s’y trouve maintenant.",
                "Go back to the application and look at the file that is there now.",
            ),
        ),
        AppError::DossierDeleted => error_text(
            S::GONE,
            "dossier_deleted",
            ("Brouillon supprimé", "Draft deleted"),
            (
                "Ce brouillon a été supprimé par son porteur : ses réponses et ses pièces n’existent plus.",
                "This draft was deleted by its owner: its answers and documents do not exist any more.",
            ),
            (
                "Si vous étiez en train d’y écrire, copiez ce qui est encore sur votre page avant de la quitter.",
                "If you were writing in it, copy what is still on your page before you leave it.",
            ),
        ),
        AppError::DossierKept => error_text(
            S::CONFLICT,
            "dossier_kept",
            ("Dossier conservé", "Application kept"),
            (
                "Ce dossier a été déposé : il est conservé, même retiré, parce que ses reçus en sont la preuve. Rien n’a été supprimé.",
                "This application was deposited: it is kept, even withdrawn, because its receipts are the proof. Nothing was deleted.",
            ),
            ("Pour qu’il ne soit pas examiné, retirez le dépôt.", "For it not to be examined, withdraw the deposit."),
        ),
        AppError::NotDeposited => error_text(
            S::CONFLICT,
            "not_deposited",
            ("Rien n’est déposé", "Nothing is deposited"),
            ("Ce dossier n’a pas de dépôt à retirer.", "This application has no deposit to withdraw."),
            BACK,
        ),
        _ => unexpected(),
    }
}
