//! What a person tries without a run: a connection, and what a locator finds.
//!
//! In: the pool of a connection. Out: plain words. Nothing is submitted, and the
//! session goes back to the pool.

use botswain_bot::Fault;
use serde::Serialize;
use serde_json::Value;

use super::{
    a_while,
    action::{Action, Text},
    locator::{self, Locator},
    page::Page,
    player::Player,
    pool::Pool,
    trouble::Trouble,
};

impl Pool {
    /// Opens the site and logs in, and says what answered.
    pub async fn test(&self) -> Result<String, Fault> {
        let loan = self.borrow().await?;
        let page = Page::new(loan.client().clone(), a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let front = [Action::<Text>::Open("/".to_owned())];
        let opened = player.perform(&front).await;
        loan.give_back(player.logged_in).await;
        match opened {
            Ok(()) if player.logged_in => Ok("a browser opens it and is logged in".to_owned()),
            Ok(()) => Ok("a browser opens it".to_owned()),
            Err(stop) => Err(self.mask.fault(*stop.fault)),
        }
    }
}

/// What a locator finds, for whoever writes one.
#[derive(Debug, Serialize)]
pub struct Finds {
    /// One of the alternatives, as it was written.
    pub locator: String,
    /// What would be entered into, clicked and read; or why nothing would be.
    pub uses: Vec<(&'static str, String)>,
    /// Every visible element that fits.
    pub fits: Vec<String>,
    /// Those that fit and cannot be seen.
    pub hidden: Vec<String>,
    /// The names that the page offers instead.
    pub names: Vec<String>,
}

impl Pool {
    /// Opens a page, logged in, and says what each alternative of a locator finds there.
    pub async fn explain(&self, url: &str, locator: &Locator) -> Result<Vec<Finds>, Fault> {
        let loan = self.borrow().await?;
        let page = Page::new(loan.client().clone(), a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let open = [Action::<Text>::Open(url.to_owned())];
        let found = match player.perform(&open).await {
            Ok(()) => player.page.settled("explain", locator).await,
            Err(stop) => Err(*stop.fault),
        };
        loan.give_back(player.logged_in).await;
        let found = found.map_err(|fault| self.mask.fault(fault))?;
        let written = locator.written().split(locator::OR);
        let alternatives = found["alternatives"].as_array().into_iter().flatten();
        Ok(written
            .zip(alternatives)
            .map(|(written, told)| finds(written, told))
            .collect())
    }
}

fn finds(written: &str, told: &Value) -> Finds {
    let list = |list: &Value| {
        let texts = list.as_array().into_iter().flatten();
        texts
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let uses = [("fill", "field"), ("click", "button"), ("read", "read")];
    let uses = uses.map(|(action, kind)| {
        let found = told["ways"][kind].as_str().unwrap_or_default();
        (action, found.to_owned())
    });
    let mut names = list(&told["names"]["field"]);
    names.extend(list(&told["names"]["button"]));
    Finds {
        locator: written.trim().to_owned(),
        uses: uses.into(),
        fits: list(&told["fits"]),
        hidden: list(&told["hidden"]),
        names,
    }
}
