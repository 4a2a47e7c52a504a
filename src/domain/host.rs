//! One rule for the names of machines, in e-mail addresses and in web addresses: read by IDNA (UTS 46), kept in ASCII, and
//! no label that mixes alphabets, since such a name is made to look like another.

use super::text::Text;
use icu_properties::{CodePointMapData, props::Script};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// What is wrong with a text as the name of a machine on the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFault {
    /// The number of a machine: `127.0.0.1`, `[::1]`.
    Number,
    /// No name that can exist.
    Name,
    /// A part of it mixes alphabets, so that it looks like another.
    MixedAlphabets,
}

impl HostFault {
    /// Why, and what to do.
    pub fn message(self) -> Text {
        match self {
            Self::Number => Text::new(
                "écrivez un nom de domaine, par exemple entreprise.fr, pas l’adresse d’une machine.",
                "write a domain name, such as company.com, not the address of a machine.",
            ),
            Self::Name => Text::new(
                "ce n’est pas un nom de domaine, par exemple entreprise.fr.",
                "this is not a domain name, such as company.com.",
            ),
            Self::MixedAlphabets => Text::new(
                "le domaine mêle des lettres de plusieurs alphabets qui se ressemblent : retapez-le à la main.",
                "the domain mixes letters of several alphabets that look alike: type it again by hand.",
            ),
        }
    }
}

/// The name in ASCII and lower case.
pub fn ascii(name: &str) -> Result<String, HostFault> {
    if name.starts_with('[') {
        return Err(HostFault::Number);
    }
    let rules = Uts46::new();
    let ascii = rules
        .to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| HostFault::Name)?;
    let Some((_, last)) = ascii.rsplit_once('.') else { return Err(HostFault::Name) };
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HostFault::Number);
    }
    let (unicode, read) = rules.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    if read.is_err() {
        return Err(HostFault::Name);
    }
    if unicode.split('.').any(mixes_alphabets) { Err(HostFault::MixedAlphabets) } else { Ok(ascii.into_owned()) }
}

/// A plain lower-case DNS name: Sōzu would read `*` or `/` in it as a pattern.
#[must_use]
pub fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    // A last label of digits makes it an address, which TLS knows no server name for.
    let address = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    host.len() <= 253 && !address && host.split('.').all(label)
}

/// Alphabets that one word may mix, since its language does.
const TOGETHER: [&[Script]; 3] = [
    &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Latin, Script::Han, Script::Hangul],
    &[Script::Latin, Script::Han, Script::Bopomofo],
];

fn mixes_alphabets(label: &str) -> bool {
    let scripts = CodePointMapData::<Script>::new();
    let mut found: Vec<Script> = Vec::new();
    for script in label.chars().map(|c| scripts.get(c)) {
        if ![Script::Common, Script::Inherited].contains(&script) && !found.contains(&script) {
            found.push(script);
        }
    }
    let together = |allowed: &&[Script]| found.iter().all(|script| allowed.contains(script));
    found.len() > 1 && !TOGETHER.iter().any(together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_machines() {
        for (name, expected) in [
            ("Exemple.fr", Ok("exemple.fr")),
            ("société.fr", Ok("xn--socit-esab.fr")),
            ("пример.com", Ok("xn--e1afmkfd.com")),
            ("exemple", Err(HostFault::Name)),
            ("a..fr", Err(HostFault::Name)),
            ("-.fr", Err(HostFault::Name)),
            ("127.0.0.1", Err(HostFault::Number)),
            ("[::1]", Err(HostFault::Number)),
            ("\u{435}xemple.fr", Err(HostFault::MixedAlphabets)),
            ("e\u{445}emple.fr", Err(HostFault::MixedAlphabets)),
            ("www.ex\u{3b1}mple.fr", Err(HostFault::MixedAlphabets)),
            ("xn--exmple-4nf.fr", Err(HostFault::MixedAlphabets)),
        ] {
            assert_eq!(ascii(name), expected.map(str::to_owned), "{name}");
        }
        assert!(ascii("日本語テスト.jp").is_ok(), "one language");
    }
}
