//! Steps of a recording as actions of `browser.do`, with what is said between them.
//!
//! Texts are as they stand in the file: two braces that were recorded are no template.

use reqwest::Url;

use super::{Place, inputs::Entry};
use crate::import::{
    Left,
    flow::{Act, Arrival, How, Look, Step, Target},
    mask::Mask,
};

/// One line of the list of actions, or several.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) enum Item {
    /// Could not be carried over.
    Left(Left),
    /// Something else to know.
    Remark(String),
    Action(Action),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) struct Action {
    pub(in crate::import) word: &'static str,
    pub(in crate::import) given: Given,
}

/// What follows the name of an action.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) enum Given {
    Text(String),
    Number(u64),
    /// A locator: its alternatives.
    Element(Vec<String>),
    /// Fields and their values, or names and what is read under them.
    Fields(Vec<(String, String)>),
    /// Settings, in one line where there is room.
    Map(Vec<(&'static str, Given)>),
    Items(Vec<Item>),
}

/// How values are given: as inputs in a workflow, as secrets in a login.
pub(in crate::import) struct Maker<'a, F> {
    pub(super) place: &'a Place,
    pub(super) mask: &'a Mask,
    /// What is written where this was typed; `Err` says why nothing can be.
    pub(super) enter: F,
    /// The step that saves, by its place.
    pub(super) submit: Option<&'a Step>,
    /// The locators of what saves, once it was met.
    pub(super) saves: Option<String>,
    /// The page as it was known last.
    pub(super) before: Option<Arrival>,
    /// What was typed so far.
    pub(super) typed: Vec<String>,
}

