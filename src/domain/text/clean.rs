//! One cleaner for every text that comes from outside: what each kind of text keeps stands in one table.
//!
//! A character that nobody sees makes two spellings of one name, fourteen digits that are fifteen characters, or a
//! company whose name is blank. Word processors write line breaks as U+000B, U+000C, U+0085, U+2028 or U+2029.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory,
        GeneralCategoryGroup, Ideographic, JoiningType, NoncharacterCodePoint,
    },
};
use unicode_normalization::{UnicodeNormalization, is_nfc};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Several lines: an answer, a reason, a word to somebody.
    Prose,
    /// One line: a name, a title, a label, words to search for.
    Line,
    /// SIREN, SIRET, NAF, country, a number of a receipt.
    Identifier,
    /// An amount or a quantity.
    Number,
    /// A day.
    Date,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// The name of a file; its extension is checked elsewhere.
    FileName,
}

/// What becomes of line breaks and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// A line break is `\n`, a tab stays.
    Kept,
    Space,
}

/// What becomes of characters that are invisible but may have a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invisible {
    /// Joiners stay inside words of scripts that need them and inside emoji; variation selectors behind what they vary.
    Meaningful,
    /// Only the selector behind an emoji stays.
    EmojiStyle,
    /// None stays.
    Dropped,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    pub kind: TextKind,
    /// Line breaks and tabs.
    pub breaks: Breaks,
    /// Invisible characters with a meaning; all others are taken out of every kind.
    pub invisible: Invisible,
}

/// What each kind of text keeps.
pub const KEPT: [Keeping; 9] = [
    keeping(TextKind::Prose, Breaks::Kept, Invisible::Meaningful),
    keeping(TextKind::Line, Breaks::Space, Invisible::EmojiStyle),
    keeping(TextKind::Identifier, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::Number, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::Date, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::Phone, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::Email, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::Url, Breaks::Space, Invisible::Dropped),
    keeping(TextKind::FileName, Breaks::Space, Invisible::Dropped),
];

const fn keeping(kind: TextKind, breaks: Breaks, invisible: Invisible) -> Keeping {
    Keeping { kind, breaks, invisible }
}

/// Most marks on one character: as many as the Stream-Safe Text Format lets follow one (UAX #15, 13). No language comes
/// near; what has more hides the lines around it.
const MAX_MARKS: usize = 30;

/// A text as the portal keeps it: NFC, its line breaks in one spelling, without what nobody sees; empty when nothing in
/// it can be seen. What was cleaned once does not change again.
pub fn clean(kind: TextKind, text: &str) -> String {
    let (breaks, invisible) = KEPT
        .iter()
        .find(|row| row.kind == kind)
        .map_or((Breaks::Kept, Invisible::Dropped), |row| (row.breaks, row.invisible));
    if is_blank(text) {
        return String::new();
    }
    if text.chars().all(|c| is_plain(c, breaks)) {
        return text.to_owned();
    }
    // What is taken out may have stood between a letter and its accent, and a letter that becomes one with its accent
    // may no longer need the joiner behind it: again, until nothing changes. Every round only shortens.
    let mut known = text.replace("\r\n", "\n");
    loop {
        let next = pass(&known, breaks, invisible);
        if next == known {
            return known;
        }
        known = next;
    }
}

/// Whether a character stays as it is, whatever is around it: it is seen or a space, no mark, its own normal form, and
/// composes with none of these. Almost every text in French or English has no other, and is not looked at again.
fn is_plain(c: char, breaks: Breaks) -> bool {
    match c {
        '\n' | '\t' => breaks == Breaks::Kept,
        // Latin letters, without the soft hyphen; dashes, quotation marks and the narrow no-break space.
        ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' => true,
        '\u{2010}'..='\u{2027}' | '\u{202f}'..='\u{203a}' | '€' => true,
        _ => false,
    }
}

fn pass(text: &str, breaks: Breaks, invisible: Invisible) -> String {
    let composed: String = if is_nfc(text) { text.to_owned() } else { text.nfc().collect() };
    let mut out = String::with_capacity(composed.len());
    let mut rest = composed.chars().peekable();
    let mut marks = 0;
    while let Some(c) = rest.next() {
        let kept = match (c, breaks) {
            ('\n' | '\t', Breaks::Kept) => Some(c),
            ('\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}', Breaks::Kept) => Some('\n'),
            ('\n' | '\t' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}', Breaks::Space) => Some(' '),
            _ if is_invisible(c) => has_meaning(c, out.chars().next_back(), rest.peek(), invisible).then_some(c),
            _ => Some(c),
        };
        match kept {
            Some(mark) if is_mark(mark) && marks == MAX_MARKS => continue,
            Some(mark) if is_mark(mark) => marks += 1,
            // A joiner between two marks begins no new character.
            Some(other) if !is_invisible(other) => marks = 0,
            _ => {}
        }
        out.extend(kept);
    }
    if is_nfc(&out) { out } else { out.nfc().collect() }
}

/// Whether nobody sees the character: controls, fillers, what readers ignore by default, and what has no meaning between
/// two people: private use and what is no character at all.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    // Blanks that are neither white space nor ignorable: braille, a musical head, hieroglyphs, the marks of an annotation
    // and the place of an object that is not there.
    let blank = matches!(c, '\u{2800}' | '\u{1d159}' | '\u{13441}' | '\u{13442}' | '\u{fff9}'..='\u{fffc}');
    c.is_control()
        || blank
        || (!c.is_ascii()
            && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
                || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
                || category(c) == GeneralCategory::PrivateUse))
}

/// Whether a character can be seen by itself. A mark cannot, it needs another; nor can one that Unicode has not assigned
/// yet, which stays in texts since a newer reader may know it.
#[must_use]
pub fn is_visible(c: char) -> bool {
    use GeneralCategoryGroup as Group;
    let seen = [Group::Letter, Group::Number, Group::Punctuation, Group::Symbol];
    c.is_ascii_graphic() || (seen.iter().any(|group| group.contains(category(c))) && !is_invisible(c))
}

/// Whether nobody sees anything in a text.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && GeneralCategoryGroup::Mark.contains(category(c))
}

/// Whether an invisible character means something behind the one before it.
fn has_meaning(c: char, before: Option<char>, after: Option<&char>, kept: Invisible) -> bool {
    let Some(before) = before else { return false };
    let emoji = CodePointSetData::new::<ExtendedPictographic>().contains(before);
    let keycap = matches!(before, '0'..='9' | '#' | '*') && after == Some(&'\u{20e3}');
    match (c, kept) {
        (_, Invisible::Dropped) => false,
        ('\u{fe0e}' | '\u{fe0f}', _) => emoji || keycap,
        (_, Invisible::EmojiStyle) => false,
        ('\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}', _) => {
            CodePointSetData::new::<Ideographic>().contains(before)
        }
        ('\u{200d}', _) if emoji || matches!(before, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}') => true,
        ('\u{200c}' | '\u{200d}', _) => needs_joiners(before),
        _ => false,
    }
}

/// Whether a character belongs to a script in which joiners change what is read.
fn needs_joiners(c: char) -> bool {
    let virama = CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama;
    let joining = CodePointMapData::<JoiningType>::new().get(c);
    let joins = [JoiningType::DualJoining, JoiningType::RightJoining, JoiningType::LeftJoining].contains(&joining);
    virama || joins
}

#[cfg(test)]
mod tests;
