//! What the law wants a site to tell: publisher and host, personal data, accessibility; with how to report a
//! vulnerability, and the map of the site.

use super::call::cached;
use crate::{
    app::{App, Ctx},
    domain::{call::Call, publisher::Conformity},
    web::frame::{HandlerResult, PageContext},
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

/// The pages about the site; those with `calls` name the calls of the host.
macro_rules! legal_pages {
    ($($(#[$doc:meta])* $name:ident, $page:ident $({ $calls:ident })?, $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        pub struct $page<'a> {
            pub s: &'a PageContext<'a>,
            $(pub $calls: &'a [&'a Call],)?
        }

        $(#[$doc])*
        pub async fn $name(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> HandlerResult {
            let call = app.call_of_host(&ctx)?;
            $(let $calls = &app.calls_of_host(&ctx);)?
            cached(&app, &ctx, call, &uri, &headers, |s| $page { s, $($calls)? }.render())
        }
    )*};
}

legal_pages! {
    /// Publisher, host, sources and licences (law 2004-575, article 1-1).
    legal, LegalPage { calls }, "pages/public/legal.html";
    /// Personal data (GDPR, article 13) and cookies.
    privacy, PrivacyPage { calls }, "pages/public/privacy.html";
    /// The accessibility statement (decree 2019-768).
    accessibility, AccessibilityPage, "pages/public/accessibility.html";
    /// How to report a vulnerability: the policy that `security.txt` names.
    vulnerabilities, VulnerabilitiesPage, "pages/public/vulnerabilities.html";
    site_map, SiteMapPage { calls }, "pages/public/site_map.html";
}

/// Names, each once.
fn distinct<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    found
}

impl PrivacyPage<'_> {
    /// Those who decide why and how the data of a call are used.
    fn controllers(&self, call: &Call) -> String {
        distinct([&call.contact.operator, &call.parties.grantor]).join(", ")
    }

    /// Those who decide on the aid and pay it.
    fn deciders(&self, call: &Call) -> String {
        let parties = &call.parties;
        distinct([&parties.grantor, &parties.signatory, &parties.payer]).join(", ")
    }

    fn contributors(&self, call: &Call) -> String {
        distinct(call.bricks.iter().map(|brick| &brick.contributor)).join(", ")
    }

    fn months(&self, months: &Option<u32>) -> String {
        self.duration(months, ("mois", "mois"), ("month", "months"))
    }

    fn years(&self, years: &Option<u32>) -> String {
        self.duration(years, ("an", "ans"), ("year", "years"))
    }

    /// A number of units, in French and in English; each in the singular and the plural.
    fn duration(&self, number: &Option<u32>, fr: (&str, &str), en: (&str, &str)) -> String {
        let (one, more) = if self.s.fr() { fr } else { en };
        number.map_or_else(
            || self.s.told(&None).to_owned(),
            |number| format!("{number}\u{a0}{}", if number < 2 { one } else { more }),
        )
    }
}

impl AccessibilityPage<'_> {
    /// Where obstacles are reported.
    fn email(&self) -> Option<&str> {
        let publisher = self.s.publisher;
        publisher.accessibility.email.as_deref().or(publisher.email.as_deref())
    }

    fn full(&self) -> bool {
        self.s.publisher.accessibility.conformity() == Conformity::Full
    }
}

impl VulnerabilitiesPage<'_> {
    fn email(&self) -> &str {
        self.s.publisher.security_email().unwrap_or(&self.s.call.contact.email)
    }
}
