//! Ends a browser when the daemon dies without having done so.
//!
//! A small shell waits at a pipe whose other end only we hold. Whatever ends this
//! process closes it, and then everything that works in the browser's folder goes,
//! with the folder. While we live it does nothing, and we end it with the browser.

use std::{path::Path, process::Stdio};

use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
};

use super::processes;

/// Reads the folder, then waits. A process belongs to it by its arguments or its environment; the
/// folder stands in neither of the shell's own.
const SCRIPT: &str = r#"
read -r folder || exit 0
while read -r _; do :; done
[ -n "$folder" ] || exit 0
round=0
while [ "$round" -lt 50 ]; do
  found=
  for file in $(printf '%s\n' "$folder" | grep -lsaF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ); do
    pid=${file#/proc/}; pid=${pid%%/*}
    [ "$pid" = "$$" ] || found="$found $pid"
  done
  [ -n "$found" ] || break
  kill -9 $found
  round=$((round + 1))
done
rm -rf -- "$folder"
"#;

pub(crate) struct Guard {
    child: Child,
    /// Closed when this process ends.
    _held: ChildStdin,
}

impl Guard {
    /// Stands by for everything that will work in `folder`; none where there is no shell.
    pub(crate) async fn of(folder: &Path) -> Option<Guard> {
        let named = format!("{}\n", folder.to_str()?);
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "botswain-guard"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env_remove(processes::MARK)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is sent to our whole group from the keyboard must not end it before us.
            .process_group(0)
            .spawn()
            .ok()?;
        let mut held = child.stdin.take()?;
        held.write_all(named.as_bytes()).await.ok()?;
        Some(Guard { child, _held: held })
    }

    /// It is not needed any more.
    pub(crate) async fn dismiss(mut self) {
        self.child.kill().await.ok();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the pipe closes, so that it does not begin.
        self.child.start_kill().ok();
    }
}
