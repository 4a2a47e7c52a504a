//! Web addresses as people write them.

use crate::domain::{
    host::{self, HostFault},
    text::{Text, clean::TextKind, spelling::plain},
};

/// Why a text is no address of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// Not of the form `https://name/…`.
    Shape,
    /// The name of the machine.
    Host(HostFault),
}

impl UrlFault {
    /// The fault as a text for the person who typed it.
    pub fn message(self) -> Text {
        match self {
            Self::Shape | Self::Host(HostFault::Name) => Text::new(
                "ce n’est pas une adresse de site, par exemple https://entreprise.fr.",
                "this is not a web address, such as https://company.com.",
            ),
            Self::Host(fault) => fault.message(),
        }
    }
}

/// The address with its scheme, `https` where none was typed.
pub(super) fn url(text: &str) -> Result<String, UrlFault> {
    let text = plain(TextKind::Url, text);
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text.as_str()),
    };
    if !matches!(scheme.as_str(), "http" | "https") || rest.contains(' ') {
        return Err(UrlFault::Shape);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    if port.parse::<u16>().is_err() {
        return Err(UrlFault::Shape);
    }
    host::ascii(name).map_err(UrlFault::Host)?;
    Ok(format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn b8_web_addresses() {
        for (text, expected) in [
            ("exemple.fr", "https://exemple.fr"),
            ("www.exemple.fr/à-propos?x=1#y", "https://www.exemple.fr/à-propos?x=1#y"),
            ("HTTPS://Exemple.fr", "https://Exemple.fr"),
            ("Http://exemple.fr:8080/", "http://exemple.fr:8080/"),
            ("https://société.fr", "https://société.fr"),
            ("https://exe\u{200b}mple.fr", "https://exemple.fr"),
        ] {
            assert_eq!(url(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "", "exemple", "ftp://exemple.fr", "javascript:alert(1)", "ada@exemple.fr", "https://a b.fr",
            "https://-.fr", "mailto:a@b.fr", "https://a..fr", "http:///x.y",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
        let host = |fault| Err(UrlFault::Host(fault));
        for text in ["https://e\u{445}ample.fr", "\u{435}xample.fr/a", "http://www.ex\u{430}mple.fr:80"] {
            assert_eq!(url(text), host(HostFault::MixedAlphabets), "{text}");
        }
        for text in ["https://127.0.0.1/", "http://[::1]:80/"] {
            assert_eq!(url(text), host(HostFault::Number), "{text}");
        }
        assert!(url("https://пример.com").is_ok(), "one alphabet a label");
    }

    proptest! {
        #[test]
        fn a_normal_form_is_read_as_itself(text in "(https?://|HTTPS://|)[a-zé]{1,8}\\.[a-z]{2,4}(/[a-z0-9?=&-]{0,8})?") {
            let once = url(&text);
            prop_assert!(once.is_ok(), "{}", text);
            prop_assert_eq!(url(&once.clone().unwrap_or_default()), once);
        }
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _judged = url(&text);
        }
    }
}
