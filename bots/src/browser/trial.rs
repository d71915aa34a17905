//! What a person tries without a run: a connection, and what a locator finds.
//!
//! In: the pool of a connection. Out: plain words. Nothing is submitted, and the
//! session goes back to the pool.

use botswain_bot::Fault;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    a_while,
    action::{Action, Text},
    locator::{self, Locator},
    page::{Page, Purpose},
    player::Player,
    pool::Pool,
    problem,
    trouble::Trouble,
};

impl Pool {
    /// Opens the site and logs in, and says what answered.
    pub async fn test(&self) -> Result<String, Fault> {
        let loan = self.borrow().await?;
        let page = loan.page(a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let front = [Action::<Text>::Open("/".to_owned())];
        let opened = player.perform(&front).await;
        loan.give_back(player.logged_in);
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
        let page = loan.page(a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let open = [Action::<Text>::Open(url.to_owned())];
        let found = match player.perform(&open).await {
            Ok(()) => looked_for(&player.page, locator).await,
            Err(stop) => Err(*stop.fault),
        };
        loan.give_back(player.logged_in);
        let found = found.map_err(|fault| self.mask.fault(fault))?;
        let written = locator.written().split(locator::OR).enumerate();
        Ok(written
            .map(|(at, written)| finds(written, (&found, at)))
            .collect())
    }
}

/// What the page says of the locator, and each frame in it, with words that name the frame.
async fn looked_for(page: &Page, locator: &Locator) -> Result<Vec<(String, Value)>, Fault> {
    page.settled().await?;
    let told = page.explained(&json!(locator.wanted())).await;
    let told = told.map_err(Trouble::into_fault)?;
    match told
        .iter()
        .find(|(_, answer)| answer["problem"].is_string())
    {
        Some((_, answer)) => Err(problem::fault(locator, Purpose::Read, answer)),
        None => Ok(told),
    }
}

fn finds(written: &str, (told, at): (&[(String, Value)], usize)) -> Finds {
    let everywhere = || {
        told.iter()
            .map(|(place, answer)| (place, &answer["alternatives"][at]))
    };
    let list = |path: &str| {
        let mut all = Vec::new();
        for (place, said) in everywhere() {
            let texts = said.pointer(path).and_then(Value::as_array);
            let texts = texts.into_iter().flatten().filter_map(Value::as_str);
            all.extend(texts.map(|text| format!("{text}{place}")));
        }
        all
    };
    let uses = [("fill", "field"), ("click", "button"), ("read", "read")];
    let uses = uses.map(|(action, kind)| {
        let said = everywhere().map(|(place, said)| (place, said["ways"][kind].as_str()));
        (action, used(said))
    });
    let mut names = list("/names/field");
    names.extend(list("/names/button"));
    Finds {
        locator: written.trim().to_owned(),
        uses: uses.into(),
        fits: list("/fits"),
        hidden: list("/hidden"),
        names,
    }
}

/// The only place that has something to say, as for a step.
fn used<'a>(said: impl Iterator<Item = (&'a String, Option<&'a str>)>) -> String {
    let said = said.filter_map(|(place, what)| Some((place, what?)));
    let mut found = said.filter(|(_, what)| *what != "missing");
    match (found.next(), found.next()) {
        (None, _) => "missing".to_owned(),
        (Some((place, what)), None) if what.starts_with('<') => format!("{what}{place}"),
        (Some((_, what)), None) => what.to_owned(),
        (Some(_), Some(_)) => "ambiguous".to_owned(),
    }
}
