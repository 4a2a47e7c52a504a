use super::*;
use proptest::prelude::*;

/// Characters that were seen to do harm, and such that look harmless.
const HIDDEN: [char; 30] = [
    '\u{200b}', '\u{feff}', '\u{2060}', '\u{ad}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{61c}',
    '\u{200e}', '\u{200f}', '\u{3164}', '\u{115f}', '\u{1160}', '\u{ffa0}', '\u{2800}', '\u{180e}', '\u{e0041}',
    '\u{fe00}', '\u{34f}', '\u{200c}', '\u{200d}', '\u{0}', '\u{1b}', '\u{fffc}', '\u{ffff}', '\u{10fffe}', '\u{e000}',
    '\u{f8ff}', '\u{13441}',
];
const BREAKS: [&str; 8] = ["\r\n", "\r", "\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"];

fn kinds() -> impl Iterator<Item = TextKind> {
    KEPT.iter().map(|row| row.kind)
}

#[test]
fn plain_characters_stay_whatever_is_around_them() {
    for row in &KEPT {
        let plain: Vec<char> = ('\0'..='\u{ffff}').filter(|c| is_plain(*c, row.breaks)).collect();
        assert!(plain.len() > 600 && ['é', 'œ', '’', '«', '\u{a0}', '\u{202f}', '€'].iter().all(|c| plain.contains(c)));
        for c in &plain {
            let text = format!("a{c}e{c}{c}");
            assert_eq!(pass(&text, row.breaks, row.invisible), text, "{:04x} in {:?}", u32::from(*c), row.kind);
        }
        let all: String = plain.iter().chain(plain.iter().rev()).collect();
        assert_eq!(pass(&all, row.breaks, row.invisible), all);
    }
}

#[test]
fn a10_soft_breaks_are_line_breaks() {
    for found in BREAKS {
        let text = format!("un{found}deux");
        assert_eq!(clean(TextKind::Prose, &text), "un\ndeux", "{found:?}");
        assert_eq!(clean(TextKind::Line, &text), "un deux", "{found:?}");
        assert_eq!(clean(TextKind::Identifier, &text), "un deux", "{found:?}");
    }
    assert_eq!(clean(TextKind::Prose, "a\r\n\r\nb\tc"), "a\n\nb\tc");
}

#[test]
fn b5_what_nobody_sees_is_taken_out_of_every_kind() {
    for kind in kinds() {
        for c in HIDDEN {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
            assert_eq!(clean(kind, &format!("73282{c}9320")), "732829320", "{kind:?} U+{:04X}", u32::from(c));
            assert!(is_blank(&format!(" {c}\u{a0}{c}")));
            assert_eq!(clean(kind, &c.to_string()), "", "{kind:?} U+{:04X}", u32::from(c));
        }
    }
    assert!(!is_blank("a\u{200b}") && is_blank(""));
}

/// A name of these would be a gap on every page: none of them can be seen by itself.
#[test]
fn what_cannot_be_seen_by_itself_is_blank() {
    for text in [
        "\u{13437}\u{13438}", "\u{16fe4}", "\u{fffc}", "\u{ffff}", "\u{301}", " \u{301}\u{20dd}", "\u{e000}",
        "\u{378}", "\u{1107f}", "\u{10ffff}", "\u{600}", "\u{13442}", "\u{1680}", "\u{3000}\t\n", " ",
    ] {
        assert!(is_blank(text), "{text:?}");
        for kind in kinds() {
            assert_eq!(clean(kind, text), "", "{kind:?} {text:?}");
        }
    }
    for text in
        ["A", "é", "e\u{301}", "7", "-", "€", "\u{2460}", "日本", "👋", "\u{627}", "\u{25cc}\u{301}", "a\u{378}"]
    {
        assert!(!is_blank(text), "{text:?}");
        assert_ne!(clean(TextKind::Line, text), "", "{text:?}");
    }
    assert_eq!(clean(TextKind::Line, "a\u{378}"), "a\u{378}", "a newer reader may know it");
    assert_eq!(clean(TextKind::Prose, "a\u{e000}b\u{fdd0}c"), "abc");
}

