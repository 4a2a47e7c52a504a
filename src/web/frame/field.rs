//! One question of the form as native controls, for the editor and the simulator.

mod input;
pub mod posted;
mod table;

pub use input::Input;

use crate::{
    domain::{
        call::{Call, Condition, Field, FieldKind, Section},
        document::Value,
        evaluation::Amounts,
        finding::{Finding, Severity},
        text::Lang,
    },
    web::frame::{
        PageContext,
        why::{ToldReasons, Why},
        words::Words,
    },
};
use askama::Template;
use std::collections::BTreeSet;
use table::FieldTable;

/// The context in which a field is rendered.
#[derive(Clone, Copy)]
pub struct Drawing<'a> {
    pub s: &'a PageContext<'a>,
    pub findings: &'a [Finding],
    pub amounts: Option<&'a Amounts>,
    /// False in the simulator, which has no buttons that save.
    pub saves: bool,
}

/// A field with its label, help, control and errors.
#[derive(Template)]
#[template(path = "frame/field.html")]
pub struct FieldView<'a> {
    s: &'a PageContext<'a>,
    field: &'a Field,
    path: String,
    kind: &'static str,
    control: Control<'a>,
    note: Option<FieldMessage>,
    infos: Vec<&'a Finding>,
    words: Words<'a>,
    why: Why<'a>,
    when: Option<When>,
    required: bool,
    most_rows: Option<usize>,
    /// The input constraints, in a few words.
    limits: Option<String>,
    described: String,
}

enum Control<'a> {
    /// One control, named by a `<label for>`.
    Single(Input<'a>),
    /// Radio buttons or check boxes, named by a legend.
    Group(Input<'a>),
    /// A check box: its label follows it.
    Tick(Input<'a>),
    Rows(Box<FieldTable<'a>>),
}

/// The error of one control. The browser script finds it by its id, and replaces it when it knows better.
pub struct FieldMessage {
    pub id: String,
    pub severity: &'static str,
    pub text: String,
}

/// The condition of a field, for users and for the script that hides it.
struct When {
    field: String,
    is: String,
    text: String,
}

impl askama::filters::HtmlSafe for FieldView<'_> {}

/// The name of a kind, as used in `data-kind`.
pub fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::LongText => "long_text",
        FieldKind::Siren => "siren",
        FieldKind::Siret => "siret",
        FieldKind::Naf => "naf",
        FieldKind::Date => "date",
        FieldKind::Money => "money",
        FieldKind::Integer => "integer",
        FieldKind::Hundredths => "hundredths",
        FieldKind::Choice => "choice",
        FieldKind::Choices => "choices",
        FieldKind::YesNo => "yes_no",
        FieldKind::Declaration => "declaration",
        FieldKind::Email => "email",
        FieldKind::Url => "url",
        FieldKind::Phone => "phone",
        FieldKind::Country => "country",
        FieldKind::Table => "table",
    }
}

/// An id for style sheets and labels: `f-budget.persons-0-months`.
pub fn id(path: &str) -> String {
    format!("f-{}", path.replace("].", "-").replace(['[', ']'], "-"))
}

/// One message for the findings of a control; while nothing has been answered it is a reminder, not an error.
pub fn note<'a>(
    findings: impl Iterator<Item = &'a Finding>,
    control: &str,
    empty: bool,
    lang: &Lang,
) -> Option<FieldMessage> {
    let mut severity = None;
    let mut text = String::new();
    for finding in findings.filter(|finding| finding.severity != Severity::Info) {
        severity.get_or_insert(match finding.severity {
            Severity::Blocking if empty => "reminder",
            Severity::Blocking => "blocking",
            _ => "warning",
        });
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(finding.message.get(lang));
    }
    severity.map(|severity| FieldMessage { id: format!("{control}-error"), severity, text })
}

/// The texts of a question that its reader sees.
fn texts<'a>(field: &'a Field, lang: &Lang) -> Vec<&'a str> {
    let options = field.options.iter().chain(&field.fixed_rows);
    let cells = field.columns.iter().flat_map(|column| column.options.iter().map(|option| &option.label));
    let columns = field.columns.iter().map(|column| &column.label);
    let all = std::iter::once(&field.label).chain(&field.help).chain(options.map(|option| &option.label));
    all.chain(columns).chain(cells).map(|text| text.get(lang)).collect()
}

/// Leaves the explanation of a word to the first of these questions that uses it, and a reason to the first that has it;
/// `above` is what stands above them all.
pub fn explain_once<'f, 'a: 'f>(
    above: Option<&mut Words<'a>>,
    fields: impl IntoIterator<Item = &'f mut FieldView<'a>>,
) {
    let (mut explained, mut told) = (BTreeSet::new(), ToldReasons::default());
    if let Some(words) = above {
        words.leave_out(&mut explained);
    }
    for field in fields {
        field.words.leave_out(&mut explained);
        // The script hides a question whose condition does not hold.
        field.why.leave_out(&mut told, field.when.is_none());
    }
}

