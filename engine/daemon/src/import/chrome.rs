//! Recordings of Chrome's DevTools Recorder, as `@puppeteer/replay` describes them in its
//! `src/Schema.ts`: a `UserFlow` with steps of 14 types.
//!
//! A type that is not known is left out and said; a value of the wrong shape is an error.

mod keys;
mod selector;

use self::keys::Keyboard;
use super::{
    flow::{Act, Arrival, DEEPEST, Flow, How, Look, Step},
    place::{At, Error},
};

/// A button that is held longer than this is more than a click.
const HELD: u64 = 500;

pub(super) fn read(root: &At<'_>) -> Result<Flow, Error> {
    let mut flow = Flow {
        title: root.text("title")?.to_owned(),
        recorder: "Chrome's DevTools Recorder",
        wait: root.whole("timeout")?.unwrap_or_default(),
        ..Flow::default()
    };
    let mut keyboard = Keyboard::default();
    for (index, step) in root.needed("steps")?.entries()?.iter().enumerate() {
        step.must_be_map()?;
        let reading = Reading {
            step,
            place: format!("step {}", index + 1),
        };
        reading.into_flow(&mut flow, &mut keyboard)?;
    }
    flow.steps.extend(keyboard.rest());
    Ok(flow)
}

struct Reading<'a> {
    step: &'a At<'a>,
    place: String,
}

