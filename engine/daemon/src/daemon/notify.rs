//! One mail for each new kind of exception.
//!
//! Equal failures are one cluster; the first of a cluster that is open is
//! worth a mail, the next hundred are not. A mail that cannot be sent is
//! logged: the exception itself waits in the queue in any case.

use botswain_bot::{Attempt, Context};
use botswain_core::{
    ExceptionId, Hash, StepId,
    index::{Exception, ExceptionCategory},
};
use jiff::Timestamp;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc::Receiver;

use super::{Handle, values::VersionTemplates};
use crate::instance::config::Notify;

/// A cluster that was told is told again when its last exception is older than this.
const QUIET: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// How many open exceptions are looked through at the start.
const REMEMBERED: usize = 10_000;

/// What was told of before, by kind, with the newest of each.
type Told = BTreeMap<Hash, Timestamp>;

/// Tells of what opens from now on; `newest` is the last exception from before the start.
pub(super) async fn watch(
    handle: Handle,
    mut opened: Receiver<Box<Exception>>,
    newest: ExceptionId,
) {
    let reader = handle.clone();
    let known = tokio::task::spawn_blocking(move || known(&reader, newest)).await;
    let mut told = known.unwrap_or_default();
    while let Some(exception) = opened.recv().await {
        let last = told.insert(exception.fingerprint.clone(), exception.opened);
        let is_new = last.is_none_or(|last| exception.opened.duration_since(last) > QUIET);
        if let Some(notify) = handle.parts.config().notify.clone()
            && is_new
            && let Err(fault) = send(&handle, &notify, &exception).await
        {
            tracing::error!(exception = %exception.id, "nobody could be told: {fault}");
        }
    }
}

/// What was open before the start: somebody was told of it, or sees it in the queue.
/// What the start itself parks is not among it.
fn known(handle: &Handle, newest: ExceptionId) -> Told {
    let open = handle
        .parts
        .store
        .exceptions(None, REMEMBERED)
        .unwrap_or_default();
    open.into_iter()
        .filter(|exception| exception.id <= newest)
        .map(|exception| (exception.fingerprint, exception.opened))
        .collect()
}

async fn send(
    handle: &Handle,
    notify: &Notify,
    exception: &Exception,
) -> Result<(), botswain_core::Fault> {
    let parts = &handle.parts;
    let Some(bot) = parts.instance.bot("mail.send") else {
        return Ok(());
    };
    let key = Hash::of(format!("notify {} {}", exception.id, exception.opened).as_bytes());
    let attempt = Attempt {
        run: exception.run.clone(),
        step: StepId::new("notify"),
        number: 1,
        idempotency_key: key.as_str()[..32].to_owned(),
        scheduled_for: exception.opened,
        entered: exception.opened,
        connection: Some(notify.connection.clone()),
    };
    let loaded = parts
        .load(&exception.run)
        .map_err(|reason| botswain_core::Fault::system("store.unreadable", reason))?;
    let also = loaded.version.plan.exceptions.notify.clone();
    let templates = VersionTemplates {
        version: loaded.version,
        renderer: parts.renderer.clone(),
        timezone: parts.timezone(),
    };
    let context = Context::new(
        attempt,
        Arc::new(parts.kept.clone()),
        parts.roots(),
        Arc::new(templates),
        parts.connections.clone(),
    );
    let to: Vec<&String> = notify.to.iter().chain(&also).collect();
    let with = json!({ "to": to, "subject": subject(exception), "text": text(handle, exception) });
    (bot.run)(with, &context).await.map(drop)
}

fn subject(exception: &Exception) -> String {
    if exception.category == ExceptionCategory::Approval {
        return format!(
            "{}: {} asks for approval",
            exception.workflow, exception.step
        );
    }
    format!(
        "{}: {} waits for you ({})",
        exception.workflow, exception.step, exception.fault.code
    )
}

fn text(handle: &Handle, exception: &Exception) -> String {
    let Exception {
        id,
        run,
        step,
        workflow,
        fault,
        key,
        opened,
        category,
        ..
    } = exception;
    let parts = &handle.parts;
    let key = key
        .as_ref()
        .map(|key| format!(" ({key})"))
        .unwrap_or_default();
    let hint = fault
        .hint
        .as_ref()
        .map(|hint| format!("{hint}\n"))
        .unwrap_or_default();
    let since = opened
        .to_zoned(parts.timezone())
        .strftime("%A %Y-%m-%d %H:%M");
    let then = match category {
        ExceptionCategory::Approval => format!("approve {id}   (or reject, snooze, abandon)"),
        ExceptionCategory::Overdue => format!("more-time {id} 1h   (or snooze, abandon)"),
        ExceptionCategory::InDoubt => format!("happened {id}   (or retry, skip, abandon)"),
        ExceptionCategory::Business | ExceptionCategory::System => {
            format!("retry {id}   (or edit, back, happened, skip, abandon)")
        }
    };
    let botswain = format!("botswain --dir {}", parts.instance.folder().display());
    format!(
        "In {instance}, run {run}{key} of {workflow} is parked at its step {step} since {since}:\n\n\
         {message}\n{hint}\n\
         See it:   {botswain} exceptions show {id}\n\
         Then:     {botswain} exceptions {then}\n\n\
         There is no further mail about others of the same kind for a day.\n",
        instance = parts.config().name,
        message = fault.message,
    )
}
