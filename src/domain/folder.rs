//! A dossier as a folder of files: `dossier.toml` with the answers, and the pieces that it names.
//!
//! Any string that starts with an anchor is a day relative to today, so that an example does not age: `@today`,
//! `@today+30`, `@today-20`, `@today+30+12m-1d`. `@year-end` is the last 31 December before today, the usual end of a
//! financial year. Steps are applied from left to right, in days (`d`, or nothing) or months (`m`).

use super::{answers, calendar::RoundId};
use jiff::{Span, civil::Date};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use toml::Value as Toml;

/// A dossier read from a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderDossier {
    pub call: String,
    pub round: RoundId,
    /// `section → field → value`, not yet checked against the form.
    pub answers: Json,
    /// The pieces, in the order of the file.
    pub pieces: Vec<FolderPiece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPiece {
    /// Code of the piece in the call.
    pub code: String,
    /// The file, relative to the folder.
    pub file: String,
    /// Day of issue.
    pub issued: Option<Date>,
}

/// Why a file of the folder cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Invalid TOML or unexpected structure: the message gives line, column and key.
    #[error("{0}")]
    Toml(String),
    /// A relative day that cannot be computed.
    #[error("line {line}, {key}: “{text}” is not a day; write @today, @today+30, @today-20 or @today+30+12m-1d")]
    Day {
        /// Line of the file.
        line: usize,
        key: String,
        text: String,
    },
    /// A number that no answer can be.
    #[error("{0}: not a finite number")]
    Number(String),
    /// Two files for one piece.
    #[error("pieces: {0} stands twice")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    call: String,
    round: RoundId,
    answers: toml::Table,
    #[serde(default)]
    pieces: Vec<FilePiece>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePiece {
    code: String,
    file: String,
    #[serde(default)]
    issued: Option<Toml>,
}

/// Parses a `dossier.toml`; relative days are computed from `today`.
///
/// # Errors
/// See [`FolderError`]; unknown keys are rejected. Whether the answers fit the form is checked by the document.
pub fn parse(text: &str, today: Date) -> Result<FolderDossier, FolderError> {
    let file: File = toml::from_str(text).map_err(|error| FolderError::Toml(error.to_string().trim_end().into()))?;
    let reader = FolderReader { text, today };
    let answers = reader.json("answers", Toml::Table(file.answers))?;
    let mut codes = BTreeSet::new();
    let mut pieces = Vec::new();
    for piece in file.pieces {
        if !codes.insert(piece.code.clone()) {
            return Err(FolderError::Twice(piece.code));
        }
        let key = format!("pieces.{}.issued", piece.code);
        let issued = piece.issued.map(|value| reader.issued(&key, value)).transpose()?;
        pieces.push(FolderPiece { code: piece.code, file: piece.file, issued });
    }
    Ok(FolderDossier { call: file.call, round: file.round, answers, pieces })
}

struct FolderReader<'a> {
    text: &'a str,
    today: Date,
}

impl FolderReader<'_> {
    fn json(&self, key: &str, value: Toml) -> Result<Json, FolderError> {
        Ok(match value {
            Toml::String(text) => Json::from(self.string(key, text)?),
            Toml::Integer(number) => Json::from(number),
            Toml::Float(number) => {
                serde_json::Number::from_f64(number).ok_or_else(|| FolderError::Number(key.into()))?.into()
            }
            Toml::Boolean(flag) => Json::from(flag),
            Toml::Datetime(moment) => Json::from(moment.to_string()),
            Toml::Array(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(index, item)| self.json(&format!("{key}[{index}]"), item)).collect::<Result<_, _>>()?
            }
            Toml::Table(table) => {
                let entries = table.into_iter();
                let read = entries.map(|(name, item)| Ok((name.clone(), self.json(&format!("{key}.{name}"), item)?)));
                Json::Object(read.collect::<Result<_, FolderError>>()?)
            }
        })
    }

    fn string(&self, key: &str, text: String) -> Result<String, FolderError> {
        match relative(&text, self.today) {
            None => Ok(text),
            Some(Some(day)) => Ok(day.to_string()),
            Some(None) => Err(self.no_day(key, text)),
        }
    }

    fn issued(&self, key: &str, value: Toml) -> Result<Date, FolderError> {
        let text = match value {
            Toml::String(text) => self.string(key, text)?,
            other => other.to_string(),
        };
        answers::day(&text).map_err(|_| self.no_day(key, text))
    }

    fn no_day(&self, key: &str, text: String) -> FolderError {
        let line = self.text.lines().position(|line| line.contains(&text)).map_or(0, |index| index + 1);
        FolderError::Day { line, key: key.into(), text }
    }
}

/// `None`: ordinary text. `Some(None)`: a relative day that cannot be computed.
fn relative(text: &str, today: Date) -> Option<Option<Date>> {
    if let Some(steps) = text.strip_prefix("@today") {
        return Some(walk(today, steps));
    }
    let steps = text.strip_prefix("@year-end")?;
    Some(Date::new(today.year() - 1, 12, 31).ok().and_then(|end| walk(end, steps)))
}

