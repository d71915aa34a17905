//! Keeps sled's panics from the screen and from the daemon.
//!
//! sled panics where a directory is damaged. In goes a call into sled, out comes
//! its result or [`Panicked`]; the panic's own words go to the debug log. A hook
//! set later than the first call here should call the one before it.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::Once,
    thread,
};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// sled gave up in the middle of a call.
#[derive(Debug)]
pub(super) struct Panicked;

/// Runs `call`; a panic in it is caught and stays unseen.
pub(super) fn quietly<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(install);
    let outer = INSIDE.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(outer);
    result.map_err(|_panic| Panicked)
}

fn install() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        match INSIDE.get() || is_sleds_own_thread() {
            true => log(info),
            false => previous(info),
        }
    }));
}

fn is_sleds_own_thread() -> bool {
    let thread = thread::current();
    let name = thread.name().unwrap_or_default();
    name == "log flusher" || name.starts_with("sled-io-")
}

fn log(info: &PanicHookInfo<'_>) {
    tracing::debug!(panic = %info, "sled panicked");
}
