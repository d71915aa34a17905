//! Projects of Selenium IDE (`.side`): one test, a list of commands with a target and a value.
//!
//! A command that is not known is left out and said; a value of the wrong shape is an error.

mod keys;
mod locator;

use std::collections::BTreeMap;

use self::keys::Stroke;
use super::{
    flow::{Act, DEEPEST, Flow, How, Look, Step, Target},
    place::{At, Error},
};

pub(super) fn read(root: &At<'_>, wanted: Option<&str>) -> Result<Flow, Error> {
    let tests = root.needed("tests")?.entries()?;
    let test = chosen(&tests, wanted)?;
    let mut reading = Reading {
        home: root.text("url")?.to_owned(),
        flow: Flow {
            title: test.text("name")?.to_owned(),
            recorder: "Selenium IDE",
            ..Flow::default()
        },
        frames: Vec::new(),
        constants: BTreeMap::new(),
    };
    for (index, command) in test.needed("commands")?.entries()?.iter().enumerate() {
        command.must_be_map()?;
        reading.command(command, format!("command {}", index + 1))?;
    }
    Ok(reading.flow)
}

fn chosen<'a>(tests: &[At<'a>], wanted: Option<&str>) -> Result<At<'a>, Error> {
    let mut names = Vec::new();
    for test in tests {
        test.must_be_map()?;
        let name = test.text("name")?.to_owned();
        if wanted == Some(name.as_str()) {
            return Ok(test.clone());
        }
        names.push(name);
    }
    match (wanted, tests) {
        (Some(asked), _) => Err(Error::NoTest {
            asked: asked.to_owned(),
            tests: names,
        }),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Error::Missing("tests[0]".to_owned())),
        (None, _) => Err(Error::Several(names)),
    }
}

struct Reading {
    /// Where paths begin.
    home: String,
    flow: Flow,
    frames: Vec<String>,
    /// What `store` has put under a name.
    constants: BTreeMap<String, String>,
}

/// One command.
struct Command<'a> {
    at: &'a At<'a>,
    target: &'a str,
    value: &'a str,
}

/// What a command comes to.
enum Came {
    /// To acts, one after the other.
    To(Vec<Act>),
    /// It is not carried over, for this reason.
    Left(String),
    /// It needs nothing.
    Done,
}

impl Came {
    fn to(act: Act) -> Came {
        Came::To(vec![act])
    }
}

impl Reading {
    fn command(&mut self, at: &At<'_>, place: String) -> Result<(), Error> {
        let name = at.needed("command")?.as_text()?;
        let command = Command {
            at,
            target: at.text("target")?,
            value: at.text("value")?,
        };
        // A command that is switched off, or a remark.
        if name.is_empty() || name.starts_with("//") {
            return Ok(());
        }
        let frames = self.frames.clone();
        let came = self.came(name.trim_end_matches("AndWait"), &command)?;
        let (acts, left) = match came {
            Came::To(acts) => (acts, Vec::new()),
            Came::Left(why) => (vec![Act::Nothing], vec![format!("`{name}`: {why}")]),
            Came::Done => (Vec::new(), Vec::new()),
        };
        self.flow.steps.extend(acts.into_iter().map(|act| Step {
            place: place.clone(),
            frames: frames.clone(),
            act,
            left: left.clone(),
            arrival: None,
        }));
        Ok(())
    }

    fn came(&mut self, name: &str, command: &Command<'_>) -> Result<Came, Error> {
        match name {
            "open" => Ok(Came::to(Act::Open(self.address(command.target)))),
            "setWindowSize" => Ok(self.window(command.target)),
            "store" => {
                let value = command.target.to_owned();
                self.constants.insert(command.value.to_owned(), value);
                Ok(Came::Done)
            }
            "selectFrame" => Ok(self.select_frame(command)),
            "type" | "editContent" | "sendKeys" | "select" | "addSelection" => {
                self.entering(name, command)
            }
            _ => match pointing(name) {
                Some(act) => command.on(act),
                None => looking(name, command),
            },
        }
    }

    fn address(&self, target: &str) -> String {
        match target.contains("://") {
            true => target.to_owned(),
            false => {
                let home = self.home.trim_end_matches('/');
                format!("{home}/{}", target.trim_start_matches('/'))
            }
        }
    }

    fn window(&mut self, size: &str) -> Came {
        let parsed = size.split_once('x').and_then(|(width, height)| {
            Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
        });
        self.flow.window = self.flow.window.or(parsed);
        match parsed {
            Some((width, height)) => Came::Left(format!(
                "the size of the window is the connection's, `browser: {{ window: {{ width: {width}, height: {height} }} }}`"
            )),
            None => Came::Left(format!("`{size}` is no size")),
        }
    }

