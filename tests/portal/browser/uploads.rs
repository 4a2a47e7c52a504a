//! A file on its way from a browser: over a poor line, paused, and after its tab was closed.

use super::window::{Script, Window};
use crate::{
    flows::uploads::line::{edge, long},
    harness::{Actor, installation::wait_within, line::Line, sample},
};
use serde_json::json;
use std::time::Duration;

/// Bytes a second of the line.
const RATE: u64 = 100_000;

struct Story {
    ada: Actor,
    id: String,
    file: tempfile::TempDir,
    form: String,
}

impl Story {
    async fn new(bytes: usize) -> Self {
        let mut ada = Actor::applicant().await;
        let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Lent" } })).await;
        let file = tempfile::tempdir().unwrap();
        std::fs::write(file.path().join("kbis.pdf"), sample::long_pdf(bytes)).unwrap();
        Self { ada, id, file, form: "form[data-upload][action$=\"/pieces/P7\"]".into() }
    }

    /// Opens the dossier's page over a line.
    async fn open(&self, line: &Line) -> Window {
        let window = Window::open_over(Script::On, line.address).await;
        window.become_actor(&self.ada).await;
        window.go(&format!("/dossiers/{}", self.id)).await;
        window
    }

    async fn send(&self, window: &Window) {
        let file = self.file.path().join("kbis.pdf");
        let today = super::window::date_keys(sample::today());
        window.find(&format!("{} [name=issued]", self.form)).await.send_keys(&today).await.unwrap();
        let input = window.find(&format!("{} input[type=file]", self.form)).await;
        input.send_keys(file.to_str().unwrap()).await.unwrap();
        window.click(&format!("{} .buttons button.secondary:not([type])", self.form)).await;
    }

    /// Waits until the piece is attached, as long as the line needs and a minute more.
    async fn attached(&mut self, bytes: usize) {
        let path = format!("/dossiers/{}/pieces/P7", self.id);
        let longest = Duration::from_secs(60 + 2 * bytes as u64 / RATE);
        wait_within(longest, "the piece", async || self.ada.get(&path).await.status == 200).await;
    }

    fn act(&self, name: &str) -> String {
        format!("{} [data-upload-act={name}]", self.form)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_up_over_a_slow_line_with_three_cuts() {
    let bytes = long();
    let mut story = Story::new(bytes).await;
    let cuts = [2, 4, 7].map(|tenths| (bytes / 10 * tenths) as u64);
    let line = Line::start(edge(), RATE, &cuts);
    let window = story.open(&line).await;
    story.send(&window).await;
    story.attached(bytes).await;
    assert_eq!(line.cuts(), 3, "the line was cut");
    window.find(&format!("a[href=\"/dossiers/{}/pieces/P7\"]", story.id)).await;
    // What was on the line is lost with each cut, and no more.
    let most = bytes as u64 + 900_000;
    assert!(line.passed() < most, "{} bytes went up, {most} would do", line.passed());
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_paused_and_whose_tab_was_closed_goes_on_where_it_stood() {
    let bytes = 1_200_000;
    let mut story = Story::new(bytes).await;
    let line = Line::start(edge(), RATE, &[]);
    let window = story.open(&line).await;
    story.send(&window).await;
    let moved = |share: f64| {
        format!(
            "const bar = document.querySelector('{} progress'); return !bar.hidden && bar.value > {share} * bar.max;",
            story.form
        )
    };
    until(&window, &moved(0.2)).await;
    window.click(&story.act("pause")).await;
    window.wait_text(&format!("{} [data-upload-state=paused]", story.form), "gardé").await;
    window.click(&story.act("continue")).await;
    until(&window, &moved(0.6)).await;
    // The tab goes away without a word.
    window.go("/legal").await;
    window.go(&format!("/dossiers/{}", story.id)).await;
    window.wait_text(&format!("{} [data-upload-state=waiting]", story.form), "kbis.pdf").await;
    let before = line.passed();
    story.send(&window).await;
    story.attached(bytes).await;
    let rest = line.passed() - before;
    assert!(rest < 800_000, "{rest} bytes went up after what had arrived");
    window.find(&format!("a[href=\"/dossiers/{}/pieces/P7\"]", story.id)).await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_file_is_said_beside_the_form_and_another_goes_up() {
    let mut story = Story::new(1000).await;
    let line = Line::start(edge(), 10_000_000, &[]);
    let window = story.open(&line).await;
    let good = std::fs::read(story.file.path().join("kbis.pdf")).unwrap();
    std::fs::write(story.file.path().join("kbis.pdf"), "<html></html>").unwrap();
    story.send(&window).await;
    window.wait_text(&format!("{} [data-upload-state=refused]", story.form), "pas accepté").await;
    std::fs::write(story.file.path().join("kbis.pdf"), good).unwrap();
    window.go(&format!("/dossiers/{}", story.id)).await;
    story.send(&window).await;
    story.attached(1000).await;
    window.close().await;
}

async fn until(window: &Window, condition: &str) {
    let longest = Duration::from_secs(40);
    wait_within(longest, condition, async || window.run(condition, Vec::new()).await == json!(true)).await;
}
