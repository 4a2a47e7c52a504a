//! The texts of the status, in both languages.

use super::{DepositStatus, State};
use crate::domain::{
    calendar::{RoundState, show_deadline, show_instant, to_whole_second, with_zone},
    call::Call,
    text::{Lang, Text},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// The kind of a phrase, so that each view can render it in its own way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PhraseKind {
    /// Plain text.
    Plain,
    /// Emphasized text.
    Strong,
    /// An instant.
    Time {
        /// Machine-readable instant, to the second.
        at: Timestamp,
    },
    /// The number of a receipt, which links to it.
    Receipt {
        /// The receipt number.
        number: String,
    },
}

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    pub kind: PhraseKind,
    pub text: Text,
}

impl Phrase {
    fn plain(fr: &str, en: &str) -> Self {
        Self { kind: PhraseKind::Plain, text: Text::new(fr, en) }
    }

    fn strong(fr: &str, en: &str) -> Self {
        Self { kind: PhraseKind::Strong, text: Text::new(fr, en) }
    }
}

/// A sentence as plain text.
pub fn plain(sentence: &[Phrase], lang: &Lang) -> String {
    sentence.iter().map(|phrase| phrase.text.get(lang)).collect()
}

impl DepositStatus {
    /// A sentence that says whether the dossier is deposited: shown on every page of the dossier, in its card and on
    /// paper.
    pub fn sentence(&self) -> Vec<Phrase> {
        let mut all = self.fact();
        match (self.state, self.round) {
            (State::Draft, RoundState::Announced | RoundState::Upcoming) => {
                all.push(Phrase::plain(" – les dépôts ne sont pas encore ouverts", " – deposits are not open yet"))
            }
            (State::Draft, RoundState::Closed) => all.push(Phrase::plain(
                " – la relève est close\u{a0}: rien n’a été déposé, et ce brouillon ne peut plus y être déposé",
                " – the round has closed: nothing was deposited, and this draft cannot be deposited in it any more",
            )),
            (State::Withdrawn, RoundState::Closed) => all.push(Phrase::plain(
                "\u{a0}; la relève est close\u{a0}: rien ne peut plus y être déposé",
                "; the round has closed: nothing can be deposited in it any more",
            )),
            (State::Changed, round) => {
                all.push(Phrase::plain(" – ", " – "));
                all.push(Phrase::strong(
                    "vos modifications depuis ne sont pas déposées",
                    "your changes since then are not deposited",
                ));
                if round == RoundState::Closed {
                    all.push(Phrase::plain(
                        " et ne peuvent plus l’être\u{a0}: la relève est close, et c’est la version du reçu qui compte",
                        " and cannot be any more: the round has closed, and the version of the receipt counts",
                    ));
                }
            }
            (State::Deposited, RoundState::Closed) => all.push(Phrase::plain(
                " – la relève est close\u{a0}: c’est cette version qui compte",
                " – the round has closed: this version counts",
            )),
            (State::Draft | State::Withdrawn | State::Deposited, _) => {}
        }
        all
    }

    /// What was done, and when.
    fn fact(&self) -> Vec<Phrase> {
        match (&self.deposit, self.withdrawn_at) {
            (Some(deposit), _) => {
                let mut all = vec![Phrase::strong("DÉPOSÉ", "DEPOSITED"), Phrase::plain(" le ", " on ")];
                all.extend(self.instant(deposit.at));
                all.extend([Phrase::plain(" – ", " – "), receipt(&deposit.receipt)]);
                all
            }
            (None, Some(at)) => {
                let mut all = vec![Phrase::strong("DÉPÔT RETIRÉ", "DEPOSIT WITHDRAWN"), Phrase::plain(" le ", " on ")];
                all.extend(self.instant(at));
                all.push(Phrase::plain(" – plus rien n’est déposé", " – nothing is deposited any more"));
                all
            }
            (None, None) => vec![Phrase::strong("BROUILLON NON DÉPOSÉ", "DRAFT NOT DEPOSITED")],
        }
    }

