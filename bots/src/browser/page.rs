//! One open page: finding, waiting, clicking, entering.
//!
//! In: locators and values. Out: what was found or read, or [`Stop`]. Every wait
//! asks the page every 20 ms until what is needed is there, visible and enabled,
//! and ends at its deadline with a fault that says what the page showed instead.

mod frames;
mod gesture;

use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use botswain_bot::Fault;
use fantoccini::{
    Client,
    elements::{Element, ElementRef},
    wd::{TimeoutConfiguration, WebDriverCompatibleCommand, WindowHandle},
};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub(crate) use self::gesture::Gesture;

use self::frames::{Depth, Mode};
use super::{
    locator::Locator,
    problem,
    settings::Kind,
    trouble::{self, Trouble},
};

const SCRIPT: &str = include_str!("page.js");
/// The same, for a browser that cannot be told beforehand what to do on each page.
const COUNTING: &str = concat!(include_str!("network.js"), include_str!("page.js"));
/// Counts what a page asks its server for.
const NETWORK: &str = include_str!("network.js");
const POLL: Duration = Duration::from_millis(20);
/// What a page may take to load even when the step waits for less.
const LOAD: Duration = Duration::from_secs(20);
/// How long the driver may take over what it said it would do by then.
const GRACE: Duration = Duration::from_secs(2);
/// How long a page that is only looked at may go on changing.
const SETTLES: Duration = Duration::from_secs(3);
/// The key by which WebDriver marks an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What an element is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Field,
    Box,
    Choice,
    Button,
    Read,
    Frame,
    File,
}

impl Purpose {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Purpose::Field => "field",
            Purpose::Box => "box",
            Purpose::Choice => "choice",
            Purpose::Button => "button",
            Purpose::Read => "read",
            Purpose::Frame => "frame",
            Purpose::File => "file",
        }
    }
}

/// By what an element was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Which of the alternatives.
    pub alternative: usize,
    /// In which frame, when it was not on the page itself.
    pub frame: Option<String>,
}

/// Why an action ended early.
#[derive(Debug)]
pub(crate) struct Stop {
    pub fault: Box<Fault>,
    /// The effect is known not to have taken place, whatever was begun.
    pub refused: bool,
    /// What is left of the browser.
    pub browser: Browser,
}

