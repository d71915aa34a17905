//! Actions that hold others: frames, windows, rows, repetitions, branches.

use botswain_bot::Fault;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{POLL, Player, Row};
use crate::browser::{
    action::{Each, Entry, Frame, If, InWindow, Repeat, read_names},
    page::Stop,
    trouble::Trouble,
};

impl Player<'_> {
    pub(super) async fn frame<V: Entry>(
        &mut self,
        frame: &Frame<V>,
        row: Option<&Row>,
    ) -> Result<(), Stop> {
        self.page.enter(&frame.locator).await?;
        self.frames.push(frame.locator.clone());
        let result = self.play(&frame.actions, row).await;
        self.frames.pop();
        result?;
        // The frame may have gone with its page, so the way back is from the top.
        self.page.leave_frames().await?;
        self.back_into_frames().await
    }

    async fn back_into_frames(&self) -> Result<(), Stop> {
        for outer in &self.frames {
            self.page.enter(outer).await?;
        }
        Ok(())
    }

    pub(super) async fn window<V: Entry>(
        &mut self,
        window: &InWindow<V>,
        row: Option<&Row>,
    ) -> Result<(), Stop> {
        // What was done before may have closed its window; then there is no way back to it.
        let before = match self.page.command(self.page.client().window()).await {
            Ok(before) => Some(before),
            Err(Trouble::Closed) => None,
            Err(trouble) => return Err(trouble.into()),
        };
        let entered = self.enter_window(window, before.as_ref()).await?;
        let frames = std::mem::take(&mut self.frames);
        let result = self.play(&window.actions, row).await;
        self.frames = frames;
        result?;
        let client = self.page.client().clone();
        let mut open = self.page.command(client.windows()).await?;
        // It may have closed itself, or the one before.
        if window.close && open.contains(&entered) {
            self.page.enter_window(entered.clone()).await?;
            self.page.command(client.close_window()).await?;
            open.retain(|other| *other != entered);
        }
        match before.filter(|before| open.contains(before)) {
            Some(before) => self.page.enter_window(before).await?,
            None if open.contains(&entered) => {
                self.page.enter_window(entered).await?;
                self.frames.clear();
            }
            // Whoever comes back to a window of its own goes on; for anything else it is a fault.
            None => return Ok(()),
        }
        self.page.leave_frames().await?;
        self.back_into_frames().await
    }

    /// Waits for a window that fits; when none comes, the one before is as it was.
    async fn enter_window<V>(
        &self,
        window: &InWindow<V>,
        before: Option<&WindowHandle>,
    ) -> Result<WindowHandle, Stop> {
        let client = self.page.client();
        let deadline = self.page.deadline(None);
        loop {
            let mut others = self.page.command(client.windows()).await?;
            others.retain(|other| Some(other) != before);
            let mut seen = Vec::new();
            // The one that was opened last comes first.
            for other in others.into_iter().rev() {
                let there = self.page.enter_window(other.clone()).await;
                if there.is_err() {
                    continue;
                }
                let page = self.page.ask("page", Value::Null).await.unwrap_or_default();
                let part = |wanted: &Option<String>, key: &str| {
                    let held = page[key].as_str().unwrap_or_default();
                    wanted
                        .as_ref()
                        .is_none_or(|wanted| held.contains(&**wanted))
                };
                // A window is blank before its page comes.
                let blank = page["url"] == "about:blank" || page["url"].is_null();
                let waiting = blank && Instant::now() + POLL < deadline;
                if !waiting && part(&window.title, "title") && part(&window.url, "url") {
                    return Ok(other);
                }
                seen.push(page["title"].as_str().unwrap_or_default().to_owned());
            }
            if let Some(before) = before {
                // It may be closing; what fits is waited for all the same.
                match self.page.enter_window(before.clone()).await {
                    Ok(()) | Err(Trouble::Closed) => (),
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            if Instant::now() + POLL > deadline {
                return Err(no_window(&seen).into());
            }
            sleep(POLL).await;
        }
    }

    pub(super) async fn each<V: Entry>(&mut self, each: &Each<V>) -> Result<(), Stop> {
        for name in read_names(&each.actions) {
            self.output.entry(name).or_insert_with(|| json!([]));
        }
        for row in &each.rows {
            self.play(&each.actions, Some(row)).await?;
        }
        Ok(())
    }

    pub(super) async fn repeat<V: Entry>(
        &mut self,
        repeat: &Repeat<V>,
        row: Option<&Row>,
    ) -> Result<(), Stop> {
        for name in read_names(&repeat.actions)
            .into_iter()
            .chain(read_names(&repeat.next))
        {
            self.output.entry(name).or_insert_with(|| json!([]));
        }
        let empty = Row::new();
        // What is read becomes a list, also outside of an `each`.
        let row = row.unwrap_or(&empty);
        for _ in 0..repeat.at_most {
            self.play(&repeat.actions, Some(row)).await?;
            if self.shows_now(&repeat.until, Some(row)).await? {
                return Ok(());
            }
            self.play(&repeat.next, Some(row)).await?;
        }
        let words = format!(
            "the page does not show what `until` names after {} times",
            repeat.at_most
        );
        Err(Fault::business("browser.repeat", words).into())
    }

    pub(super) async fn branch<V: Entry>(
        &mut self,
        branches: &If<V>,
        row: Option<&Row>,
    ) -> Result<(), Stop> {
        let lists = [&branches.actions, &branches.otherwise];
        if row.is_none() {
            for name in lists.into_iter().flat_map(|actions| read_names(actions)) {
                self.output.entry(name).or_insert(Value::Null);
            }
        }
        let [actions, otherwise] = lists;
        match self.shows_now(&branches.when, row).await? {
            true => self.play(actions, row).await,
            false => self.play(otherwise, row).await,
        }
    }
}

fn no_window(seen: &[String]) -> Fault {
    let fault = Fault::system("browser.not_found", "no other window fits");
    match seen.is_empty() {
        true => fault.hint("there is no other window"),
        false => fault.hint(format!("there are `{}`", seen.join("`, `"))),
    }
}
