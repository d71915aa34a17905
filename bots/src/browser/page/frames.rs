//! Frames are looked through like the page that holds them.
//!
//! In: what is asked of the page, once the page has said that it shows frames. Out:
//! one answer, from the only frame in which the locator fits. What fits in two of
//! them is ambiguous. The driver stays within that frame, for what was found there
//! can be used nowhere else, until the page is asked again.

use std::sync::PoisonError;

use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};

use super::{ELEMENT, Page, Trouble, Used};

/// What follows on something that was found, where it was found.
const STAYS: [&str; 3] = ["mark", "entries", "blur"];
/// More frames of one page are not looked through.
const MOST: usize = 50;

/// How many frames the driver stands within.
#[derive(Debug, Default)]
pub(super) struct Depth {
    /// By `frame` of the workflow.
    entered: usize,
    /// By looking through them, within those.
    pierced: usize,
}

/// How `page.js` is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// It says when there are frames to look through first.
    Pierce,
    /// Of this document alone.
    Alone,
    /// Of this document alone; and it names the frames in it.
    Walk,
}

impl Mode {
    pub(super) fn word(self) -> Value {
        match self {
            Mode::Pierce => Value::Null,
            Mode::Alone => json!("alone"),
            Mode::Walk => json!("walk"),
        }
    }
}

/// Through which frames one comes to a document, outermost first, and what was answered there.
struct Told {
    way: Vec<Value>,
    answer: Value,
}

impl Page {
    /// Asks the page once, and the frames in it.
    pub(crate) async fn ask(&self, operation: &str, given: Value) -> Result<Value, Trouble> {
        if !STAYS.contains(&operation) {
            self.surface().await?;
        }
        let answer = self.ask_here(operation, &given, Mode::Pierce).await?;
        match answer["frames"] == true {
            true => self.pierce(operation, given).await,
            false => Ok(answer),
        }
    }

    /// Back to where the workflow stands.
    pub(crate) async fn surface(&self) -> Result<(), Trouble> {
        let (entered, pierced) = {
            let mut depth = self.depth.lock().unwrap_or_else(PoisonError::into_inner);
            (depth.entered, std::mem::take(&mut depth.pierced))
        };
        match (entered, pierced) {
            (_, 0) => Ok(()),
            (0, _) => self.to_top().await,
            _ => {
                for _ in 0..pierced {
                    self.command(self.client.enter_parent_frame()).await?;
                }
                Ok(())
            }
        }
    }

    /// The workflow stands within one more frame, or on the page again.
    pub(super) fn entered(&self, frame: bool) {
        let mut depth = self.depth.lock().unwrap_or_else(PoisonError::into_inner);
        let entered = if frame { depth.entered + 1 } else { 0 };
        *depth = Depth {
            entered,
            pierced: 0,
        };
    }

    /// To the frame, if there is one, in which keys go to a field.
    pub(crate) async fn to_focus(&self) -> Result<(), Trouble> {
        self.surface().await?;
        for _ in 0..MOST {
            let answer = self.ask_here("acted", &Value::Null, Mode::Alone).await?;
            match answer.get("frame").filter(|frame| frame.is_object()) {
                Some(frame) => self.dive(frame).await?,
                None => break,
            }
        }
        Ok(())
    }

    async fn dive(&self, frame: &Value) -> Result<(), Trouble> {
        let id = frame[ELEMENT].as_str().unwrap_or_default().to_owned();
        let frame = Element::from_element_id(self.client.clone(), ElementRef::from(id));
        self.command(frame.enter_frame()).await?;
        let mut depth = self.depth.lock().unwrap_or_else(PoisonError::into_inner);
        depth.pierced += 1;
        Ok(())
    }

    async fn ask_at(
        &self,
        way: &[Value],
        (operation, given): (&str, &Value),
        mode: Mode,
    ) -> Result<Value, Trouble> {
        self.surface().await?;
        for frame in way {
            self.dive(frame).await?;
        }
        self.ask_here(operation, given, mode).await
    }

