//! The log: for people on a terminal, JSON otherwise, and never with a secret in it.
//!
//! Every line passes through one writer, which masks what the daemon's redactor
//! knows; so no place that logs can forget to. What names a run is kept for its page too, masked
//! likewise and whatever the filter says.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, OnceLock},
};

use botswain_bot::Redactor;
use botswain_views::{Level, LogLine};
use jiff::Timestamp;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    EnvFilter, Layer, fmt,
    fmt::MakeWriter,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use super::outcome::Failure;
use crate::daemon::Lines;

/// What a daemon tells when nobody has said what to log; the store says itself what sled finds.
const DAEMON: &str = "info,sled=off,hyper=warn,hyper_util=warn,reqwest=warn,fantoccini=warn";

/// Other commands say themselves what is the matter.
const COMMAND: &str = "error,sled=off";

/// What masks the log, and where lines of runs are kept, from when there is a daemon.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<OnceLock<(Arc<Redactor>, Arc<Lines>)>>);

impl Log {
    pub(super) fn follow(&self, redactor: Arc<Redactor>, lines: Arc<Lines>) {
        // A second daemon in one process would be masked by the first one's; there is none.
        drop(self.0.set((redactor, lines)));
    }
}

/// Begins to log as `filter` says.
pub(super) fn begin(filter: Option<&str>, is_daemon: bool) -> Result<Log, Failure> {
    let default = if is_daemon { DAEMON } else { COMMAND };
    let filter = filter
        .filter(|text| !text.trim().is_empty())
        .unwrap_or(default);
    let filter = EnvFilter::try_new(filter).map_err(|err| {
        Failure::usage(format!(
            "`{filter}` says nothing that could be logged: {err}"
        ))
        .hint("write it as `debug`, or as `botswain=debug,info`")
    })?;
    let log = Log::default();
    let lines = fmt::layer().with_writer(Writer(log.clone()));
    let lines = match is_daemon && !io::stderr().is_terminal() {
        true => lines.json().flatten_event(true).boxed(),
        false => lines
            .with_target(false)
            .with_ansi(super::output::Paint::of_stderr().is_on())
            .boxed(),
    };
    let runs = is_daemon.then(|| Runs(log.clone()).with_filter(LevelFilter::INFO));
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(runs)
        .init();
    Ok(log)
}

/// Keeps what is logged of runs.
struct Runs(Log);

impl<S: Subscriber> Layer<S> for Runs {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some((redactor, lines)) = self.0.0.get() else {
            return;
        };
        let mut said = Said::default();
        event.record(&mut said);
        let Some(run) = said.run else {
            return;
        };
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            _ => Level::Info,
        };
        let message = redactor.mask(&said.message).into_owned();
        let (at, step) = (Timestamp::now(), said.step);
        lines.push(
            &run,
            LogLine {
                at,
                level,
                step,
                message,
            },
        );
    }
}

/// What an event says: of which run and step, and everything else in a row.
#[derive(Default)]
struct Said {
    run: Option<String>,
    step: Option<String>,
    message: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "run" => self.run = Some(text),
            "step" => self.step = Some(text),
            "message" if self.message.is_empty() => self.message = text,
            "message" => self.message = format!("{text} · {}", self.message),
            name => {
                let gap = if self.message.is_empty() { "" } else { " · " };
                self.message = format!("{}{gap}{name} {text}", self.message);
            }
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

struct Writer(Log);

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            log: &self.0,
            text: Vec::new(),
        }
    }
}

/// One event; it is written when it is complete, so that a secret is never cut in two.
struct Line<'a> {
    log: &'a Log,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let masked = match self.log.0.get() {
            Some((redactor, _)) => redactor.mask(&text),
            None => text,
        };
        // A log that cannot be written has nobody to tell it to.
        drop(io::stderr().lock().write_all(masked.as_bytes()));
    }
}