impl<F: FnMut(&Entry<'_>) -> Result<String, String>> Maker<'_, F> {
    /// The actions of steps that stand within `depth` frames.
    pub(super) fn items(&mut self, steps: &[Step], depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut rest = steps;
        while let Some(step) = rest.first() {
            let Some(frame) = step.frames.get(depth) else {
                self.step(step, &mut items);
                rest = &rest[1..];
                continue;
            };
            let within = |other: &&Step| other.frames.get(depth) == Some(frame);
            let count = rest.iter().take_while(within).count();
            let (inside, behind) = rest.split_at(count);
            let inside = self.items(inside, depth + 1);
            items.extend(self.within(frame, step, inside));
            rest = behind;
        }
        items
    }

    fn within(&self, frame: &str, first: &Step, inside: Vec<Item>) -> Vec<Item> {
        let does = |item: &Item| matches!(item, Item::Action(_));
        if !inside.iter().any(does) {
            return inside;
        }
        let Some(frame) = written(frame).filter(|frame| !self.mask.hits(frame)) else {
            let place = first.place.clone();
            let what = "what was done in a frame whose locator cannot be written".to_owned();
            return vec![Item::Left(Left { place, what })];
        };
        let given = vec![
            ("in", Given::Element(vec![frame])),
            ("do", Given::Items(inside)),
        ];
        vec![action("frame", Given::Map(given))]
    }

    fn step(&mut self, step: &Step, items: &mut Vec<Item>) {
        let mut left: Vec<String> = step.left.clone();
        let saves = self.submit.is_some_and(|it| std::ptr::eq(it, step));
        let made = self.made(step, saves, &mut left);
        for what in left {
            let what = self.mask.apply(&what);
            let place = step.place.clone();
            items.push(Item::Left(Left { place, what }));
        }
        let Some(made) = made else {
            return;
        };
        if saves {
            let words = "check this: is it what saves or sends? From here on it may have happened";
            items.push(Item::Remark(words.to_owned()));
        }
        push(items, made);
        if let Some(look) = self.arrival(step, saves) {
            items.push(look);
        }
    }

    fn made(&mut self, step: &Step, saves: bool, left: &mut Vec<String>) -> Option<Action> {
        let one = |word, target: &Target, left: &mut Vec<String>| {
            let element = self.element(target, left)?;
            Some(plain(word, Given::Element(element)))
        };
        match &step.act {
            Act::Nothing => None,
            Act::Open(address) => self.open(address, left),
            Act::Enter {
                field, value, how, ..
            } => {
                let element = self.element(field, left)?;
                self.typed.push(value.clone());
                let entry = Entry { step, field, value };
                let value = (self.enter)(&entry).map_err(|why| left.push(why)).ok()?;
                let word = match how {
                    How::Fill => "fill",
                    How::Type => "type",
                    How::Select => "select",
                };
                Some(plain(
                    word,
                    Given::Fields(vec![(element.join(" || "), value)]),
                ))
            }
            Act::Click(target) | Act::Submit(target) if saves => {
                let made = one("submit", target, left)?;
                self.saves = Some(target.alternatives.join(" || "));
                Some(made)
            }
            Act::Press(key) if saves => {
                self.saves = Some(key.clone());
                let press = Given::Text(literal(key));
                Some(plain("submit", Given::Map(vec![("press", press)])))
            }
            Act::Click(target) | Act::Submit(target) => one("click", target, left),
            Act::DoubleClick(target) => one("double_click", target, left),
            Act::RightClick(target) => one("right_click", target, left),
            Act::Hover(target) => one("hover", target, left),
            Act::Tick(target, true) => one("tick", target, left),
            Act::Tick(target, false) => one("untick", target, left),
            Act::Press(key) => Some(plain("press", Given::Text(literal(key)))),
            Act::Scroll { element, to } => self.scroll(element.as_ref(), *to, left),
            Act::Look(look) => self.look(look, left),
            Act::Read { name, from } => {
                let element = self.element(from, left)?.join(" || ");
                Some(plain("read", Given::Fields(vec![(name.clone(), element)])))
            }
        }
    }

    fn open(&mut self, address: &str, left: &mut Vec<String>) -> Option<Action> {
        let Ok(url) = Url::parse(address) else {
            left.push("it opens something that is no address".to_owned());
            return None;
        };
        let (url, taken) = self.mask.address(&url);
        if taken {
            left.push("the address held a login or a secret, which was taken out".to_owned());
        }
        let Some(path) = self.place.path(&url) else {
            let host = url.origin().ascii_serialization();
            let name = &self.place.name;
            left.push(format!(
                "it opens `{host}`, which is not at the connection `{name}`: that takes a step with a connection of its own"
            ));
            return None;
        };
        self.before = Some(Arrival {
            url: url.to_string(),
            title: String::new(),
        });
        // In an address two braces can be written in another way.
        let path = path.replace("{{", "%7B%7B");
        Some(plain("open", Given::Text(path)))
    }

    /// The locators that hold no secret and can be written.
    fn element(&self, target: &Target, left: &mut Vec<String>) -> Option<Vec<String>> {
        let (told, open): (Vec<_>, Vec<_>) = target
            .alternatives
            .iter()
            .partition(|one| self.mask.hits(one));
        if !told.is_empty() {
            left.push("a locator that held what was typed into a password field".to_owned());
        }
        let written: Vec<String> = open.iter().filter_map(|one| written(one)).collect();
        if written.len() < open.len() {
            left.push("one of its locators cannot be written".to_owned());
        }
        (!written.is_empty()).then_some(written)
    }

    fn scroll(
        &self,
        element: Option<&Target>,
        to: Option<(u64, u64)>,
        left: &mut Vec<String>,
    ) -> Option<Action> {
        let mut map = Vec::new();
        if let Some(target) = element {
            map.push(("element", Given::Element(self.element(target, left)?)));
        }
        if let Some((x, y)) = to {
            let across = (x > 0).then_some(("x", Given::Number(x)));
            map.extend(across);
            map.push(("y", Given::Number(y)));
        }
        Some(plain("scroll", Given::Map(map)))
    }

    fn look(&self, look: &Look, left: &mut Vec<String>) -> Option<Action> {
        let mut map = Vec::new();
        let mut text = |key: &'static str, text: &Option<String>| match text {
            Some(text) if self.mask.hits(text) => {
                left.push(format!("its `{key}` held a secret"));
            }
            Some(text) if !text.trim().is_empty() => match written(text) {
                Some(text) => map.push((key, Given::Text(text))),
                None => left.push(format!("its `{key}` cannot be written")),
            },
            _ => (),
        };
        text("text", &look.text);
        text("url", &look.url);
        text("title", &look.title);
        for (key, target) in [("element", &look.element), ("gone", &look.gone)] {
            if let Some(target) = target {
                map.push((key, Given::Element(self.element(target, left)?)));
            }
        }
        if map.is_empty() {
            left.push("it names nothing to look for".to_owned());
            return None;
        }
        if let Some(wait) = look.wait.filter(|wait| (1..=3_600_000).contains(wait)) {
            map.push(("wait", Given::Text(duration(wait))));
        }
        let word = match look.expect {
            true => "expect",
            false => "wait_for",
        };
        Some(plain(word, Given::Map(map)))
    }

    /// What the page shows that a step has led to.
    fn arrival(&mut self, step: &Step, saves: bool) -> Option<Item> {
        let arrival = step.arrival.clone()?;
        let before = self.before.replace(arrival.clone()).unwrap_or_default();
        let opens = matches!(step.act, Act::Open(_));
        let title = stable(&self.mask.apply(&arrival.title), &self.typed);
        let title = title.filter(|_| arrival.title != before.title);
        let path = |arrival: &Arrival| Url::parse(&arrival.url).ok().map(|it| it.path().to_owned());
        let moved = path(&arrival).filter(|_| path(&arrival) != path(&before));
        let moved = moved
            .map(|path| steady(&path, &self.typed))
            .filter(|path| path.len() > 1);
        let moved = moved.filter(|path| !self.mask.hits(path));
        let mut map = match (title, moved) {
            // Where one was led to another page than the one that was opened.
            (_, None) if opens => return None,
            (_, Some(path)) if opens => vec![("url", Given::Text(literal(&path)))],
            (Some(title), _) => vec![("title", Given::Text(literal(&title)))],
            (None, Some(path)) => vec![("url", Given::Text(literal(&path)))],
            (None, None) => return None,
        };
        if saves {
            map.push(("else", Given::Text("business".to_owned())));
        }
        let word = if saves { "expect" } else { "wait_for" };
        Some(action(word, Given::Map(map)))
    }
}