    fn instant(&self, at: Timestamp) -> [Phrase; 2] {
        instant(at, &self.zone, &self.zone_name)
    }

    /// The status in a few words, shown beside “Saved at …”.
    pub fn brief(&self) -> Vec<Phrase> {
        let mut all = match (self.state, &self.deposit) {
            (State::Deposited, Some(deposit)) => {
                let [at, _] = self.instant(deposit.at);
                let comma = Phrase::plain(", ", ", ");
                let rest = Phrase::plain("\u{a0}; rien n’a changé depuis", "; nothing has changed since");
                vec![Phrase::plain("Déposé le ", "Deposited on "), at, comma, receipt(&deposit.receipt), rest]
            }
            (_, Some(deposit)) => {
                let [at, _] = self.instant(deposit.at);
                vec![
                    Phrase::strong("Vos modifications ne sont pas déposées", "Your changes are not deposited"),
                    Phrase::plain(
                        "\u{a0}: la version déposée reste celle du ",
                        ": the deposited version is still that of ",
                    ),
                    at,
                    Phrase::plain(", ", ", "),
                    receipt(&deposit.receipt),
                ]
            }
            (State::Withdrawn, None) => vec![
                Phrase::strong("Pas déposé", "Not deposited"),
                Phrase::plain("\u{a0}: le dépôt a été retiré", ": the deposit was withdrawn"),
            ],
            (_, None) => vec![Phrase::strong("Pas déposé", "Not deposited")],
        };
        if self.round == RoundState::Closed && self.state != State::Deposited {
            all.push(Phrase::plain("\u{a0}; la relève est close", "; the round has closed"));
        }
        all
    }

    /// Until when, or since when.
    pub fn deadline(&self) -> Text {
        let shown = |fr: &str, en: &str, at: Text| {
            let at = with_zone(&at, &self.zone_name);
            Text::new(format!("{fr} {}", at.fr), format!("{en} {}", at.en))
        };
        match (self.window, self.round) {
            (None, _) => Text::new("Dates à venir", "Dates to come"),
            (Some(window), RoundState::Upcoming) => {
                shown("Ouverture le", "Opens on", show_instant(window.opens, &self.zone))
            }
            (Some(window), RoundState::Closed) => {
                shown("Close depuis le", "Closed since", show_deadline(window.closes, &self.zone))
            }
            (Some(window), _) => shown("Clôture le", "Closes on", show_deadline(window.closes, &self.zone)),
        }
    }

    /// The consequences for the people who work on the dossier, and what they can do.
    pub fn advice(&self) -> Text {
        match (self.state, self.round) {
            (State::Deposited, RoundState::Open) => Text::new(
                "Votre dossier est déposé. Vous pouvez encore le modifier et le déposer de nouveau jusqu’à la clôture\u{a0}; d’ici là, c’est la version déposée qui compte.",
                "Your application is deposited. You may still change it and deposit again until the round closes; until then the deposited version counts.",
            ),
            (State::Deposited, RoundState::Closed) => Text::new(
                "Votre dossier est déposé, et la relève est close\u{a0}: cette version compte et ne peut plus être remplacée. Ce que vous changeriez maintenant s’enregistrerait dans le brouillon sans y rien changer.",
                "Your application is deposited and the round has closed: this version counts and cannot be replaced any more. Changes you make now are saved in the draft but do not affect the deposited version.",
            ),
            (State::Changed, RoundState::Open) => Text::new(
                "Vos modifications ne compteront qu’une fois déposées.",
                "Your changes will count only once deposited.",
            ),
            (State::Changed, RoundState::Closed) => Text::new(
                "La version du reçu compte et ne peut plus être remplacée. Vos modifications restent dans le brouillon, que vous pouvez toujours modifier, mais qui ne peut plus être déposé dans cette relève.",
                "The version of the receipt counts and cannot be replaced any more. Your changes remain in the draft, which you may still change, but which cannot be deposited in this round any more.",
            ),
            (State::Draft | State::Withdrawn, RoundState::Open) => Text::new(
                "Enregistrer n’est pas déposer\u{a0}: seul le reçu prouve le dépôt.",
                "Saving is not depositing: only the receipt proves the deposit.",
            ),
            (State::Draft | State::Withdrawn, RoundState::Closed) => Text::new(
                "La relève est close\u{a0}: ce brouillon ne peut plus y être déposé. Il est gardé, et vous pouvez toujours le modifier.",
                "The round has closed: this draft cannot be deposited in it any more. It is kept, and you may still change it.",
            ),
            (_, RoundState::Announced | RoundState::Upcoming) => Text::new(
                "Vous pouvez préparer le brouillon. Enregistrer n’est pas déposer\u{a0}: les dépôts ne sont pas encore ouverts.",
                "You may prepare the draft. Saving is not depositing: deposits are not open yet.",
            ),
        }
    }

