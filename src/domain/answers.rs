//! The answers read as what they mean: numbers, days, company numbers; and what could not be read.

use super::{
    call::{Call, Choice, Column, Condition, Field, Kind, Section},
    company,
    document::{Document, Row, Value, row_is_empty},
    finding::{Finding, Severity},
    money::{Cents, NumberError, decimal, parse_hundredths},
    text::Text,
};
use jiff::civil::Date;

/// A document whose readable answers are in normal form: `73282932000074`, `2024-07-31`, `125000.50`.
///
/// The getters answer none for what is empty or could not be read, so that a check never judges a misread figure.
#[derive(Clone, Debug)]
pub struct Answers(Document);

impl Answers {
    /// Reads a document; the findings name every answer that could not be read, is too long or is missing.
    #[must_use]
    pub fn read(call: &Call, document: &Document) -> (Self, Vec<Finding>) {
        let mut normal = document.clone();
        let mut findings = Vec::new();
        for section in &call.sections {
            let answers = normal.0.entry(section.id.clone()).or_default();
            for field in &section.fields {
                let mut reading = Reading { call, section, field, findings: &mut findings };
                if !holds(field.when.as_ref(), document) {
                    // Not asked, so neither judged, nor counted, nor sealed; the draft keeps it.
                    answers.remove(&field.id);
                    continue;
                }
                if let Some(value) = answers.get_mut(&field.id).filter(|value| !value.is_empty()) {
                    reading.value(value);
                } else if field.required {
                    reading.missing();
                }
            }
        }
        normal.0.retain(|_, answers| !answers.is_empty());
        (Self(normal), findings)
    }

    /// The document in normal form, which receipts seal.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.0
    }
    /// True when nothing stands at the path.
    #[must_use]
    pub fn is_empty(&self, path: &str) -> bool {
        self.0.get(path).is_none_or(Value::is_empty)
    }
    /// Text, trimmed.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        self.0.text(path)
    }
    /// Number in hundredths; money is cents.
    #[must_use]
    pub fn hundredths(&self, path: &str) -> Option<i64> {
        parse_hundredths(self.0.text(path)).ok()
    }
    /// Money; what is empty counts as nothing.
    #[must_use]
    pub fn cents(&self, path: &str) -> Cents {
        Cents(self.hundredths(path).unwrap_or(0))
    }
    /// Whole number.
    #[must_use]
    pub fn integer(&self, path: &str) -> Option<i64> {
        self.0.text(path).parse().ok()
    }
    /// Day.
    #[must_use]
    pub fn date(&self, path: &str) -> Option<Date> {
        day(self.0.text(path)).ok()
    }
    /// Ticked choices.
    #[must_use]
    pub fn choices(&self, path: &str) -> &[String] {
        match self.0.get(path) {
            Some(Value::Choices(choices)) => choices,
            _ => &[],
        }
    }
    /// Rows that hold anything.
    pub fn rows(&self, path: &str) -> impl Iterator<Item = (usize, &Row)> {
        self.0.rows(path)
    }
}

/// A cell as hundredths; what is empty or unreadable counts as nothing.
#[must_use]
pub fn cell_hundredths(row: &Row, column: &str) -> i64 {
    row.get(column).and_then(|cell| parse_hundredths(cell).ok()).unwrap_or(0)
}

/// A cell as a day.
#[must_use]
pub fn cell_date(row: &Row, column: &str) -> Option<Date> {
    row.get(column).and_then(|cell| day(cell).ok())
}

/// Whether a field or piece is asked for.
#[must_use]
pub fn holds(condition: Option<&Condition>, document: &Document) -> bool {
    let Some(condition) = condition else { return true };
    match document.get(&condition.field) {
        None => false,
        Some(value) if condition.is.is_empty() => !value.is_empty(),
        Some(Value::Text(text)) => condition.is.iter().any(|wanted| wanted == text.trim()),
        Some(Value::Choices(choices)) => condition.is.iter().any(|wanted| choices.contains(wanted)),
        Some(Value::Flag(flag)) => condition.is.iter().any(|wanted| wanted == if *flag { "yes" } else { "no" }),
        Some(Value::Rows(_)) => false,
    }
}

/// Reading one field: where findings come from.
struct Reading<'a> {
    call: &'a Call,
    section: &'a Section,
    field: &'a Field,
    findings: &'a mut Vec<Finding>,
}