pub(super) fn plain(word: &'static str, given: Given) -> Action {
    Action { word, given }
}

fn action(word: &'static str, given: Given) -> Item {
    Item::Action(plain(word, given))
}

/// Fields that are filled one after the other are filled in one action.
fn push(items: &mut Vec<Item>, made: Action) {
    if let (Some(Item::Action(last)), Given::Fields(fields)) = (items.last_mut(), &made.given)
        && last.word == made.word
        && let Given::Fields(before) = &mut last.given
        && fields
            .iter()
            .all(|(name, _)| before.iter().all(|(other, _)| other != name))
    {
        before.extend(fields.iter().cloned());
        return;
    }
    items.push(Item::Action(made));
}

/// Text that is no template; `None` where that cannot be said.
fn written(text: &str) -> Option<String> {
    (!text.contains("\\{{")).then(|| literal(text))
}

/// The same for what holds no backslash.
fn literal(text: &str) -> String {
    text.replace("{{", "\\{{")
}

fn duration(millis: u64) -> String {
    match millis % 1_000 {
        0 => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

/// The part of a title that says nothing about one order: its longest piece without digits and
/// without what was typed.
fn stable(title: &str, typed: &[String]) -> Option<String> {
    let told = typed.iter().filter(|text| text.len() > 2);
    let title = told.fold(title.to_owned(), |title, text| title.replace(text, "•"));
    let pieces = title.split(|c: char| c.is_numeric() || "•{}\\".contains(c));
    let bare = |piece: &str| {
        let piece = piece.trim_matches(|c: char| !c.is_alphanumeric());
        piece.to_owned()
    };
    // The first of equals, which is the last of them from behind.
    let longest = pieces
        .rev()
        .map(bare)
        .max_by_key(|piece| piece.chars().count())?;
    (longest.chars().count() > 2).then_some(longest)
}

/// `/orders/` of `/orders/20001`: up to the first part that has a digit or was typed.
fn steady(path: &str, typed: &[String]) -> String {
    let one = |part: &str| {
        let name = part.trim_end_matches('/');
        name.contains(|c: char| c.is_numeric()) || typed.iter().any(|text| text == name)
    };
    let parts = path.split_inclusive('/');
    parts.take_while(|part| !one(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_order_to_order_is_not_waited_for() {
        let typed = ["ACME".to_owned(), "x".to_owned()];
        let title = |title: &str| stable(title, &typed);
        assert_eq!(title("Order 20001 saved").as_deref(), Some("Order"));
        assert_eq!(title("Order saved").as_deref(), Some("Order saved"));
        assert_eq!(title("ACME: exchange").as_deref(), Some("exchange"));
        assert_eq!(title("20001"), None);
        assert_eq!(steady("/orders/20001/lines", &typed), "/orders/");
        assert_eq!(steady("/customers/ACME", &typed), "/customers/");
        assert_eq!(steady("/orders/new", &typed), "/orders/new");
    }
}
