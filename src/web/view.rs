//! The presentation layer: pure functions from the domain's data to pages.
//!
//! A handler builds a [`Shell`], loads what the page shows and calls one function of this module. Nothing here reads a
//! clock, a database or a request. The templates keep both languages of every sentence side by side.

mod account;
mod answers;
mod banner;
mod desk;
mod editor;
mod emergency;
mod feedback;
mod field;
mod guests;
mod model;
mod money;
mod officer;
mod orders;
mod overview;
mod passkey;
mod public;
mod receipt;
mod reviews;
mod rights;
pub mod samples;
mod shell;
mod show;
mod sign_in;
mod status;

pub use account::{AccountPage, SessionRow, TokenForm, TokenRow, account};
pub use desk::{DeskForm, DeskPage, ExpertRow, ExpertState};
pub use editor::editor;
pub use emergency::{EmergencyRow, emergency};
pub use feedback::{TypedForm, error, mail, mails};
pub use guests::{GuestRow, GuestsPage, PartChoice, ReadingRow, Typed, guests};
pub use model::{
    DossierCard, DossierPage, GivenCard, MailRow, OfficerDossier, RoundList, RoundQuery, RoundRow, VersionRow,
};
pub use officer::{officer_dossier, round_list};
pub use orders::{OrderRow, orders};
pub use overview::{dossiers, overview, preview, withdraw};
pub use passkey::{Confirm, PasskeyRow, Passkeys, confirm, passkeys};
pub use public::{brick, bricks, criteria, faq, home, interpretations, legal, rules, simulator, verify};
pub use receipt::{ReceiptReader, receipt};
pub use reviews::{InterestPage, ReviewRow, interest, reviews};
pub use rights::{RightRow, RightsPage, rights};
pub use shell::{Shell, Viewer};
pub use sign_in::{LinkConfirm, SignIn, link_confirm, link_sent, sign_in};
pub use status::status_json;

#[cfg(test)]
mod tests;