impl Reading<'_> {
    fn path(&self) -> String {
        format!("{}.{}", self.section.id, self.field.id)
    }

    fn find(&mut self, path: String, message: Text) {
        let rule = self.field.rule.clone().unwrap_or_else(|| {
            let piece = self.call.pieces.iter().find(|piece| piece.sections.contains(&self.section.id));
            piece.map_or_else(|| self.section.letter.clone(), |piece| piece.rule.clone())
        });
        let interpretation = self.field.interpretation.clone();
        self.findings.push(Finding { rule, severity: Severity::Blocking, path, message, interpretation });
    }

    fn missing(&mut self) {
        let label = &self.field.label;
        let message = match self.field.kind {
            Kind::Declaration => {
                Text::new(format!("Déclaration à cocher : {}", label.fr), format!("Statement to tick: {}", label.en))
            }
            Kind::Table if !self.field.fixed_rows.is_empty() => Text::new(
                format!("« {} » : remplissez chaque ligne.", label.fr),
                format!("“{}”: fill in every row.", label.en),
            ),
            Kind::Table => Text::new(
                format!("« {} » : ajoutez au moins une ligne.", label.fr),
                format!("“{}”: add at least one row.", label.en),
            ),
            _ => Text::new(format!("« {} » est à remplir.", label.fr), format!("“{}” must be filled in.", label.en)),
        };
        self.find(self.path(), message);
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Text(text) => match normal(self.field.kind, &self.field.options, text) {
                Ok(normal) => {
                    self.bounds(&normal);
                    *text = normal;
                }
                Err(problem) => self.find(self.path(), named(&self.field.label, &problem)),
            },
            Value::Choices(choices) => {
                let unknown: Vec<_> = choices.iter().filter(|choice| !known(&self.field.options, choice)).collect();
                if !unknown.is_empty() {
                    let list = unknown.iter().map(|choice| choice.as_str()).collect::<Vec<_>>().join(", ");
                    let problem = Text::new(format!("choix inconnu : {list}."), format!("unknown choice: {list}."));
                    self.find(self.path(), named(&self.field.label, &problem));
                }
            }
            Value::Rows(rows) => self.rows(rows),
            Value::Flag(_) => {}
        }
    }

    fn bounds(&mut self, text: &str) {
        let field = self.field;
        let length = text.chars().count();
        if let Some(most) = field.max_chars.filter(|most| length > *most) {
            let over = length - most;
            self.find(
                self.path(),
                named(
                    &field.label,
                    &Text::new(
                        format!("{length} caractères pour {most} au plus : retirez-en {over}. Rien n'est coupé."),
                        format!("{length} characters for {most} at most: remove {over}. Nothing is cut off."),
                    ),
                ),
            );
        }
        if let Some(least) = field.min_chars.filter(|least| length < *least) {
            self.find(
                self.path(),
                named(
                    &field.label,
                    &Text::new(
                        format!("{length} caractères pour {least} au moins."),
                        format!("{length} characters for {least} at least."),
                    ),
                ),
            );
        }
        for problem in out_of_range(field.kind, field.min, field.max, text) {
            self.find(self.path(), named(&field.label, &problem));
        }
    }

    fn rows(&mut self, rows: &mut [Row]) {
        let filled = rows.iter().filter(|row| !row_is_empty(row)).count();
        if let Some(least) = self.field.min_rows.filter(|least| self.field.required && filled < *least) {
            let problem = Text::new(
                format!("{filled} ligne(s) pour {least} au moins."),
                format!("{filled} row(s) for {least} at least."),
            );
            self.find(self.path(), named(&self.field.label, &problem));
        }
        let most = self.field.max_rows.unwrap_or(50);
        if filled > most {
            let problem = Text::new(
                format!("{filled} lignes pour {most} au plus."),
                format!("{filled} rows for {most} at most."),
            );
            self.find(self.path(), named(&self.field.label, &problem));
        }
        let grid = !self.field.fixed_rows.is_empty();
        for (index, row) in rows.iter_mut().enumerate() {
            if !grid && row_is_empty(row) {
                continue;
            }
            for column in &self.field.columns {
                self.cell(index, column, row);
            }
        }
    }

    fn cell(&mut self, index: usize, column: &Column, row: &mut Row) {
        let cell = row.get(&column.id).map(|cell| cell.trim()).unwrap_or_default();
        if cell.is_empty() {
            if column.required && column.id != "row" {
                let label = self.cell_label(index, column);
                let message =
                    Text::new(format!("« {} » est à remplir.", label.fr), format!("“{}” must be filled in.", label.en));
                self.find(self.cell_path(index, column), message);
            }
            return;
        }
        let problems = match normal(column.kind, &column.options, cell) {
            Ok(normal) => {
                let mut problems = out_of_range(column.kind, column.min, column.max, &normal);
                problems.extend(too_long(&normal, column.max_chars));
                row.insert(column.id.clone(), normal);
                problems
            }
            Err(problem) => vec![problem],
        };
        for problem in problems {
            let message = named(&self.cell_label(index, column), &problem);
            self.find(self.cell_path(index, column), message);
        }
    }

    fn cell_path(&self, index: usize, column: &Column) -> String {
        format!("{}[{index}].{}", self.path(), column.id)
    }

    fn cell_label(&self, index: usize, column: &Column) -> Text {
        Text::new(
            format!("{}, ligne {} : {}", self.field.label.fr, index + 1, column.label.fr),
            format!("{}, row {}: {}", self.field.label.en, index + 1, column.label.en),
        )
    }
}

