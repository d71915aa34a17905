//! Does the actions of one step, one after the other.
//!
//! It knows what has been done, what has been read, and whether the world may
//! have changed: until `submit` (or, without one, the first click) every fault
//! leaves it as it was, from then on only the page's own answer can say so.

mod entering;
mod looking;

use std::time::Duration;

use botswain_bot::{Context, Fault, Reach};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use self::{entering::texts, looking::is_met};
use super::{
    action::{Action, Changes, Each, Entry, Key, read_names},
    evidence::{self, Done},
    locator::Locator,
    page::{Page, Purpose, Stop},
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
        }
    }

    /// Logs in if need be and does all `actions`.
    pub(crate) async fn perform<V: Entry>(&mut self, actions: &[Action<V>]) -> Result<(), Stop> {
        self.changes = Changes::of(actions);
        self.refusals = vec![json!(Locator::alert().wanted())];
        note_refusals(actions, &mut self.refusals);
        let result = async {
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
        let started = Instant::now();
        let place = self.done.len();
        self.done.push(Done::begun(action.words(), self.logging_in));
        // Boxed, for `each` and the login lead back here.
        let result: Result<(), Stop> = Box::pin(self.act(action, row)).await;
        self.done[place].ended(started.elapsed(), result.is_ok());
        result
    }

    async fn act<V: Entry>(&mut self, action: &Action<V>, row: Option<&Row>) -> Result<(), Stop> {
        match action {
            Action::Open(path) => self.open(path).await,
            Action::Fill(fields) => self.fill(&texts(fields, row)?).await,
            Action::Type(fields) => self.type_all(&texts(fields, row)?).await,
            Action::Select(fields) => self.select(&texts(fields, row)?).await,
            Action::Tick(locator) => self.tick(locator, true).await,
            Action::Untick(locator) => self.tick(locator, false).await,
            Action::Click(locator) => self.click(locator, self.changes == Changes::Click).await,
            Action::Submit(locator) => self.submit(locator).await,
            Action::Press(key) => self.press(key).await,
            Action::WaitFor(wait) => self.wait_for(wait, row).await,
            Action::Expect(expect) => self.expect(expect, row).await,
            Action::Read(reads) => self.read(reads, row.is_some()).await,
            Action::Screenshot(name) => self.screenshot(name).await,
            Action::Each(each) => self.each(each).await,
        }
    }

    async fn each<V: Entry>(&mut self, each: &Each<V>) -> Result<(), Stop> {
        for name in read_names(&each.actions) {
            self.output.entry(name).or_insert_with(|| json!([]));
        }
        for row in &each.rows {
            self.play(&each.actions, Some(row)).await?;
        }
        Ok(())
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

    async fn submit(&mut self, locator: &Locator) -> Result<(), Stop> {
        // What stands there now is no answer to what comes.
        for place in &self.refusals {
            let answer = self.page.ask("told", place.clone()).await?;
            if answer["problem"].is_string() {
                return Err(problem::invalid(&answer).into());
            }
        }
        self.click(locator, self.changes != Changes::Never).await
    }

    async fn click(&mut self, locator: &Locator, changes: bool) -> Result<(), Stop> {
        if changes {
            // What is not there is not announced; to announce takes a moment, so it is found again.
            let deadline = self.page.deadline(None);
            self.page.find(locator, Purpose::Button, deadline).await?;
            self.announce().await?;
        }
        let before = self.begun;
        let begun = &mut self.begun;
        let mut begin = |now: bool| *begun = before || (changes && now);
        self.page.click(locator, &mut begin).await
    }

    /// The world may change from here on, and it is written down that it may.
    async fn announce(&self) -> Result<(), Stop> {
        match self.context {
            Some(context) => Ok(context.begin_effect().await?),
            None => Ok(()),
        }
    }

    async fn press(&mut self, key: &Key) -> Result<(), Stop> {
        let active = self.page.client().active_element();
        let active = self.page.command(active).await?;
        if self.changes == Changes::Click {
            self.announce().await?;
            self.begun = true;
        }
        Ok(self.page.command(active.send_keys(&key.codes)).await?)
    }

    async fn screenshot(&mut self, name: &str) -> Result<(), Stop> {
        let Some(context) = self.context else {
            return Ok(());
        };
        let picture = evidence::picture(&self.page).await?;
        let artifacts = context.artifacts.clone();
        let file = format!("{name}.png");
        let kept = tokio::task::spawn_blocking(move || artifacts.put(&file, "image/png", &picture));
        let kept = kept
            .await
            .map_err(|err| Fault::system("browser.screenshot", err.to_string()))??;
        let pictures = self
            .output
            .entry("screenshots")
            .or_insert_with(|| json!({}));
        pictures[name] = kept.to_value();
        Ok(())
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
            Action::Each(each) => note_refusals(&each.actions, places),
            _ => (),
        }
    }
}
