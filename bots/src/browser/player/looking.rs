//! Looking at the page: waiting and expecting.
//!
//! What an unmet expectation means for the effect is decided here: only a page
//! that says that it refused takes the doubt away.

use std::time::Duration;

use botswain_bot::Fault;
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{POLL, Player, Row, entering::texts, refused_page};
use crate::browser::{
    Wait,
    action::{Entry, Expect, Otherwise, Text, WaitFor, plain},
    locator::Locator,
    page::Stop,
    problem,
    trouble::{Trouble, unreached},
};

impl Player<'_> {
    pub(super) async fn wait_for(&mut self, wait: &WaitFor, row: Option<&Row>) -> Result<(), Stop> {
        let wanted = Wanted {
            given: described(wait, row)?,
            wait: wait.wait,
            otherwise: Otherwise::System,
            is_refusal: false,
        };
        self.look(wanted).await
    }

    /// Whether the page shows it: looked at once when it has loaded, or for as long as `wait` says.
    pub(super) async fn shows_now(&self, wait: &WaitFor, row: Option<&Row>) -> Result<bool, Stop> {
        let given = described(wait, row)?;
        refuse_nothing(&given)?;
        let until = Instant::now() + wait.wait.map_or(Duration::ZERO, Wait::to_std);
        let loaded_by = self.page.deadline(None).max(until);
        loop {
            match self.page.ask("check", given.clone()).await {
                Ok(answer) if answer["problem"].is_string() => {
                    return Err(problem::invalid(&answer).into());
                }
                Ok(answer) if is_met(&answer) => return Ok(true),
                Ok(answer) if answer["loaded"] == true && Instant::now() >= until => {
                    return Ok(false);
                }
                Ok(_) | Err(Trouble::Passing(_)) if Instant::now() < loaded_by => (),
                Ok(_) => return Ok(false),
                Err(trouble) => return Err(trouble.into()),
            }
            sleep(POLL).await;
        }
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
            "value": held(&expect.value, row)?,
            "count": counted(&expect.count),
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
        refuse_nothing(&wanted.given)?;
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
            (true, _) => {
                let why = answer["error"].as_str().unwrap_or("the connection broke");
                Some(unreached(why).into())
            }
            (_, Some(status)) if answer["loaded"] == true => Some(refused_page(status).into()),
            _ => late.then(|| self.unmet(answer).into()),
        }
    }

    fn unmet(&self, answer: &Value) -> Fault {
        let unmet = answer["unmet"].as_array().map_or(&[][..], Vec::as_slice);
        let words = unmet.iter().map(|unmet| match unmet.as_str() {
            Some(key) => self.word(key),
            None => other_than_wanted(unmet),
        });
        let words = words.collect::<Vec<_>>().join(", ");
        let message = format!("the page is not as expected: {words}");
        let fault = match self.otherwise {
            Otherwise::Business => Fault::business("browser.unexpected", message),
            Otherwise::System => Fault::system("browser.unexpected", message),
        };
        match answer["shows"].as_str().filter(|shows| !shows.is_empty()) {
            Some(shows) => fault.hint(format!("it shows `{shows}`")),
            None => fault.hint("it shows nothing"),
        }
    }

    fn word(&self, key: &str) -> String {
        let wanted = &self.given[key];
        let wanted = wanted.get("written").unwrap_or(wanted);
        let wanted = wanted.as_str().unwrap_or_default();
        match key {
            "gone" => format!("it still shows `{wanted}`"),
            "element" => format!("it does not show `{wanted}`"),
            "idle" => "it goes on asking its server".to_owned(),
            "navigation" => "it was not left for another".to_owned(),
            key => format!("its {key} does not hold `{wanted}`"),
        }
    }
}

/// A value or a count.
fn other_than_wanted(unmet: &Value) -> String {
    let of = unmet["of"].as_str().unwrap_or_default();
    let plain = |value: &Value| plain(value).unwrap_or_default();
    match (unmet["key"].as_str(), &unmet["shown"]) {
        (Some("count"), shown) => {
            format!("it has {shown} of `{of}`, not {}", unmet["wanted"])
        }
        (_, Value::Null) => format!("it has no `{of}`"),
        (_, shown) => format!(
            "`{of}` is `{}`, not `{}`",
            plain(shown),
            plain(&unmet["wanted"])
        ),
    }
}

fn described(wait: &WaitFor, row: Option<&Row>) -> Result<Value, Stop> {
    Ok(json!({
        "text": said(wait.text.as_ref(), row)?, "url": wait.url, "title": wait.title,
        "element": wait.element.as_ref().map(Locator::wanted),
        "gone": wait.gone.as_ref().map(Locator::wanted),
        "value": held(&wait.value, row)?,
        "count": counted(&wait.count),
        "idle": wait.idle, "navigation": wait.navigation,
    }))
}

fn held(values: &IndexMap<Locator, Text>, row: Option<&Row>) -> Result<Vec<Value>, Stop> {
    let values = texts(values, row)?.into_iter();
    Ok(values
        .map(|(of, text)| json!([of.wanted(), text]))
        .collect())
}

fn counted(counts: &IndexMap<Locator, u64>) -> Vec<Value> {
    let counts = counts.iter();
    counts
        .map(|(of, number)| json!([of.wanted(), number]))
        .collect()
}

fn refuse_nothing(given: &Value) -> Result<(), Stop> {
    let named = given.as_object().into_iter().flatten();
    let mut named = named.filter(|(key, _)| *key != "refused");
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    if named.any(|(_, value)| says(value)) {
        return Ok(());
    }
    let words = "it names nothing to look for: `text`, `element`, `gone`, `url`, `title`, `value` or `count`";
    Err(Fault::business("step.parameters", words).into())
}

pub(super) fn is_met(answer: &Value) -> bool {
    answer["unmet"].as_array().is_some_and(Vec::is_empty)
}

fn said(text: Option<&Text>, row: Option<&Row>) -> Result<Option<String>, Fault> {
    let said = text.map(|text| text.text(row)).transpose();
    said.map_err(|why| Fault::business("browser.value", format!("`text`: {why}")))
}
