//! What goes wrong on the way: requests that are too slow, too long or broken, and uploads that cannot go on.

use super::{ErrorText, Failure, TRY_LATER, error_text};
use crate::{app::dossier::upload::UploadFault, domain::text::Text};
use axum::http::StatusCode as S;

const RESUME: (&str, &str) = (
    "Demandez par HEAD combien d’octets sont arrivés, et continuez de là.",
    "Ask by HEAD how many bytes have arrived, and go on from there.",
);

/// A request that did not come as it should; nothing for the other failures.
pub(super) fn describe(failure: &Failure) -> Option<ErrorText> {
    let described = match failure {
        Failure::BodyTimedOut => error_text(
            S::REQUEST_TIMEOUT,
            "silent",
            ("Envoi interrompu", "Sending broke off"),
            (
                "Plus rien n’est arrivé pendant 30 secondes\u{a0}: la connexion est sans doute coupée.",
                "Nothing came any more for 30 seconds: the connection is probably lost.",
            ),
            (
                "Vérifiez votre connexion et envoyez de nouveau. Un envoi lent n’est jamais coupé tant qu’il avance.",
                "Check your connection and send again. A slow upload is never cut while it goes on.",
            ),
        ),
        Failure::Slow => error_text(
            S::GATEWAY_TIMEOUT,
            "slow",
            ("Réponse trop lente", "The answer took too long"),
            (
                "Le portail n’a pas pu répondre à temps\u{a0}; ce que vous demandiez a peut-être abouti.",
                "The portal could not answer in time; what you asked for may have been done.",
            ),
            (
                "Avant de recommencer, vérifiez dans votre dossier si l’opération a abouti.",
                "Before trying again, check in your application whether the operation went through.",
            ),
        ),
        Failure::TwoHosts => error_text(
            S::BAD_REQUEST,
            "two_hosts",
            ("Requête incompréhensible", "The request cannot be understood"),
            ("Elle porte deux en-têtes Host.", "It carries two Host headers."),
            ("Envoyez-en un seul (RFC 9112, section 3.2).", "Send one only (RFC 9112, section 3.2)."),
        ),
        Failure::HeadTooLarge => error_text(
            S::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head_too_large",
            ("Trop d’en-têtes ou de cookies", "Too many headers or cookies"),
            (
                "Votre navigateur envoie plus de 16 Ko d’en-têtes\u{a0}: presque toujours des cookies accumulés.",
                "Your browser sends more than 16 kB of headers: nearly always cookies that have piled up.",
            ),
            (
                "Effacez les cookies de ce site dans les réglages du navigateur, puis rouvrez la page et reconnectez-vous.",
                "Clear the cookies of this site in the browser’s settings, then open the page again and sign in.",
            ),
        ),
        Failure::PartialKind => error_text(
            S::UNSUPPORTED_MEDIA_TYPE,
            "partial_kind",
            ("Type inattendu", "Unexpected type"),
            ("Ce n’est pas une partie d’envoi.", "This is no part of an upload."),
            ("Envoyez Content-Type: application/partial-upload.", "Send Content-Type: application/partial-upload."),
        ),
        Failure::UploadFields => error_text(
            S::BAD_REQUEST,
            "upload_fields",
            ("Envoi incomplet", "Upload incomplete"),
            (
                "Upload-Offset ou Upload-Complete manque, ou ne se lit pas.",
                "Upload-Offset or Upload-Complete is missing, or cannot be read.",
            ),
            (
                "Envoyez un entier dans Upload-Offset, et ?0 ou ?1 dans Upload-Complete.",
                "Send an integer in Upload-Offset, and ?0 or ?1 in Upload-Complete.",
            ),
        ),
        Failure::FirstOffset(offset) => {
            let mut described = error_text(
                S::BAD_REQUEST,
                "first_upload_offset",
                ("Envoi qui ne commence pas au début", "Upload that does not begin at the start"),
                ("", ""),
                (
                    "Commencez à 0. Pour continuer un envoi, adressez-lui la partie par PATCH, là où Location le disait.",
                    "Begin at 0. To go on with an upload, send the part to it by PATCH, where Location told.",
                ),
            );
            described.detail = Text::new(
                format!(
                    "Upload-Offset vaut {offset} dans la requête qui commence l’envoi\u{a0}; un envoi commence à 0."
                ),
                format!("Upload-Offset is {offset} in the request that begins the upload; an upload begins at 0."),
            );
            described
        }
        _ => return None,
    };
    Some(described)
}

