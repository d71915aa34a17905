//! What a recording becomes: actions, inputs, secrets, a login, and the click that saves.
//!
//! In goes a [`Flow`]; out comes a [`Plan`] whose texts can be written down as
//! they are. Invariant: nothing in it holds a value that was typed into a password
//! field; such values are secrets of the connection's `login:`.

mod actions;
mod inputs;
mod login;
mod submit;

use std::collections::BTreeSet;

use botswain_core::StepId;
use reqwest::Url;

pub(super) use self::actions::{Action, Given, Item};
use self::{actions::Maker, inputs::Inputs, login::Login};
use super::{
    flow::{Act, Flow, Step},
    mask::Mask,
    merge,
    names::{slug, unused},
    place::Error,
};

/// A connection of the kind `web` that is there.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub address: String,
    pub has_login: bool,
}

/// What the workflow and its connection shall be called, and what there is.
pub(super) struct Wishes<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) connection: Option<&'a str>,
    pub(super) known: &'a [Known],
}

/// A workflow, and what else it needs.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) recorder: &'static str,
    pub(super) inputs: Inputs,
    pub(super) items: Vec<Item>,
    /// What was taken for what saves.
    pub(super) submit: Option<String>,
    /// Milliseconds, when more than a step waits by itself.
    pub(super) wait: Option<u64>,
    pub(super) place: Place,
    /// How one logs in, when the connection does not know yet.
    pub(super) login: Option<Login>,
    pub(super) mask: Mask,
}

/// Where it all takes place.
pub(super) struct Place {
    /// The connection's name.
    pub(super) name: String,
    pub(super) address: Url,
    pub(super) is_known: bool,
    pub(super) window: Option<(u64, u64)>,
}

/// How long `browser.do` waits when nothing is said.
const WAIT: u64 = 10_000;
/// How long it may wait at most.
const LONGEST_WAIT: u64 = 3_600_000;

impl Plan {
    pub(super) fn of(flow: Flow, wishes: &Wishes<'_>) -> Result<Plan, Error> {
        let mask = Mask::of(secrets(&flow.steps));
        let mut steps = merge::merge(flow.steps);
        let place = Place::of(&steps, flow.window, wishes)?;
        hide_keys(&mut steps);
        let has_login = wishes
            .known
            .iter()
            .any(|it| it.name == place.name && it.has_login);
        let (login, steps) = login::split(steps, &place, &mask, has_login);
        let mut inputs = Inputs::new(&mask);
        let submit = submit::find(&steps);
        let mut maker = Maker {
            place: &place,
            mask: &mask,
            enter: |entry: &inputs::Entry<'_>| inputs.enter(entry),
            submit,
            saves: None,
            before: None,
            typed: Vec::new(),
        };
        let items = maker.items(&steps, 0);
        let submit = maker.saves;
        let title = mask.apply(flow.title.trim());
        Ok(Plan {
            name: name(&title, wishes)?,
            wait: Some(flow.wait.min(LONGEST_WAIT)).filter(|wait| *wait > WAIT),
            title,
            recorder: flow.recorder,
            inputs,
            items,
            submit,
            place,
            login,
            mask,
        })
    }
}

fn name(title: &str, wishes: &Wishes<'_>) -> Result<String, Error> {
    match wishes.name {
        Some(name) if StepId::is_valid(name) => Ok(name.to_owned()),
        Some(name) => Err(Error::Name(name.to_owned())),
        None => Ok(match slug(title, '-') {
            name if name.is_empty() => "recorded".to_owned(),
            name => name,
        }),
    }
}

fn secrets(steps: &[Step]) -> impl Iterator<Item = String> {
    let secret = steps.iter().filter_map(|step| match &step.act {
        Act::Enter { field, value, .. } if field.is_secret() => Some(value.clone()),
        _ => None,
    });
    secret.collect::<Vec<_>>().into_iter()
}

/// Single keys that were pressed in a password field are the password.
fn hide_keys(steps: &mut [Step]) {
    let mut is_secret = false;
    for step in steps {
        match &step.act {
            Act::Enter { field, .. } | Act::Click(field) | Act::DoubleClick(field) => {
                is_secret = field.is_secret();
            }
            Act::Press(key) if is_secret && key.chars().count() == 1 => {
                step.act = Act::Nothing;
                step.left
                    .push("a key that was pressed in a password field".to_owned());
            }
            _ => (),
        }
    }
}

impl Place {
    fn of(steps: &[Step], window: Option<(u64, u64)>, wishes: &Wishes<'_>) -> Result<Place, Error> {
        let opened = steps.iter().find_map(|step| match &step.act {
            Act::Open(address) => Url::parse(address).ok().filter(is_web),
            _ => None,
        });
        let opened = opened.ok_or(Error::NoPage)?;
        let fits = |known: &&Known| is_at(&known.address, &opened);
        let known = match wishes.connection {
            None => wishes.known.iter().find(fits),
            Some(name) => wishes.known.iter().find(|known| known.name == name),
        };
        if let Some(known) = known {
            return Place::at(known, &opened);
        }
        let taken = wishes.known.iter().map(|known| known.name.clone());
        let mut taken: BTreeSet<String> = taken.collect();
        let name = match wishes.connection {
            Some(name) if StepId::is_valid(name) => name.to_owned(),
            Some(name) => return Err(Error::Connection(name.to_owned())),
            None => unused(&named_after(&opened), '-', &mut taken),
        };
        let mut address = opened;
        address.set_path("");
        address.set_query(None);
        address.set_fragment(None);
        address.set_username("").ok();
        address.set_password(None).ok();
        Ok(Place {
            name,
            address,
            is_known: false,
            window,
        })
    }

    fn at(known: &Known, opened: &Url) -> Result<Place, Error> {
        let elsewhere = || Error::Elsewhere {
            name: known.name.clone(),
            there: known.address.clone(),
            here: opened.origin().ascii_serialization(),
        };
        let address = Url::parse(&known.address).map_err(|_| elsewhere())?;
        match address.origin() == opened.origin() {
            true => Ok(Place {
                name: known.name.clone(),
                address,
                is_known: true,
                window: None,
            }),
            false => Err(elsewhere()),
        }
    }

    /// What is opened below the connection's address; `None` when it is on another host.
    pub(super) fn path(&self, url: &Url) -> Option<String> {
        if url.origin() != self.address.origin() {
            return None;
        }
        let origin = self.address.origin().ascii_serialization();
        let base = self.address.path().trim_end_matches('/');
        let whole = url.as_str();
        let below = whole.strip_prefix(&origin)?.strip_prefix(base);
        // Above the address only a whole address leads.
        Some(
            below
                .filter(|path| path.starts_with('/'))
                .unwrap_or(whole)
                .to_owned(),
        )
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn is_at(address: &str, url: &Url) -> bool {
    Url::parse(address).is_ok_and(|address| address.origin() == url.origin())
}

/// `office` for `https://www.office.example.com`.
fn named_after(url: &Url) -> String {
    let host = url.domain().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    match slug(host.split('.').next().unwrap_or_default(), '-') {
        name if name.is_empty() => "site".to_owned(),
        name => name,
    }
}
