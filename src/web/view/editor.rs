//! One section of the form.

use super::{
    DossierPage,
    answers::brief,
    banner::Banner,
    field::{Drawing, FieldView, Input},
    money::{AmountsBox, feeds_budget},
    shell::Shell,
    status::{PrintHead, Sentence, missing, status},
};
use crate::domain::{access::Part, call::Section, document::Conflict, dossier::status::DepositStatus};
use askama::Template;

#[derive(Template)]
#[template(path = "view/editor.html")]
struct EditorTemplate<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    status: DepositStatus,
    /// Shown beside "Saved": whether the saved state is deposited.
    brief: Sentence<'a>,
    print_head: PrintHead<'a>,
    section: &'a Section,
    nav: Vec<SectionLink<'a>>,
    pieces: usize,
    next: Option<&'a Section>,
    /// The user may change it.
    writes: bool,
    fields: Vec<FieldView<'a>>,
    amounts: Option<AmountsBox<'a>>,
    saved: Option<&'a str>,
    conflicts: Vec<Clash<'a>>,
    was: String,
}

/// A section in the navigation of a dossier.
pub(super) struct SectionLink<'a> {
    pub section: &'a Section,
    pub missing: usize,
}

struct Clash<'a> {
    path: &'a str,
    label: &'a str,
    theirs: String,
    yours: String,
}

/// The sections, with what is missing in each.
pub(super) fn steps<'a>(s: &Shell<'a>, p: &DossierPage<'_>) -> Vec<SectionLink<'a>> {
    let all = missing(s, p);
    let missing = |id: &str| all.iter().filter(|finding| finding.section() == id).count();
    let given = s.call.sections.iter().filter(|section| p.share.section(&section.id));
    given.map(|section| SectionLink { section, missing: missing(&section.id) }).collect()
}

/// The editor of a section. `saved` is the time of day at which the server stored what is shown, if it just did.
pub fn editor(
    s: &Shell<'_>,
    page: &DossierPage<'_>,
    section: &Section,
    saved: Option<&str>,
    conflicts: &[Conflict],
) -> Result<String, askama::Error> {
    let given = page.dossier.draft.0.get(&section.id);
    let amounts = &page.evaluation.amounts;
    let drawing = Drawing { s, findings: &page.evaluation.findings, amounts: Some(amounts), saves: true };
    let fields = section
        .fields
        .iter()
        .map(|field| {
            let path = format!("{}.{}", section.id, field.id);
            let yours = conflicts.iter().find(|conflict| conflict.path == path).map(|conflict| &conflict.yours);
            drawing.field(section, field, yours.or_else(|| given?.get(&field.id)))
        })
        .collect();
    let clashes = conflicts
        .iter()
        .filter_map(|conflict| {
            let field = s.call.field(&conflict.path)?;
            Some(Clash {
                path: &conflict.path,
                label: field.label.get(s.lang),
                theirs: brief(field, &conflict.theirs, s.lang),
                yours: brief(field, &conflict.yours, s.lang),
            })
        })
        .collect();
    let place = s.call.sections.iter().position(|other| other.id == section.id);
    EditorTemplate {
        s,
        p: page,
        banner: Banner::new(s, page),
        brief: Sentence::new(s, status(s, page).brief()),
        status: status(s, page),
        print_head: PrintHead::new(s, page),
        section,
        nav: steps(s, page),
        pieces: missing(s, page).iter().filter(|finding| finding.section() == "pieces").count(),
        next: place.and_then(|place| s.call.sections.get(place + 1)).filter(|next| page.share.section(&next.id)),
        writes: page.share.writes(&Part::Section(section.id.clone())),
        fields,
        amounts: (feeds_budget(s, &section.id) && page.share.whole()).then(|| AmountsBox::new(s, amounts, true)),
        saved,
        conflicts: clashes,
        was: given.and_then(|given| serde_json::to_string(given).ok()).unwrap_or_else(|| "{}".into()),
    }
    .render()
}

impl EditorTemplate<'_> {
    fn title(&self) -> &str {
        match self.p.title {
            "" => self.s.tr("Projet sans titre", "Untitled project"),
            title => title,
        }
    }
    fn countries(&self) -> impl Iterator<Item = &'static str> {
        Input::countries(self.s.lang)
    }
    fn asks_country(&self) -> bool {
        use crate::domain::call::FieldKind::Country;
        self.section.fields.iter().any(|f| f.kind == Country || f.columns.iter().any(|column| column.kind == Country))
    }
}