/// An upload that cannot go on.
pub(super) fn describe_upload(fault: &UploadFault) -> ErrorText {
    match fault {
        UploadFault::Offset { expected, provided } => {
            let mut described = error_text(
                S::CONFLICT,
                "mismatching_upload_offset",
                ("Cette partie n’est pas la suite", "This part is not the next one"),
                ("", ""),
                RESUME,
            );
            described.detail = Text::new(
                format!("{expected} octets sont arrivés\u{a0}; cette partie commence à {provided}."),
                format!("{expected} bytes have arrived; this part begins at {provided}."),
            );
            described
        }
        UploadFault::Complete { bytes } => {
            let mut described = error_text(
                S::CONFLICT,
                "completed_upload",
                ("Envoi déjà terminé", "Upload already complete"),
                ("", ""),
                (
                    "N’envoyez plus rien ici. Pour revoir la réponse, envoyez une dernière partie vide à cet endroit\u{a0}; pour envoyer un autre fichier, commencez un nouvel envoi.",
                    "Send nothing more here. To have the answer again, send an empty last part at that place; to send another file, begin a new upload.",
                ),
            );
            described.detail = Text::new(
                format!(
                    "Cet envoi est terminé\u{a0}: ses {bytes} octets sont arrivés et la pièce est jointe. Cette partie n’a rien changé."
                ),
                format!(
                    "This upload is complete: its {bytes} bytes have arrived and the piece is attached. This part changed nothing."
                ),
            );
            described
        }
        UploadFault::Length => error_text(
            S::BAD_REQUEST,
            "inconsistent_upload_length",
            ("Longueurs contradictoires", "Inconsistent lengths"),
            (
                "Les longueurs annoncées se contredisent, ou ne sont pas celle de ce qui est arrivé.",
                "The lengths that were declared contradict each other, or what has arrived.",
            ),
            ("Recommencez l’envoi de ce fichier.", "Begin the upload of this file again."),
        ),
        UploadFault::Superseded => error_text(
            S::CONFLICT,
            "superseded",
            ("Envoi repris ailleurs", "Upload taken over"),
            (
                "Une requête plus récente continue cet envoi\u{a0}; ce qui était arrivé est gardé.",
                "A later request goes on with this upload; what had arrived is kept.",
            ),
            RESUME,
        ),
        UploadFault::Busy => error_text(
            S::SERVICE_UNAVAILABLE,
            "upload_busy",
            ("Envoi en cours d’enregistrement", "Upload being recorded"),
            (
                "Ce qui vient d’arriver est encore en train d’être enregistré.",
                "What has just arrived is still being recorded.",
            ),
            TRY_LATER,
        ),
        UploadFault::TooMany => error_text(
            S::TOO_MANY_REQUESTS,
            "too_many_uploads",
            ("Trop d’envois à la fois", "Too many uploads at once"),
            (
                "Plusieurs fichiers de ce compte sont déjà en cours d’envoi.",
                "Several files of this account are on their way already.",
            ),
            ("Attendez que l’un d’eux soit arrivé, puis réessayez.", "Wait until one has arrived, then try again."),
        ),
        UploadFault::Full => error_text(
            S::INSUFFICIENT_STORAGE,
            "upload_full",
            ("Plus de place", "No room left"),
            (
                "Le portail n’a plus de place\u{a0}: ce qui est arrivé de ce fichier est gardé, la suite n’a pas pu l’être. L’opérateur en est averti.",
                "The portal has no room left: what has arrived of this file is kept, and what follows could not be. The operator has been told.",
            ),
            (
                "Reprenez cet envoi plus tard, dans les douze heures\u{a0}: demandez par HEAD combien d’octets sont arrivés, et continuez de là.",
                "Go on with this upload later, within twelve hours: ask by HEAD how many bytes have arrived, and go on from there.",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Lang;

    #[test]
    fn an_upload_without_room_is_not_said_to_have_written_nothing() {
        let described = describe_upload(&UploadFault::Full);
        assert_eq!(described.status, S::INSUFFICIENT_STORAGE);
        let (fr, en) = (described.detail.get(&Lang::Fr), described.detail.get(&Lang::En));
        assert!(fr.contains("est gardé") && en.contains("is kept"), "{fr} {en}");
        assert!(!fr.contains("rien n’a été écrit") && !en.contains("nothing was written"), "{fr} {en}");
    }

    #[test]
    fn a_part_behind_the_end_is_told_that_the_upload_is_complete() {
        let detail = describe_upload(&UploadFault::Complete { bytes: 2873 }).detail;
        assert!(detail.fr.contains("terminé") && detail.fr.contains("2873"), "{}", detail.fr);
        assert!(detail.en.contains("complete") && detail.en.contains("2873"), "{}", detail.en);
    }
}
