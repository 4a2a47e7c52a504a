//! How pages look to those who change it: the system's colours, no motion, four times as large, by keyboard.

use super::window::{Script, Window};
use crate::harness::{Actor, sample};
use fantoccini::key::Key;
use serde_json::{Value as Json, json};

impl Window {
    async fn prefers(&self, feature: &str, value: &str) {
        let features = json!({ "features": [{ "name": feature, "value": value }] });
        self.command("Emulation.setEmulatedMedia", features).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_systems_colours_focus_and_place_are_seen() {
    let window = Window::open(Script::On).await;
    window.prefers("forced-colors", "active").await;
    window.go("/").await;
    assert_eq!(window.run("return matchMedia('(forced-colors: active)').matches", vec![]).await, true);
    let line = "return getComputedStyle(document.querySelector(arguments[0])).borderBottomColor";
    let here = window.run(line, vec![".mainnav a[aria-current]".into()]).await;
    let elsewhere = window.run(line, vec![".mainnav a:not([aria-current])".into()]).await;
    assert_ne!(here, elsewhere, "the line below where one is");
    let tag = "const style = getComputedStyle(document.querySelector('.tag')); \
               return style.borderTopStyle + ' ' + style.borderTopWidth";
    assert_eq!(window.run(tag, vec![]).await, "solid 1px", "a state is more than its ground");
    window.press(&Key::Tab.to_string()).await;
    for _ in 0..12 {
        let outline = "const style = getComputedStyle(document.activeElement); \
                       return [style.outlineStyle, parseFloat(style.outlineWidth), document.activeElement.outerHTML]";
        let seen = window.run(outline, vec![]).await;
        assert!(seen[0] == "solid" && seen[1].as_f64().unwrap() >= 2.0, "{seen}");
        window.press(&Key::Tab.to_string()).await;
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_for_those_who_asked_for_no_motion() {
    let window = Window::open(Script::On).await;
    window.prefers("prefers-reduced-motion", "reduce").await;
    for path in ["/", "/calls/hyper-open-x/faq", "/calls/hyper-open-x/simulator"] {
        window.go(path).await;
        let script = "return [...document.querySelectorAll('*')].filter(one => { \
                      const style = getComputedStyle(one); \
                      return style.scrollBehavior !== 'auto' || style.animationName !== 'none' \
                        || style.transitionDuration.split(', ').some(time => parseFloat(time) > 0); \
                      }).map(one => one.tagName)";
        assert_eq!(window.run(script, vec![]).await, json!([]), "{path}");
    }
    window.close().await;
}

/// The controls that something lies over when they have the focus.
async fn covered(window: &Window) -> Json {
    let script = "return [...document.querySelectorAll('main form input:not([type=hidden]), main form select, main form summary')]\
                  .filter(one => one.checkVisibility()).filter(one => { \
                    one.focus(); \
                    const box = one.getBoundingClientRect(); \
                    const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
                    return !at || !(one.contains(at) || at.contains(one)); \
                  }).map(one => one.name || one.textContent)";
    window.run(script, vec![]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lies_over_the_control_that_has_the_focus() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    // The last is a screen of 1280 by 1024 at 400 %.
    for (width, height) in [(1280, 800), (768, 800), (320, 800), (320, 400)] {
        window.client.set_window_size(width, height).await.unwrap();
        for section in ["budget", "sme"] {
            window.go(&format!("/dossiers/{id}/edit/{section}")).await;
            window.find("main form .field").await;
            assert_eq!(covered(&window).await, json!([]), "{section} at {width} × {height}");
        }
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_pages_fit_at_every_width() {
    let window = Window::open(Script::On).await;
    for width in [320, 768, 1280] {
        window.client.set_window_size(width, 900).await.unwrap();
        for page in ["", "/bricks", "/bricks/sozu", "/faq", "/rules", "/criteria", "/interpretations", "/simulator"] {
            window.go(&format!("/calls/hyper-open-x{page}")).await;
            // Also with everything open.
            let open = "document.querySelectorAll('details').forEach(one => one.open = true); \
                        return document.documentElement.scrollWidth - innerWidth";
            let over = window.run(open, vec![]).await.as_i64().unwrap();
            assert!(over <= 0, "{page} at {width}: {over} pixels too wide");
            let long = "return [...document.querySelectorAll('main p, main dd, main li:not(:has(p, dl, ul, details))')].filter(one => { \
                        const size = parseFloat(getComputedStyle(one).fontSize); \
                        return one.textContent.length > 160 && one.getBoundingClientRect().width / size > 48; \
                        }).map(one => one.textContent.slice(0, 60))";
            assert_eq!(window.run(long, vec![]).await, json!([]), "{page} at {width}: lines that are too long to read");
        }
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_reaches_a_reason_and_does_not_stop_at_its_codes() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/sme")).await;
    let (why, code) = ("[id=\"field-sme.staff_n\"] .why > summary", "[id=\"field-sme.staff_n\"] .why .ref");
    let visible = "return document.querySelector(arguments[0]).checkVisibility()";
    window.tab_to(why).await;
    assert_eq!(window.run(visible, vec![code.into()]).await, false);
    window.press(&Key::Tab.to_string()).await;
    let next = window.run("return document.activeElement.name", vec![]).await;
    assert_eq!(next, "sme.staff_n1", "the next stop is the next question");
    window.run("document.querySelector(arguments[0]).focus()", vec![why.into()]).await;
    window.press(&Key::Enter.to_string()).await;
    assert_eq!(window.run(visible, vec![code.into()]).await, true);
    window.close().await;
}
