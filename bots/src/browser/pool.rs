//! The browser sessions of one connection.
//!
//! At most as many as the connection bears; a step borrows one, on a blank page,
//! and gives it back on a blank page, still logged in. One that is not given back
//! (its step was cancelled, its browser misbehaved) is ended with its processes
//! and its profile. The driver is started by the first step that needs it, and
//! again when it has died.

use std::{
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use botswain_bot::{Fault, House, Secret};
use fantoccini::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use serde_json::{Map, Value, json};
use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    action::{Action, Entry},
    driver::{self, Driver},
    mask::Mask,
    page::Page,
    processes,
    settings::{Browser, Settings, check_capability},
    trouble::not_started,
};

const START: Duration = Duration::from_secs(40);
const HEALTH: Duration = Duration::from_secs(2);

/// Tells our folders from those of a daemon that died.
static OWNER: LazyLock<String> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |now| now.as_millis() % 0xFFFF_FFFF);
    format!("{:x}-{millis:x}", std::process::id())
});
static FOLDERS: AtomicU64 = AtomicU64::new(1);

pub struct Pool {
    pub(crate) settings: Settings,
    pub(crate) mask: Mask,
    base: Url,
    /// Of all browsers of this daemon: `scratch/browser/OWNER`.
    folder: PathBuf,
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    driver: Option<Driver>,
    idle: Vec<Session>,
}

struct Session {
    client: Client,
    /// Lets the session's processes end with it; none for a driver that is not ours.
    profile: Option<Profile>,
    logged_in: bool,
}

/// A session in the hands of a step.
pub(crate) struct Loan<'a> {
    pool: &'a Pool,
    session: Session,
    _permit: SemaphorePermit<'a>,
}

/// Ends whatever an earlier daemon has left running in its scratch folder, and its files.
///
/// Returns how many processes there were. Called by each pool for its own scratch folder.
pub(super) fn sweep(scratch: &Path) -> usize {
    let Ok(all) = scratch.join("browser").canonicalize() else {
        return 0;
    };
    let ended = processes::end(&all, Some(&all.join(&*OWNER)));
    let folders = std::fs::read_dir(&all).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name() != OWNER.as_str()) {
        std::fs::remove_dir_all(folder.path()).ok();
    }
    ended
}

/// Ends every browser that an earlier daemon has left running anywhere below `folder`.
///
/// Returns how many processes there were. For the daemon at its start, before it empties the
/// folder: whoever still writes there would be in the way.
pub fn end_leftovers(folder: &Path) -> usize {
    let folder = folder.canonicalize();
    folder.map_or(0, |folder| processes::end(&folder, None))
}

impl Pool {
    /// Makes it ready; the first borrower starts the driver.
    pub fn new(settings: Settings, address: &str, house: &House) -> Result<Pool, Fault> {
        let base = base(address)?;
        let all = house.scratch.join("browser");
        driver::private(&all)?;
        sweep(&house.scratch);
        let all = all.canonicalize().map_err(|err| {
            Fault::system("browser.folder", format!("`{}`: {err}", all.display()))
        })?;
        for name in settings.browser.capabilities.keys() {
            check_capability(name).map_err(|(message, hint)| Fault {
                hint,
                ..Fault::business("connection.settings", message)
            })?;
        }
        let secrets = secrets(&settings.login);
        Ok(Pool {
            mask: Mask::new(secrets.iter().map(String::as_str)),
            settings,
            base,
            folder: all.join(&*OWNER),
            permits: Semaphore::new(house.sessions.max(1)),
            state: Mutex::default(),
        })
    }

    /// The whole address of a page of this site.
    pub(crate) fn address(&self, path: &str) -> Result<Url, Fault> {
        let whole = match path.contains("://") {
            true => Url::parse(path),
            false => {
                let base = self.base.as_str().trim_end_matches('/');
                Url::parse(&format!("{base}/{}", path.trim_start_matches('/')))
            }
        };
        let url = whole.map_err(|err| {
            Fault::business("browser.address", format!("`{path}` is no address: {err}"))
        })?;
        match url.origin() == self.base.origin() {
            true => Ok(url),
            false => Err(Fault::business(
                "browser.address",
                format!("`{path}` is not on the connection's host"),
            )
            .hint("a path such as `/orders/new`, or a connection of its own")),
        }
    }

