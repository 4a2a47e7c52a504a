//! Composes a mail: its subject, and its content as blocks, of which both parts of the mail are rendered. So the plain text
//! and the HTML say the same.

use super::letter::{Concern, EmailMessage, Letter, PasskeyChange};
use crate::domain::text::{
    Lang,
    clean::{TextKind, clean},
    shorten,
};
use askama::Template;

/// Name of the portal.
const PORTAL_NAME: &str = "Guichet";
/// Most characters of a subject.
const MAX_SUBJECT_CHARS: usize = 200;

/// The content of a mail, in one language.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
}

enum Block {
    Paragraph(String),
    Heading(&'static str),
    List(Vec<String>),
    /// Names with their colon, and values.
    Facts(Vec<(String, String)>),
    /// What to do, and the link to it.
    Link(String, String),
}

#[derive(Template)]
#[template(path = "service/mail/letter.txt")]
struct TextPart<'a> {
    blocks: &'a [Block],
}

#[derive(Template)]
#[template(path = "service/mail/letter.html")]
struct HtmlPart<'a> {
    lang: Lang,
    subject: &'a str,
    blocks: &'a [Block],
}

/// Composes a mail of the portal at an address.
pub(super) fn compose(message: &EmailMessage, portal: &str) -> Result<Content, askama::Error> {
    let (subject, body) = Composer { lang: message.lang, about: &message.about, portal }.letter(&message.letter);
    let of = if message.about.call.is_empty() { PORTAL_NAME } else { &message.about.call };
    // A subject is one line, whatever a name in it has.
    let subject = shorten(clean(TextKind::Line, &format!("{subject} – {of}")).trim(), MAX_SUBJECT_CHARS);
    let text = TextPart { blocks: &body }.render()?;
    let html = HtmlPart { lang: message.lang, subject: &subject, blocks: &body }.render()?;
    Ok(Content { text: format!("{}\n", text.trim_end()), html, subject })
}

struct Composer<'a> {
    lang: Lang,
    about: &'a Concern,
    portal: &'a str,
}