fn too_long(text: &str, most: Option<usize>) -> Option<Text> {
    let length = text.chars().count();
    let most = most.filter(|most| length > *most)?;
    Some(Text::new(
        format!("{length} caractères pour {most} au plus."),
        format!("{length} characters for {most} at most."),
    ))
}

/// What is wrong with a number that can be read.
fn out_of_range(kind: Kind, min: Option<i64>, max: Option<i64>, text: &str) -> Vec<Text> {
    let (number, show): (Option<i64>, fn(i64) -> String) = match kind {
        Kind::Integer => (text.parse().ok(), |n| n.to_string()),
        Kind::Money => (parse_hundredths(text).ok(), |n| Cents(n).show()),
        Kind::Hundredths => (parse_hundredths(text).ok(), |n| decimal(n).replace('.', ",")),
        _ => return Vec::new(),
    };
    let Some(number) = number else { return Vec::new() };
    let low = min
        .filter(|least| number < *least)
        .map(|least| Text::new(format!("au moins {}.", show(least)), format!("must be at least {}.", show(least))));
    let high = max
        .filter(|most| number > *most)
        .map(|most| Text::new(format!("au plus {}.", show(most)), format!("must be at most {}.", show(most))));
    low.into_iter().chain(high).collect()
}

fn named(label: &Text, problem: &Text) -> Text {
    Text::new(format!("« {} » : {}", label.fr, problem.fr), format!("“{}”: {}", label.en, problem.en))
}

fn known(options: &[Choice], id: &str) -> bool {
    options.iter().any(|option| option.id == id)
}

/// Brings one scalar to its normal form, or says why it cannot be read.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn normal(kind: Kind, options: &[Choice], text: &str) -> Result<String, Text> {
    let text = text.trim();
    let refuse = |ok: Option<String>, fr: &str, en: &str| ok.ok_or_else(|| Text::new(fr, en));
    match kind {
        Kind::Text | Kind::LongText => Ok(text.to_owned()),
        Kind::Siren => refuse(
            company::siren(text),
            "ce n'est pas un SIREN : 9 chiffres, dont une clé de contrôle.",
            "this is not a SIREN: 9 digits, one of them a check digit.",
        ),
        Kind::Siret => refuse(
            company::siret(text),
            "ce n'est pas un SIRET : 14 chiffres, dont une clé de contrôle.",
            "this is not a SIRET: 14 digits, one of them a check digit.",
        ),
        Kind::Naf => refuse(
            company::naf(text),
            "un code NAF a quatre chiffres et une lettre, par exemple 62.01Z.",
            "a NAF code has four digits and a letter, such as 62.01Z.",
        ),
        Kind::Date => day(text).map(|day| day.to_string()),
        Kind::Money | Kind::Hundredths => parse_hundredths(text).map(decimal).map_err(number_problem),
        Kind::Integer => refuse(
            text.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse::<i64>().ok().map(|n| n.to_string()),
            "un nombre entier est attendu, par exemple 12.",
            "a whole number is expected, such as 12.",
        ),
        Kind::Choice => refuse(
            known(options, text).then(|| text.to_owned()),
            "choisissez l'une des réponses proposées.",
            "choose one of the answers offered.",
        ),
        Kind::YesNo => refuse(
            matches!(text, "yes" | "no").then(|| text.to_owned()),
            "répondez par oui ou par non.",
            "answer yes or no.",
        ),
        Kind::Email => refuse(
            email(text),
            "ce n'est pas une adresse électronique, par exemple nom@entreprise.fr.",
            "this is not an e-mail address, such as name@company.com.",
        ),
        Kind::Url => refuse(
            url(text),
            "ce n'est pas une adresse de site, par exemple https://entreprise.fr.",
            "this is not a web address, such as https://company.com.",
        ),
        Kind::Phone => refuse(
            phone(text),
            "un numéro de téléphone a 8 à 15 chiffres, par exemple +33 1 23 45 67 89.",
            "a telephone number has 8 to 15 digits, such as +33 1 23 45 67 89.",
        ),
        Kind::Country => refuse(
            (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())).then(|| text.to_uppercase()),
            "un pays est un code de deux lettres, FR pour la France.",
            "a country is a code of two letters, FR for France.",
        ),
        Kind::Choices | Kind::Declaration | Kind::Table => Ok(text.to_owned()),
    }
}

