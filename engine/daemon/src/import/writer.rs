//! Writes a [`Plan`] down as YAML that a person would have written.
//!
//! Block style, a map in one line where there is room, quotes where they are
//! needed. What could not be carried over stands as a comment at its place.

mod scalar;

use self::scalar::plain;
use super::{
    Addition, Import, Left,
    plan::{Action, Given, Item, Plan},
};

/// How long a line may become that could also be several.
const WIDTH: usize = 100;

pub(super) fn write(plan: &Plan) -> Import {
    let mut left = Vec::new();
    gather(&plan.items, &mut left);
    Import {
        name: plan.name.clone(),
        connection: plan.place.name.clone(),
        text: workflow(plan),
        add: addition(plan),
        inputs: plan
            .inputs
            .all
            .iter()
            .map(|input| (input.name.clone(), input.default.clone()))
            .collect(),
        left,
        actions: count(&plan.items),
        submit: plan.submit.as_deref().map(|it| plan.mask.apply(it)),
    }
}

fn gather(items: &[Item], left: &mut Vec<Left>) {
    for item in items {
        match item {
            Item::Left(one) => left.push(one.clone()),
            Item::Action(action) => gather(inner(action), left),
            Item::Remark(_) => (),
        }
    }
}

fn count(items: &[Item]) -> usize {
    let actions = items.iter().map(|item| match item {
        Item::Action(action) => 1 + count(inner(action)),
        _ => 0,
    });
    actions.sum()
}

fn inner(action: &Action) -> &[Item] {
    let Given::Map(map) = &action.given else {
        return &[];
    };
    let items = map.iter().find_map(|(_, given)| match given {
        Given::Items(items) => Some(items.as_slice()),
        _ => None,
    });
    items.unwrap_or_default()
}

fn workflow(plan: &Plan) -> String {
    let mut page = Page::default();
    let title = match plan.title.as_str() {
        "" => String::new(),
        title => format!(", `{title}`"),
    };
    page.remark(
        0,
        &format!("Made of a recording of {}{title}.", plan.recorder),
    );
    if plan.submit.is_some() {
        page.remark(0, "Check what stands under `submit:` before it is used.");
    }
    page.line(0, &format!("name: {}", plan.name));
    let description = match plan.title.as_str() {
        "" => "What was recorded.",
        title => title,
    };
    page.line(0, &format!("description: {}", plain(description)));
    inputs(plan, &mut page);
    page.line(0, "");
    page.line(0, "steps:");
    page.line(1, &format!("- id: {}", plan.name));
    page.line(2, "bot: browser.do");
    page.line(2, &format!("connection: {}", plain(&plan.place.name)));
    page.line(2, "with:");
    if let Some(wait) = plan.wait {
        page.line(3, &format!("wait: {}s", wait.div_ceil(1_000)));
    }
    match plan
        .items
        .iter()
        .any(|item| matches!(item, Item::Action(_)))
    {
        true => page.line(3, "actions:"),
        false => page.line(3, "actions: []"),
    }
    page.items(4, &plan.items);
    page.text
}

fn inputs(plan: &Plan, page: &mut Page) {
    if plan.inputs.all.is_empty() {
        return;
    }
    page.line(0, "");
    page.line(0, "inputs:");
    for input in &plan.inputs.all {
        let mut settings = vec![("type", "text".to_owned())];
        settings.extend(
            input
                .label
                .iter()
                .map(|label| ("description", plain(label))),
        );
        settings.extend(
            input
                .default
                .iter()
                .map(|value| ("default", scalar::quoted(value))),
        );
        let short: Vec<String> = settings
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        let short = format!("{}: {{ {} }}", input.name, short.join(", "));
        if short.chars().count() <= WIDTH {
            page.line(1, &short);
            continue;
        }
        page.line(1, &format!("{}:", input.name));
        for (key, value) in settings {
            page.line(2, &format!("{key}: {value}"));
        }
    }
}