    fn select_frame(&mut self, command: &Command<'_>) -> Came {
        match command.target.split_once('=') {
            Some(("relative", "parent")) => drop(self.frames.pop()),
            Some(("relative", "top")) => self.frames.clear(),
            _ if self.frames.len() == DEEPEST => {
                return Came::Left("a frame that lies too deep".to_owned());
            }
            Some(("index", index)) => match index.parse() {
                Ok(index) => self.frames.push(locator::frame(index)),
                Err(_) => return Came::Left(format!("`{index}` is no number of a frame")),
            },
            _ => match locator::of(command.target) {
                Some(frame) => self.frames.push(frame),
                None => {
                    return Came::Left("the frame has no locator that can be written".to_owned());
                }
            },
        }
        Came::Done
    }

    fn entering(&self, name: &str, command: &Command<'_>) -> Result<Came, Error> {
        let Some(field) = command.element()? else {
            return Ok(unnamed());
        };
        Ok(match name {
            "sendKeys" => self.send_keys(field, command.value),
            "select" => match command.value.split_once('=') {
                Some(("label" | "value", entry)) if !entry.contains("regexp:") => {
                    self.enter(field, entry, How::Select)
                }
                Some(("index" | "id" | "label", _)) => Came::Left(format!(
                    "the entry is chosen by `{}`: `select` chooses by its text",
                    command.value
                )),
                _ => self.enter(field, command.value, How::Select),
            },
            "addSelection" => Came::Left("only one entry of a list is chosen".to_owned()),
            _ => self.enter(field, command.value, How::Fill),
        })
    }

    /// The value, with what was stored under the names in it.
    fn enter(&self, field: Target, value: &str, how: How) -> Came {
        let called = value
            .strip_prefix("${")
            .and_then(|name| name.strip_suffix('}'));
        let called = called.filter(|name| self.constants.contains_key(*name));
        match self.with_constants(value) {
            Ok(value) => Came::to(Act::Enter {
                field,
                value,
                called: called.map(str::to_owned),
                how,
            }),
            Err(name) => Came::Left(format!(
                "the value of `{name}` is not known before the step has ended"
            )),
        }
    }

    /// `Err` is a name that is not known.
    fn with_constants(&self, value: &str) -> Result<String, String> {
        let (mut text, mut rest) = (String::new(), value);
        while let Some((before, behind)) = rest.split_once("${") {
            let Some((name, behind)) = behind.split_once('}') else {
                break;
            };
            let constant = self.constants.get(name).ok_or_else(|| name.to_owned())?;
            text.push_str(before);
            text.push_str(constant);
            rest = behind;
        }
        Ok(text + rest)
    }

    fn send_keys(&self, field: Target, keys: &str) -> Came {
        let strokes = match keys::strokes(keys) {
            Ok(strokes) => strokes,
            Err(key) => return Came::Left(format!("the key `{key}` cannot be pressed")),
        };
        let mut acts = Vec::new();
        for stroke in strokes {
            match stroke {
                Stroke::Text(text) => match self.enter(field.clone(), &text, How::Type) {
                    Came::To(typed) => acts.extend(typed),
                    other => return other,
                },
                Stroke::Key(key) => {
                    let typed = self.flow.steps.last().map(|step| &step.act);
                    let has_focus = matches!(typed, Some(Act::Enter { field: typed, .. }) if typed.is_same(&field));
                    if acts.is_empty() && !has_focus {
                        acts.push(Act::Click(field.clone()));
                    }
                    acts.push(Act::Press(key));
                }
            }
        }
        Came::To(acts)
    }
}

impl Command<'_> {
    /// The element, with the alternatives that were recorded.
    fn element(&self) -> Result<Option<Target>, Error> {
        let mut written = vec![self.target];
        for target in self.at.list("targets")? {
            match target.is_list() {
                true => {
                    for first in target.entries()?.iter().take(1) {
                        written.push(first.as_text()?);
                    }
                }
                false => written.push(target.as_text()?),
            }
        }
        Ok(locator::target(&written))
    }

    fn on(&self, act: impl FnOnce(Target) -> Act) -> Result<Came, Error> {
        let element = self.element()?;
        Ok(element.map_or_else(unnamed, |target| Came::to(act(target))))
    }

    fn look(&self, look: impl FnOnce(Target, Look) -> Look, base: Look) -> Result<Came, Error> {
        self.on(|target| Act::Look(look(target, base)))
    }
}