#[test]
fn marks_are_not_stacked_without_end() {
    for kind in kinds() {
        for mark in ["\u{301}", "\u{489}", "\u{301}\u{323}"] {
            let kept = clean(kind, &format!("A{}b", mark.repeat(190)));
            assert!(kept.starts_with(['A', 'Á', 'Ạ']) && kept.ends_with('b'), "{kept:?}");
            assert!(kept.chars().count() <= MAX_MARKS + 2, "{kept:?}");
            assert_eq!(clean(kind, &kept), kept);
        }
    }
    let joined = clean(TextKind::Prose, &format!("क{}", "\u{94d}\u{200d}".repeat(100)));
    assert!(joined.chars().count() <= 2 * MAX_MARKS + 2, "a joiner is no new character: {}", joined.chars().count());
    let yes = "e\u{323}\u{302}\u{94d}".repeat(100);
    assert_eq!(clean(TextKind::Line, &yes).nfd().count(), yes.nfd().count(), "each character has its own");
}

/// Prose in Persian, Hindi and emoji reads otherwise without its joiners; a name is known by what is seen.
#[test]
fn b5_prose_keeps_what_has_meaning() {
    for text in ["می\u{200c}روم", "क्\u{200d}ष", "👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3} 👋🏽", "葛\u{e0100}城"]
    {
        assert_eq!(clean(TextKind::Prose, text), text);
    }
    assert_eq!(clean(TextKind::Line, "❤\u{fe0f} 👩\u{200d}💻"), "❤\u{fe0f} 👩💻");
    assert_eq!(clean(TextKind::Identifier, "❤\u{fe0f}"), "❤");
    assert_eq!(clean(TextKind::Prose, "a\u{200d}b 1\u{fe0f}"), "ab 1");
}

#[test]
fn a_letter_and_its_accent_are_one() {
    assert_eq!(clean(TextKind::Line, "e\u{200b}\u{301}"), "é");
    assert_eq!(clean(TextKind::Prose, "Socie\u{301}te\u{301}"), "Société");
}

/// `docs/text.md` is the documentation, [`KEPT`] the implementation.
#[test]
fn the_documented_table_is_the_one_that_is_used() {
    let docs = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/text.md"));
    let rows: Vec<String> = KEPT
        .iter()
        .map(|row| {
            let breaks = match row.breaks {
                Breaks::Kept => "kept, as `\\n`; a tab stays",
                Breaks::Space => "a space",
            };
            let invisible = match row.invisible {
                Invisible::Meaningful => "joiners where a script or an emoji needs them, variation selectors",
                Invisible::EmojiStyle => "the selector behind an emoji",
                Invisible::Dropped => "none",
            };
            let name = match row.kind {
                TextKind::Email => "e-mail".to_owned(),
                TextKind::Url => "web address".to_owned(),
                TextKind::FileName => "file name".to_owned(),
                kind => format!("{kind:?}").to_lowercase(),
            };
            format!("| {name} | {breaks} | {invisible} |")
        })
        .collect();
    let written: Vec<&str> = docs.lines().filter(|line| rows.iter().any(|row| row == line)).collect();
    assert_eq!(written, rows, "docs/text.md has the rows of KEPT, in their order");
}

fn strange() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
        proptest::sample::select(HIDDEN.to_vec()).prop_map(String::from),
        proptest::sample::select(BREAKS.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(vec![
            "e", "\u{301}", "\u{dd9}", "\u{dca}", "❤", "\u{fe0f}", "ی", "क", "\u{94d}", "1", "\u{20e3}", "\u{378}"
        ])
        .prop_map(str::to_owned),
        (proptest::sample::select(vec!["\u{301}", "\u{323}", "\u{94d}\u{200d}", "\u{3099}"]), 0_usize..70)
            .prop_map(|(mark, count)| mark.repeat(count)),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cleaning_twice_is_cleaning_once(text in strange()) {
        for kind in kinds() {
            let once = clean(kind, &text);
            prop_assert_eq!(clean(kind, &once), once.clone());
            prop_assert!(is_nfc(&once));
            let breaks = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}'];
            prop_assert!(!once.contains(breaks), "{:?}", once);
        }
    }

    /// Every character of the result is one of the text, composed, or the line break that replaces another.
    #[test]
    fn cleaning_introduces_nothing(text in strange()) {
        let given: Vec<char> = text.nfd().chain(['\n', ' ']).collect();
        for kind in kinds() {
            for c in clean(kind, &text).nfd() {
                prop_assert!(given.contains(&c), "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn what_is_only_invisible_is_empty(picked in proptest::collection::vec(proptest::sample::select(HIDDEN.to_vec()), 0..8)) {
        let text: String = picked.into_iter().collect();
        prop_assert!(is_blank(&text));
        for kind in kinds() {
            prop_assert_eq!(clean(kind, &text), "");
        }
    }
}