impl Composer<'_> {
    fn tr(&self, fr: &str, en: &str) -> String {
        self.lang.tr(fr, en).to_owned()
    }

    fn say(&self, fr: &str, en: &str) -> Block {
        Block::Paragraph(self.tr(fr, en))
    }

    fn next(&self) -> Block {
        Block::Heading(self.lang.tr("La suite", "What happens next"))
    }

    fn link(&self, fr: &str, en: &str, link: &str) -> Block {
        Block::Link(self.tr(fr, en), link.to_owned())
    }

    fn fact(&self, fr: &str, en: &str, value: &str) -> (String, String) {
        (self.lang.tr(&format!("{fr}\u{a0}:"), &format!("{en}:")).to_owned(), value.to_owned())
    }

    /// What the mail is about, with facts of its own.
    fn facts(&self, own: Vec<(String, String)>) -> Vec<Block> {
        let about = [
            self.fact("Appel", "Call", &self.about.call),
            self.fact("Entreprise", "Company", &self.about.company),
            self.fact("Projet", "Project", &self.about.project),
        ];
        let facts: Vec<_> = about.into_iter().chain(own).filter(|(_, value)| !value.is_empty()).collect();
        if facts.is_empty() { Vec::new() } else { vec![Block::Facts(facts)] }
    }

    /// Subject, and the whole body.
    fn letter(&self, letter: &Letter) -> (String, Vec<Block>) {
        let (subject, content) = match letter {
            Letter::SignIn { link } => self.sign_in(link),
            Letter::Invited { by, parts, until, has_note, link } => self.invited(by, parts, until, *has_note, link),
            Letter::Assigned { link } => self.assigned(link),
            Letter::Deposited { number, at, digest, closes, link } => self.deposited(number, at, digest, closes, link),
            Letter::Withdrawn { number, at, closes, link } => self.withdrawn(number, at, closes, link),
            Letter::AccountClosed { at, kept } => self.account_closed(at, *kept),
            Letter::PasskeyChanged { change, by_operator, name, at, link } => {
                self.passkey_changed(*change, *by_operator, name, at, link)
            }
        };
        let mut body = vec![self.say("Bonjour,", "Hello,")];
        body.extend(content);
        body.push(self.sender());
        (subject, body)
    }

    /// Who sends the mail, and where a reply goes.
    fn sender(&self) -> Block {
        let portal = self.portal;
        let mut sender = self.tr(
            &format!("Message automatique du portail {PORTAL_NAME}, {portal}."),
            &format!("Automatic message of the portal {PORTAL_NAME}, {portal}."),
        );
        if !self.about.contact.is_empty() {
            let contact = &self.about.contact;
            sender.push_str(
                &self.tr(&format!(" Votre réponse irait à {contact}."), &format!(" Your reply would go to {contact}.")),
            );
        }
        Block::Paragraph(sender)
    }

    fn sign_in(&self, link: &str) -> (String, Vec<Block>) {
        let mut body = vec![self.say(
            &format!("Vous avez demandé à vous connecter au portail {PORTAL_NAME}."),
            &format!("You asked to sign in to the portal {PORTAL_NAME}."),
        )];
        body.extend(self.facts(Vec::new()));
        body.extend([
            self.link("Pour vous connecter, ouvrez ce lien puis confirmez\u{a0}:", "To sign in, open this link and confirm:", link),
            self.next(),
            self.say(
                "Le lien vaut 15 minutes et ne sert qu’une fois. Si vous n’avez rien demandé, ignorez ce message\u{a0}: sans ce lien, personne n’entre.",
                "The link is valid for 15 minutes and works once. If you asked for nothing, ignore this message: without this link, nobody gets in.",
            ),
        ]);
        (self.tr("Votre lien de connexion", "Your sign-in link"), body)
    }

    fn invited(&self, by: &str, parts: &[String], until: &str, has_note: bool, link: &str) -> (String, Vec<Block>) {
        let mut body = vec![self.say(
            &format!("{by} vous confie, jusqu’au {until}, des parties d’un dossier\u{a0}:"),
            &format!("{by} gives you, until {until}, parts of an application:"),
        )];
        body.extend(self.facts(Vec::new()));
        body.push(Block::List(parts.to_vec()));
        if has_note {
            body.push(self.say("Un mot vous attend dans le dossier.", "A note is waiting for you in the application."));
        }
        body.extend([
            self.link("Connectez-vous avec cette adresse-ci pour y travailler\u{a0}:", "Sign in with this very address to work on it:", link),
            self.next(),
            self.say(
                "Vous n’aurez accès à rien d’autre, et ce que vous ferez portera votre nom. Après cette date, l’accès cesse de lui-même. Si vous ne connaissez pas cette personne, ignorez ce message.",
                "You will have access to nothing else, and what you do will carry your name. After that date the access ends by itself. If you do not know this person, ignore this message.",
            ),
        ]);
        let subject = self.tr(
            &format!("{by} vous confie une partie d’un dossier"),
            &format!("{by} gives you a part of an application"),
        );
        (subject, body)
    }

    fn assigned(&self, link: &str) -> (String, Vec<Block>) {
        let mut body =
            vec![self.say("Un dossier vous est confié pour évaluation.", "You are given an application to evaluate.")];
        body.extend(self.facts(Vec::new()));
        body.extend([
            self.link("Connectez-vous avec cette adresse-ci\u{a0}:", "Sign in with this very address:", link),
            self.next(),
            self.say(
                "Avant de le lire, vous verrez de quelle entreprise il s’agit et déclarerez si vous avez avec elle un lien qui vous empêche de l’évaluer.",
                "Before reading it, you will see which company it is and declare whether anything ties you to it that keeps you from evaluating it.",
            ),
        ]);
        (self.tr("Un dossier à évaluer vous est confié", "You are given an application to evaluate"), body)
    }

    fn deposited(&self, number: &str, at: &str, digest: &str, closes: &str, link: &str) -> (String, Vec<Block>) {
        let mut body =
            vec![self.say(
                &format!("Votre dossier a été déposé le {at}."),
                &format!("Your application was deposited on {at}."),
            )];
        let number_fact = self.fact("Reçu n°", "Receipt no.", number);
        body.extend(self.facts(vec![number_fact, self.fact("Empreinte", "Digest", digest)]));
        body.push(self.link("Le reçu, à conserver, est ici\u{a0}:", "The receipt, to be kept, is here:", link));
        body.push(self.next());
        if !closes.is_empty() {
            body.push(self.say(
                &format!("Vous pouvez encore modifier votre dossier et le déposer de nouveau, jusqu’au {closes}\u{a0}: c’est la dernière version déposée qui compte."),
                &format!("You may still change your application and deposit it again, until {closes}: the latest deposited version counts."),
            ));
        }
        body.push(self.say(
            "Après la clôture, les dossiers déposés sont instruits. Ce message n’est qu’une copie\u{a0}: le dépôt ne dépend pas de sa réception.",
            "After the round closes, the deposited applications are examined. This message is only a copy: the deposit does not depend on its arrival.",
        ));
        let subject = self.tr(
            &format!("Dossier déposé – reçu n°\u{a0}{number}"),
            &format!("Application deposited – receipt no. {number}"),
        );
        (subject, body)
    }

    fn withdrawn(&self, number: &str, at: &str, closes: &str, link: &str) -> (String, Vec<Block>) {
        let mut body = vec![self.say(
            &format!("Le dépôt de ce dossier a été retiré le {at}\u{a0}: il ne sera pas instruit."),
            &format!("The deposit of this application was withdrawn on {at}: it will not be examined."),
        )];
        body.extend(self.facts(vec![self.fact("Reçu n°", "Receipt no.", number)]));
        body.push(self.link(
            "Le reçu reste la preuve de ce qui avait été déposé\u{a0}:",
            "The receipt remains the proof of what had been deposited:",
            link,
        ));
        body.push(self.next());
        body.push(if closes.is_empty() {
            self.say(
                "La relève est close\u{a0}: ce dossier ne peut plus y être déposé. Le brouillon est gardé.",
                "The round has closed: this application cannot be deposited in it any more. The draft is kept.",
            )
        } else {
            self.say(
                &format!("Le brouillon est gardé\u{a0}: il peut être déposé de nouveau, jusqu’au {closes}."),
                &format!("The draft is kept: it can be deposited again, until {closes}."),
            )
        });
        body.push(self.say(
            "Si ce retrait vous surprend, voyez avec la personne à qui appartient le dossier.",
            "If this withdrawal surprises you, ask the person who owns the application.",
        ));
        let subject = self
            .tr(&format!("Dépôt retiré – reçu n°\u{a0}{number}"), &format!("Deposit withdrawn – receipt no. {number}"));
        (subject, body)
    }

    fn account_closed(&self, at: &str, kept: usize) -> (String, Vec<Block>) {
        let mut body = vec![self.say(
            &format!("Votre compte du portail {PORTAL_NAME} a été fermé le {at}. Vos brouillons, vos clés d’accès, vos jetons et les accès confiés ou reçus sont supprimés."),
            &format!("Your account of the portal {PORTAL_NAME} was closed on {at}. Your drafts, your passkeys, your tokens and the access given or received are deleted."),
        )];
        if kept > 0 {
            body.push(self.say(
                "Ce que vous avez déposé est conservé, avec ses reçus, aussi longtemps que l’appel y est tenu.",
                "What you deposited is kept, with its receipts, as long as the call is bound to keep it.",
            ));
        }
        body.extend([
            self.next(),
            self.say(
                "Vous reconnecter avec cette adresse ouvrirait un compte neuf et vide. Si ce n’était pas vous, répondez aussitôt à ce message.",
                "Signing in again with this address would open a new and empty account. If it was not you, reply to this message at once.",
            ),
        ]);
        (self.tr("Votre compte est fermé", "Your account is closed"), body)
    }

    fn passkey_changed(
        &self,
        change: PasskeyChange,
        by_operator: bool,
        name: &str,
        at: &str,
        link: &str,
    ) -> (String, Vec<Block>) {
        let subject = match change {
            PasskeyChange::Added => self.tr("Une clé d’accès a été ajoutée", "A passkey was added"),
            PasskeyChange::Renamed => self.tr("Une clé d’accès a été renommée", "A passkey was renamed"),
            PasskeyChange::Removed => self.tr("Une clé d’accès a été supprimée", "A passkey was removed"),
        };
        let who = if by_operator { self.tr(" par l’exploitant", " by the operator") } else { String::new() };
        let body = vec![
            self.say(
                &format!("{subject}{who} de votre compte du portail {PORTAL_NAME} le {at}\u{a0}: «\u{a0}{name}\u{a0}»."),
                &format!("{subject}{who} on your account of the portal {PORTAL_NAME} on {at}: “{name}”."),
            ),
            self.next(),
            self.say("Si c’était vous, il n’y a rien à faire.", "If it was you, there is nothing to do."),
            self.link(
                "Si ce n’était pas vous, supprimez ici les clés que vous ne connaissez pas, déconnectez-vous, et prévenez l’exploitant du portail\u{a0}:",
                "If it was not you, remove the passkeys that you do not know here, sign out, and tell the operator of the portal:",
                link,
            ),
        ];
        (subject, body)
    }
}

#[cfg(test)]
mod tests;
