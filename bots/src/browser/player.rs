//! Does the actions of one step, one after the other.
//!
//! It knows what has been done, what has been read, and whether the world may
//! have changed: until `submit` (or, without one, the first click) every fault
//! leaves it as it was, from then on only the page's own answer can say so.

mod effects;
mod entering;
mod files;
mod holding;
mod looking;
mod reading;

use std::{path::PathBuf, time::Duration};

use botswain_bot::{Context, Fault, Reach};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

pub(crate) use self::effects::Effect;
use self::{entering::texts, files::kept, looking::is_met};
use super::{
    action::{self, Action, Changes, Dialog, Entry, Key, Script, Scroll, Submit},
    evidence::Done,
    locator::Locator,
    page::{Gesture, Page, Purpose, Stop},
    pool::Pool,
    problem,
    trouble::Trouble,
};

const POLL: Duration = Duration::from_millis(20);
/// How long a page may take to show that one is logged in.
const LOGIN_SHOWS: Duration = Duration::from_secs(2);

type Row = Map<String, Value>;

pub(crate) struct Player<'a> {
    pub(crate) page: Page,
    pub(crate) done: Vec<Done>,
    pub(crate) output: Map<String, Value>,
    /// The session is logged in, as far as is known.
    pub(crate) logged_in: bool,
    pool: &'a Pool,
    /// None while a connection is only tested.
    context: Option<&'a Context>,
    changes: Changes,
    begun: bool,
    /// Where the page may say that it refused.
    refusals: Vec<Value>,
    /// A login from an earlier step, which the first page has to confirm.
    unconfirmed: bool,
    logging_in: bool,
    /// The frames around what is worked with, outermost first.
    frames: Vec<Locator>,
    /// Whether each effect is pictured.
    pub(crate) pictures_effects: bool,
    pub(crate) effects: Vec<Effect>,
    /// The action that is done has begun an effect.
    effect_begun: bool,
    /// Where files pass through; none when the browser runs elsewhere.
    pub(crate) folder: Option<PathBuf>,
}

impl<'a> Player<'a> {
    pub(crate) fn new(
        page: Page,
        pool: &'a Pool,
        context: Option<&'a Context>,
        logged_in: bool,
    ) -> Self {
        Player {
            page,
            done: Vec::new(),
            output: Map::new(),
            logged_in,
            pool,
            context,
            changes: Changes::Never,
            begun: false,
            refusals: Vec::new(),
            unconfirmed: logged_in && pool.settings.logged_in.is_some(),
            logging_in: false,
            frames: Vec::new(),
            pictures_effects: false,
            effects: Vec::new(),
            effect_begun: false,
            folder: None,
        }
    }

    /// Logs in if need be and does all `actions`.
    pub(crate) async fn perform<V: Entry>(&mut self, actions: &[Action<V>]) -> Result<(), Stop> {
        self.changes = Changes::of(actions);
        self.refusals = vec![json!(Locator::alert().wanted())];
        note_refusals(actions, &mut self.refusals);
        let result = async {
            if action::waits_for_idle(actions) {
                self.page.watch_network().await?;
            }
            if !self.logged_in && !self.pool.settings.login.is_empty() {
                self.log_in().await?;
            }
            self.play(actions, None).await
        };
        result.await.map_err(|stop| self.reached(stop))
    }

    /// In doubt if the effect had begun and the page did not say that it refused.
    fn reached(&self, mut stop: Stop) -> Stop {
        stop.fault.effect = match self.begun && !stop.refused {
            true => Reach::Unknown,
            false => Reach::None,
        };
        stop
    }

    async fn play<V: Entry>(
        &mut self,
        actions: &[Action<V>],
        row: Option<&Row>,
    ) -> Result<(), Stop> {
        for action in actions {
            self.timed(action, row).await?;
        }
        Ok(())
    }

