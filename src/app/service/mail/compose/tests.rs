//! What the letters say.

use super::*;
use std::{fs, path::Path};

/// What the letters say, in both languages.
const SNAPSHOT: &str = "src/app/service/mail/letters.txt";

fn letters(lang: Lang) -> Vec<Letter> {
    let at = lang.tr("31 juillet 2024 à 14\u{a0}h\u{a0}03 (heure de Paris)", "31 July 2024 at 14:03 (Paris time)");
    let closes = lang.tr("31 juillet 2024 à 23\u{a0}h\u{a0}59 (heure de Paris)", "31 July 2024 at 23:59 (Paris time)");
    let link = |path: &str| format!("https://guichet.example{}{path}", lang.tr("", "/en"));
    let passkey = |change, by_operator| Letter::PasskeyChanged {
        change,
        by_operator,
        name: lang.tr("Téléphone", "Phone").into(),
        at: at.into(),
        link: link("/account/passkeys"),
    };
    let withdrawn = |closes: &str| Letter::Withdrawn {
        number: "2024-000042".into(),
        at: at.into(),
        closes: closes.into(),
        link: link("/receipts/2024-000042"),
    };
    vec![
        Letter::SignIn { link: link("/sign-in/0123456789abcdef?next=/dossiers") },
        Letter::Invited {
            by: "ada@exemple.fr".into(),
            parts: vec![lang.tr("D. Budget (lire et remplir)", "D. Budget (read and fill)").into()],
            until: closes.into(),
            has_note: true,
            link: link("/dossiers/0190a5c0-0000-7000-8000-000000000009"),
        },
        Letter::Assigned { link: link("/reviews") },
        Letter::Deposited {
            number: "2024-000042".into(),
            at: at.into(),
            digest: "5f".repeat(32),
            closes: closes.into(),
            link: link("/receipts/2024-000042"),
        },
        withdrawn(closes),
        withdrawn(""),
        passkey(PasskeyChange::Added, false),
        passkey(PasskeyChange::Removed, true),
    ]
}

fn about(lang: Lang, letter: &Letter) -> Concern {
    let contact = "contact@appel.example".to_owned();
    let call = || "Hyper Open X".to_owned();
    match letter {
        Letter::PasskeyChanged { .. } => Concern { contact, ..Concern::default() },
        Letter::SignIn { .. } | Letter::Assigned { .. } => Concern { call: call(), contact, ..Concern::default() },
        _ => Concern {
            call: call(),
            company: "Atelier du Nord".into(),
            project: lang.tr("Réplication sans opérateur", "Replication without an operator").into(),
            contact,
        },
    }
}

fn composed(lang: Lang, letter: Letter) -> Content {
    let message = EmailMessage { to: "ada@exemple.fr".into(), lang, about: about(lang, &letter), letter };
    compose(&message, "https://guichet.example").unwrap()
}

#[test]
fn letters_say_what_is_kept() {
    let mut all = String::new();
    for lang in Lang::ALL {
        for letter in letters(lang) {
            let Content { subject, text, .. } = composed(lang, letter);
            all.push_str(&format!("==== {subject}\n\n{text}\n"));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if std::env::var_os("GUICHET_WRITE_DOCS").is_some() {
        fs::write(&file, &all).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == all, "{SNAPSHOT} is of before; write it with GUICHET_WRITE_DOCS=1:\n{all}");
}

#[test]
fn a_letter_names_the_portal_its_call_and_what_comes_next() {
    for lang in Lang::ALL {
        for letter in letters(lang) {
            let passkey = matches!(letter, Letter::PasskeyChanged { .. });
            let Content { subject, text, html } = composed(lang, letter);
            let (next, of) =
                (lang.tr("La suite", "What happens next"), if passkey { "Guichet" } else { "Hyper Open X" });
            assert!(subject.ends_with(&format!(" – {of}")), "{subject}");
            for said in ["Guichet", "https://guichet.example", "contact@appel.example", next, of] {
                assert!(text.contains(said) && html.contains(said), "{said}: {text}{html}");
            }
            assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{lang}\">")), "{html}");
            assert!(!text.contains("\n\n\n") && !text.contains('<'), "{text}");
        }
    }
}

#[test]
fn a_subject_is_one_short_line() {
    let about = Concern { call: format!("Appel\r\nBcc: eve@exemple.fr{}", "x".repeat(500)), ..Concern::default() };
    let letter = Letter::SignIn { link: "https://guichet.example/".into() };
    let message = EmailMessage { to: "ada@exemple.fr".into(), lang: Lang::Fr, about, letter };
    let subject = compose(&message, "https://guichet.example").unwrap().subject;
    assert!(!subject.contains(['\r', '\n']) && subject.chars().count() <= MAX_SUBJECT_CHARS + 1, "{subject}");
}
