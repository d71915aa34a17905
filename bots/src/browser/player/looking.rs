//! Looking at the page: waiting, expecting, reading.
//!
//! What an unmet expectation means for the effect is decided here: only a page
//! that says that it refused takes the doubt away.

use botswain_bot::Fault;
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{POLL, Player, Row, refused_page};
use crate::browser::{
    Wait,
    action::{Entry, Expect, Otherwise, Text, WaitFor},
    locator::Locator,
    page::{Purpose, Stop},
    problem,
    trouble::Trouble,
};

impl Player<'_> {
    pub(super) async fn wait_for(&mut self, wait: &WaitFor, row: Option<&Row>) -> Result<(), Stop> {
        let given = json!({
            "text": said(wait.text.as_ref(), row)?, "url": wait.url, "title": wait.title,
            "element": wait.element.as_ref().map(Locator::wanted),
            "gone": wait.gone.as_ref().map(Locator::wanted),
        });
        let wanted = Wanted {
            given,
            wait: wait.wait,
            otherwise: Otherwise::System,
            is_refusal: false,
        };
        self.look(wanted).await
    }

    pub(super) async fn expect(&mut self, expect: &Expect, row: Option<&Row>) -> Result<(), Stop> {
        let alert = Locator::alert();
        let business = expect.otherwise == Otherwise::Business;
        let refused = expect
            .refused
            .as_ref()
            .or_else(|| business.then_some(&alert));
        let given = json!({
            "text": said(expect.text.as_ref(), row)?, "url": expect.url, "title": expect.title,
            "element": expect.element.as_ref().map(Locator::wanted),
            "gone": expect.gone.as_ref().map(Locator::wanted),
            "refused": refused.map(Locator::wanted),
        });
        let wanted = Wanted {
            given,
            wait: expect.wait,
            otherwise: expect.otherwise,
            is_refusal: expect.refused.is_some(),
        };
        self.look(wanted).await
    }

    pub(super) async fn look(&self, wanted: Wanted) -> Result<(), Stop> {
        if wanted.is_empty() {
            let words = "it names nothing to look for: `text`, `element`, `gone`, `url` or `title`";
            return Err(Fault::business("step.parameters", words).into());
        }
        let deadline = self.page.deadline(wanted.wait.map(Wait::to_std));
        loop {
            let stop = match self.page.ask("check", wanted.given.clone()).await {
                Ok(answer) if answer["problem"].is_string() => {
                    return Err(problem::invalid(&answer).into());
                }
                Ok(answer) if is_met(&answer) => return Ok(()),
                Ok(answer) => match wanted.judge(&answer, Instant::now() + POLL > deadline) {
                    Some(stop) => return Err(stop),
                    None => None,
                },
                Err(Trouble::Passing(why)) => Some(Trouble::Passing(why)),
                Err(trouble) => return Err(trouble.into()),
            };
            if let (Some(trouble), true) = (stop, Instant::now() + POLL > deadline) {
                return Err(trouble.into());
            }
            sleep(POLL).await;
        }
    }

    /// What the page says in an alert, if anything.
    pub(super) async fn alert(&self) -> Option<String> {
        let given = json!({ "text": "", "refused": Locator::alert().wanted() });
        let answer = self.page.ask("check", given).await.ok()?;
        answer["refused"].as_str().map(str::to_owned)
    }

    pub(super) async fn read(
        &mut self,
        reads: &IndexMap<String, Locator>,
        many: bool,
    ) -> Result<(), Stop> {
        for (name, locator) in reads {
            let given = json!(locator.wanted());
            let fits = |answer: &Value| answer["value"].as_str().map(str::to_owned);
            let late = |answer: &Value| problem::fault(locator, Purpose::Read, answer).into();
            let deadline = self.page.deadline(None);
            let text = self
                .page
                .until(deadline, ("read", given), fits, late)
                .await?;
            match (many, self.output.get_mut(name)) {
                (true, Some(Value::Array(texts))) => texts.push(Value::from(text)),
                (true, _) => drop(self.output.insert(name.clone(), json!([text]))),
                (false, _) => drop(self.output.insert(name.clone(), Value::from(text))),
            }
        }
        Ok(())
    }
}

/// What a page must show, as `page.js` checks it.
pub(super) struct Wanted {
    given: Value,
    wait: Option<Wait>,
    otherwise: Otherwise,
    /// The author has named where the page refuses, so that it need not be waited for.
    is_refusal: bool,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        let keys = ["text", "element", "gone", "url", "title"];
        keys.iter().all(|key| self.given[key].is_null())
    }

    /// Whether it is no use to wait on.
    fn judge(&self, answer: &Value, late: bool) -> Option<Stop> {
        let refusal = answer["refused"].as_str();
        if let (Some(text), true) = (refusal, late || self.is_refusal) {
            let fault = Fault::business("browser.refused", text);
            return Some(Stop {
                refused: true,
                ..Stop::from(fault)
            });
        }
        let broken = answer["broken"].as_bool() == Some(true);
        let status = answer["status"].as_u64().filter(|status| *status >= 500);
        match (broken, status) {
            (true, _) => Some(Trouble::Unreachable("the connection broke".to_owned()).into()),
            (_, Some(status)) if answer["loaded"] == true => Some(refused_page(status).into()),
            _ => late.then(|| self.unmet(answer).into()),
        }
    }

    fn unmet(&self, answer: &Value) -> Fault {
        let unmet = answer["unmet"].as_array().map_or(&[][..], Vec::as_slice);
        let words = unmet.iter().filter_map(Value::as_str).map(|key| {
            let wanted = &self.given[key];
            let wanted = wanted.get("written").unwrap_or(wanted);
            let wanted = wanted.as_str().unwrap_or_default();
            match key {
                "gone" => format!("it still shows `{wanted}`"),
                "element" => format!("it does not show `{wanted}`"),
                key => format!("its {key} does not hold `{wanted}`"),
            }
        });
        let words = words.collect::<Vec<_>>().join(", ");
        let message = format!("the page is not as expected: {words}");
        match self.otherwise {
            Otherwise::Business => Fault::business("browser.unexpected", message),
            Otherwise::System => Fault::system("browser.unexpected", message),
        }
    }
}

pub(super) fn is_met(answer: &Value) -> bool {
    answer["unmet"].as_array().is_some_and(Vec::is_empty)
}

fn said(text: Option<&Text>, row: Option<&Row>) -> Result<Option<String>, Fault> {
    let said = text.map(|text| text.text(row)).transpose();
    said.map_err(|why| Fault::business("browser.value", format!("`text`: {why}")))
}