fn walk(from: Date, mut steps: &str) -> Option<Date> {
    let mut day = from;
    while !steps.is_empty() {
        let sign = if steps.starts_with('+') { 1 } else { -1 };
        let rest = steps.strip_prefix(['+', '-'])?;
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let (step, next) = rest.split_at(end);
        let (digits, months) = match step.strip_suffix('m') {
            Some(digits) => (digits, true),
            None => (step.strip_suffix('d').unwrap_or(step), false),
        };
        let count = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?? * sign;
        let span = if months { Span::new().try_months(count) } else { Span::new().try_days(count) };
        day = day.checked_add(span.ok()?).ok()?;
        steps = next;
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2027, 12, 31);

    fn day(text: &str) -> Option<Option<String>> {
        relative(text, TODAY).map(|day| day.map(|day| day.to_string()))
    }

    #[test]
    fn days_are_reckoned_from_left_to_right() {
        for (text, expected) in [
            ("@today", "2027-12-31"),
            ("@today+30", "2028-01-30"),
            ("@today+30d", "2028-01-30"),
            ("@today-20", "2027-12-11"),
            ("@today+60", "2028-02-29"),
            ("@today+60+12m", "2029-02-28"),
            ("@today+60+12m-1d", "2029-02-27"),
            ("@today-1m", "2027-11-30"),
            ("@year-end", "2026-12-31"),
            ("@year-end-2m", "2026-10-31"),
        ] {
            assert_eq!(day(text), Some(Some(expected.into())), "{text}");
        }
        for text in [
            "@today30",
            "@today+",
            "@today+-3",
            "@today+3y",
            "@today + 3",
            "@today+999999999999999999999",
            "@today+9999999",
            "@todays",
            "@year-end+m",
        ] {
            assert_eq!(day(text), Some(None), "{text}");
        }
        for text in ["", "today", "à @today", "@ada", "2027-12-31"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_folder_is_read() -> Result<(), FolderError> {
        let text = r#"
            call = "c"
            round = "r"
            [answers.a]
            text = "@today+1"
            ticked = true
            native = 2027-01-02
            count = 12
            amount = 1250.5
            many = ["x", "@today"]
            [[answers.a.rows]]
            when = "@today-1m"
            [[pieces]]
            code = "P1"
            file = "one.pdf"
            issued = "@today-1"
            [[pieces]]
            code = "P2"
            file = "two.pdf"
            issued = "31/01/2027"
            [[pieces]]
            code = "P3"
            file = "three.pdf"
            issued = 2027-03-04
            [[pieces]]
            code = "P4"
            file = "four.pdf"
        "#;
        let folder = parse(text, TODAY)?;
        assert_eq!((folder.call.as_str(), folder.round.0.as_str()), ("c", "r"));
        let expected = serde_json::json!({ "a": {
            "text": "2028-01-01", "ticked": true, "native": "2027-01-02", "count": 12, "amount": 1250.5,
            "many": ["x", "2027-12-31"], "rows": [{ "when": "2027-11-30" }],
        }});
        assert_eq!(folder.answers, expected);
        let issued: Vec<_> = folder.pieces.iter().map(|piece| piece.issued).collect();
        let days = [date(2027, 12, 30), date(2027, 1, 31), date(2027, 3, 4)].map(Some);
        assert_eq!(issued, days.into_iter().chain([None]).collect::<Vec<_>>());
        Ok(())
    }

    #[test]
    fn faults_name_their_place() {
        let fault = |text: &str| parse(text, TODAY).err().map(|error| error.to_string()).unwrap_or_default();
        let head = "call = \"c\"\nround = \"r\"\n[answers.a]\n";
        let unknown = fault("call = \"c\"\nround = \"r\"\nsurprise = 1\n[answers]\n");
        assert!(unknown.contains("line 3") && unknown.contains("surprise"), "{unknown}");
        assert!(fault("call = \"c\"\n[answers]\n").contains("round"));
        assert!(fault("call = \"c\"\nround = \"r\"\n").contains("answers"));
        let piece = fault(&format!("{head}[[pieces]]\ncode = \"P7\"\nfile = \"x\"\nday = \"y\"\n"));
        assert!(piece.contains("line 7") && piece.contains("day"), "{piece}");
        let wrong = fault(&format!("{head}x = \"fine\"\nstart = \"@today+soon\"\n"));
        assert!(wrong.starts_with("line 5, answers.a.start: “@today+soon”"), "{wrong}");
        let issued = fault(&format!("{head}[[pieces]]\ncode = \"P7\"\nfile = \"x\"\nissued = \"hier\"\n"));
        assert!(issued.starts_with("line 7, pieces.P7.issued: “hier”"), "{issued}");
        assert_eq!(fault(&format!("{head}n = nan\n")), "answers.a.n: not a finite number");
        let twice = "[[pieces]]\ncode = \"P7\"\nfile = \"x\"\n".repeat(2);
        assert_eq!(fault(&format!("{head}{twice}")), "pieces: P7 stands twice");
    }

    proptest! {
        #[test]
        fn no_text_panics(steps in "[-+0-9md]{0,24}", text in "\\PC{0,200}") {
            let _walked = relative(&format!("@today{steps}"), TODAY);
            let _read = parse(&text, TODAY);
        }
    }
}