/// Whether a browser can be used after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    Sound,
    /// It may still show its page, but nobody else should get it.
    Doubtful,
    Dead,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop {
            fault: Box::new(fault),
            refused: false,
            browser: Browser::Sound,
        }
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        let browser = trouble.browser();
        Stop {
            fault: Box::new(trouble.into_fault()),
            refused: false,
            browser,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Page {
    client: Client,
    kind: Kind,
    wait: Duration,
    /// Every look at the page also sees to it that the page counts what it asks for.
    counts: Arc<AtomicBool>,
    /// Of locators with alternatives, and those that led into a frame: what was used last.
    used: Arc<Mutex<BTreeMap<String, Used>>>,
    depth: Arc<Mutex<Depth>>,
}

impl Page {
    pub(crate) fn new(client: Client, kind: Kind, wait: Duration) -> Page {
        Page {
            client,
            kind,
            wait,
            counts: Arc::default(),
            used: Arc::default(),
            depth: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn deadline(&self, wait: Option<Duration>) -> Instant {
        Instant::now() + wait.unwrap_or(self.wait)
    }

    /// Sends one command; a driver that does not answer is given up.
    pub(crate) async fn command<T>(
        &self,
        command: impl Future<Output = Result<T, fantoccini::error::CmdError>>,
    ) -> Result<T, Trouble> {
        let answered = timeout(self.wait.max(LOAD) + GRACE, command).await;
        match answered {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Trouble::Silent),
        }
    }

    /// Asks the document once in which the driver stands.
    async fn ask_here(&self, operation: &str, given: &Value, mode: Mode) -> Result<Value, Trouble> {
        let arguments = vec![json!(operation), given.clone(), mode.word()];
        let script = match self.counts.load(Ordering::Relaxed) {
            true => COUNTING,
            false => SCRIPT,
        };
        match self.command(self.client.execute(script, arguments)).await {
            Err(Trouble::Dialog(why)) => Err(self.dialog(why).await),
            Ok(answer) => {
                self.note_used(&answer);
                Ok(answer)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Returns once the page has loaded and had a moment to draw itself.
    pub(crate) async fn settled(&self) -> Result<(), Fault> {
        let look = json!({ "idle": true });
        let deadline = Instant::now() + SETTLES;
        while Instant::now() < deadline {
            match self.ask("check", look.clone()).await {
                Ok(answer) if answer["unmet"].as_array().is_some_and(Vec::is_empty) => break,
                Ok(_) | Err(Trouble::Passing(_)) => sleep(POLL).await,
                Err(trouble) => return Err(trouble.into_fault()),
            }
        }
        Ok(())
    }

    fn note_used(&self, answer: &Value) {
        let told = answer["used"].as_array().into_iter().flatten();
        let told = told.filter_map(|one| {
            let alternative = usize::try_from(one[1].as_u64()?).ok()?;
            Some((one[0].as_str()?.to_owned(), alternative))
        });
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (locator, alternative) in told {
            used.entry(locator).or_default().alternative = alternative;
        }
    }

    /// What was used since this was asked last, by locator.
    pub(crate) fn take_used(&self) -> BTreeMap<String, Used> {
        std::mem::take(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The dialog's own text says more than the driver's.
    async fn dialog(&self, why: String) -> Trouble {
        match self.command(self.client.get_alert_text()).await {
            Ok(text) => Trouble::Dialog(format!("`{}`", text.trim())),
            Err(_) => Trouble::Dialog(why),
        }
    }

    /// Asks until `fits` takes the answer; at the deadline `late` makes the fault of the last one.
    pub(crate) async fn until<T>(
        &self,
        deadline: Instant,
        (operation, given): (&str, Value),
        fits: impl Fn(&Value) -> Option<T>,
        late: impl Fn(&Value) -> Stop,
    ) -> Result<T, Stop> {
        loop {
            let stop = match self.ask(operation, given.clone()).await {
                Ok(answer) => match fits(&answer) {
                    Some(found) => return Ok(found),
                    None if problem::is_final(&answer) => return Err(late(&answer)),
                    None => late(&answer),
                },
                Err(Trouble::Passing(why)) => Trouble::Passing(why).into(),
                Err(trouble) => return Err(trouble.into()),
            };
            if Instant::now() + POLL > deadline {
                return Err(stop);
            }
            sleep(POLL).await;
        }
    }

    pub(crate) async fn find(
        &self,
        locator: &Locator,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Element, Stop> {
        let given = json!({ "locator": locator.wanted(), "kind": purpose.word() });
        let late = |answer: &Value| problem::fault(locator, purpose, answer).into();
        let fits = |answer: &Value| self.element(answer);
        self.until(deadline, ("find", given), fits, late).await
    }

    pub(crate) fn element(&self, answer: &Value) -> Option<Element> {
        let id = answer.get("element")?.get(ELEMENT)?.as_str()?;
        let id = ElementRef::from(id.to_owned());
        Some(Element::from_element_id(self.client.clone(), id))
    }

    /// Clicks as a person would, once nothing lies over the element any more.
    ///
    /// `begin` is called before each try, `undo` when it is known that nothing was clicked.
    pub(crate) async fn click(
        &self,
        (locator, told): (&Locator, Value),
        begin: &mut (dyn FnMut(bool) + Send),
    ) -> Result<(), Stop> {
        let deadline = self.deadline(None);
        let given = json!({ "locator": locator.wanted(), "told": told });
        let late = |answer: &Value| problem::fault(locator, Purpose::Button, answer).into();
        let fits = |answer: &Value| Some((self.element(answer)?, answer["clear"] == true));
        loop {
            let pressable = self.until(deadline, ("press", given.clone()), fits, late);
            let (element, clear) = pressable.await?;
            begin(true);
            match self.press_button(element, clear).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Covered(why)) => {
                    begin(false);
                    if Instant::now() + POLL > deadline {
                        return Err(problem::covered(locator, &why).into());
                    }
                }
                Err(Trouble::Dialog(why)) => return Err(self.dialog(why).await.into()),
                Err(trouble) => return Err(trouble.into()),
            }
            sleep(POLL).await;
        }
    }

    /// A pointer that is sure to meet the element needs a third of the time that chromedriver takes
    /// to look for itself whether it does.
    async fn press_button(&self, element: Element, clear: bool) -> Result<(), Trouble> {
        if clear && self.kind == Kind::Chromium {
            let actions = Gesture::Click.over(element);
            return self.command(self.client.perform_actions(actions)).await;
        }
        self.command(element.click()).await
    }

    /// Moves the pointer over the element, once nothing lies over it, and does what is asked for.
    ///
    /// `begin` is called right before a button goes down.
    pub(crate) async fn point(
        &self,
        locator: &Locator,
        gesture: Gesture,
        begin: impl FnOnce(),
    ) -> Result<(), Stop> {
        let given = json!({ "locator": locator.wanted() });
        let late = |answer: &Value| problem::fault(locator, Purpose::Button, answer).into();
        let fits = |answer: &Value| self.element(answer);
        let deadline = self.deadline(None);
        let element = self.until(deadline, ("point", given), fits, late).await?;
        begin();
        let done = self.client.perform_actions(gesture.over(element));
        match self.command(done).await {
            Err(Trouble::Dialog(why)) => Err(self.dialog(why).await.into()),
            done => Ok(done?),
        }
    }

    /// What the dialog says that is open, or opens in time.
    pub(crate) async fn dialog_text(&self) -> Result<String, Stop> {
        let deadline = self.deadline(None);
        loop {
            match self.command(self.client.get_alert_text()).await {
                Ok(text) => return Ok(text.trim().to_owned()),
                Err(Trouble::Passing(_)) if Instant::now() + POLL < deadline => {
                    sleep(POLL).await;
                }
                Err(Trouble::Passing(_)) => {
                    let words = "the page opened no dialog";
                    return Err(Fault::system("browser.not_found", words).into());
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    /// From here on everything is about another window, which is brought to the front: one in the
    /// background is not drawn.
    pub(crate) async fn enter_window(&self, window: WindowHandle) -> Result<(), Trouble> {
        self.command(self.client.switch_to_window(window)).await?;
        self.entered(false);
        self.to_front().await;
        Ok(())
    }

    /// A driver of somebody else may not know how; its windows are drawn as they are.
    async fn to_front(&self) {
        self.devtools("Page.bringToFront", json!({})).await.ok();
    }

    /// From here on the pages that are loaded count what they ask their server for.
    pub(crate) async fn watch_network(&self) -> Result<(), Trouble> {
        if self.kind == Kind::Firefox {
            self.counts.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let params = json!({ "source": NETWORK });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", params)
            .await
            .map(drop)
    }

    /// A command of the Chrome DevTools Protocol, which chromedriver passes on.
    pub(crate) async fn devtools(&self, method: &str, params: Value) -> Result<Value, Trouble> {
        let command = Vendor {
            path: "goog/cdp/execute",
            body: Some(json!({ "cmd": method, "params": params })),
        };
        self.special(Kind::Chromium, command).await
    }

    /// A command that the drivers of one kind know. Another would not even answer in JSON.
    async fn special(&self, kind: Kind, command: Vendor) -> Result<Value, Trouble> {
        if self.kind != kind {
            let words = format!("its driver does not know `{}`", command.path);
            return Err(Trouble::Passing(words));
        }
        self.command(self.client.issue_cmd(command)).await
    }

    /// What the page has written to its console since this was asked last.
    pub(crate) async fn console(&self) -> Vec<Value> {
        let command = Vendor {
            path: "se/log",
            body: Some(json!({ "type": "browser" })),
        };
        let told = self.special(Kind::Chromium, command).await;
        told.ok()
            .and_then(|told| told.as_array().cloned())
            .unwrap_or_default()
    }

    /// The whole page as PNG, in Base64, by a command of geckodriver.
    pub(crate) async fn full_screenshot(&self) -> Result<Value, Trouble> {
        let command = Vendor {
            path: "moz/screenshot/full",
            body: None,
        };
        self.special(Kind::Firefox, command).await
    }

    /// From here on everything is about what the frame holds.
    pub(crate) async fn enter(&self, frame: &Locator) -> Result<(), Stop> {
        let deadline = self.deadline(None);
        let element = self.find(frame, Purpose::Frame, deadline).await?;
        self.command(element.enter_frame()).await?;
        self.entered(true);
        Ok(())
    }

    /// From here on everything is about the page again, whatever has become of its frames.
    pub(crate) async fn leave_frames(&self) -> Result<(), Trouble> {
        self.entered(false);
        self.to_top().await
    }

    async fn to_top(&self) -> Result<(), Trouble> {
        self.command(self.client.issue_cmd(ToTop)).await.map(drop)
    }

    /// Tells the driver how long a page and a script may take.
    pub(crate) async fn limit(&self) -> Result<(), Trouble> {
        let limit = Some(self.wait.max(LOAD));
        let limits = TimeoutConfiguration::new(limit, limit, Some(Duration::ZERO));
        self.command(self.client.update_timeouts(limits)).await
    }

    /// Opens an address; returns the status with which the site answered, 0 when it is not known.
    pub(crate) async fn open(&self, url: &str) -> Result<u64, Stop> {
        self.command(self.client.goto(url)).await?;
        let page = self.ask("page", Value::Null).await?;
        // What Chromium shows in the place of a page, as for a bad certificate, counts as loaded.
        if page["broken"] == true {
            let why = match page["error"].as_str() {
                Some(why) => why.to_owned(),
                None => self.why_broken(url).await,
            };
            return Err(trouble::unreached(&why).into());
        }
        Ok(page["status"].as_u64().unwrap_or_default())
    }

    /// The headless shell shows nothing in the place of a page. An address is only read, so to ask
    /// once more changes nothing.
    async fn why_broken(&self, url: &str) -> String {
        let again = self.devtools("Page.navigate", json!({ "url": url })).await;
        let again = again.unwrap_or_default();
        let why = again["errorText"].as_str();
        why.unwrap_or("the connection broke").to_owned()
    }

    /// Leaves nothing of what was done to the next step: one window, blank, no dialog.
    pub(crate) async fn blank(&self) -> Result<(), Trouble> {
        let whole = async {
            match self.client.goto("about:blank").await {
                Err(err) if err.is_no_such_window() => {
                    let left = self.client.windows().await?.into_iter().next();
                    let left = left.ok_or(fantoccini::error::CmdError::WaitTimeout)?;
                    self.client.switch_to_window(left).await?;
                    self.client.goto("about:blank").await?;
                }
                Err(err) if err.is_unexpected_alert_open() => {
                    self.client.dismiss_alert().await?;
                    self.client.goto("about:blank").await?;
                }
                other => other?,
            }
            let open = self.client.windows().await?;
            if open.len() < 2 {
                return Ok(());
            }
            // Any of them may have a name by which a page would find it again.
            let fresh = self.client.new_window(true).await?.handle;
            for other in open {
                self.client.switch_to_window(other).await?;
                self.client.close_window().await?;
            }
            self.client.switch_to_window(fresh).await?;
            self.to_front().await;
            Ok::<(), fantoccini::error::CmdError>(())
        };
        match timeout_at(Instant::now() + GRACE, whole).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Trouble::Slow("the browser does not answer".to_owned())),
        }
    }
}

/// Switch To Frame of the WebDriver standard, to none.
#[derive(Debug)]
struct ToTop;

impl WebDriverCompatibleCommand for ToTop {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/frame", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        (hyper::Method::POST, Some(json!({ "id": null }).to_string()))
    }
}

/// A command that is not of the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    /// None for what is only asked for.
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        match &self.body {
            Some(body) => (hyper::Method::POST, Some(body.to_string())),
            None => (hyper::Method::GET, None),
        }
    }
}
