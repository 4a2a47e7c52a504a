//! Web addresses as people write them.

use crate::domain::text::{clean::TextKind, spelling::plain};

/// The address with its scheme, `https` where none was typed; none when it is no address of a site.
pub(super) fn url(text: &str) -> Option<String> {
    let text = plain(TextKind::Url, text);
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text.as_str()),
    };
    if !matches!(scheme.as_str(), "http" | "https") || rest.contains(' ') {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let ascii = idna::domain_to_ascii_strict(host).ok()?;
    let right = ascii.split('.').count() > 1 && port.parse::<u16>().is_ok();
    right.then(|| format!("{scheme}://{rest}"))
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
            assert_eq!(url(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "exemple",
            "ftp://exemple.fr",
            "javascript:alert(1)",
            "ada@exemple.fr",
            "https://a b.fr",
            "https://-.fr",
            "mailto:a@b.fr",
            "https://a..fr",
            "http:///x.y",
        ] {
            assert_eq!(url(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_read_as_itself(text in "(https?://|HTTPS://|)[a-zé]{1,8}\\.[a-z]{2,4}(/[a-z0-9?=&-]{0,8})?") {
            let once = url(&text);
            prop_assert!(once.is_some(), "{}", text);
            prop_assert_eq!(url(&once.clone().unwrap_or_default()), once);
        }
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _judged = url(&text);
        }
    }
}
