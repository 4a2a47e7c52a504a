//! The one reader of JSON that comes from outside. It refuses what two readers could understand in two ways: a member that
//! stands twice, of which one reader keeps the first and another the last; text behind the value; bytes that are not
//! UTF-8; numbers that would be rounded; an array in the place of an object. What is wrong is said with its place.

mod exact;
mod objects;
mod shape;

pub use shape::ShapeFault;

use super::text::Text;
use exact::rounded;
use objects::ObjectsOnly;
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, error::Category};
use std::{collections::HashSet, fmt};

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes.
    pub bytes: usize,
    /// Deepest nesting of lists and objects.
    pub depth: usize,
}

/// Deepest nesting of anything that the portal writes or reads: none of its formats goes beyond eight.
pub const MAX_DEPTH: usize = 32;

impl Limits {
    /// Bounds for an input of at most so many bytes.
    #[must_use]
    pub const fn bytes(bytes: usize) -> Self {
        Self { bytes, depth: MAX_DEPTH }
    }
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// More bytes than are read.
    TooLong(usize),
    /// Not UTF-8, or behind a byte-order mark.
    NotUtf8,
    /// A member of an object stands twice.
    Twice,
    /// Nested more deeply than is read.
    TooDeep(usize),
    /// A number that has more digits than would be kept.
    Imprecise(String),
    /// Not JSON: in the words of the reader, in English and with the place.
    Broken(String),
    /// It ends before its end, in the same words.
    CutShort(String),
    /// Not of the form that is expected, and the same words, which may name types of the program.
    Shape(ShapeFault, String),
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Path of the member: `applicant.siret`, `rows[1]`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub fault: JsonFault,
    /// Line, from 1; 0 where there is none.
    pub line: usize,
    /// Column, from 1; 0 where there is none.
    pub column: usize,
}

impl JsonError {
    /// Whether the whole is something else than JSON, rather than JSON with a fault.
    #[must_use]
    pub fn is_no_json(&self) -> bool {
        matches!(self.fault, JsonFault::NotUtf8 | JsonFault::Broken(_) | JsonFault::CutShort(_) | JsonFault::TooLong(_))
    }

    fn whole(fault: JsonFault) -> Self {
        Self { path: String::new(), fault, line: 0, column: 0 }
    }

    /// The error as a text for people.
    pub fn message(&self) -> Text {
        let words = match &self.fault {
            JsonFault::TooLong(most) => Text::new(format!("plus de {most} octets"), format!("more than {most} bytes")),
            JsonFault::NotUtf8 => Text::new("ce n’est pas de l’UTF-8 sans marque", "this is not UTF-8 without a mark"),
            JsonFault::Twice => Text::new("ce membre s’y trouve deux fois", "this member stands twice"),
            JsonFault::TooDeep(most) => {
                Text::new(format!("plus de {most} niveaux"), format!("more than {most} levels"))
            }
            JsonFault::Imprecise(number) => Text::new(
                format!("le nombre {number} serait arrondi : écrivez-le entre guillemets"),
                format!("the number {number} would be rounded: write it in quotes"),
            ),
            JsonFault::Broken(reason) => Text::new("ce n’est pas du JSON", reason.as_str()),
            JsonFault::CutShort(reason) => Text::new("le texte s’arrête avant sa fin", reason.as_str()),
            JsonFault::Shape(shape, reason) => Text::new(shape.message().fr, reason.as_str()),
        };
        let place = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        let (line, column) = (self.line, self.column);
        let mut at = Text::default();
        if line > 0 {
            at = Text::new(
                format!(" (ligne et colonne {line}, {column})"),
                format!(" (line and column {line}, {column})"),
            );
        }
        if matches!(self.fault, JsonFault::Broken(_) | JsonFault::CutShort(_) | JsonFault::Shape(..)) {
            // The reader's own words have their place in them.
            at.en.clear();
        }
        let french = place.replace(": ", " : ");
        Text::new(format!("{french}{}{}", words.fr, at.fr), format!("{place}{}{}", words.en, at.en))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().en)
    }
}

