//! What everyone may read, people and programs: the pages that the law wants, their heads, and files at fixed addresses.

use crate::harness::Actor;
use guichet::testing::web::router::{Access, routes};
use reqwest::Method;

/// The addresses of a site map.
fn addresses(xml: &str) -> Vec<String> {
    let found = xml.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap());
    found.map(str::to_owned).collect()
}

#[tokio::test]
async fn public_pages_are_the_same_for_everyone_and_name_their_address() {
    let mut anon = Actor::anon();
    let map = anon.get("/sitemap.xml").await.expect(200);
    assert_eq!(map.headers["content-type"], "application/xml; charset=utf-8");
    let addresses = addresses(&map.body);
    let legal = ["/legal", "/privacy", "/accessibility", "/vulnerabilities", "/site-map", "/verify"];
    for path in legal {
        for prefix in ["", "/en"] {
            assert!(addresses.contains(&format!("{}{prefix}{path}", anon.at.url)), "{prefix}{path}: {addresses:?}");
        }
    }
    assert!(addresses.len() > 40, "{addresses:?}");
    for address in &addresses {
        let page = anon.get(address).await.expect(200);
        assert!(!page.headers.contains_key("set-cookie"), "{address}");
        for part in ["<title>", "<meta name=\"description\" content=\"", "hreflang=\"fr\" href=\"https://"] {
            assert!(page.body.contains(part), "{address}: no {part}");
        }
        assert!(page.body.contains(&format!("<link rel=\"canonical\" href=\"{address}\">")), "{address}");
        let english = address.starts_with(&format!("{}/en", anon.at.url));
        let mention = if english { "Accessibility: not compliant" } else { "Accessibilité\u{a0}: non conforme" };
        assert!(page.body.contains(mention), "{address}: the state of accessibility is told on every page");
    }
    // A session would be visible in the frame.
    let again = Actor::anon().get("/privacy").await.expect(200);
    assert_eq!(again.body, anon.get("/privacy").await.body);
    assert_eq!(again.headers["cache-control"], "public, max-age=60");
    let queried = anon.get("/legal?a=1").await.expect(200).body;
    assert!(queried.contains(&format!("<link rel=\"canonical\" href=\"{}/legal\">", anon.at.url)), "without the query");
}

#[tokio::test]
async fn legal_pages_tell_what_the_law_wants_and_a_demonstration_invents_it() {
    let mut anon = Actor::anon();
    let legal = anon.get("/legal").await.expect(200).body;
    for told in
        ["Éditeur fictif", "SIREN 000 000 000", "01 99 00 00 01", "présidente fictive", "Hébergeur fictif", "AGPL"]
    {
        assert!(legal.contains(told), "{told}: {legal}");
    }
    let privacy = anon.get("/privacy").await.expect(200).body;
    for told in
        ["Cap Digital, Bpifrance", "Clever Cloud", "Signal18", "CNIL", "dpo@exemple.fr", "6\u{a0}mois", "10\u{a0}ans"]
    {
        assert!(privacy.contains(told), "{told}: {privacy}");
    }
    let statement = anon.get("/en/accessibility").await.expect(200).body;
    for told in [
        "2005-102",
        "not compliant",
        "RGAA",
        "Défenseur des droits",
        "datetime=\"2026-11-01\"",
        "accessibilite@exemple.fr",
    ] {
        assert!(statement.contains(told), "{told}: {statement}");
    }
    assert!(anon.get("/vulnerabilities").await.expect(200).body.contains("securite@exemple.fr"));
    let map = anon.get("/site-map").await.expect(200).body;
    assert!(map.contains("/calls/hyper-open-x/bricks/sozu") && map.contains("/calls/petit-pas/rules"), "{map}");
}

#[tokio::test]
async fn programs_find_their_files() {
    let mut anon = Actor::anon();
    let robots = anon.get("/robots.txt").await.expect(200);
    assert_eq!(robots.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(robots.headers["cache-control"], "public, max-age=3600");
    assert!(robots.body.contains(&format!("Sitemap: {}/sitemap.xml", anon.at.url)), "{}", robots.body);
    let rules: Vec<&str> = robots.body.lines().filter_map(|line| line.strip_prefix("Disallow: ")).collect();
    let kept_out = |path: &str| {
        rules.iter().any(|rule| match rule.split_once('*') {
            None => path.starts_with(rule),
            Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| rest.contains(after)),
        })
    };
    for route in routes().iter().filter(|route| route.access != Access::Anyone && route.methods.contains("GET")) {
        assert!(kept_out(route.path), "{} is not for search engines: {rules:?}", route.path);
    }
    for path in ["/", "/legal", "/calls/{call}", "/calls/{call}/faq", "/en/calls/{call}/bricks", "/verify"] {
        assert!(!kept_out(path), "{path}: {rules:?}");
    }

    let icon = anon.get("/favicon.ico").await.expect(200);
    assert_eq!(icon.headers["content-type"], "image/vnd.microsoft.icon");
    assert_eq!(icon.headers["cache-control"], "public, max-age=86400");
    assert!(icon.body.starts_with("\0\0\u{1}\0"), "the signature of an icon");

    let security = anon.get("/.well-known/security.txt").await.expect(200);
    assert_eq!(security.headers["content-type"], "text/plain; charset=utf-8");
    assert!(!security.headers.contains_key("set-cookie"));
    let value = |name: &str| {
        let lines = security.body.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let found: Vec<&str> = lines.collect();
        assert_eq!(found.len(), 1, "{name}: {}", security.body);
        found[0].to_owned()
    };
    assert_eq!(value("Contact"), "mailto:securite@exemple.fr");
    assert_eq!(value("Preferred-Languages"), "fr, en");
    assert_eq!(value("Canonical"), format!("{}/.well-known/security.txt", anon.at.url));
    assert_eq!(value("Policy"), format!("{}/vulnerabilities", anon.at.url));
    let expires: jiff::Timestamp = value("Expires").parse().unwrap();
    let days = expires.duration_since(jiff::Timestamp::now()).as_hours() / 24;
    assert!((170..365).contains(&days), "{days}");
}

#[tokio::test]
async fn an_address_with_a_slash_too_many_leads_to_the_page() {
    let mut anon = Actor::anon();
    let pages = [
        ("/calls/hyper-open-x/faq/", "/calls/hyper-open-x/faq"),
        ("/en/legal/", "/en/legal"),
        ("/legal//?a=1", "/legal?a=1"),
        // A link to //… would lead to another host.
        ("//evil.example/", "/evil.example"),
        ("/en//evil.example/", "/en/evil.example"),
    ];
    for (asked, page) in pages {
        let answer = anon.get(asked).await.expect(308);
        assert_eq!(answer.location(), page, "{asked}");
        let head = anon.request(Method::HEAD, asked).send().await.unwrap();
        assert_eq!(head.status(), 308, "{asked}");
    }
    for path in ["/", "/en/", "/en"] {
        anon.get(path).await.expect(200);
    }
    let posted = anon.request(Method::POST, "/legal/").body("").send().await.unwrap();
    assert_eq!(posted.status(), 404);
}
