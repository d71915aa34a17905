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
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use botswain_bot::{Fault, House, Secret};
use fantoccini::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{
    action::{Action, Entry},
    capabilities::capabilities,
    driver::{self, Driver},
    mask::Mask,
    page::Page,
    processes,
    settings::{Browser, Kind, Settings, check_capability},
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
    stock: Arc<Stock>,
}

/// The sessions, apart from the pool, for one that is being started outlives the step that asked.
struct Stock {
    browser: Browser,
    /// Of all browsers of this daemon: `scratch/browser/OWNER`.
    folder: PathBuf,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    /// Those that are on their way back.
    returning: TaskTracker,
}

#[derive(Default)]
struct State {
    /// Of all sessions, where one driver bears several.
    driver: Option<Driver>,
    /// Of the drivers that belong to one session each.
    folders: Vec<PathBuf>,
    idle: Vec<Session>,
}

struct Session {
    client: Client,
    home: Home,
    logged_in: bool,
}

/// What ends with a session.
enum Home {
    /// It runs elsewhere, and its driver keeps it until it is told.
    Elsewhere,
    Profile(Profile),
    /// A geckodriver bears one session.
    Driver(Box<Driver>),
}

/// A session in the hands of a step.
pub(crate) struct Loan {
    stock: Arc<Stock>,
    session: Session,
    _permit: OwnedSemaphorePermit,
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
            base,
            stock: Arc::new(Stock {
                browser: settings.browser.clone(),
                folder: all.join(&*OWNER),
                permits: Arc::new(Semaphore::new(house.sessions.max(1))),
                state: Mutex::default(),
                returning: TaskTracker::new(),
            }),
            settings,
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
    pub(crate) async fn borrow(&self) -> Result<Loan, Fault> {
        let permit = self.stock.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        let (to, lent) = oneshot::channel();
        tokio::spawn(self.stock.clone().lend(permit, to));
        lent.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends every session and the drivers. Nothing of them runs afterwards.
    pub async fn close(&self) {
        self.stock.permits.close();
        // They see that it is being closed, and end their sessions themselves.
        self.stock.returning.close();
        self.stock.returning.wait().await;
        let state = std::mem::take(&mut *self.stock.state.lock().await);
        for session in state.idle {
            session.close().await;
        }
        if let Some(driver) = state.driver {
            driver.close().await;
        }
        // Of those that are still in the hands of a step.
        for folder in state.folders {
            processes::end(&folder, None);
        }
    }
}

impl Stock {
    /// Hands over a session; when the step was cancelled meanwhile, the next one gets it.
    async fn lend(
        self: Arc<Self>,
        permit: OwnedSemaphorePermit,
        to: oneshot::Sender<Result<Loan, Fault>>,
    ) {
        let session = match self.idle().await {
            Some(session) => Ok(session),
            None => self.start().await,
        };
        let loan = session.map(|session| Loan {
            stock: self.clone(),
            session,
            _permit: permit,
        });
        if let Err(Ok(Loan { session, .. })) = to.send(loan) {
            self.put(session).await;
        }
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

    /// Keeps it for the next step; ends it when there will be none.
    async fn put(&self, session: Session) {
        let mut state = self.state.lock().await;
        match self.permits.is_closed() {
            true => {
                drop(state);
                session.close().await;
            }
            false => state.idle.push(session),
        }
    }

    async fn start(&self) -> Result<Session, Fault> {
        let (url, home) = self.place().await?;
        let capabilities = capabilities(&self.browser, home.folder())?;
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
            home,
            logged_in: false,
        })
    }

    /// The address of a driver, and where the session works.
    async fn place(&self) -> Result<(String, Home), Fault> {
        if let Some(url) = &self.browser.webdriver_url {
            return Ok((url.clone(), Home::Elsewhere));
        }
        match self.browser.kind() {
            Kind::Chromium => {
                let (url, folder) = self.driver().await?;
                let profile = Profile::in_folder(&folder);
                driver::private(&profile.0)?;
                Ok((url, Home::Profile(profile)))
            }
            Kind::Firefox => {
                let folder = self.own_folder().await?;
                let driver = Driver::start(&self.browser, folder).await?;
                Ok((driver.url().to_owned(), Home::Driver(Box::new(driver))))
            }
        }
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
        let folder = self.next_folder()?;
        let driver = Driver::start(&self.browser, folder).await?;
        let found = (driver.url().to_owned(), driver.folder().to_owned());
        state.driver = Some(driver);
        Ok(found)
    }

    /// For a driver of one session.
    async fn own_folder(&self) -> Result<PathBuf, Fault> {
        let mut state = self.state.lock().await;
        let folder = self.next_folder()?;
        state.folders.retain(|folder| folder.exists());
        state.folders.push(folder.clone());
        // Where it is noted it is seen to, so it has to be there.
        driver::private(&folder)?;
        Ok(folder)
    }

    fn next_folder(&self) -> Result<PathBuf, Fault> {
        // Nobody would end what is started now.
        if self.permits.is_closed() {
            return Err(closed());
        }
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        Ok(self.folder.join(format!("{number:06}")))
    }
}

impl Session {
    async fn close(self) {
        match self.home {
            Home::Elsewhere => drop(timeout(HEALTH, self.client.close()).await),
            Home::Profile(_) => (),
            Home::Driver(driver) => driver.close().await,
        }
    }
}

impl Home {
    /// Where the browser works; none when it runs elsewhere.
    fn folder(&self) -> Option<&Path> {
        match self {
            Home::Elsewhere => None,
            Home::Profile(profile) => Some(&profile.0),
            Home::Driver(driver) => Some(driver.folder()),
        }
    }
}

impl Loan {
    /// What it shows, for a step of which each action waits so long.
    pub(crate) fn page(&self, wait: Duration) -> Page {
        Page::new(self.session.client.clone(), self.stock.browser.kind(), wait)
    }

    /// Where files of this session pass through; none when its browser runs elsewhere.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.session.home.folder().map(Path::to_owned)
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.session.logged_in
    }

    /// Gives the session back, unless it cannot be brought to a blank page. What the step has done
    /// is told meanwhile.
    pub(crate) fn give_back(self, logged_in: bool) {
        let returning = self.stock.returning.clone();
        returning.spawn(async move {
            if self.page(HEALTH).blank().await.is_err() {
                return;
            }
            let Loan { stock, session, .. } = self;
            let session = Session {
                logged_in,
                ..session
            };
            stock.put(session).await;
        });
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
