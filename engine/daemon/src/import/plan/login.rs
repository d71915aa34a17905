//! The part of a recording in which somebody logs in.
//!
//! It belongs to the connection: there it is done once in each session, and only
//! there passwords can be given, as secrets. It reaches from the page that was
//! opened last before the first password to the click or key that sends it.

use std::collections::BTreeSet;

use reqwest::Url;

use super::{
    Place,
    actions::{Item, Maker},
    inputs::{Entry, field_name},
};
use crate::import::{
    flow::{Act, Step},
    mask::Mask,
    names::unused,
};

pub(in crate::import) struct Login {
    pub(in crate::import) items: Vec<Item>,
    /// The names of the secrets that it needs.
    pub(in crate::import) secrets: Vec<String>,
}

/// The login, unless the connection `has_login` already, and what is done afterwards.
pub(super) fn split(
    mut steps: Vec<Step>,
    place: &Place,
    mask: &Mask,
    has_login: bool,
) -> (Option<Login>, Vec<Step>) {
    let Some((begin, end)) = span(&steps) else {
        return (None, steps);
    };
    let behind = steps.split_off(end + 1);
    let login = steps.split_off(begin);
    let mut rest = steps;
    rest.extend(going_on(&login, &behind, place, has_login));
    rest.extend(behind);
    let login = (!has_login).then(|| of(&login, place, mask));
    (login, rest)
}

/// The first and the last step of the login.
fn span(steps: &[Step]) -> Option<(usize, usize)> {
    let is_secret =
        |step: &Step| matches!(&step.act, Act::Enter { field, .. } if field.is_secret());
    let password = steps.iter().position(is_secret)?;
    let opens = |step: &Step| matches!(step.act, Act::Open(_));
    let begin = steps[..password].iter().rposition(opens)?;
    let sends = |step: &Step| match &step.act {
        Act::Click(_) | Act::Submit(_) => true,
        Act::Press(key) => key == "Enter",
        _ => false,
    };
    let end = steps[password..].iter().position(sends)?;
    Some((begin, password + end))
}

/// What opens the page that the login led to, for a step begins on a blank page.
fn going_on(login: &[Step], behind: &[Step], place: &Place, has_login: bool) -> Option<Step> {
    let (first, last) = (login.first()?, login.last()?);
    let from = first.place.as_str();
    let to = last.place.rsplit(' ').next().unwrap_or_default();
    let left = match has_login {
        true => format!(
            "the login, up to {to}: the connection `{}` has its own",
            place.name
        ),
        false => format!(
            "the login, up to {to}: it belongs to the connection `{}`",
            place.name
        ),
    };
    let opens_itself = behind
        .iter()
        .find(|step| step.act != Act::Nothing)
        .is_none_or(|step| matches!(step.act, Act::Open(_)));
    let arrived = last.arrival.as_ref().map(|arrival| arrival.url.clone());
    let arrived = arrived.filter(|url| Url::parse(url).is_ok_and(|url| place.path(&url).is_some()));
    let mut left = vec![left];
    let act = match (opens_itself, arrived) {
        (true, _) => Act::Nothing,
        (false, Some(url)) => Act::Open(url),
        (false, None) => {
            left.push(
                "the page behind the login: the recording does not say its address".to_owned(),
            );
            Act::Open(place.address.to_string())
        }
    };
    Some(Step {
        place: from.to_owned(),
        frames: Vec::new(),
        act,
        left,
        arrival: None,
    })
}

fn of(steps: &[Step], place: &Place, mask: &Mask) -> Login {
    let (mut secrets, mut taken) = (Vec::new(), BTreeSet::new());
    let prefix = place.name.replace('-', "_");
    let mut enter = |entry: &Entry<'_>| {
        let name = format!("{prefix}_{}", field_name(entry));
        let name = unused(&name, '_', &mut taken);
        secrets.push(name.clone());
        Ok::<_, String>(format!("{{{{secrets.{name}}}}}"))
    };
    let mut steps = steps.to_vec();
    if let [first, ..] = steps.as_mut_slice() {
        led_on(first, place);
    }
    for step in &mut steps {
        step.arrival = None;
    }
    let mut maker = Maker {
        place,
        mask,
        enter: &mut enter,
        submit: steps.last(),
        saves: None,
        before: None,
        typed: Vec::new(),
    };
    let mut items = maker.items(&steps, 0);
    // Logging in changes nothing that must not be done twice.
    items.retain(|item| !matches!(item, Item::Remark(_)));
    Login { items, secrets }
}

/// Whoever is not logged in is often led from the page that was asked for to that of the login.
fn led_on(first: &mut Step, place: &Place) {
    let to = first
        .arrival
        .as_ref()
        .and_then(|it| Url::parse(&it.url).ok());
    if let (Act::Open(address), Some(to)) = (&mut first.act, to)
        && place.path(&to).is_some()
    {
        *address = to.to_string();
    }
}
