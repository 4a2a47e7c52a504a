//! The pages that Sōzu itself answers with: bilingual and self-contained. They do not name anything behind Sōzu.

mod custom;

pub use custom::CustomAnswers;

use std::collections::BTreeMap;

/// Statuses of the answers.
pub const STATUSES: [&str; 11] = ["400", "401", "404", "408", "413", "421", "429", "502", "503", "504", "507"];

/// Status, reason, then title and sentence in French and English.
type Page = (u16, &'static str, [&'static str; 2], [&'static str; 2]);

const RETRY_SENTENCE: [&str; 2] = [
    "Rien n’est perdu de ce qui a déjà été enregistré. Réessayez dans quelques instants.",
    "Nothing already saved is lost. Please try again in a moment.",
];

const PAGES: [Page; 11] = [
    (
        400,
        "Bad Request",
        ["Requête incompréhensible", "The request could not be understood"],
        [
            "Revenez à la page précédente et recommencez. Si cela se répète, effacez les cookies de ce site dans les \
             réglages de votre navigateur.",
            "Go back to the previous page and try again. If it happens again, clear the cookies of this site in your \
             browser’s settings.",
        ],
    ),
    (
        401,
        "Unauthorized",
        ["Connexion nécessaire", "You need to sign in"],
        ["Connectez-vous depuis la page d’accueil.", "Please sign in from the home page."],
    ),
    (
        404,
        "Not Found",
        ["Adresse inconnue", "Unknown address"],
        ["Aucun site ne répond à cette adresse : vérifiez-la.", "No site answers at this address: please check it."],
    ),
    (
        408,
        "Request Timeout",
        ["Requête incomplète", "The request is incomplete"],
        // A request head that does not fit into Sōzu's buffer ends here too. Cookies are the usual reason for a long
        // head.
        [
            "Elle n’est pas arrivée entière à temps. Vérifiez votre connexion et recommencez. Si cela se répète à chaque \
             page, votre navigateur envoie trop de cookies\u{a0}: effacez ceux de ce site dans ses réglages.",
            "It did not arrive whole in time. Check your connection and try again. If it happens on every page, your \
             browser sends too many cookies: clear those of this site in its settings.",
        ],
    ),
    (
        413,
        "Content Too Large",
        ["Envoi trop volumineux", "The request is too large"],
        [
            "Réduisez la taille de ce que vous envoyez, puis recommencez.",
            "Please make what you send smaller, then try again.",
        ],
    ),
    (
        421,
        "Misdirected Request",
        ["Mauvaise connexion", "Wrong connection"],
        ["Rouvrez cette adresse dans un nouvel onglet.", "Open this address again in a new tab."],
    ),
    (
        429,
        "Too Many Requests",
        ["Trop de requêtes", "Too many requests"],
        ["Patientez une minute, puis réessayez.", "Wait for a minute, then try again."],
    ),
    (502, "Bad Gateway", ["Réponse interrompue", "The answer was interrupted"], RETRY_SENTENCE),
    (
        503,
        "Service Unavailable",
        ["Portail momentanément indisponible", "The portal is briefly unavailable"],
        RETRY_SENTENCE,
    ),
    (
        504,
        "Gateway Timeout",
        ["Réponse trop lente", "The answer took too long"],
        [
            "Avant de recommencer, vérifiez dans votre dossier si l’opération a abouti.",
            "Before trying again, check in your application whether the operation went through.",
        ],
    ),
    (507, "Insufficient Storage", ["Place insuffisante", "Not enough room"], RETRY_SENTENCE),
];

/// Complete answers by status, for a listener's `answers`.
///
/// Each answer closes the connection, because Sōzu stalls after many answers of its own on one connection. Sōzu cuts a
/// body at `Content-Length`.
pub fn pages() -> BTreeMap<String, String> {
    with_custom(&BTreeMap::new())
}

/// The same, with the operator's bodies (HTML, by status) in place of the built-in ones.
pub fn with_custom(bodies: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let answer = |page: &Page| {
        let status = page.0.to_string();
        let body = bodies.get(&status).cloned().unwrap_or_else(|| body(page));
        (status, answer(page, &body))
    };
    PAGES.iter().map(answer).collect()
}

fn answer((status, reason, ..): &Page, body: &str) -> String {
    let extra = match status {
        429 => "Retry-After: 60\r\n",
        502..=504 => "Retry-After: 5\r\n",
        _ => "",
    };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\
         X-Content-Type-Options: nosniff\r\n{extra}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

fn body((status, _, [titre, title], [phrase, sentence]): &Page) -> String {
    format!(
        "<!doctype html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{titre} / {title}</title>\
         <style>body{{font:1.05rem/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem;\
         color:#1c2430;background:#fbfaf7}}h1,h2{{line-height:1.25;margin:0 0 .4rem}}h2{{font-size:1.15rem}}\
         section+section{{margin-top:2rem;padding-top:2rem;border-top:1px solid #c9c4b8}}small{{color:#5a6270}}</style>\
         </head><body><main><section><h1>{titre}</h1><p>{phrase}</p></section>\
         <section lang=\"en\"><h2>{title}</h2><p>{sentence}</p></section><p><small>{status}</small></p></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::pages;

    // C8
    #[test]
    fn a_request_that_cannot_be_read_is_told_of_cookies() {
        let pages = pages();
        for status in ["400", "408"] {
            assert!(pages[status].contains("effacez") && pages[status].contains("clear"), "{status}");
        }
    }

    #[test]
    fn every_answer_declares_its_exact_length_and_closes() {
        let pages = pages();
        assert_eq!(pages.keys().collect::<Vec<_>>(), super::STATUSES.iter().collect::<Vec<_>>());
        for (status, page) in pages {
            let (head, body) = page.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")));
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{status}");
            assert!(head.ends_with("Connection: close") && head.contains("Cache-Control: no-store\r\n"), "{status}");
            assert_eq!(head.contains("Retry-After"), ["429", "502", "503", "504"].contains(&status.as_str()));
            assert!(body.find("<h1>") < body.find("lang=\"en\""), "French comes first");
            // Sōzu's variables begin with a percent sign; one of them would name a cluster or a process.
            assert!(!page.contains('%') && !page.to_lowercase().contains("guichet"), "{status}");
        }
    }
}
