//! The address of a portal, however it was copied: one portal is one address, or a folder would be deposited once for each
//! way to write it.

use crate::domain::text::Lang;
use anyhow::{Context, bail};
use reqwest::Url;

/// A portal's scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalAddress(Url);

impl PortalAddress {
    /// Reads an address as it was typed. That of the portal's first page is the portal's, in either language.
    pub fn parse(text: &str, lang: Lang) -> anyhow::Result<Self> {
        let words = lang
            .tr("n’est pas une adresse, par exemple https://aap.example", "is no address, such as https://aap.example");
        let url: Url = text.trim().parse().with_context(|| format!("{text} {words}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            bail!("{text} {words}");
        }
        let mut origin = url.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        let named = !url.username().is_empty() || url.password().is_some();
        let first_page = matches!(url.path().trim_end_matches('/'), "" | "/en");
        if named || !first_page || url.query().is_some() || url.fragment().is_some() {
            let shown = Self(origin).shown();
            bail!(
                "{text} {} {shown}",
                lang.tr(
                    "en dit plus que l’adresse du portail ; écrivez seulement",
                    "says more than the address of the portal; write only",
                )
            );
        }
        Ok(Self(origin))
    }

    /// Where requests go.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Under which the portal is remembered: `https://aap.example/`.
    pub fn key(&self) -> &str {
        self.0.as_str()
    }

    /// Whether something that was remembered under the text of an address was for this portal.
    #[must_use]
    pub fn is_origin_of(&self, remembered: &str) -> bool {
        remembered.parse::<Url>().is_ok_and(|url| url.origin() == self.0.origin())
    }

    fn shown(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<String, String> {
        PortalAddress::parse(text, Lang::En).map(|at| at.key().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn one_portal_is_one_address() {
        for text in [
            "https://aap.example",
            "https://aap.example/",
            "https://aap.example//",
            " https://AAP.example:443 ",
            "HTTPS://aap.example/en",
            "https://aap.example/en/",
        ] {
            assert_eq!(key(text).as_deref(), Ok("https://aap.example/"), "{text}");
        }
        assert_eq!(key("http://localhost:8080/en").as_deref(), Ok("http://localhost:8080/"));
    }

    #[test]
    fn what_is_more_than_an_address_is_refused_with_what_to_write() {
        for text in [
            "https://aap.example/?x=1",
            "https://aap.example/?",
            "https://aap.example#a",
            "https://aap.example/en/#a",
            "https://aap.example/calls/hyper-open-x",
            "https://aap.example/fr",
            "https://ada@aap.example/",
            "https://ada:secret@aap.example/",
        ] {
            let error = key(text).unwrap_err();
            assert!(error.ends_with("write only https://aap.example"), "{text}: {error}");
        }
        for text in ["", "aap.example", "ftp://aap.example", "mailto:a@b.fr", "https://"] {
            assert!(key(text).unwrap_err().contains("is no address"), "{text}");
        }
    }

    #[test]
    fn what_was_remembered_of_a_portal_is_known_by_its_origin() {
        let at = PortalAddress::parse("https://aap.example", Lang::Fr).unwrap();
        for text in
            ["https://aap.example/", "https://aap.example/en", "https://aap.example/?x=1", "https://aap.example:443"]
        {
            assert!(at.is_origin_of(text), "{text}");
        }
        for text in ["", "https://other.example/", "http://aap.example/", "https://aap.example:8443/"] {
            assert!(!at.is_origin_of(text), "{text}");
        }
    }
}