/// What `botswain.yaml` needs.
fn addition(plan: &Plan) -> Option<Addition> {
    let place = &plan.place;
    if place.is_known && plan.login.is_none() {
        return None;
    }
    let mut page = Page::default();
    page.line(0, "connections:");
    page.line(1, &format!("{}:", plain(&place.name)));
    if place.is_known {
        page.remark(2, "what is there already stays");
    } else {
        page.line(2, "kind: web");
        page.line(
            2,
            &format!("address: {}", place.address.origin().ascii_serialization()),
        );
        if let Some((width, height)) = place.window {
            page.line(
                2,
                &format!("browser: {{ window: {{ width: {width}, height: {height} }} }}"),
            );
        }
    }
    if let Some(login) = &plan.login {
        page.line(2, "login:");
        page.items(3, &login.items);
        page.remark(
            2,
            "logged_in: Sign out   (what every page shows as long as one is logged in)",
        );
    }
    Some(Addition {
        text: page.text,
        login_only: place.is_known,
        secrets: plan
            .login
            .iter()
            .flat_map(|login| login.secrets.clone())
            .collect(),
    })
}

/// What has been written so far.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, depth: usize, line: &str) {
        if !line.is_empty() {
            self.text.push_str(&"  ".repeat(depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    fn remark(&mut self, depth: usize, words: &str) {
        self.line(depth, &format!("# {}", scalar::tame(words)));
    }

    fn items(&mut self, depth: usize, items: &[Item]) {
        for item in items {
            match item {
                Item::Left(left) => {
                    self.remark(depth, &format!("{}: {}", left.place, left.what));
                }
                Item::Remark(words) => self.remark(depth, words),
                Item::Action(action) => self.action(depth, action),
            }
        }
    }

    fn action(&mut self, depth: usize, action: &Action) {
        let head = format!("- {}:", action.word);
        match short(&action.given) {
            Some(given) if fits(depth, &head, &given) => {
                self.line(depth, &format!("{head} {given}"));
            }
            _ => {
                self.line(depth, &head);
                // Under the action's name, which stands behind the dash.
                self.given(depth + 2, &action.given);
            }
        }
    }

    fn given(&mut self, depth: usize, given: &Given) {
        match given {
            Given::Text(text) => self.line(depth, &plain(text)),
            Given::Number(number) => self.line(depth, &number.to_string()),
            Given::Element(alternatives) => {
                for one in alternatives {
                    self.line(depth, &format!("- {}", plain(one)));
                }
            }
            Given::Fields(fields) => {
                for (name, value) in fields {
                    self.line(depth, &format!("{}: {}", plain(name), plain(value)));
                }
            }
            Given::Map(map) => {
                for (key, given) in map {
                    self.entry(depth, key, given);
                }
            }
            Given::Items(items) => self.items(depth, items),
        }
    }

    fn entry(&mut self, depth: usize, key: &str, given: &Given) {
        match given {
            Given::Text(_) | Given::Number(_) => {
                let value = short(given).unwrap_or_default();
                self.line(depth, &format!("{key}: {value}"));
            }
            Given::Element(one) if one.len() == 1 => {
                self.line(depth, &format!("{key}: {}", plain(&one[0])));
            }
            _ => {
                self.line(depth, &format!("{key}:"));
                self.given(depth + 1, given);
            }
        }
    }
}

fn fits(depth: usize, head: &str, given: &str) -> bool {
    2 * depth + head.len() + 1 + given.chars().count() <= WIDTH
}

/// In one line, when it can be.
fn short(given: &Given) -> Option<String> {
    match given {
        Given::Text(text) => Some(plain(text)),
        Given::Number(number) => Some(number.to_string()),
        Given::Element(alternatives) => match alternatives.as_slice() {
            [one] => Some(plain(one)),
            _ => None,
        },
        Given::Fields(_) | Given::Items(_) => None,
        Given::Map(map) => {
            let entries: Option<Vec<String>> = map.iter().map(entry).collect();
            Some(format!("{{ {} }}", entries?.join(", ")))
        }
    }
}

fn entry((key, given): &(&'static str, Given)) -> Option<String> {
    let value = match given {
        Given::Text(text) => plain(text),
        Given::Number(number) => number.to_string(),
        Given::Element(alternatives) => match alternatives.as_slice() {
            [one] => plain(one),
            _ => return None,
        },
        _ => return None,
    };
    Some(format!("{key}: {value}"))
}
