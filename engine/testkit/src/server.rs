//! What the servers of the tests have in common: ports, greetings, and an end.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Child,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

/// How long a server may take on a machine under load.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Two that nobody has.
pub(crate) fn free_ports() -> (u16, u16) {
    // Both are held at once, so that they differ.
    let listen = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (one, two) = (listen(), listen());
    let port = |listener: TcpListener| listener.local_addr().expect("an address").port();
    (port(one), port(two))
}

/// Whether a server says so to whoever connects.
pub(crate) fn greets(port: u16, words: &str) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line);
    read.is_ok() && line.starts_with(words)
}

/// Ends a server that leads a process group, and all that it has started.
pub(crate) fn end(master: &mut Child) {
    let id = Pid::from_raw(master.id().cast_signed());
    // Of a master that has died by itself only its children are left.
    kill(id, Signal::SIGTERM).ok();
    master.wait().ok();
    killpg(id, Signal::SIGKILL).ok();
}

/// Lets other users in.
pub(crate) fn open_to_all(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("our own folder");
}
