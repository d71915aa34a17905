//! What the demo tells while it happens, and whether it went as it should.
//!
//! Every sentence is said because of a fact that was written down, and the sums
//! at the end are counted in the office, the mail sink and the outbox, not in
//! what Botswain believes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use botswain_core::{
    ExceptionId, Fault, Payload, RunId, StepId,
    engine::event::Reply,
    index::State,
    run::fact::{Fact, Verdict, What},
};
use botswain_demo::{office::Office, sink::Sink};
use indexmap::IndexMap;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::Error;
use crate::{
    daemon::{Handle, Notice},
    views::{ExceptionsQuery, Sight},
};

/// Nothing in the demo takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many exceptions are told of at most.
const MENTIONED: usize = 40;

pub(super) struct Story<'a> {
    pub(super) handle: Handle,
    pub(super) folder: &'a Path,
    pub(super) office: &'a Office,
    pub(super) sink: &'a Sink,
    /// Whether everything stays up afterwards.
    pub(super) stays: bool,
}

/// What was seen of a run.
#[derive(Default)]
struct Seen {
    keys: BTreeMap<RunId, String>,
    retries: usize,
}

impl Story<'_> {
    /// Both workflows, one after the other, and the sums.
    pub(super) async fn tell(&self) -> Result<(), Error> {
        let begun = Instant::now();
        say(&format!(
            "A back office is open at {} (clerk / seaworthy), a mail sink at {}.",
            self.office.address(),
            self.sink.address()
        ));
        say(&format!(
            "The instance is {}: botswain.yaml, workflows, templates, samples.\n",
            self.folder.display()
        ));
        say(
            "order-entry: a week of the shop's order lines goes into the office, typed by Chromium",
        );
        let (orders, seen) = self.run("order-entry").await?;
        say(
            "\nsupplier-po: what is below its reorder level is ordered, one mail and one file a supplier",
        );
        let (purchases, _) = self.run("supplier-po").await?;
        let lines = self.check_orders(&orders)?;
        let (mails, files) = self.check_purchases(&purchases)?;
        self.told(lines, seen.retries, (mails, files), begun.elapsed())
    }

    /// Keeps everything up until somebody interrupts.
    pub(super) async fn stay(&self) {
        say("\nEverything stays up. Stop it with Ctrl-C.");
        // Without a signal to wait for there is nothing to stay for.
        drop(tokio::signal::ctrl_c().await);
    }

    async fn run(&self, workflow: &str) -> Result<(RunId, Seen), Error> {
        let mut notices = self.handle.watch();
        let started = self
            .handle
            .run(workflow, IndexMap::new(), None, "demo")
            .await;
        let run = match started.map_err(|fault| Error::Story(fault.to_string()))? {
            Reply::Started { run } => run,
            other => return Err(Error::Story(format!("{workflow} did not start: {other:?}"))),
        };
        let mut seen = Seen::default();
        let told = self.follow(&run, &mut notices, &mut seen);
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(told) => told.map(|()| (run, seen)),
            Err(_) => Err(Error::Story(format!(
                "{workflow} is not done after {} s",
                PATIENCE.as_secs()
            ))),
        }
    }

    async fn follow(
        &self,
        root: &RunId,
        notices: &mut Receiver<Notice>,
        seen: &mut Seen,
    ) -> Result<(), Error> {
        loop {
            match notices.recv().await {
                Ok(Notice::Committed { run, facts, .. }) if run.number() == root.number() => {
                    facts.iter().for_each(|fact| self.mention(&run, fact, seen));
                }
                Ok(Notice::Rested { run }) if run == *root => return Ok(()),
                Ok(_) | Err(RecvError::Lagged(_)) => (),
                Err(RecvError::Closed) => {
                    return Err(Error::Daemon(
                        "it stopped in the middle of the demo".to_owned(),
                    ));
                }
            }
        }
    }

    fn mention(&self, run: &RunId, fact: &Fact, seen: &mut Seen) {
        let name = seen.keys.get(run).cloned().unwrap_or_default();
        match &fact.what {
            What::Claimed { key } => drop(seen.keys.insert(run.clone(), key.text.clone())),
            What::Opened { step, count, .. } => say(&format!("  {step}: {count} to do")),
            What::Failed {
                fault,
                then: Verdict::Retry { .. } | Verdict::Wait { .. },
                ..
            } => {
                seen.retries += 1;
                say(&format!("  ~ {name}  {}; it is tried again", fault.message));
            }
            What::Failed {
                fault,
                then: Verdict::Park { exception } | Verdict::Doubt { exception },
                ..
            } => {
                say(&format!(
                    "  ! {name}  parked as exception {exception}: {}",
                    fault.message
                ));
            }
            What::Succeeded { step, output, .. } => self.done(&name, step, output),
            _ => (),
        }
    }

    fn done(&self, name: &str, step: &StepId, output: &Payload) {
        let Payload::Inline(output) = output else {
            return;
        };
        match step.as_str() {
            "form" => say(&format!(
                "  + {name}  is order {} in the office",
                output["number"].as_str().unwrap_or("?")
            )),
            "send" => say(&format!(
                "  + {name}  mailed to {}",
                listed(&output["accepted"])
            )),
            "drop" => say(&format!(
                "  + {name}  dropped as {}",
                output["path"].as_str().unwrap_or("?")
            )),
            _ => (),
        }
    }

    /// Every line that was entered is in the office once, the one that waits is not there at all.
    /// Where everything stays up, somebody may have decided it already.
    fn check_orders(&self, run: &RunId) -> Result<usize, Error> {
        let items = self
            .handle
            .parts
            .store
            .items(run, &StepId::new("enter"), 0, 10_000);
        let items = items.map_err(|error| Error::Story(error.to_string()))?;
        let mut entered = 0;
        let goes_on = |state: State| !matches!(state, State::Succeeded | State::Parked);
        for item in items
            .iter()
            .filter(|item| !(self.stays && goes_on(item.state)))
        {
            let key = item.key.as_deref().unwrap_or_default();
            let expected = usize::from(item.state == State::Succeeded);
            entered += expected;
            let found = self.office.count(key);
            expect(found == expected, || {
                format!("line {key} is in the office {found} times, not {expected}")
            })?;
        }
        let (all, rest) = (items.len(), entered + 1);
        let parked = items.iter().filter(|item| item.state == State::Parked);
        let parked = parked.count();
        let waits = parked == 1 && rest == all;
        expect(waits || self.stays && rest >= all, || {
            format!(
                "{entered} of {all} lines were entered and {parked} are parked, not the one with the unknown product"
            )
        })?;
        Ok(entered)
    }

    /// One mail with the order attached, and one file, for each supplier with something to order.
    fn check_purchases(&self, run: &RunId) -> Result<(usize, usize), Error> {
        let low = |product: &&botswain_demo::master::Product| {
            !product.discontinued && product.stock < product.reorder_level
        };
        let suppliers: BTreeSet<String> = self
            .office
            .products()
            .iter()
            .filter(low)
            .map(|it| it.supplier.clone())
            .collect();
        let messages = self.sink.messages().map_err(Error::Sink)?;
        let is_order = |message: &&botswain_demo::sink::Message| {
            message.subject.starts_with("Purchase order") && message.attachments.len() == 1
        };
        let mails = messages.iter().filter(is_order).count();
        let outbox = self.folder.join("outbox");
        let files = std::fs::read_dir(&outbox).map_or(0, Iterator::count);
        let due = suppliers.len();
        expect(mails == due, || {
            format!("{mails} purchase orders were mailed, not {due} (run {run})")
        })?;
        expect(files == due, || {
            format!("{files} purchase orders were dropped, not {due} (run {run})")
        })?;
        Ok((mails, files))
    }

    fn told(
        &self,
        lines: usize,
        retries: usize,
        (mails, files): (usize, usize),
        took: Duration,
    ) -> Result<(), Error> {
        let asked = (&Sight::All, MENTIONED);
        let open = self
            .handle
            .parts
            .exceptions(&ExceptionsQuery::default(), asked);
        let open = open.map_err(|error| Error::Story(error.to_string()))?;
        say(&format!("\nDone in {} s.", took.as_secs()));
        say(&format!(
            "  {lines} order lines are in the office, each exactly once ({} tried again)",
            match retries {
                1 => "1 attempt was".to_owned(),
                _ => format!("{retries} attempts were"),
            }
        ));
        say(&format!(
            "  {mails} purchase orders were mailed and {files} dropped into {}",
            self.folder.join("outbox").display()
        ));
        let botswain = format!("botswain --dir {}", self.folder.display());
        for exception in &open {
            say(&format!(
                "  1 line waits for you: {} ({})",
                exception.message,
                exception.key.as_deref().unwrap_or("-")
            ));
            let page = exception
                .artifacts
                .iter()
                .find(|artifact| artifact.media == "image/png");
            let page =
                page.ok_or_else(|| Error::Story("the parked line has no screenshot".to_owned()))?;
            let kept = self.handle.parts.instance.private().artifacts();
            let kept = kept.join(&page.hash.as_str()[..2]).join(page.hash.as_str());
            let copy = self.folder.join(format!("exception-{}.png", exception.id));
            std::fs::copy(&kept, &copy).map_err(|source| Error::Folder { path: kept, source })?;
            say(&format!("    the page as it was:  {}", copy.display()));
            say(&format!(
                "    all about it:        {botswain} exceptions show {}",
                exception.id
            ));
            self.how_to_mend(&botswain, exception.id);
        }
        Ok(())
    }

    /// The two ways out, which take an office that is open.
    fn how_to_mend(&self, botswain: &str, exception: ExceptionId) {
        if !self.stays {
            say(
                "    to mend it:          start again with `botswain demo --stay`, so that the office stays open",
            );
            return;
        }
        say(&format!(
            "    correct the line:    {botswain} exceptions edit {exception} --set sku=0064"
        ));
        say(&format!(
            "    or add the product:  {botswain} demo add-product 9001 \"Sea biscuits\""
        ));
        say(&format!(
            "                         {botswain} exceptions retry {exception}"
        ));
    }
}

fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// `a@example.com, b@example.com`
fn listed(addresses: &serde_json::Value) -> String {
    let addresses = addresses.as_array().into_iter().flatten();
    let texts: Vec<&str> = addresses.filter_map(serde_json::Value::as_str).collect();
    texts.join(", ")
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Error> {
    match holds {
        true => Ok(()),
        false => Err(Error::Story(otherwise())),
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Story(fault.to_string())
    }
}