impl Reading<'_> {
    fn into_flow(self, flow: &mut Flow, keyboard: &mut Keyboard) -> Result<(), Error> {
        let kind = self.step.needed("type")?.as_text()?;
        flow.wait = flow
            .wait
            .max(self.step.whole("timeout")?.unwrap_or_default());
        let frames = self.frames()?;
        let mut step = Step {
            frames,
            arrival: None,
            act: Act::Nothing,
            left: Vec::new(),
            place: self.place.clone(),
        };
        if step.frames.len() > DEEPEST {
            step.frames.clear();
            step.left
                .push(format!("`{kind}` in a frame that lies too deep"));
            flow.steps.push(step);
            return Ok(());
        }
        let target = self.step.text("target")?;
        match (target, kind) {
            ("" | "main", "keyDown") => match keyboard.down(self.step.text("key")?) {
                Ok(Some(key)) => step.act = Act::Press(key),
                Ok(None) => (),
                Err(why) => step.left.push(why),
            },
            ("" | "main", "keyUp") => {
                step.left.extend(keyboard.up(self.step.text("key")?));
            }
            ("" | "main", kind) => step.act = self.act(kind, flow, &mut step.left)?,
            (other, kind) => {
                // What follows may be a token.
                let window = other.split(['?', '#']).next().unwrap_or_default();
                let what = format!("`{kind}` in another window, `{window}`");
                step.left.push(what);
            }
        }
        step.arrival = self.arrival(&mut step.left)?;
        if step.act != Act::Nothing || !step.left.is_empty() {
            flow.steps.push(step);
        }
        Ok(())
    }

    fn act(&self, kind: &str, flow: &mut Flow, left: &mut Vec<String>) -> Result<Act, Error> {
        Ok(match kind {
            "navigate" => Act::Open(self.step.needed("url")?.as_text()?.to_owned()),
            "click" => return self.click(left),
            "doubleClick" => self.on(left, Act::DoubleClick)?,
            "hover" => self.on(left, Act::Hover)?,
            "change" => {
                let value = self.step.needed("value")?.as_text()?.to_owned();
                self.on(left, |field| Act::Enter {
                    field,
                    value,
                    called: None,
                    how: How::Fill,
                })?
            }
            "scroll" => return self.scroll(left),
            "waitForElement" => return self.wait_for_element(left),
            kind => {
                left.push(self.without_counterpart(kind, flow)?);
                Act::Nothing
            }
        })
    }

    /// What is said instead of doing it.
    fn without_counterpart(&self, kind: &str, flow: &mut Flow) -> Result<String, Error> {
        Ok(match kind {
            "setViewport" => return self.viewport(flow),
            "emulateNetworkConditions" => {
                "`emulateNetworkConditions`: the network is taken as it is".to_owned()
            }
            "close" => "`close`: the window is given back by itself".to_owned(),
            "waitForExpression" => {
                let expression = self.step.text("expression")?;
                format!(
                    "`waitForExpression`: wait for what can be seen instead, by `wait_for`; it was `{expression}`"
                )
            }
            "customStep" => {
                let name = self.step.text("name")?;
                format!("`customStep` `{name}`: only its author knows what it does")
            }
            kind => format!("`{kind}`: a step of this type is not known"),
        })
    }

    fn viewport(&self, flow: &mut Flow) -> Result<String, Error> {
        let size = (self.step.whole("width")?, self.step.whole("height")?);
        let (Some(width), Some(height)) = size else {
            return Ok("`setViewport` without a size".to_owned());
        };
        flow.window = flow.window.or(Some((width, height)));
        let handheld = ["isMobile", "hasTouch"]
            .iter()
            .any(|key| self.step.is_true(key));
        let handheld = match handheld {
            true => "; it was a touch screen, which is not emulated",
            false => "",
        };
        Ok(format!(
            "`setViewport`: the size of the window is the connection's, `browser: {{ window: {{ width: {width}, height: {height} }} }}`{handheld}"
        ))
    }

    fn click(&self, left: &mut Vec<String>) -> Result<Act, Error> {
        let held = self.step.whole("duration")?.unwrap_or_default();
        if held > HELD {
            left.push(format!("the button was held down for {held} ms"));
        }
        match self.step.text("button")? {
            "" | "primary" => self.on(left, Act::Click),
            "secondary" => self.on(left, Act::RightClick),
            button => {
                left.push(format!("a click with the button `{button}`"));
                Ok(Act::Nothing)
            }
        }
    }

    fn scroll(&self, left: &mut Vec<String>) -> Result<Act, Error> {
        let (x, y) = (self.step.whole("x")?, self.step.whole("y")?);
        let to = Some((x.unwrap_or_default(), y.unwrap_or_default()));
        match self.step.get("selectors") {
            None => Ok(Act::Scroll { element: None, to }),
            Some(_) => self.on(left, |element| Act::Scroll {
                element: Some(element),
                to,
            }),
        }
    }

    fn wait_for_element(&self, left: &mut Vec<String>) -> Result<Act, Error> {
        let operator = match self.step.text("operator")? {
            "" => "==",
            operator => operator,
        };
        let count = self.step.whole("count")?.unwrap_or(1);
        let is_gone = self.step.is_false("visible") || (count == 0 && operator != ">=");
        if !matches!((operator, count), ("==" | ">=", 1) | ("==" | "<=", 0)) {
            left.push(format!(
                "`waitForElement` counts (`{operator} {count}`): one is waited for"
            ));
        }
        for key in ["properties", "attributes"] {
            if self.step.get(key).is_some() {
                left.push(format!("`waitForElement` looks at `{key}`"));
            }
        }
        let wait = self.step.whole("timeout")?;
        self.on(left, |target| {
            let (element, gone) = match is_gone {
                true => (None, Some(target)),
                false => (Some(target), None),
            };
            Act::Look(Look {
                element,
                gone,
                wait,
                ..Look::default()
            })
        })
    }

    /// What is done with the element that the step names.
    fn on(
        &self,
        left: &mut Vec<String>,
        act: impl FnOnce(super::flow::Target) -> Act,
    ) -> Result<Act, Error> {
        let selectors = self.step.needed("selectors")?.entries()?;
        let target = selector::target(&selectors, left)?;
        if target.is_none() {
            left.push("the element has no selector that can be written".to_owned());
        }
        Ok(target.map_or(Act::Nothing, act))
    }

    fn frames(&self) -> Result<Vec<String>, Error> {
        let path = self.step.list("frame")?;
        let frame = |at: &At<'_>| Ok(selector::frame(at.as_index()?));
        path.iter().map(frame).collect()
    }

    fn arrival(&self, left: &mut Vec<String>) -> Result<Option<Arrival>, Error> {
        let mut arrival = None;
        for event in self.step.list("assertedEvents")? {
            event.must_be_map()?;
            match event.text("type")? {
                "navigation" => {
                    arrival = Some(Arrival {
                        url: event.text("url")?.to_owned(),
                        title: event.text("title")?.to_owned(),
                    });
                }
                other => left.push(format!("the event `{other}` is not waited for")),
            }
        }
        Ok(arrival)
    }
}
