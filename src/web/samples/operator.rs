//! The pages of those who run the service.

use super::{
    Pages,
    data::{failing_address, id},
    named,
};
use crate::{
    app::service::mail::FailingAddresses,
    domain::{delivery::FailureKind, ids::AccountId, text::Text},
    store::{break_glass::Request, order::Order},
    web::{
        frame::PageContext,
        pages::operator::{
            delivery::DeliveryPage,
            emergency::EmergencyPage,
            mails::{MailPage, MailRow, MailsPage},
            orders::OrdersPage,
        },
    },
};
use askama::Template;
use jiff::ToSpan;

pub(super) fn pages(s: &PageContext<'_>) -> Pages {
    let mails = mail_rows();
    let none = FailingAddresses { addresses: Vec::new(), total: 0, waiting: 0, retried: 0 };
    let orders = [order(s, 1, 5, None), order(s, 2, 5, Some("exploitation@exemple.org")), order(s, 3, 15, None)];
    let own = AccountId(id(2));
    let requests = [request(s, 1, None), request(s, 2, Some("dpo@exemple.org"))];
    let problems = [
        ("receipt", Text::new("Aucun reçu ne porte ce numéro.", "No receipt has this number.")),
        ("reason", Text::new("Dites pourquoi.", "Say why.")),
    ];
    let emergency =
        EmergencyPage { s, requests: &requests, own, asks: true, receipt: "2024-9", reason: "", problems: &problems };
    named([
        ("emergency", emergency.render()),
        ("delivery", DeliveryPage { s, mails: &failing(s) }.render()),
        ("delivery-none", DeliveryPage { s, mails: &none }.render()),
        ("orders", OrdersPage { s, orders: &orders }.render()),
        ("mails", MailsPage { s, mails: &mails }.render()),
        ("mail", MailPage { s, mail: &mails[0] }.render()),
    ])
}

fn failing(s: &PageContext<'_>) -> FailingAddresses {
    let at = s.now - 5.minutes();
    let addresses = vec![
        failing_address("ancienne@exemple.fr", FailureKind::Permanent, at),
        failing_address("pleine@exemple.fr", FailureKind::Temporary, at),
    ];
    FailingAddresses { addresses, total: 14, waiting: 3, retried: 1 }
}

/// A request of an account of the same number, five minutes old.
fn request(s: &PageContext<'_>, number: u128, allowed: Option<&str>) -> Request {
    Request {
        id: id(number),
        receipt: Some("2024-000042".into()),
        asked_by: AccountId(id(number)),
        email: "astreinte@exemple.org".into(),
        reason: s.tr("Pièce illisible signalée par le porteur", "Unreadable piece reported by the owner").into(),
        asked_at: s.now - 5.minutes(),
        allowed_by: allowed.map(str::to_owned),
        ends_at: allowed.map(|_| s.now + 1.hour()),
    }
}

fn order(s: &PageContext<'_>, number: u128, minutes_ago: i64, confirmed: Option<&str>) -> Order {
    Order {
        id: id(number),
        kind: "switchover".into(),
        detail: "db2.exemple.org:3306".into(),
        asked_by: "astreinte@machine-1".into(),
        asked_at: s.now - minutes_ago.minutes(),
        confirmed_by: confirmed.map(str::to_owned),
    }
}

fn mail_rows() -> Vec<MailRow> {
    let row = |id: &str, subject: &str| {
        MailRow {
        id: id.into(),
        to: "ada.lefebvre@exemple.fr".into(),
        subject: subject.into(),
        at: "30 juill. 2024, 14\u{a0}h\u{a0}03".into(),
        body: "Bonjour,\n\nVoici votre lien :\nhttps://guichet.example/sign-in/0123456789abcdef?next=/dossiers\n\nIl sert une seule fois.".into(),
    }
    };
    vec![row("2", "Votre lien de connexion"), row("1", "Dossier déposé : reçu n° 2024-000042")]
}