    /// A session that answers. Waits while all that the connection bears are in use.
    pub(crate) async fn borrow(&self) -> Result<Loan<'_>, Fault> {
        let permit = self.permits.acquire().await.map_err(|_| closed())?;
        let session = match self.idle().await {
            Some(session) => session,
            None => self.start().await?,
        };
        Ok(Loan {
            pool: self,
            session,
            _permit: permit,
        })
    }

    async fn idle(&self) -> Option<Session> {
        loop {
            let session = self.state.lock().await.idle.pop()?;
            let answer = timeout(HEALTH, session.client.current_url()).await;
            if matches!(answer, Ok(Ok(_))) {
                return Some(session);
            }
        }
    }

    async fn start(&self) -> Result<Session, Fault> {
        let browser = &self.settings.browser;
        let (url, profile) = match &browser.webdriver_url {
            Some(url) => (url.clone(), None),
            None => {
                let (url, folder) = self.driver().await?;
                (url, Some(Profile::in_folder(&folder)))
            }
        };
        let capabilities = capabilities(browser, profile.as_ref())?;
        let connector = HttpConnector::new();
        let client = Client::with_capabilities_and_connector(&url, &capabilities, connector);
        let client = timeout(START, client).await;
        let client = client.map_err(|_| {
            Fault::system(
                "browser.start",
                "the browser could not be started: the driver does not answer",
            )
        })?;
        Ok(Session {
            client: client.map_err(not_started)?,
            profile,
            logged_in: false,
        })
    }

    /// The address and the folder of the driver, which is started when it does not run.
    async fn driver(&self) -> Result<(String, PathBuf), Fault> {
        let mut state = self.state.lock().await;
        if let Some(mut driver) = state.driver.take() {
            if driver.is_alive() {
                let found = (driver.url().to_owned(), driver.folder().to_owned());
                state.driver = Some(driver);
                return Ok(found);
            }
            // Its sessions cannot be reached any more.
            state.idle.clear();
            driver.close().await;
        }
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("{number:06}"));
        let driver = Driver::start(&self.settings.browser, folder).await?;
        let found = (driver.url().to_owned(), driver.folder().to_owned());
        state.driver = Some(driver);
        Ok(found)
    }

    /// Ends every session and the driver. Nothing of them runs afterwards.
    pub async fn close(&self) {
        self.permits.close();
        let (idle, driver) = {
            let mut state = self.state.lock().await;
            (std::mem::take(&mut state.idle), state.driver.take())
        };
        for session in idle.into_iter().filter(|session| session.profile.is_none()) {
            // A driver that is not ours keeps its sessions until it is told.
            timeout(HEALTH, session.client.close()).await.ok();
        }
        if let Some(driver) = driver {
            driver.close().await;
        }
    }
}

impl Loan<'_> {
    pub(crate) fn client(&self) -> &Client {
        &self.session.client
    }

    /// Where files of this session pass through; none when its browser runs elsewhere.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.session
            .profile
            .as_ref()
            .map(|profile| profile.0.clone())
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.session.logged_in
    }

    /// Gives the session back, unless it cannot be brought to a blank page.
    pub(crate) async fn give_back(self, logged_in: bool) {
        let Loan { pool, session, .. } = self;
        let page = Page::new(session.client.clone(), HEALTH);
        if page.blank().await.is_err() || pool.permits.is_closed() {
            return;
        }
        let session = Session {
            logged_in,
            ..session
        };
        pool.state.lock().await.idle.push(session);
    }
}

/// The private profile folder of a session.
struct Profile(PathBuf);

impl Profile {
    fn in_folder(folder: &Path) -> Profile {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        Profile(folder.join(format!("profile-{number:06}")))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // Some milliseconds; the browser must be gone before its folder is.
        processes::end(&self.0, None);
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn capabilities(browser: &Browser, profile: Option<&Profile>) -> Result<Map<String, Value>, Fault> {
    let mut options = Map::new();
    let mut arguments = arguments(browser);
    if let Some(profile) = profile {
        driver::private(&profile.0)?;
        arguments.push(format!("--user-data-dir={}", profile.0.display()));
        options.insert("binary".to_owned(), json!(driver::binary(browser)?));
        if nix::unistd::Uid::effective().is_root() {
            // Chromium refuses to run as root with its sandbox.
            arguments.push("--no-sandbox".to_owned());
        }
    }
    options.insert("args".to_owned(), json!(arguments));
    let prefs =
        json!({ "credentials_enable_service": false, "profile.password_manager_enabled": false });
    options.insert("prefs".to_owned(), prefs);
    let mut capabilities = Map::new();
    capabilities.insert("browserName".to_owned(), json!("chrome"));
    // A dialog stays open until we have read it.
    capabilities.insert("unhandledPromptBehavior".to_owned(), json!("ignore"));
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
    capabilities.insert("goog:chromeOptions".to_owned(), Value::Object(options));
    if browser
        .capabilities
        .get("browserName")
        .is_some_and(|name| name != "chrome")
    {
        // Drivers refuse what is another maker's.
        capabilities.retain(|name, _| !name.starts_with("goog:"));
    }
    for (name, value) in &browser.capabilities {
        match (capabilities.get_mut(name), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            _ => drop(capabilities.insert(name.clone(), value.clone())),
        }
    }
    Ok(capabilities)
}

fn arguments(browser: &Browser) -> Vec<String> {
    let window = browser.window;
    let mut arguments = vec![format!("--window-size={},{}", window.width, window.height)];
    let fixed = [
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--mute-audio",
        "--disable-features=Translate,OptimizationHints,MediaRouter",
    ];
    arguments.extend(fixed.map(str::to_owned));
    if !browser.headed {
        arguments.push("--headless=new".to_owned());
    }
    arguments.extend(browser.arguments.iter().cloned());
    arguments
}

fn base(address: &str) -> Result<Url, Fault> {
    let url = Url::parse(address).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        Fault::business(
            "connection.address",
            format!("`{address}` is no address of a web site"),
        )
        .hint("write it as `https://office.example.com`")
    })
}

/// Everything that the login types.
fn secrets(actions: &[Action<Secret>]) -> Vec<String> {
    let mut found = Vec::new();
    for action in actions {
        if let Action::Fill(fields) | Action::Type(fields) | Action::Select(fields) = action {
            found.extend(fields.values().filter_map(|value| value.text(None).ok()));
        }
        found.extend(action.inner().into_iter().flat_map(secrets));
    }
    found
}

fn closed() -> Fault {
    Fault::system("browser.closed", "the connection is being closed")
}
