//! Reading from the page into the output of the step.
//!
//! A number keeps its digits, and one that can be read in two ways is a fault.

use botswain_bot::Fault;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{Player, files::Kept};
use crate::browser::{
    action::Reading,
    locator::Locator,
    number,
    page::{Purpose, Stop},
    problem,
};

impl Player<'_> {
    pub(super) async fn read(
        &mut self,
        reads: &IndexMap<String, Reading>,
        kept: Kept,
    ) -> Result<(), Stop> {
        for (name, reading) in reads {
            let value = self.value(reading).await?;
            self.keep(name, value, kept);
        }
        Ok(())
    }

    async fn value(&self, reading: &Reading) -> Result<Value, Stop> {
        match reading {
            Reading::Shown(of) => self.of_element(of, json!({ "how": "shown" })).await,
            Reading::Text(of) => self.of_element(of, json!({ "how": "text" })).await,
            Reading::Value(of) => self.of_element(of, json!({ "how": "value" })).await,
            Reading::Table(of) => self.of_element(of, json!({ "how": "table" })).await,
            Reading::List(of) => self.of_element(of, json!({ "how": "list" })).await,
            Reading::Count(of) => self.of_element(of, json!({ "how": "count" })).await,
            Reading::Attribute { name, of } => {
                let how = json!({ "how": "attribute", "name": name });
                self.of_element(of, how).await
            }
            Reading::Number { of, point } => {
                let text = self.of_element(of, json!({ "how": "shown" })).await?;
                number(of, text.as_str().unwrap_or_default(), *point)
            }
            Reading::Cookie(name) => self.cookie(name).await,
            Reading::Url => {
                let url = self.page.command(self.page.client().current_url()).await?;
                Ok(Value::from(url.as_str()))
            }
        }
    }

    async fn of_element(&self, locator: &Locator, how: Value) -> Result<Value, Stop> {
        let mut given = how;
        given["locator"] = json!(locator.wanted());
        let fits = |answer: &Value| answer.get("value").cloned();
        let late = |answer: &Value| problem::fault(locator, Purpose::Read, answer).into();
        let deadline = self.page.deadline(None);
        self.page.until(deadline, ("read", given), fits, late).await
    }

    async fn cookie(&self, name: &str) -> Result<Value, Stop> {
        let cookies = self.page.client().get_all_cookies();
        let cookies = self.page.command(cookies).await?;
        let cookie = cookies.iter().find(|cookie| cookie.name() == name);
        let cookie = cookie.map(|cookie| Value::from(cookie.value()));
        cookie.ok_or_else(|| {
            let names: Vec<&str> = cookies.iter().map(|cookie| cookie.name()).collect();
            let why = format!("the page has no cookie `{name}`");
            let fault = Fault::system("browser.not_found", why);
            fault.hint(format!("it has {}", names.join(", "))).into()
        })
    }
}

fn number(of: &Locator, text: &str, point: Option<char>) -> Result<Value, Stop> {
    let number = number::number(text, point).and_then(|it| serde_json::from_str(&it).ok());
    number.ok_or_else(|| {
        let why = format!("`{of}` shows `{text}`, which is no number or can be read in two ways");
        let fault = Fault::business("browser.value", why);
        fault
            .hint("`point: \",\"` or `point: \".\"` says what stands before the fraction")
            .into()
    })
}
