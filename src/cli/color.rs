//! Colours of help texts and reports: on a terminal only, and not where `NO_COLOR` is set (<https://no-color.org>).

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::builder::Styles;
use std::io::{self, StderrLock, StdoutLock};

/// Something is in order.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Something should be known.
pub(super) const CARE: Style = AnsiColor::Yellow.on_default().bold();
/// Something is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The styles of help texts and usage errors.
pub(super) const HELP: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(BAD)
    .valid(AnsiColor::Cyan.on_default())
    .invalid(CARE);

/// Standard output, which drops colours where they are not wanted.
pub(super) fn stdout() -> AutoStream<StdoutLock<'static>> {
    AutoStream::auto(io::stdout().lock())
}

/// Whether standard error may have colours.
#[must_use]
pub fn on_stderr() -> bool {
    let stderr: StderrLock<'_> = io::stderr().lock();
    AutoStream::choice(&stderr) != anstream::ColorChoice::Never
}
