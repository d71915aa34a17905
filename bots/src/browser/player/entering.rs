//! Entering values: fields, boxes, lists, completions.
//!
//! Whatever was entered is read back; a page that shows another value than the
//! one given is a fault, never a guess.

use std::time::Duration;

use botswain_bot::Fault;
use fantoccini::elements::Element;
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{POLL, Player, Row};
use crate::browser::{
    action::Entry,
    locator::Locator,
    page::{Purpose, Stop},
    problem, shown,
    trouble::Trouble,
};

/// Keys of the WebDriver standard: Control+a, all keys up, Delete.
const SELECT_ALL: &str = "\u{E009}a\u{E000}\u{E017}";

/// What each field shows, as the page says it.
fn texts_of(shown: &[Value]) -> Vec<Option<String>> {
    let each = shown.iter();
    each.map(|it| it["value"].as_str().map(str::to_owned))
        .collect()
}

impl Player<'_> {
    pub(super) async fn fill(&mut self, fields: &[(&Locator, String)]) -> Result<(), Stop> {
        let deadline = self.page.deadline(None);
        let mut from = 0;
        let mut shown = None;
        while from < fields.len() {
            let given = fields[from..].iter();
            let given = given.map(|(at, value)| json!({ "locator": at.wanted(), "value": value }));
            let stop = match self.page.ask("fill", given.collect()).await {
                Ok(answer) => {
                    let filled = answer["at"]
                        .as_u64()
                        .and_then(|at| usize::try_from(at).ok());
                    if from == 0 {
                        shown = answer["shown"].as_array().map(|all| texts_of(all));
                    }
                    from += filled.unwrap_or_default();
                    let Some((locator, _)) = fields.get(from) else {
                        break;
                    };
                    let fault = problem::fault(locator, Purpose::Field, &answer);
                    if problem::is_final(&answer) {
                        return Err(fault.into());
                    }
                    Stop::from(fault)
                }
                Err(Trouble::Passing(why)) => Trouble::Passing(why).into(),
                Err(trouble) => return Err(trouble.into()),
            };
            if Instant::now() + POLL > deadline {
                return Err(stop);
            }
            sleep(POLL).await;
        }
        match shown {
            Some(shown) => self.agree(fields, shown).await,
            None => self.confirm(fields).await,
        }
    }

    /// Reads every field back.
    pub(super) async fn confirm(&mut self, fields: &[(&Locator, String)]) -> Result<(), Stop> {
        let shown = self.shown(fields).await?;
        self.agree(fields, shown).await
    }

    /// What a page did not take from a script it gets key by key.
    async fn agree(
        &mut self,
        fields: &[(&Locator, String)],
        shown: Vec<Option<String>>,
    ) -> Result<(), Stop> {
        for ((locator, value), shown) in fields.iter().zip(shown) {
            if shown.is_some_and(|shown| shown::same(value, &shown)) {
                continue;
            }
            self.type_keys(locator, value).await?;
            self.page.ask("blur", Value::Null).await?;
            self.shows(locator, value).await?;
        }
        Ok(())
    }

    /// Waits until the field shows `value`.
    pub(super) async fn shows(&self, locator: &Locator, value: &str) -> Result<(), Stop> {
        let deadline = self.page.deadline(Some(Duration::from_secs(1)));
        let field = [(locator, value.to_owned())];
        loop {
            let shown = self.shown(&field).await?.pop().flatten();
            match shown {
                Some(shown) if shown::same(value, &shown) => return Ok(()),
                shown if Instant::now() > deadline => {
                    let shown = shown.unwrap_or_default();
                    return Err(Fault::business(
                        "browser.value",
                        format!("`{locator}` shows `{shown}` after `{value}` was entered"),
                    )
                    .into());
                }
                _ => sleep(POLL).await,
            }
        }
    }

    pub(super) async fn shown(
        &self,
        fields: &[(&Locator, String)],
    ) -> Result<Vec<Option<String>>, Stop> {
        let given = fields.iter();
        let given =
            given.map(|(at, value)| json!({ "locator": at.wanted(), "value": value.trim() }));
        let given: Value = given.collect();
        let fits = |answer: &Value| answer.as_array().cloned();
        let late = |_: &Value| Trouble::Passing("it does not say what it shows".to_owned()).into();
        let deadline = self.page.deadline(None);
        let answers = self
            .page
            .until(deadline, ("shown", given), fits, late)
            .await?;
        Ok(texts_of(&answers))
    }

    pub(super) async fn type_all(&mut self, fields: &[(&Locator, String)]) -> Result<(), Stop> {
        for (locator, value) in fields {
            self.type_keys(locator, value).await?;
        }
        Ok(())
    }

    /// Types over what stands in the field.
    pub(super) async fn type_keys(&mut self, locator: &Locator, value: &str) -> Result<(), Stop> {
        if value
            .chars()
            .any(|c| c.is_control() || ('\u{E000}'..='\u{E0FF}').contains(&c))
        {
            return Err(Fault::business(
                "browser.value",
                format!("the value for `{locator}` has signs that are keys, such as a line break"),
            )
            .into());
        }
        let deadline = self.page.deadline(None);
        loop {
            let field = self.page.find(locator, Purpose::Field, deadline).await?;
            match self.keys(&field, value).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Passing(_) | Trouble::Covered(_)) if Instant::now() < deadline => {
                    sleep(POLL).await;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    pub(super) async fn keys(&self, field: &Element, value: &str) -> Result<(), Trouble> {
        self.page.command(field.send_keys(SELECT_ALL)).await?;
        match self.page.command(field.send_keys(value)).await {
            // Some pages put another field in the place of the one that is entered.
            Err(Trouble::Passing(_) | Trouble::Covered(_)) => {
                let active = self.page.client().active_element();
                let active = self.page.command(active).await?;
                self.page.command(active.send_keys(value)).await
            }
            other => other,
        }
    }

    /// Empties a field, and holds that it is empty.
    pub(super) async fn clear(&mut self, locator: &Locator) -> Result<(), Stop> {
        self.fill(&[(locator, String::new())]).await
    }

    pub(super) async fn tick(&mut self, locator: &Locator, on: bool) -> Result<(), Stop> {
        let given = json!({ "locator": locator.wanted(), "on": on });
        let fits = |answer: &Value| (answer["ticked"].as_bool()? == on).then_some(());
        let late = |answer: &Value| match answer["ticked"].is_boolean() {
            true => Fault::business(
                "browser.value",
                format!("the tick of `{locator}` cannot be changed"),
            )
            .into(),
            false => problem::fault(locator, Purpose::Box, answer).into(),
        };
        // A box that does not change is not clicked for the whole time.
        let deadline = self.page.deadline(None);
        self.page.find(locator, Purpose::Box, deadline).await?;
        self.page
            .until(Instant::now(), ("tick", given), fits, late)
            .await
    }

    pub(super) async fn select(&mut self, fields: &[(&Locator, String)]) -> Result<(), Stop> {
        for (locator, value) in fields {
            let given = json!({ "locator": locator.wanted(), "value": value.trim() });
            let fits = |answer: &Value| match answer["completes"].as_bool() {
                Some(true) => Some(Some(answer["listed"].is_array())),
                _ => answer.get("chosen").map(|_| None),
            };
            let late = |answer: &Value| problem::fault(locator, Purpose::Choice, answer).into();
            let deadline = self.page.deadline(None);
            let completes = self
                .page
                .until(deadline, ("choose", given), fits, late)
                .await?;
            match completes {
                None => (),
                Some(true) => self.choose_listed(locator, value).await?,
                Some(false) => self.complete(locator, value).await?,
            }
        }
        Ok(())
    }

    /// A field with a `datalist`: only what the list holds may be entered.
    pub(super) async fn choose_listed(
        &mut self,
        locator: &Locator,
        value: &str,
    ) -> Result<(), Stop> {
        self.type_keys(locator, value).await?;
        let given = json!({ "locator": locator.wanted(), "value": value });
        let fits = |answer: &Value| {
            let listed = answer["listed"].as_array()?;
            listed
                .iter()
                .any(|item| item.as_str() == Some(value))
                .then_some(())
        };
        let late = |answer: &Value| {
            let answer =
                json!({ "problem": "option", "entries": answer["listed"], "value": value });
            problem::fault(locator, Purpose::Choice, &answer).into()
        };
        let deadline = self.page.deadline(None);
        self.page
            .until(deadline, ("choose", given), fits, late)
            .await?;
        self.page.ask("blur", Value::Null).await?;
        self.shows(locator, value).await
    }

    /// A field that offers completions: types, waits for the exact entry, clicks it.
    pub(super) async fn complete(&mut self, locator: &Locator, value: &str) -> Result<(), Stop> {
        self.page.ask("mark", Value::Null).await?;
        self.type_keys(locator, value).await?;
        let deadline = self.page.deadline(None);
        loop {
            let given = json!({ "value": value });
            let fits = |answer: &Value| self.page.element(answer);
            let late = |answer: &Value| problem::fault(locator, Purpose::Choice, answer).into();
            let entry = self
                .page
                .until(deadline, ("entries", given), fits, late)
                .await?;
            match self.page.command(entry.click()).await {
                Ok(()) => break,
                // The list is drawn anew while more of it arrives.
                Err(Trouble::Passing(_) | Trouble::Covered(_)) if Instant::now() < deadline => {
                    sleep(POLL).await;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let shown = self
            .shown(&[(locator, value.to_owned())])
            .await?
            .pop()
            .flatten();
        match shown {
            Some(shown) if shown.trim().is_empty() => Err(Fault::business(
                "browser.value",
                format!("`{locator}` is empty after `{value}` was chosen"),
            )
            .into()),
            _ => Ok(()),
        }
    }
}

pub(super) fn texts<'a, V: Entry>(
    fields: &'a IndexMap<Locator, V>,
    row: Option<&Row>,
) -> Result<Vec<(&'a Locator, String)>, Stop> {
    let texts = fields.iter().map(|(locator, value)| {
        let text = value.text(row);
        let text =
            text.map_err(|why| Fault::business("browser.value", format!("`{locator}`: {why}")));
        Ok((locator, text?))
    });
    texts.collect()
}
