//! Account lookup by e-mail address: accounts use one canonical spelling; older accounts may have another.

use crate::app::{App, AppError};
use crate::{
    domain::email::EmailAddress,
    store::{Freshness, account},
};

impl App {
    /// Returns the address of the account for a typed address. New accounts use the canonical spelling of
    /// [`EmailAddress`]. An account created under another spelling, or under an address that would be refused today, is
    /// still found.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], and store errors.
    pub(in crate::app) async fn account_address(&self, typed: &str) -> Result<String, AppError> {
        let address = EmailAddress::parse(typed);
        let former = former_spellings(typed, address.as_ref().ok());
        if !former.is_empty() {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            for spelling in former {
                if account::by_email(&mut db, &spelling).await?.is_some() {
                    return Ok(spelling);
                }
            }
        }
        Ok(address.map_err(AppError::NotAnAddress)?.key())
    }
}

/// Returns the spellings under which an older account may exist, except today's. It is empty for nearly every address,
/// so the usual case costs no database query.
fn former_spellings(typed: &str, address: Option<&EmailAddress>) -> Vec<String> {
    let as_typed = typed.trim().to_lowercase();
    let fits = as_typed.len() <= 254 && as_typed.contains('@') && !as_typed.contains(char::is_whitespace);
    let mut spellings: Vec<String> = fits.then_some(as_typed).into_iter().collect();
    spellings.extend(address.map(EmailAddress::unicode_key));
    spellings.retain(|spelling| address.is_none_or(|address| address.key() != *spelling));
    spellings.dedup();
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(typed: &str) -> Vec<String> {
        former_spellings(typed, EmailAddress::parse(typed).ok().as_ref())
    }

    #[test]
    fn b6_accounts_of_before_are_looked_for_where_they_may_be() {
        assert_eq!(of(" Ada@Exemple.FR "), Vec::<String>::new(), "no look at the database");
        assert_eq!(of("ada@Société.fr"), ["ada@société.fr"]);
        assert_eq!(of("ada@xn--socit-esab.fr"), ["ada@société.fr"]);
        assert_eq!(of("josé@exemple.fr"), ["josé@exemple.fr"], "refused today");
        assert_eq!(of("pas une adresse"), Vec::<String>::new());
    }
}