fn when(call: &Call, condition: &Condition, lang: &Lang) -> Option<When> {
    let other = call.field(&condition.field)?;
    let answers: Vec<&str> = condition
        .is
        .iter()
        .map(|wanted| match (wanted.as_str(), other.options.iter().find(|option| option.id == *wanted)) {
            (_, Some(option)) => option.label.get(lang),
            ("yes", None) => lang.tr("oui", "yes"),
            ("no", None) => lang.tr("non", "no"),
            (other, None) => other,
        })
        .collect();
    let label = other.label.get(lang);
    let text = match (lang, answers.is_empty()) {
        (Lang::Fr, true) => format!("Seulement si vous répondez à « {label} »."),
        (Lang::En, true) => format!("Only if you answer “{label}”."),
        (Lang::Fr, false) => format!("Seulement si la réponse à « {label} » est « {} ».", answers.join(" », « ")),
        (Lang::En, false) => format!("Only if the answer to “{label}” is “{}”.", answers.join("”, “")),
    };
    Some(When { field: condition.field.clone(), is: condition.is.join(","), text })
}

impl<'a> Drawing<'a> {
    /// Renders a field with its current answer.
    pub fn field(&self, section: &Section, field: &'a Field, value: Option<&'a Value>) -> FieldView<'a> {
        let path = format!("{}.{}", section.id, field.id);
        let empty = value.is_none_or(Value::is_empty);
        let here = || self.findings.iter().filter(|finding| finding.path == path);
        let when = field.when.as_ref().and_then(|condition| when(self.s.call, condition, self.s.lang));
        let mut input = Input::field(self.s, &path, field, value);
        let note = match field.kind {
            FieldKind::Table => None,
            _ => note(here(), &input.first_id(), empty, self.s.lang),
        };
        let table = (field.kind == FieldKind::Table).then(|| Box::new(FieldTable::new(self, &path, field, value)));
        let limits = limits(field.min_chars, field.max_chars, self.s.lang);
        let shown = note.as_ref().map(|note| &note.id).or(table.as_ref().and_then(|table| table.note_id()));
        let ids = [
            field.help.is_some().then(|| format!("h-{path}")),
            when.is_some().then(|| format!("w-{path}")),
            limits.is_some().then(|| format!("m-{path}")),
            shown.cloned(),
        ];
        let described = ids.into_iter().flatten().collect::<Vec<_>>().join(" ");
        input.described = described.clone();
        input.invalid = note.as_ref().is_some_and(|note| note.severity == "blocking");
        let control = match (table, field.kind) {
            (Some(table), _) => Control::Rows(table),
            (None, FieldKind::Declaration) => Control::Tick(input),
            (None, FieldKind::Choices | FieldKind::YesNo) => Control::Group(input),
            (None, FieldKind::Choice) if field.options.len() <= 6 => Control::Group(input),
            (None, _) => Control::Single(input),
        };
        let about = || self.findings.iter().filter(|finding| finding.field() == path);
        // A draft has reasons where something was found. The simulator, which finds nothing before it is sent, has them all.
        let own = field.rule.as_deref().filter(|_| !self.saves);
        let rules = own.into_iter().chain(about().map(|finding| finding.rule.as_str()));
        let known = about().filter_map(|finding| finding.interpretation.as_deref());
        let interpretations = field.interpretation.as_deref().into_iter().chain(known);
        let (s, label) = (self.s, field.label.get(self.s.lang));
        let why = Why::new(s.call, s.lang, s.call_url(""), label, rules, interpretations);
        let words = Words::of(s.call, s.lang, texts(field, s.lang));
        let infos = here().filter(|finding| finding.severity == Severity::Info).collect();
        FieldView {
            s: self.s,
            field,
            kind: kind_name(field.kind),
            required: field.required && self.saves,
            most_rows: (field.kind == FieldKind::Table).then(|| field.most_rows()),
            control,
            limits,
            described,
            note,
            infos,
            words: if when.is_some() { words.conditional() } else { words },
            why,
            when,
            path,
        }
    }
}

/// The input constraints, in a few words.
fn limits(least: Option<usize>, most: Option<usize>, lang: &Lang) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(match lang {
            Lang::Fr => format!("De {least} à {most} caractères."),
            Lang::En => format!("From {least} to {most} characters."),
        }),
        (None, Some(most)) => Some(match lang {
            Lang::Fr => format!("{most} caractères au plus."),
            Lang::En => format!("At most {most} characters."),
        }),
        (Some(least), None) => Some(match lang {
            Lang::Fr => format!("Au moins {least} caractères."),
            Lang::En => format!("At least {least} characters."),
        }),
        (None, None) => None,
    }
}
