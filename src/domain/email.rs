//! One rule for e-mail addresses: for signing in, an identity provider, invitations and answers.
//!
//! Two spellings that receive the same mail are one address, and two addresses that look the same are told apart: the
//! domain is read by IDNA (UTS 46) and kept in ASCII, so that `société.fr` is `xn--socit-esab.fr` and a Cyrillic letter
//! shows; the part before the `@` is printable ASCII.

use super::{
    host::{self, HostFault},
    text::{
        Text,
        clean::{TextKind, clean},
    },
};
use std::fmt;

/// Most characters before the `@` (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Most characters of an address (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS: usize = 254;

/// An address that could receive mail; the letter that is sent proves the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local: String,
    /// ASCII, lower-case.
    domain: String,
}

/// What is wrong with a text as an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFault {
    /// Not of the form `name@domain`.
    Shape,
    /// Something before the `@` that is not a plain letter, digit or mark.
    Local,
    /// An address of a machine: `[127.0.0.1]`.
    Machine,
    /// What follows the `@` is no domain that can exist.
    Domain,
    /// A part of the domain mixes alphabets, so that it looks like another.
    MixedAlphabets,
    TooLong,
}

impl From<HostFault> for EmailFault {
    fn from(fault: HostFault) -> Self {
        match fault {
            HostFault::Number => Self::Machine,
            HostFault::Name => Self::Domain,
            HostFault::MixedAlphabets => Self::MixedAlphabets,
        }
    }
}

impl EmailFault {
    /// The fault as a sentence of its own.
    pub fn sentence(self) -> Text {
        let capital = |text: String| {
            let mut rest = text.chars();
            rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
        };
        let Text { fr, en } = self.message();
        Text::new(capital(fr), capital(en))
    }

    /// Why, and what to do.
    pub fn message(self) -> Text {
        match self {
            Self::Shape => Text::new(
                "ce n’est pas une adresse électronique, par exemple nom@entreprise.fr.",
                "this is not an e-mail address, such as name@company.com.",
            ),
            Self::Local => Text::new(
                "avant le @, seuls des lettres sans accent, des chiffres, des points, des tirets et + sont possibles : retapez l’adresse à la main.",
                "before the @, only letters without accents, digits, dots, hyphens and + are possible: type the address again by hand.",
            ),
            Self::Machine => Text::new(
                "après le @, écrivez un nom de domaine, pas l’adresse d’une machine.",
                "after the @, write a domain name, not the address of a machine.",
            ),
            Self::Domain => Text::new(
                "ce qui suit le @ n’est pas un nom de domaine, par exemple entreprise.fr.",
                "what follows the @ is not a domain name, such as company.com.",
            ),
            Self::MixedAlphabets => HostFault::MixedAlphabets.message(),
            Self::TooLong => Text::new(
                "une adresse a 254 caractères au plus, dont 64 avant le @.",
                "an address has 254 characters at most, 64 of them before the @.",
            ),
        }
    }
}

impl EmailAddress {
    /// Reads an address as it was typed.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        let text = clean(TextKind::Email, text);
        let (local, domain) = text.trim().rsplit_once('@').ok_or(EmailFault::Shape)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailFault::Shape);
        }
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        if !local.split('.').all(|atoms| !atoms.is_empty() && atoms.chars().all(atom)) {
            return Err(EmailFault::Local);
        }
        let domain = host::ascii(domain)?;
        if local.len() > MAX_LOCAL || local.len() + 1 + domain.len() > MAX_ADDRESS {
            return Err(EmailFault::TooLong);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// The spelling under which accounts are kept: lower-case.
    pub fn key(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }

    /// The address with its domain as people read it: what [`Self::key`] was before domains were kept in ASCII.
    pub fn unicode_key(&self) -> String {
        let (domain, _) = idna::domain_to_unicode(&self.domain);
        format!("{}@{domain}", self.local).to_lowercase()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Result<String, EmailFault> {
        EmailAddress::parse(text).map(|address| address.key())
    }

    #[test]
    fn b6_one_account_for_every_spelling() {
        for text in [
            "ada@société.fr",
            "ADA@xn--socit-esab.fr",
            "ada@SOCIÉTÉ.FR",
            "ada@socie\u{301}te\u{301}.fr",
            " ada@soc\u{200b}iété.fr\u{feff}",
        ] {
            assert_eq!(key(text).as_deref(), Ok("ada@xn--socit-esab.fr"), "{text:?}");
        }
        assert_eq!(key("Ada+Test.2@Exemple.FR").as_deref(), Ok("ada+test.2@exemple.fr"));
        assert_eq!(
            EmailAddress::parse("Ada@Exemple.FR").map(|address| address.to_string()).as_deref(),
            Ok("Ada@exemple.fr")
        );
        assert_eq!(
            EmailAddress::parse("ada@xn--socit-esab.fr").map(|a| a.unicode_key()).as_deref(),
            Ok("ada@société.fr")
        );
    }

    #[test]
    fn b6_what_is_refused_says_why() {
        for (text, fault) in [
            ("ada", EmailFault::Shape),
            ("ada@", EmailFault::Shape),
            ("@exemple.fr", EmailFault::Shape),
            ("a b@exemple.fr", EmailFault::Local),
            ("a@b@c.fr", EmailFault::Local),
            ("\"a b\"@exemple.fr", EmailFault::Local),
            ("josé@exemple.fr", EmailFault::Local),
            ("\u{430}da@exemple.fr", EmailFault::Local),
            (".ada@exemple.fr", EmailFault::Local),
            ("a..b@exemple.fr", EmailFault::Local),
            ("ada@-.fr", EmailFault::Domain),
            ("ada@a-.fr", EmailFault::Domain),
            ("ada@.fr", EmailFault::Domain),
            ("ada@exemple", EmailFault::Domain),
            ("ada@ex_emple.fr", EmailFault::Domain),
            ("ada@exemple.fr.", EmailFault::Domain),
            ("ada@xn--a.fr", EmailFault::Domain),
            ("a@[127.0.0.1]", EmailFault::Machine),
            ("a@127.0.0.1", EmailFault::Machine),
            ("ada@ex\u{430}mple.fr", EmailFault::MixedAlphabets),
            ("ada@xn--exmple-4nf.fr", EmailFault::MixedAlphabets),
        ] {
            assert_eq!(key(text), Err(fault), "{text:?}");
        }
        assert_eq!(key(&format!("{}@exemple.fr", "a".repeat(65))), Err(EmailFault::TooLong));
        assert_eq!(key(&format!("{}@{}fr", "a".repeat(60), "abcdefgh.".repeat(27))), Err(EmailFault::TooLong));
        assert!(key("ada@日本語テスト.jp").is_ok_and(|key| key.starts_with("ada@xn--")), "one language");
    }

    proptest! {
        #[test]
        fn an_address_is_read_once(text in "[a-zéà.+-]{1,8}@[a-zA-Zéèà0-9-]{1,12}\\.[a-z]{2,5}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(&address.to_string()), Ok(address.clone()));
                prop_assert_eq!(key(&address.unicode_key()), Ok(address.key()));
                prop_assert!(address.key().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _judged = EmailAddress::parse(&text);
        }
    }
}