fn unnamed() -> Came {
    Came::Left("the element has no locator that can be written".to_owned())
}

fn pointing(name: &str) -> Option<fn(Target) -> Act> {
    Some(match name {
        "click" | "clickAt" => Act::Click,
        "doubleClick" | "doubleClickAt" => Act::DoubleClick,
        "contextMenu" | "contextMenuAt" => Act::RightClick,
        "mouseOver" => Act::Hover,
        "check" => |target| Act::Tick(target, true),
        "uncheck" => |target| Act::Tick(target, false),
        "submit" => |form| Act::Submit(locator::submit_of(form)),
        _ => return None,
    })
}

fn looking(name: &str, command: &Command<'_>) -> Result<Came, Error> {
    let asserted = name
        .strip_prefix("assert")
        .or_else(|| name.strip_prefix("verify"));
    if let Some(what) = asserted {
        return expecting(what, command);
    }
    if let Some(what) = name.strip_prefix("waitFor") {
        return waiting(what, command);
    }
    match name {
        "storeText" | "storeValue" => {
            let name = super::names::slug(command.value, '_');
            match name.is_empty() {
                true => Ok(Came::Left("it stores under no name".to_owned())),
                false => command.on(|from| Act::Read { name, from }),
            }
        }
        _ => Ok(without_counterpart(name, command)),
    }
}

fn expecting(what: &str, command: &Command<'_>) -> Result<Came, Error> {
    let expect = Look {
        expect: true,
        ..Look::default()
    };
    let text = || Some(command.value.to_owned()).filter(|text| !text.is_empty());
    match what {
        "Title" => Ok(Came::to(Act::Look(Look {
            title: Some(command.target.to_owned()),
            ..expect
        }))),
        "Text" => command.look(
            |element, look| Look {
                element: Some(element),
                text: text(),
                ..look
            },
            expect,
        ),
        "ElementPresent" | "Editable" => command.look(
            |element, look| Look {
                element: Some(element),
                ..look
            },
            expect,
        ),
        "ElementNotPresent" => command.look(
            |element, look| Look {
                gone: Some(element),
                ..look
            },
            expect,
        ),
        _ => Ok(Came::Left(
            "`expect` looks at texts, elements, the address and the title".to_owned(),
        )),
    }
}

fn waiting(what: &str, command: &Command<'_>) -> Result<Came, Error> {
    let wait = Look {
        wait: command.value.trim().parse().ok(),
        ..Look::default()
    };
    match what {
        "ElementVisible" | "ElementPresent" | "ElementEditable" => command.look(
            |element, look| Look {
                element: Some(element),
                ..look
            },
            wait,
        ),
        "ElementNotVisible" | "ElementNotPresent" => command.look(
            |element, look| Look {
                gone: Some(element),
                ..look
            },
            wait,
        ),
        "Text" => command.look(
            |element, look| Look {
                element: Some(element),
                text: Some(command.value.to_owned()),
                wait: None,
                ..look
            },
            wait,
        ),
        _ => Ok(Came::Left(
            "`wait_for` looks at texts, elements, the address and the title".to_owned(),
        )),
    }
}

fn without_counterpart(name: &str, command: &Command<'_>) -> Came {
    Came::Left(match name {
        "close" => "the window is given back by itself".to_owned(),
        "mouseOut" | "mouseUp" | "mouseDown" => "a pointer hovers and clicks, no more".to_owned(),
        "pause" => format!(
            "each action waits by itself; a pause of {} ms is not needed",
            command.target
        ),
        "echo" => format!("it said `{}`", command.target),
        "if" | "elseIf" | "else" | "end" | "while" | "do" | "times" | "repeatIf" | "forEach" => {
            "what is done when is said by steps, `when` and `for_each`, not among actions"
                .to_owned()
        }
        "run" => "another test; import it too, and `call` it".to_owned(),
        "runScript" | "executeScript" | "executeAsyncScript" => {
            "scripts are not run in the page".to_owned()
        }
        "dragAndDropToObject" | "dragAndDrop" => "nothing is dragged".to_owned(),
        "selectWindow" => "there is one window only".to_owned(),
        _ if name.to_lowercase().contains("alert")
            || name.contains("Confirmation")
            || name.contains("Prompt") =>
        {
            "a dialog of the page ends the step as a fault".to_owned()
        }
        _ => "a command of this name is not known".to_owned(),
    })
}
