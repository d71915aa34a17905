//! The log: for people on a terminal, JSON otherwise, and never with a secret in it.
//!
//! Every line passes through one writer, which masks what the daemon's redactor
//! knows; so no place that logs can forget to.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, OnceLock},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::outcome::Failure;
use crate::instance::Redactor;

/// What a daemon tells when nobody has said what to log; the store says itself what sled finds.
const DAEMON: &str = "info,sled=off,hyper=warn,hyper_util=warn,reqwest=warn,fantoccini=warn";

/// Other commands say themselves what is the matter.
const COMMAND: &str = "error,sled=off";

/// What masks the log, from when it is known.
#[derive(Clone, Default)]
pub(super) struct Masking(Arc<OnceLock<Arc<Redactor>>>);

impl Masking {
    pub(super) fn by(&self, redactor: Arc<Redactor>) {
        // A second daemon in one process would be masked by the first one's; there is none.
        drop(self.0.set(redactor));
    }
}

/// Begins to log as `filter` says.
pub(super) fn begin(filter: Option<&str>, is_daemon: bool) -> Result<Masking, Failure> {
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
    let masking = Masking::default();
    let terminal = io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Writer(masking.clone()));
    match is_daemon && !terminal {
        true => builder.json().flatten_event(true).init(),
        false => builder
            .with_target(false)
            .with_ansi(super::output::Paint::of_stderr().is_on())
            .init(),
    }
    Ok(masking)
}

struct Writer(Masking);

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            masking: &self.0,
            text: Vec::new(),
        }
    }
}

/// One event; it is written when it is complete, so that a secret is never cut in two.
struct Line<'a> {
    masking: &'a Masking,
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
        let masked = match self.masking.0.get() {
            Some(redactor) => redactor.mask(&text),
            None => text,
        };
        // A log that cannot be written has nobody to tell it to.
        drop(io::stderr().lock().write_all(masked.as_bytes()));
    }
}
