//! `up`: the daemon in the foreground, as a supervisor or a person starts it.
//!
//! It ends with 0 when it was asked to stop, and with 1 when it could not start
//! or could not go on; then whatever supervises it starts it again.

use std::time::Duration;

use botswain_core::{diagnostic::Severity, index::State};
use tokio_util::sync::CancellationToken;

use super::{
    Global, excerpt, keeping,
    outcome::{Code, Failure, Outcome},
    output,
    signals::Signals,
    times,
};
use crate::{
    api, console,
    daemon::{Daemon, Handle, Mode, Notice, StartError},
    editor,
    instance::Instance,
};

/// How long requests under way may take once the daemon has stopped.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

pub(super) async fn up(global: &Global) -> Outcome {
    let instance = global.instance()?;
    let mut signals = Signals::catch()?;
    let mut daemon = started(&instance).await?;
    editor::refresh(&instance);
    learn_secrets(global, &daemon.handle);
    tokio::spawn(tell(daemon.handle.clone()));
    tokio::spawn(console::listen(daemon.handle.clone(), opened));
    let socket = instance.private().socket();
    let until = CancellationToken::new();
    let serving = api::serve(&socket, daemon.handle.clone(), until.clone());
    let mut serving = serving.map_err(|err| {
        Failure::of(format!(
            "the socket `{}` cannot be made: {err}",
            socket.display()
        ))
    })?;
    greet(&instance, &daemon).await?;
    let code = tokio::select! {
        reason = daemon.failed() => {
            tracing::error!("the daemon cannot go on and ends: {reason}");
            output::error(&format!("the daemon cannot go on: {reason}"));
            output::hint("see to the disk, then start it again; nothing that was accepted is lost");
            Code::Failed
        }
        () = signals.next() => stopped(daemon, &mut signals).await,
    };
    until.cancel();
    if tokio::time::timeout(LAST_ANSWERS, &mut serving)
        .await
        .is_err()
    {
        serving.abort();
        drop(std::fs::remove_file(&socket));
    }
    Ok(code)
}

/// Where the console is; the first time also how the first one gets in, on the terminal alone.
fn opened(handle: &Handle, url: &str) {
    tracing::info!("the console is at {url}");
    if let Some(token) = handle.accounts.offer_setup() {
        handle.parts.redactor.learn([token.as_str()]);
        output::note("nobody has an account yet; the first one is made, once, at");
        output::note(&format!("  {url}/setup?token={token}"));
    }
}

async fn started(instance: &Instance) -> Result<Daemon, Failure> {
    match Daemon::start(instance.clone(), Mode::Lasting).await {
        Ok(daemon) => {
            excerpt::note_all(instance, &daemon.checked.diagnostics);
            Ok(daemon)
        }
        Err(error) => {
            if let StartError::Config(diagnostics) = &error {
                excerpt::note_all(instance, diagnostics);
            }
            Err(error.into())
        }
    }
}

/// Every secret is masked in the log from the start, not only from its first use.
fn learn_secrets(global: &Global, handle: &Handle) {
    let redactor = &handle.parts.redactor;
    global
        .log
        .follow(redactor.clone(), handle.parts.lines.clone());
    match handle.parts.instance.secrets().reveal_all() {
        Ok(secrets) => redactor.learn(secrets.iter().map(|secret| secret.value())),
        Err(error) => tracing::error!("the secrets cannot be read: {error}"),
    }
}

async fn greet(instance: &Instance, daemon: &Daemon) -> Result<(), Failure> {
    let (handle, checked) = (&daemon.handle, &daemon.checked);
    let name = handle.parts.config().name.clone();
    let folder = instance.folder().display().to_string();
    tracing::info!(name, folder, pid = std::process::id(), "botswain is up");
    let names: Vec<String> = handle
        .workflows()
        .iter()
        .map(|it| it.plan.name.clone())
        .collect();
    tracing::info!(
        loaded = names.len(),
        "workflows: {}",
        or_none(&names.join(", "))
    );
    let wrong = checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error);
    let mut wrong: Vec<&str> = wrong.map(|it| it.file.as_str()).collect();
    wrong.dedup();
    if !wrong.is_empty() {
        tracing::error!(
            "these files have mistakes and do not run: {}",
            wrong.join(", ")
        );
    }
    match handle
        .firings()
        .await
        .into_iter()
        .min_by_key(|(.., at)| *at)
    {
        Some((workflow, _, at)) => {
            tracing::info!(workflow, %at, "fires next: {workflow} at {}", times::local(at));
        }
        None => tracing::info!("no schedule"),
    }
    let quarantine = handle.parts.store.quarantine().map_err(Failure::of)?;
    if quarantine.is_some_and(|it| it.holds()) {
        tracing::warn!("restored from a backup: {}", keeping::HELD);
    }
    let waiting = handle.parts.store.exception_count().map_err(Failure::of)?;
    match waiting {
        0 => tracing::info!("no exceptions wait"),
        _ => tracing::warn!(
            exceptions = waiting,
            "exceptions wait; see `botswain exceptions list`"
        ),
    }
    tracing::info!("listens on {}", instance.private().socket().display());
    Ok(())
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// Runs and exceptions, as they come and go.
async fn tell(handle: Handle) {
    let mut notices = handle.watch();
    drop(handle);
    loop {
        match notices.recv().await {
            Ok(Notice::Opened(it)) => tracing::warn!(
                exception = it.id.0, run = %it.run, step = %it.step, code = it.fault.code,
                "parked: {}", it.fault.message
            ),
            Ok(Notice::Committed { run, state, .. }) if run.parent().is_none() => {
                ended(&run, state)
            }
            Ok(_) => (),
            Err(tokio::sync::broadcast::error::RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "too much at once to log");
            }
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn ended(run: &botswain_core::RunId, state: State) {
    match state {
        State::Succeeded | State::Skipped => tracing::info!(%run, ?state, "run ended"),
        State::Failed | State::Cancelled => tracing::warn!(%run, ?state, "run ended"),
        State::Queued | State::Running | State::Waiting | State::Parked => (),
    }
}

async fn stopped(daemon: Daemon, signals: &mut Signals) -> Code {
    tracing::info!("stops: what has begun comes to its end; a second signal stops it at once");
    tokio::select! {
        stopped = daemon.stop() => match stopped {
            Ok(()) => {
                tracing::info!("has stopped");
                Code::Done
            }
            Err(reason) => {
                tracing::error!("stopped with an error: {reason}");
                Code::Failed
            }
        },
        () = signals.next() => {
            tracing::warn!("stops at once; what was under way is looked after at the next start");
            Code::Failed
        }
    }
}