impl std::error::Error for JsonError {}

/// Reads a value from the bytes of a whole text.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, JsonError> {
    strict(bytes, limits)?;
    shaped(&mut serde_json::Deserializer::from_slice(bytes))
}

/// Makes something of a value that was read already, as strictly.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    shaped(value)
}

fn shaped<'de, T, D>(reader: D) -> Result<T, JsonError>
where
    T: DeserializeOwned,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(ObjectsOnly(reader)).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let inner = error.inner();
        JsonError { path, line: inner.line(), column: inner.column(), fault: fault(inner) }
    })
}

/// What the reader means by its words.
fn fault(error: &serde_json::Error) -> JsonFault {
    let reason = error.to_string();
    match error.classify() {
        Category::Eof => JsonFault::CutShort(reason),
        Category::Syntax | Category::Io => JsonFault::Broken(reason),
        Category::Data => JsonFault::Shape(ShapeFault::of(&reason), reason),
    }
}

/// Reads a value from text.
pub fn from_str<T: DeserializeOwned>(text: &str, limits: Limits) -> Result<T, JsonError> {
    from_slice(text.as_bytes(), limits)
}

/// Everything that is evaluated before anything is made of a text.
fn strict(bytes: &[u8], limits: Limits) -> Result<(), JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::whole(JsonFault::TooLong(limits.bytes)));
    }
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with('\u{feff}'));
    let text = text.ok_or_else(|| JsonError::whole(JsonFault::NotUtf8))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut walk = DuplicateWalk { path: String::new(), depth: limits.depth, fault: None };
    let walked = WalkVisitor(&mut walk).deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = walked {
        let DuplicateWalk { path, fault, .. } = walk;
        // The reader's own words have their place in them.
        let (path, fault) = fault.map_or_else(|| (String::new(), self::fault(&error)), |fault| (path, fault));
        return Err(JsonError { path, fault, line: error.line(), column: error.column() });
    }
    match rounded(text) {
        Some(at) => {
            let (before, number) = (&text[..at.start], &text[at.clone()]);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, str::len) + 1;
            let shown = number.chars().take(40).collect();
            Err(JsonError { path: String::new(), fault: JsonFault::Imprecise(shown), line, column })
        }
        None => Ok(()),
    }
}

/// Where the reader is, and what it has found.
struct DuplicateWalk {
    path: String,
    /// Levels that are left.
    depth: usize,
    fault: Option<JsonFault>,
}

/// One value, of which nothing is kept.
struct WalkVisitor<'a>(&'a mut DuplicateWalk);

impl WalkVisitor<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<(), E> {
        match self.0.depth.checked_sub(1) {
            Some(left) => self.0.depth = left,
            None => return Err(self.fault(JsonFault::TooDeep(MAX_DEPTH))),
        }
        Ok(())
    }

    fn fault<E: serde::de::Error>(&mut self, fault: JsonFault) -> E {
        self.0.fault = Some(fault);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for WalkVisitor<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WalkVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.deeper()?;
        let here = self.0.path.len();
        let mut index = 0_usize;
        loop {
            self.0.path.push_str(&format!("[{index}]"));
            if items.next_element_seed(WalkVisitor(self.0))?.is_none() {
                break;
            }
            self.0.path.truncate(here);
            index += 1;
        }
        self.0.path.truncate(here);
        self.0.depth += 1;
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.deeper()?;
        let here = self.0.path.len();
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if here > 0 {
                self.0.path.push('.');
            }
            self.0.path.push_str(&name);
            if !names.insert(name) {
                return Err(self.fault(JsonFault::Twice));
            }
            members.next_value_seed(WalkVisitor(self.0))?;
            self.0.path.truncate(here);
        }
        self.0.depth += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