    /// Where the draft of a closed round can still go, if it can.
    pub fn carry_over_advice(&self) -> Option<Text> {
        self.closed_with_undeposited_changes().then(|| {
            if self.open.is_empty() {
                Text::new(
                    "Il pourra être repris dans une autre relève de l’appel, dès qu’une sera ouverte.",
                    "It can be carried over to another round of the call as soon as one is open.",
                )
            } else {
                Text::new(
                    "Il peut être repris dans une autre relève\u{a0}: un nouveau brouillon y reçoit vos réponses et vos pièces, et reste à déposer. Celui-ci ne change pas.",
                    "It can be carried over to another round: a new draft there receives your answers and your documents, and remains to be deposited. This one does not change.",
                )
            }
        })
    }

    /// Whether no deposit would be possible after a withdrawal.
    #[must_use]
    pub fn withdrawal_is_final(&self) -> bool {
        self.round != RoundState::Open
    }

    /// The consequences of a withdrawal now.
    pub fn withdrawal_warning(&self) -> Text {
        if !self.withdrawal_is_final() {
            Text::new(
                "Votre dossier ne sera plus candidat. Le brouillon et les reçus restent, et vous pourrez déposer de nouveau jusqu’à la clôture.",
                "Your application will be withdrawn from the selection. The draft and the receipts remain, and you may deposit again until the round closes.",
            )
        } else {
            Text::new(
                "Votre dossier ne sera plus candidat, et c’est définitif\u{a0}: la relève ne prend pas de dépôt, vous ne pourriez donc pas déposer de nouveau. Le brouillon et les reçus restent.",
                "Your application will be withdrawn from the selection, and that is final: the round takes no deposits, so you could not deposit again. The draft and the receipts remain.",
            )
        }
    }

    /// The label of the deposit button.
    pub fn deposit_button(&self) -> Text {
        match self.deposit {
            Some(_) => Text::new("Déposer la nouvelle version", "Deposit the new version"),
            None => Text::new("Déposer le dossier", "Deposit the application"),
        }
    }

    /// The text of the link to the whole draft.
    pub fn preview_link(&self) -> Text {
        match (self.state, self.depositable()) {
            (State::Deposited, _) => Text::new("Relire ce qui est déposé", "Review what is deposited"),
            (_, true) => Text::new("Relire ce qui sera déposé", "Review what will be deposited"),
            (_, false) => Text::new("Relire le brouillon", "Review the draft"),
        }
    }

    /// The mark across a printed sheet that shows anything but the deposited version.
    pub fn print_label(&self) -> Option<Text> {
        match self.state {
            State::Draft => Some(Text::new("BROUILLON NON DÉPOSÉ", "DRAFT NOT DEPOSITED")),
            State::Changed => Some(Text::new("MODIFICATIONS NON DÉPOSÉES", "CHANGES NOT DEPOSITED")),
            State::Withdrawn => Some(Text::new("DÉPÔT RETIRÉ", "DEPOSIT WITHDRAWN")),
            State::Deposited => None,
        }
    }