    async fn timed<V: Entry>(&mut self, action: &Action<V>, row: Option<&Row>) -> Result<(), Stop> {
        if let Some(slow) = self.pool.settings.browser.slow {
            sleep(slow.to_std()).await;
        }
        let started = Instant::now();
        let place = self.done.len();
        self.done.push(Done::begun(action.words(), self.logging_in));
        // Boxed, for `each` and the login lead back here.
        let result = match self.page.surface().await {
            Ok(()) => Box::pin(self.act(action, row)).await,
            Err(trouble) => Err(Stop::from(trouble)),
        };
        match result {
            Ok(()) => self.picture_after().await,
            // The evidence of the fault shows it.
            Err(_) => self.effect_begun = false,
        }
        self.done[place].ended(started.elapsed(), result.is_ok());
        self.done[place].found(self.page.take_used());
        result
    }

    async fn act<V: Entry>(&mut self, action: &Action<V>, row: Option<&Row>) -> Result<(), Stop> {
        match action {
            Action::Open(path) => self.open(path).await,
            Action::Back(go) => self.travel(*go, true).await,
            Action::Reload(go) => self.travel(*go, false).await,
            Action::Fill(fields) => self.fill(&texts(fields, row)?).await,
            Action::Type(fields) => self.type_all(&texts(fields, row)?).await,
            Action::Clear(locator) => self.clear(locator).await,
            Action::Select(fields) => self.select(&texts(fields, row)?).await,
            Action::Tick(locator) => self.tick(locator, true).await,
            Action::Untick(locator) => self.tick(locator, false).await,
            Action::Click(locator) => self.click(locator, self.changes == Changes::Click).await,
            Action::DoubleClick(locator) => self.gesture(locator, Gesture::DoubleClick).await,
            Action::RightClick(locator) => self.gesture(locator, Gesture::RightClick).await,
            Action::Hover(locator) => self.gesture(locator, Gesture::Hover).await,
            Action::Drag(drag) => {
                let to = self
                    .page
                    .find(&drag.to, Purpose::Read, self.page.deadline(None));
                let to = to.await?;
                self.gesture(&drag.from, Gesture::DragTo(to)).await
            }
            Action::Upload(files) => self.upload(files).await,
            Action::Download(download) => self.download(download, kept(row)).await,
            Action::Dialog(dialog) => self.answer(dialog).await,
            Action::Scroll(to) => self.scroll(to).await,
            Action::Submit(submit) => self.submit(submit).await,
            Action::Press(key) => self.press(key, self.changes == Changes::Click).await,
            Action::WaitFor(wait) => self.wait_for(wait, row).await,
            Action::Expect(expect) => self.expect(expect, row).await,
            Action::Read(reads) => self.read(reads, kept(row)).await,
            Action::Screenshot(picture) => self.screenshot(picture).await,
            Action::Pdf(name) => self.pdf(name, kept(row)).await,
            Action::Script(script) => self.script(script, kept(row)).await,
            Action::Each(each) => self.each(each).await,
            Action::Frame(frame) => self.frame(frame, row).await,
            Action::Window(window) => self.window(window, row).await,
            Action::Repeat(repeat) => self.repeat(repeat, row).await,
            Action::If(branches) => self.branch(branches, row).await,
        }
    }

    async fn travel(&self, go: bool, back: bool) -> Result<(), Stop> {
        match (go, back) {
            (true, true) => self.page.command(self.page.client().back()).await?,
            (true, false) => self.page.command(self.page.client().refresh()).await?,
            (false, _) => (),
        }
        Ok(())
    }