fn number_problem(error: NumberError) -> Text {
    match error {
        NumberError::Malformed => {
            Text::new("un nombre est attendu, par exemple 125 000,50.", "a number is expected, such as 125000.50.")
        }
        NumberError::Ambiguous => Text::new(
            "ce nombre peut se lire de deux façons : écrivez 125 000 ou 125,00.",
            "this number can be read in two ways: write 125000 or 125.00.",
        ),
        NumberError::TooPrecise => Text::new("deux décimales au plus.", "two decimals at most."),
        NumberError::TooLarge => Text::new("ce nombre est trop grand.", "this number is too large."),
    }
}

/// Reads `31/07/2024`, `31-07-2024` or `2024-07-31`.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn day(text: &str) -> Result<Date, Text> {
    let wrong = || Text::new("une date est attendue : jj/mm/aaaa.", "a date is expected: dd/mm/yyyy.");
    let text = text.trim();
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts[..] else { return Err(wrong()) };
    if !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(wrong());
    }
    let (year, month, day) = if first.len() == 4 { (first, second, third) } else { (third, second, first) };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return Err(wrong());
    }
    let number = |part: &str| part.parse::<i16>().map_err(|_| wrong());
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let narrow = |n: i16| i8::try_from(n).map_err(|_| wrong());
    Date::new(year, narrow(month)?, narrow(day)?)
        .ok()
        .filter(|date| (1900..=2200).contains(&date.year()))
        .ok_or_else(|| Text::new("cette date n'existe pas.", "there is no such date."))
}

/// An address that could receive mail: one `@`, a dot in the domain, no spaces; the link that is sent proves the rest.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let fine = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()\",;:\\@".contains(c))
    };
    let labels = domain.split('.').collect::<Vec<_>>();
    (text.len() <= 254 && fine(local) && fine(domain) && labels.len() > 1 && labels.iter().all(|l| !l.is_empty()))
        .then(|| format!("{local}@{}", domain.to_lowercase()))
}

fn url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    (host.contains('.') && !rest.chars().any(char::is_whitespace)).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let cleaned: String = text.chars().filter(|c| !c.is_whitespace() && !".-()".contains(*c)).collect();
    let digits = cleaned.strip_prefix('+').unwrap_or(&cleaned);
    ((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for text in ["31/07/2024", "2024-07-31", "31-7-2024", " 31.07.2024 "] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), Ok("2024-07-31"), "{text}");
        }
        for text in ["30/02/2024", "31/07/24", "07/31/2024", "", "demain", "1/2", "9999-99-99"] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(email("Ada@Exemple.FR").as_deref(), Some("Ada@exemple.fr"));
        for text in ["ada", "ada@", "@exemple.fr", "a b@exemple.fr", "ada@exemple", "a@b@c.fr", "ada@.fr"] {
            assert_eq!(email(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn normal_forms_are_stable(text in "\\PC{0,30}") {
            for kind in [Kind::Text, Kind::Siren, Kind::Siret, Kind::Date, Kind::Money, Kind::Integer, Kind::Email, Kind::Url, Kind::Phone] {
                if let Ok(once) = normal(kind, &[], &text) {
                    prop_assert_eq!(normal(kind, &[], &once), Ok(once));
                }
            }
        }
    }
}
