//! A chromedriver of our own.
//!
//! It listens on a random loopback port (it knows no login), works in a folder
//! that only we can read, and takes everything it has started with it when it
//! is closed or dropped.

use std::{
    fs::{DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use botswain_bot::Fault;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::{guard::Guard, processes, settings::Browser};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Driver {
    child: Child,
    folder: PathBuf,
    /// Takes over when this process dies.
    guard: Option<Guard>,
    /// Removed with it.
    _temporary: TempDir,
    url: String,
}

impl Driver {
    /// Starts one that works in `folder`, which is made.
    pub(crate) async fn start(browser: &Browser, folder: PathBuf) -> Result<Driver, Fault> {
        let program = program(browser)?;
        for part in [&folder, &folder.join("home")] {
            private(part)?;
        }
        let temporary = temporary(&folder)?;
        let guard = Guard::of(&folder).await;
        let mut child = command(&program, &folder, temporary.path())
            .spawn()
            .map_err(|err| unstarted(&program, &err.to_string()))?;
        let output = child.stdout.take();
        let mut driver = Driver {
            child,
            folder,
            guard,
            _temporary: temporary,
            url: String::new(),
        };
        let port = timeout(PATIENCE, port(output)).await.ok().flatten();
        let port = port.ok_or_else(|| unstarted(&program, "it named no port"))?;
        driver.url = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it and everything it has started; returns when all are gone.
    pub(crate) async fn close(mut self) {
        self.end();
        self.child.wait().await.ok();
        if let Some(guard) = self.guard.take() {
            guard.dismiss().await;
        }
    }

    fn end(&mut self) {
        self.child.start_kill().ok();
        processes::end(&self.folder, None);
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

fn command(program: &Path, folder: &Path, temporary: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--port=0", "--log-level=SEVERE"])
        .arg(format!(
            "--log-path={}",
            folder.join("driver.log").display()
        ))
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed_on)))
        .env("HOME", folder.join("home"))
        .env(processes::MARK, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .env("TMPDIR", temporary);
    if let (Some(home), None) = (std::env::var_os("HOME"), std::env::var_os("XAUTHORITY")) {
        command.env("XAUTHORITY", Path::new(&home).join(".Xauthority"));
    }
    command
}

/// What a browser needs of our environment; the rest may hold secrets.
fn is_passed_on(name: &str) -> bool {
    let names = ["PATH", "LANG", "LANGUAGE", "TZ", "DISPLAY", "XAUTHORITY"];
    let name = name.to_ascii_uppercase();
    names.contains(&name.as_str())
        || ["LC_", "WAYLAND_", "XDG_RUNTIME", "SSL_CERT_"]
            .iter()
            .any(|start| name.starts_with(start))
        || name.ends_with("_PROXY")
}

/// Reads the port from what the driver says first, and goes on reading so that it never blocks.
async fn port(output: Option<impl AsyncRead + Send + Unpin + 'static>) -> Option<u16> {
    let mut lines = BufReader::new(output?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some((_, port)) = line.rsplit_once("started successfully on port ") else {
            continue;
        };
        let port = port.trim_end_matches('.').parse().ok();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        return port;
    }
    None
}

/// For temporary files. Chromium puts a socket there, whose path may have 108 bytes at most, so a
/// deep folder gets one outside of it.
fn temporary(folder: &Path) -> Result<TempDir, Fault> {
    let mut name = tempfile::Builder::new();
    let name = name.prefix("t");
    let made = match folder.as_os_str().len() <= 50 {
        true => name.tempdir_in(folder),
        false => name.tempdir(),
    };
    made.map_err(|err| {
        Fault::system(
            "browser.folder",
            format!("no temporary folder can be made: {err}"),
        )
    })
}

/// A folder that only we can read.
pub(crate) fn private(folder: &Path) -> Result<(), Fault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let made = made.and_then(|()| std::fs::set_permissions(folder, Permissions::from_mode(0o700)));
    made.map_err(|err| {
        Fault::system(
            "browser.folder",
            format!(
                "the browser's folder `{}` cannot be made: {err}",
                folder.display()
            ),
        )
    })
}

pub(crate) fn program(browser: &Browser) -> Result<PathBuf, Fault> {
    let names = [
        "chromedriver",
        "/usr/lib/chromium/chromedriver",
        "/usr/lib/chromium-browser/chromedriver",
    ];
    installed(browser.driver.as_deref(), &names).ok_or_else(|| {
        Fault::system("browser.driver_missing", missing("chromedriver", browser.driver.as_deref()))
            .hint("install the packages `chromium` and `chromium-driver`, or name a running driver as `webdriver_url`")
    })
}

/// The browser's program: the headless shell when it is there and nobody wants to see a window,
/// for it starts in half the time.
pub(crate) fn binary(browser: &Browser) -> Result<PathBuf, Fault> {
    let shell = ["chromium-headless-shell", "chrome-headless-shell"];
    let whole = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let names: Vec<&str> = match browser.headed {
        true => whole.to_vec(),
        false => shell.into_iter().chain(whole).collect(),
    };
    installed(browser.binary.as_deref(), &names).ok_or_else(|| {
        Fault::system("browser.driver_missing", missing("Chromium", browser.binary.as_deref()))
            .hint("install the packages `chromium` and `chromium-driver`, or name a running driver as `webdriver_url`")
    })
}

fn missing(what: &str, configured: Option<&Path>) -> String {
    match configured {
        Some(path) => format!("there is no program `{}`", path.display()),
        None => format!("{what} is not installed"),
    }
}

fn installed(configured: Option<&Path>, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = configured {
        return path.is_file().then(|| path.to_owned());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders)
        .chain([PathBuf::from("/usr/bin")])
        .collect();
    let mut paths = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.find(|path| path.is_file())
}

fn unstarted(program: &Path, why: &str) -> Fault {
    Fault::system(
        "browser.start",
        format!("`{}` could not be started: {why}", program.display()),
    )
}