    /// Waits for the dialog and answers it; one that says something else is dismissed.
    async fn answer(&mut self, dialog: &Dialog) -> Result<(), Stop> {
        let says = self.page.dialog_text().await?;
        let client = self.page.client().clone();
        if let Some(wanted) = dialog
            .says
            .as_ref()
            .filter(|wanted| !says.contains(&***wanted))
        {
            self.page.command(client.dismiss_alert()).await?;
            let words = format!("the dialog says `{says}`, not `{wanted}`");
            return Err(Fault::business("browser.dialog", words).into());
        }
        if let Some(text) = &dialog.text {
            self.page.command(client.send_alert_text(text)).await?;
        }
        if !dialog.accept {
            return Ok(self.page.command(client.dismiss_alert()).await?);
        }
        if self.changes == Changes::Click {
            self.announce().await?;
            self.begun = true;
        }
        Ok(self.page.command(client.accept_alert()).await?)
    }

    async fn script(&mut self, script: &Script, kept: files::Kept) -> Result<(), Stop> {
        if self.changes == Changes::Click {
            self.announce().await?;
            self.begun = true;
        }
        let run = self
            .page
            .client()
            .execute(&script.run, script.arguments.clone());
        match self.page.command(run).await {
            Ok(result) => {
                if let Some(name) = &script.name {
                    self.keep(name, result, kept);
                }
                Ok(())
            }
            Err(Trouble::Passing(why)) => {
                let words = format!("the script ended early: {why}");
                Err(Fault::business("browser.script", words).into())
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    // Opening, and the login

    async fn open(&mut self, path: &str) -> Result<(), Stop> {
        let url = self.pool.address(path)?;
        let status = self.page.open(url.as_str()).await?;
        // A site that is unready shows nobody as logged in; that is no reason to log in again.
        if is_unready(status) {
            return opened(status);
        }
        if std::mem::take(&mut self.unconfirmed) && !self.shows_login(LOGIN_SHOWS).await? {
            self.log_in().await?;
            return opened(self.page.open(url.as_str()).await?);
        }
        opened(status)
    }

    async fn log_in(&mut self) -> Result<(), Stop> {
        self.logged_in = false;
        self.unconfirmed = false;
        let changes = std::mem::replace(&mut self.changes, Changes::Never);
        self.logging_in = true;
        let result = self.type_login().await;
        self.logging_in = false;
        self.changes = changes;
        self.logged_in = result.is_ok();
        result.map_err(|mut stop| {
            stop.fault.message = format!("the login did not succeed: {}", stop.fault.message);
            stop
        })
    }

    async fn type_login(&mut self) -> Result<(), Stop> {
        let pool = self.pool;
        for action in &pool.settings.login {
            self.timed(action, None).await?;
            // Many login pages lead on at once when one is still logged in.
            if matches!(action, Action::Open(_)) && self.shows_login(Duration::ZERO).await? {
                return Ok(());
            }
        }
        if pool.settings.logged_in.is_none() || self.shows_login(self.wait()).await? {
            return Ok(());
        }
        let told = self.alert().await;
        let told =
            told.unwrap_or_else(|| "the page does not show what `logged_in` names".to_owned());
        Err(Fault::business("browser.login", told)
            .hint("check the user name and the password of the connection")
            .into())
    }

    async fn shows_login(&self, wait: Duration) -> Result<bool, Stop> {
        let Some(locator) = &self.pool.settings.logged_in else {
            return Ok(false);
        };
        let given = json!({ "element": locator.wanted() });
        let deadline = Instant::now() + wait;
        loop {
            let answer = self.page.ask("check", given.clone()).await;
            match answer {
                Ok(answer) if answer["problem"].is_string() => {
                    return Err(problem::fault(locator, Purpose::Read, &answer).into());
                }
                Ok(answer) if is_met(&answer) => return Ok(true),
                Ok(_) | Err(Trouble::Passing(_)) => (),
                Err(trouble) => return Err(trouble.into()),
            }
            if Instant::now() + POLL > deadline {
                return Ok(false);
            }
            sleep(POLL).await;
        }
    }

    fn wait(&self) -> Duration {
        self.page.deadline(None) - Instant::now()
    }

    // Clicking

    async fn submit(&mut self, submit: &Submit) -> Result<(), Stop> {
        let changes = self.changes != Changes::Never;
        // What stands there now is no answer to what comes.
        let told = Value::from(self.refusals.clone());
        match submit {
            Submit::Click(locator) => self.click_after(locator, changes, told).await,
            Submit::Press(key) => {
                let answer = self.page.ask("told", told).await?;
                if answer["problem"].is_string() {
                    return Err(problem::invalid(&answer).into());
                }
                self.press(key, changes).await
            }
        }
    }

    async fn gesture(&mut self, locator: &Locator, gesture: Gesture) -> Result<(), Stop> {
        let changes = self.changes == Changes::Click && !matches!(gesture, Gesture::Hover);
        if changes {
            let deadline = self.page.deadline(None);
            self.page.find(locator, Purpose::Button, deadline).await?;
            self.announce().await?;
        }
        let begun = &mut self.begun;
        self.page
            .point(locator, gesture, || *begun |= changes)
            .await
    }

    async fn scroll(&mut self, to: &Scroll) -> Result<(), Stop> {
        let page = Locator::page();
        let (locator, given) = match &to.element {
            Some(element) => (element, json!(element.wanted())),
            None => (&page, Value::Null),
        };
        let given = json!({ "locator": given, "x": to.x, "y": to.y });
        let fits = |answer: &Value| answer["scrolled"].as_bool();
        let late = |answer: &Value| problem::fault(locator, Purpose::Read, answer).into();
        let deadline = self.page.deadline(None);
        let scrolled = self.page.until(deadline, ("scroll", given), fits, late);
        scrolled.await.map(drop)
    }

    async fn click(&mut self, locator: &Locator, changes: bool) -> Result<(), Stop> {
        self.click_after(locator, changes, Value::Null).await
    }

    /// Clicks once the page has noted what it shows at the places of `told`.
    async fn click_after(
        &mut self,
        locator: &Locator,
        changes: bool,
        told: Value,
    ) -> Result<(), Stop> {
        // What has begun is announced already.
        if changes && (!self.begun || self.pictures_effects) {
            // What is not there is not announced; to announce takes a moment, so it is found again.
            let deadline = self.page.deadline(None);
            self.page.find(locator, Purpose::Button, deadline).await?;
            self.announce().await?;
        }
        let before = self.begun;
        let begun = &mut self.begun;
        let mut begin = |now: bool| *begun = before || (changes && now);
        self.page.click((locator, told), &mut begin).await
    }

    /// The world may change from here on, and it is written down that it may.
    async fn announce(&mut self) -> Result<(), Stop> {
        self.picture_before().await;
        match self.context {
            Some(context) => Ok(context.begin_effect().await?),
            None => Ok(()),
        }
    }

    async fn press(&mut self, key: &Key, changes: bool) -> Result<(), Stop> {
        if changes {
            self.announce().await?;
        }
        self.page.to_focus().await?;
        let active = self.page.client().active_element();
        let active = self.page.command(active).await?;
        self.begun |= changes;
        Ok(self.page.command(active.send_keys(&key.codes)).await?)
    }
}

fn opened(status: u64) -> Result<(), Stop> {
    match status {
        400.. => Err(refused_page(status).into()),
        _ => Ok(()),
    }
}

/// Whether the same page may be there when one comes again.
fn is_unready(status: u64) -> bool {
    matches!(status, 408 | 429 | 500..)
}

fn refused_page(status: u64) -> Fault {
    let message = format!("the site answered with status {status}");
    match is_unready(status) {
        true => Fault::system("browser.status", message),
        false => Fault::business("browser.status", message),
    }
}

fn note_refusals<V>(actions: &[Action<V>], places: &mut Vec<Value>) {
    for action in actions {
        match action {
            Action::Expect(expect) => {
                places.extend(expect.refused.iter().map(|place| json!(place.wanted())));
            }
            other => {
                for held in other.inner() {
                    note_refusals(held, places);
                }
            }
        }
    }
}
