//! The files that programs look for at fixed addresses: `robots.txt`, `sitemap.xml`, `favicon.ico`, `security.txt`.

use super::{embedded, error::Failure, extract::AnonymousCtx, frame::LocalizedUrl};
use crate::{
    app::{App, AppError, Ctx},
    domain::{call::Call, text::Lang},
};
use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};

/// Addresses that search engines leave alone: those of accounts, applications and programs.
const PRIVATE_PATHS: [&str; 13] = [
    "/account", "/api/", "/calls/*/rounds/", "/calls/*/simulations/", "/demo/", "/dossiers", "/emergency", "/mails",
    "/orders", "/receipts", "/reviews", "/sign-in", "/verify/",
];

/// How long caches keep these files.
const CACHE_ONE_HOUR: &str = "public, max-age=3600";
/// How long caches keep the icon.
const CACHE_ONE_DAY: &str = "public, max-age=86400";

/// Lifetime of a `security.txt`: RFC 9116, section 2.5.5, recommends less than a year.
const SECURITY_TXT_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

fn file(media_type: &'static str, cache_control: &'static str, content: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, cache_control)], content).into_response()
}

/// What search engines may read.
pub async fn robots(State(app): State<App>, AnonymousCtx(ctx): AnonymousCtx) -> Response {
    file(PLAIN_TEXT, CACHE_ONE_HOUR, robots_txt(app.origin(&ctx)))
}

fn robots_txt(origin: &str) -> String {
    let private = PRIVATE_PATHS.iter().flat_map(|path| ["", "/en"].map(|prefix| format!("Disallow: {prefix}{path}\n")));
    format!("User-agent: *\n{}\nSitemap: {origin}/sitemap.xml\n", private.collect::<String>())
}

/// The public pages in both languages.
#[derive(Template)]
#[template(path = "sitemap.xml")]
struct SiteMap {
    addresses: Vec<String>,
}

/// The list of public pages for search engines (sitemaps.org).
pub async fn sitemap(State(app): State<App>, AnonymousCtx(ctx): AnonymousCtx) -> Result<Response, Failure> {
    let map = SiteMap { addresses: addresses(&app, &ctx) };
    Ok(file("application/xml; charset=utf-8", CACHE_ONE_HOUR, map.render()?))
}

fn addresses(app: &App, ctx: &Ctx) -> Vec<String> {
    let several = app.calls.len() > 1;
    let of_calls = app.calls_of_host(ctx).into_iter().flat_map(|call| call_paths(call, several));
    let of_portal = ["/verify", "/legal", "/privacy", "/accessibility", "/vulnerabilities", "/site-map"];
    let paths = of_calls.chain(of_portal.map(str::to_owned));
    let origin = app.origin(ctx);
    let both = |path: String| Lang::ALL.map(|lang| format!("{origin}{}", LocalizedUrl::new(lang, &path)));
    paths.flat_map(both).collect()
}

/// The public pages of a call.
fn call_paths(call: &Call, several: bool) -> Vec<String> {
    let base = format!("/calls/{}", call.id);
    let home = if several { base.clone() } else { "/".to_owned() };
    let mut names = vec!["/simulator".to_owned(), "/rules".into(), "/criteria".into(), "/interpretations".into()];
    if !call.faq.is_empty() {
        names.push("/faq".into());
    }
    if !call.bricks.is_empty() {
        names.push("/bricks".into());
        names.extend(call.bricks.iter().map(|brick| format!("/bricks/{}", brick.slug)));
    }
    std::iter::once(home).chain(names.iter().map(|name| format!("{base}{name}"))).collect()
}

/// The icon for programs that look for it without reading a page.
pub async fn favicon() -> Result<Response, Failure> {
    let icon = embedded::asset("favicon.ico").ok_or(AppError::NotFound)?;
    Ok(file("image/vnd.microsoft.icon", CACHE_ONE_DAY, icon.into_owned()))
}

/// Where to report a vulnerability (RFC 9116).
pub async fn security(State(app): State<App>, AnonymousCtx(ctx): AnonymousCtx) -> Result<Response, Failure> {
    let of_call = &app.call_of_host(&ctx)?.contact.email;
    let contact = app.config.publisher.security_email().unwrap_or(of_call);
    Ok(file(PLAIN_TEXT, CACHE_ONE_HOUR, security_txt(app.origin(&ctx), contact, ctx.now)))
}

fn security_txt(origin: &str, contact: &str, now: Timestamp) -> String {
    let expires = now.saturating_add(SECURITY_TXT_LIFETIME).unwrap_or(now);
    format!(
        "Contact: mailto:{contact}\n\
         Expires: {expires:.0}\n\
         Preferred-Languages: fr, en\n\
         Canonical: {origin}/.well-known/security.txt\n\
         Policy: {origin}/vulnerabilities\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::load;

    #[test]
    fn search_engines_are_told_what_is_private_in_both_languages() {
        let text = robots_txt("https://guichet.example");
        for line in ["Disallow: /dossiers", "Disallow: /en/dossiers", "Disallow: /calls/*/rounds/"] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(!text.lines().any(|line| line == "Disallow: /"), "public pages may be read: {text}");
        assert!(text.ends_with("\nSitemap: https://guichet.example/sitemap.xml\n"));
    }

    #[test]
    fn the_way_to_report_a_vulnerability_expires_within_a_year() {
        let now: Timestamp = "2026-11-30T08:07:06.123456789Z".parse().unwrap();
        assert_eq!(
            security_txt("https://guichet.example", "a@example.org", now),
            "Contact: mailto:a@example.org\nExpires: 2027-05-29T08:07:06Z\nPreferred-Languages: fr, en\n\
             Canonical: https://guichet.example/.well-known/security.txt\nPolicy: https://guichet.example/vulnerabilities\n"
        );
    }

    #[test]
    fn the_map_names_each_page_of_a_call_once() {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/calls/hyper-open-x.toml"));
        let call = load("hyper-open-x.toml", text).unwrap();
        let paths = call_paths(&call, false);
        assert_eq!((paths[0].as_str(), paths.len()), ("/", 7 + call.bricks.len()));
        assert_eq!(call_paths(&call, true)[0], "/calls/hyper-open-x");
        assert!(paths.contains(&"/calls/hyper-open-x/bricks/sozu".to_owned()), "{paths:?}");
        let distinct: std::collections::BTreeSet<&String> = paths.iter().collect();
        assert_eq!(distinct.len(), paths.len());
    }
}
