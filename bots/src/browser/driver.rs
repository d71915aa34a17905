//! A chromedriver or geckodriver of our own.
//!
//! It listens on a random loopback port (it knows no login), works in a folder
//! that only we can read, and takes everything it has started with it when it
//! is closed or dropped.

use std::{
    ffi::OsString,
    fs::{DirBuilder, Permissions},
    net::TcpListener,
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

use super::{
    guard::Guard,
    processes,
    settings::{Browser, Kind},
};

const PATIENCE: Duration = Duration::from_secs(20);
/// How often a program is started that names no port.
const TRIES: usize = 3;

pub(crate) struct Driver {
    child: Option<Child>,
    folder: PathBuf,
    /// Takes over when this process dies.
    guard: Option<Guard>,
    /// Removed with it.
    temporary: TempDir,
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
        let mut driver = Driver {
            child: None,
            folder,
            guard,
            temporary,
            url: String::new(),
        };
        driver.listen(browser, &program).await?;
        Ok(driver)
    }

    /// Starts the program, until it listens.
    async fn listen(&mut self, browser: &Browser, program: &Path) -> Result<(), Fault> {
        // The port that geckodriver is given may be taken by somebody else before it is used, and a
        // busy machine may keep either from naming its own.
        for _ in 0..TRIES {
            let arguments = arguments(browser.kind(), &self.folder)
                .map_err(|err| unstarted(program, &err.to_string()))?;
            let mut child = command(program, &self.folder, self.temporary.path())
                .args(arguments)
                .spawn()
                .map_err(|err| unstarted(program, &err.to_string()))?;
            let output = child.stdout.take();
            self.child = Some(child);
            if let Some(port) = timeout(PATIENCE, port(output)).await.ok().flatten() {
                self.url = format!("http://127.0.0.1:{port}");
                return Ok(());
            }
            if let Some(mut silent) = self.child.take() {
                silent.kill().await.ok();
            }
        }
        Err(unstarted(program, "it named no port"))
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Ends it and everything it has started; returns when all are gone.
    pub(crate) async fn close(mut self) {
        self.end();
        if let Some(child) = &mut self.child {
            child.wait().await.ok();
        }
        if let Some(guard) = self.guard.take() {
            guard.dismiss().await;
        }
    }

    fn end(&mut self) {
        if let Some(child) = &mut self.child {
            child.start_kill().ok();
        }
        processes::end(&self.folder, None);
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

fn arguments(kind: Kind, folder: &Path) -> std::io::Result<Vec<OsString>> {
    let named = |name: &str, path: PathBuf| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    Ok(match kind {
        Kind::Chromium => vec![
            "--port=0".into(),
            "--log-level=SEVERE".into(),
            named("--log-path=", folder.join("driver.log")),
        ],
        // It takes port 0, and then refuses every request because it came to another port.
        Kind::Firefox => vec![
            "--host=127.0.0.1".into(),
            format!("--port={}", free_port()?).into(),
            "--websocket-port=0".into(),
            named("--profile-root=", folder.to_owned()),
        ],
    })
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn command(program: &Path, folder: &Path, temporary: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed_on)))
        .env("HOME", folder.join("home"))
        .env(processes::MARK, folder)
        // A browser that breaks is told by its driver, not by a program that outlives it.
        .env("MOZ_CRASHREPORTER_DISABLE", "1")
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
        let said = ["started successfully on port ", "Listening on 127.0.0.1:"];
        let Some((_, port)) = said.iter().find_map(|words| line.rsplit_once(words)) else {
            continue;
        };
        let port = port.trim().trim_end_matches('.').parse().ok();
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
    let names = match browser.kind() {
        Kind::Chromium => &[
            "chromedriver",
            "/usr/lib/chromium/chromedriver",
            "/usr/lib/chromium-browser/chromedriver",
        ][..],
        Kind::Firefox => &["geckodriver"],
    };
    let [_, what] = browser.kind().programs();
    installed(browser.driver.as_deref(), names)
        .ok_or_else(|| missing(browser.kind(), what, browser.driver.as_deref()))
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
    let (what, names): (_, Vec<&str>) = match (browser.kind(), browser.headed) {
        (Kind::Firefox, _) => ("Firefox", vec!["firefox-esr", "firefox"]),
        (Kind::Chromium, true) => ("Chromium", whole.to_vec()),
        (Kind::Chromium, false) => ("Chromium", shell.into_iter().chain(whole).collect()),
    };
    installed(browser.binary.as_deref(), &names)
        .ok_or_else(|| missing(browser.kind(), what, browser.binary.as_deref()))
}

fn missing(kind: Kind, what: &str, configured: Option<&Path>) -> Fault {
    let message = match configured {
        Some(path) => format!("there is no program `{}`", path.display()),
        None => format!("{what} is not installed"),
    };
    let remedy = match kind {
        Kind::Chromium => "install the packages `chromium` and `chromium-driver`",
        Kind::Firefox => {
            "install the package `firefox-esr`, and geckodriver by `cargo install geckodriver`"
        }
    };
    Fault::system("browser.driver_missing", message).hint(format!(
        "{remedy}, or name a running driver as `webdriver_url`"
    ))
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
