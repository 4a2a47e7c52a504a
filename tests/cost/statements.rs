//! The statements that sqlx sends, as it logs them.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};

/// Where sqlx logs its statements.
const TARGET: &str = "sqlx::query";
/// Statements that only surround others.
const UNCOUNTED_VERBS: [&str; 5] = ["begin", "commit", "rollback", "savepoint", "release"];

/// Takes down statements while it is told to. A log that is off costs no allocation.
pub struct Recorder {
    on: AtomicBool,
    statements: Mutex<Vec<String>>,
}

static RECORDER: Recorder = Recorder { on: AtomicBool::new(false), statements: Mutex::new(Vec::new()) };

impl Recorder {
    /// Makes it the receiver of the whole process's log.
    pub fn install() -> &'static Self {
        tracing::subscriber::set_global_default(Log).unwrap();
        &RECORDER
    }

    pub fn begin(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    /// Returns the statements since the beginning, in the order in which they ended.
    pub fn end(&self) -> Vec<String> {
        self.on.store(false, Ordering::Relaxed);
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Log;

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == TARGET { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && RECORDER.on.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        if let Some(line) = statement.line() {
            RECORDER.statements.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The fields of sqlx's event.
#[derive(Default)]
struct Statement {
    /// The first words.
    summary: String,
    /// The whole text, unless the summary is the whole.
    text: String,
    rows: u64,
}

impl Visit for Statement {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.text),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }
}

impl Statement {
    /// The verb, the tables and the number of rows: `select dossier, piece: 4`.
    fn line(&self) -> Option<String> {
        let text = if self.text.is_empty() { &self.summary } else { &self.text };
        let text = text.to_lowercase();
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || "(),".contains(c)).filter(|word| !word.is_empty()).collect();
        let verb = *words.first()?;
        if UNCOUNTED_VERBS.contains(&verb) {
            return None;
        }
        let mut tables: Vec<&str> = Vec::new();
        for (at, pair) in words.windows(2).enumerate() {
            let named = matches!(pair[0], "from" | "join" | "into") || (pair[0] == "update" && at == 0);
            if named && pair[1] != "select" && !tables.contains(&pair[1]) {
                tables.push(pair[1]);
            }
        }
        let rows = if verb == "select" { format!(": {}", self.rows) } else { String::new() };
        Some(format!("{verb} {}{rows}", tables.join(", ")))
    }
}