    /// The heading of the whole draft, and its description.
    #[must_use]
    pub fn preview(&self) -> (Text, Text) {
        match (self.state, self.depositable()) {
            (State::Deposited, _) => (
                Text::new("Ce qui est déposé", "What is deposited"),
                Text::new(
                    "Voici ce que le portail a scellé\u{a0}: vos réponses, vos pièces avec leur empreinte, et les montants calculés.",
                    "This is what the portal has sealed: your answers, your documents with their digests, and the amounts worked out.",
                ),
            ),
            (_, true) => (
                Text::new("Ce qui sera déposé", "What will be deposited"),
                Text::new(
                    "Voici, mot pour mot, ce que le portail scellera si vous déposez maintenant\u{a0}: vos réponses, vos pièces avec leur empreinte, et les montants calculés.",
                    "This is, word for word, what the portal will seal if you deposit now: your answers, your documents with their digests, and the amounts worked out.",
                ),
            ),
            (_, false) => (
                Text::new("Votre brouillon, qui n’est pas déposé", "Your draft, which is not deposited"),
                Text::new(
                    "Voici le brouillon tel qu’il est enregistré\u{a0}: la relève ne prend pas de dépôt en ce moment, rien de ce qui suit n’est déposé.",
                    "This is the draft as it is saved: the round takes no deposits now, nothing of what follows is deposited.",
                ),
            ),
        }
    }

    /// The time of this status, as shown.
    pub fn as_of(&self) -> Text {
        as_of(self.now, &self.zone, &self.zone_name)
    }

    /// The time at which a sealed version was viewed, as shown.
    pub fn read_at(call: &Call, now: Timestamp) -> Text {
        as_of(now, &call.time_zone(), &call.zone_name())
    }

    /// The notice on a receipt whose version is no longer current.
    pub fn superseded_notice() -> Text {
        Text::new(
            "Cette version n’est plus en vigueur. Elle a été retirée, ou remplacée par un dépôt plus récent\u{a0}; ce reçu prouve toujours ce qui avait été reçu alors.",
            "This version is no longer current. It was withdrawn, or replaced by a later deposit; this receipt still proves what was received then.",
        )
    }

    /// The notice on a page whose dossier has changed since it was rendered.
    pub fn outdated() -> Text {
        Text::new(
            "Cette page date d’avant un changement du dossier\u{a0}: ce qu’elle montre plus bas n’est plus à jour.",
            "This page dates from before a change of the application: what it shows below is no longer up to date.",
        )
    }

    /// The notice on a page that cannot fetch the status.
    pub fn unknown() -> Text {
        Text::new(
            "Le portail ne répond pas à cette page\u{a0}: elle montre ce qu’elle savait en dernier, qui a pu changer.",
            "Cannot reach the portal: this page shows its last known state, which may have changed.",
        )
    }
}

/// The sentence on a single receipt, for readers who see the receipt and not the dossier.
pub fn receipt_sentence(call: &Call, number: &str, at: Timestamp, is_current: bool) -> Vec<Phrase> {
    let mut all = vec![Phrase::strong("Déposé", "Deposited"), Phrase::plain(" le ", " on ")];
    all.extend(instant(at, &call.time_zone(), &call.zone_name()));
    all.extend([Phrase::plain(" – ", " – "), receipt(number)]);
    if !is_current {
        all.push(Phrase::plain(" – ", " – "));
        all.push(Phrase::strong("cette version n’est plus en vigueur", "this version is no longer current"));
    }
    all
}

fn as_of(now: Timestamp, zone: &TimeZone, name: &Text) -> Text {
    let at = with_zone(&show_instant(now, zone), name);
    Text::new(format!("État au {}", at.fr), format!("As of {}", at.en))
}

fn instant(at: Timestamp, zone: &TimeZone, name: &Text) -> [Phrase; 2] {
    [
        Phrase { kind: PhraseKind::Time { at: to_whole_second(at) }, text: show_instant(at, zone) },
        Phrase::plain(&format!(" ({})", name.fr), &format!(" ({})", name.en)),
    ]
}

fn receipt(number: &str) -> Phrase {
    let text = Text::new(format!("reçu n°\u{a0}{number}"), format!("receipt no. {number}"));
    Phrase { kind: PhraseKind::Receipt { number: number.to_owned() }, text }
}