    /// The page first, then each frame that can be seen.
    async fn everywhere(&self, operation: &str, given: &Value) -> Result<Vec<Told>, Trouble> {
        let mut ways = vec![Vec::<Value>::new()];
        let mut told = Vec::new();
        while let Some(way) = ways.pop().filter(|_| told.len() < MOST) {
            match self.ask_at(&way, (operation, given), Mode::Walk).await {
                Ok(mut said) => {
                    let inner = said["inner"].as_array().into_iter().flatten().rev();
                    ways.extend(
                        inner.map(|frame| [&way[..], std::slice::from_ref(frame)].concat()),
                    );
                    let answer = said["answer"].take();
                    told.push(Told { way, answer });
                }
                // It has gone, or its page is only coming.
                Err(Trouble::Passing(_) | Trouble::Closed) if !way.is_empty() => (),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(told)
    }

    async fn pierce(&self, operation: &str, given: Value) -> Result<Value, Trouble> {
        match (operation, given) {
            ("check", given) => Ok(checked(&given, self.everywhere("check", &given).await?)),
            ("veil" | "unveil", given) => self
                .everywhere(operation, &given)
                .await
                .map(|_| Value::Null),
            ("read", given) if given["how"] == "list" || given["how"] == "count" => {
                Ok(collected(self.everywhere("read", &given).await?))
            }
            ("fill", Value::Array(fields)) => self.fill_each(fields).await,
            ("shown", Value::Array(fields)) => {
                let mut shown = Vec::new();
                for field in fields {
                    let mut one = self.in_its_frame("shown", json!([field])).await?;
                    shown.push(one.get_mut(0).map_or(Value::Null, Value::take));
                }
                Ok(Value::from(shown))
            }
            (operation, given) => self.in_its_frame(operation, given).await,
        }
    }

    async fn fill_each(&self, fields: Vec<Value>) -> Result<Value, Trouble> {
        let all = fields.len();
        for (at, field) in fields.into_iter().enumerate() {
            let mut answer = self.in_its_frame("fill", json!([field])).await?;
            if answer["problem"].is_string() {
                answer["at"] = json!(at);
                return Ok(answer);
            }
        }
        Ok(json!({ "at": all }))
    }

    /// What is not on the page itself is told with the frame that it is in.
    fn note_frame(&self, written: &Value, place: &Told, alternative: usize) {
        let (Some(written), false) = (written.as_str(), place.way.is_empty()) else {
            return;
        };
        let frame = place.answer[alternative]["frame"].as_str();
        let used = Used {
            alternative,
            frame: frame.map(str::to_owned),
        };
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(written.to_owned(), used);
    }

    /// What the page says of a locator, and each frame in it, with its name.
    pub(crate) async fn explained(&self, locator: &Value) -> Result<Vec<(String, Value)>, Trouble> {
        let given = json!({ "locator": locator });
        let told = self.everywhere("explain", &given).await?;
        let named = told.into_iter().map(|it| {
            let frame = it.answer["frame"].as_str().unwrap_or_default();
            let inside = match it.way.is_empty() {
                true => String::new(),
                false => within(frame),
            };
            (inside, it.answer)
        });
        Ok(named.collect())
    }

    /// Asks where the locator fits, if that is one place only.
    async fn in_its_frame(&self, operation: &str, mut given: Value) -> Result<Value, Trouble> {
        let wanted = json!({ "operation": operation, "given": given });
        let told = self.everywhere("places", &wanted).await?;
        let way = match fitting(&told) {
            Fits::One(place, alternative) => {
                let path = match given.is_array() {
                    true => "/0/locator",
                    false => "/locator",
                };
                if let Some(locator) = given.pointer_mut(path) {
                    locator["only"] = json!(alternative);
                    self.note_frame(&locator["written"], place, alternative);
                }
                place.way.clone()
            }
            Fits::Many(problem) => return Ok(problem),
            Fits::Nothing => Vec::new(),
        };
        // The page may be left for another from within a frame.
        if matches!(operation, "press" | "point") && !way.is_empty() {
            self.ask_at(&[], ("acted", &Value::Null), Mode::Alone)
                .await?;
        }
        self.ask_at(&way, (operation, &given), Mode::Alone).await
    }
}

enum Fits<'a> {
    /// There, by this alternative.
    One(&'a Told, usize),
    Many(Value),
    Nothing,
}

/// The first alternative that fits once in all frames; as it is within one page.
fn fitting(told: &[Told]) -> Fits<'_> {
    let alternatives = told.first().and_then(|it| it.answer.as_array());
    let mut many = None;
    for at in 0..alternatives.map_or(0, Vec::len) {
        let of = |it: &Told| it.answer[at].clone();
        if let (true, Some(page)) = (
            told.iter().any(|it| of(it)["invalid"] == true),
            told.first(),
        ) {
            return Fits::One(page, at);
        }
        let number = |it: &Told, key: &str| of(it)[key].as_u64().unwrap_or_default();
        let fit: Vec<&Told> = told.iter().filter(|it| number(it, "count") > 0).collect();
        let best = fit.iter().map(|it| number(it, "rank")).min();
        let best = |it: &&Told| Some(number(it, "rank")) == best;
        let fit: Vec<&Told> = fit.iter().copied().filter(best).collect();
        let count: u64 = fit.iter().map(|it| number(it, "count")).sum();
        match (count, fit.first()) {
            (1, Some(one)) => return Fits::One(one, at),
            (2.., _) if many.is_none() => many = Some(ambiguous(&fit, at, count)),
            _ => (),
        }
    }
    many.map_or(Fits::Nothing, Fits::Many)
}

fn ambiguous(fit: &[&Told], at: usize, count: u64) -> Value {
    let candidates = fit.iter().flat_map(|it| {
        let place = &it.answer[at];
        let frame = place["frame"].as_str().unwrap_or_default();
        let inside = match it.way.is_empty() {
            true => String::new(),
            false => within(frame),
        };
        let each = place["candidates"].as_array().into_iter().flatten();
        let each = each.filter_map(Value::as_str);
        each.map(|one| format!("{one}{inside}")).collect::<Vec<_>>()
    });
    let candidates: Vec<String> = candidates.collect();
    json!({ "problem": "ambiguous", "count": count, "candidates": candidates })
}

/// What is said of an element that stands in a frame.
fn within(frame: &str) -> String {
    format!(" in the frame {frame}")
}

/// Lists one after the other; numbers added up.
fn collected(told: Vec<Told>) -> Value {
    let mut values = Vec::new();
    let mut sum = None;
    for Told { mut answer, .. } in told {
        if answer["problem"].is_string() {
            return answer;
        }
        match answer["value"].take() {
            Value::Array(more) => values.extend(more),
            count => sum = Some(sum.unwrap_or(0) + count.as_u64().unwrap_or_default()),
        }
    }
    json!({ "value": sum.map_or(Value::Array(values), Value::from) })
}

/// What is shown in any frame is shown; what is gone has gone from all of them.
fn checked(given: &Value, told: Vec<Told>) -> Value {
    let mut answers: Vec<Value> = told.into_iter().map(|it| it.answer).collect();
    if let Some(at) = answers.iter().position(|it| it["problem"].is_string()) {
        return answers.swap_remove(at);
    }
    let same = |a: &Value, b: &Value| match a.as_str() {
        Some(_) => a == b,
        None => a["key"] == b["key"] && a["of"] == b["of"],
    };
    let in_any = |one: &Value| {
        answers
            .iter()
            .any(|it| unmet(it).any(|other| same(one, other)))
    };
    let of_all = |one: &Value| {
        let mine = |it: &Value| unmet(it).find(|other| same(one, other)).cloned();
        let each: Option<Vec<Value>> = answers.iter().map(mine).collect();
        let mut each = each?.into_iter();
        let first = each.next();
        each.find(|it| it.is_object() && !it["shown"].is_null())
            .filter(|_| first.as_ref().is_some_and(|it| it["shown"].is_null()))
            .or(first)
    };
    let Some(page) = answers.first() else {
        return Value::Null;
    };
    let mut left = Vec::new();
    for one in unmet(page) {
        match one.as_str() {
            Some("url" | "title" | "navigation" | "idle") => left.push(one.clone()),
            Some("gone") => (),
            None if one["key"] == "count" => (),
            _ => left.extend(of_all(one)),
        }
    }
    left.extend(Some(json!("gone")).filter(in_any));
    for pair in given["count"].as_array().into_iter().flatten() {
        let (of, wanted) = (&pair[0]["written"], pair[1].as_u64().unwrap_or_default());
        let one = json!({ "key": "count", "of": of });
        let seen = |it: &Value| unmet(it).find(|other| same(&one, other))?["shown"].as_u64();
        let shown: u64 = answers.iter().map(|it| seen(it).unwrap_or(wanted)).sum();
        if shown != wanted {
            left.push(json!({ "key": "count", "of": of, "wanted": wanted, "shown": shown }));
        }
    }
    let mut whole = page.clone();
    whole["unmet"] = Value::from(left);
    whole
}

fn unmet(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["unmet"].as_array().into_iter().flatten()
}
