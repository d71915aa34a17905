//! The steps of a plan as a drawing: from top to bottom, with what is inside of a step inside of
//! its box, branches and cases side by side.
//!
//! One pass from the top gives every place: a list of steps has its left edge and
//! its top, and says how wide it became and where it ended. All boxes of a list
//! share that left edge, so that the arrows between them are one line.

use botswain_core::plan::{Kind, OnFault, Plan, Step, Then};
use maud::{Markup, html};

use crate::frame::Frame;

/// Measures, in pixels.
const WIDTH: u32 = 210;
const HEIGHT: u32 = 44;
const GAP: u32 = 20;
const PAD: u32 = 12;
const HEAD: u32 = 40;
const LABEL: u32 = 20;

/// How much fits into a box, in halves of a Chinese character.
const FITS: usize = 27;

/// How deep boxes are drawn within others; the check allows little more.
const DEEPEST: u32 = 12;

struct Node {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    class: &'static str,
    name: String,
    kind: String,
    title: String,
}

#[derive(Default)]
struct Drawing {
    nodes: Vec<Node>,
    /// Where each begins and how long it is.
    arrows: Vec<(u32, u32, u32)>,
    labels: Vec<(u32, u32, String)>,
}

/// The whole plan, what follows from a failure and what is done in any case beneath.
pub(crate) fn graph(frame: &Frame, plan: &Plan) -> Markup {
    let mut drawing = Drawing::default();
    let (mut width, mut y) = drawing.list(&plan.steps, (1, 1), 0);
    for (name, steps) in [("on_failure", &plan.on_failure), ("finally", &plan.finally)] {
        if !steps.is_empty() {
            drawing.labels.push((1, y + GAP + 14, name.to_owned()));
            let (wide, bottom) = drawing.list(steps, (1, y + GAP + LABEL), 0);
            (width, y) = (width.max(wide), bottom);
        }
    }
    let label = (frame.words().of_workflow.graph_of)(&plan.name, drawing.nodes.len());
    html! {
        div class="scroll" tabindex="0" {
            svg class="graph" width=(width + 2) height=(y + 2) role="img" aria-label=(label) focusable="false" {
                @for node in &drawing.nodes { (drawn(node)) }
                @for (x, y, length) in &drawing.arrows {
                    line x1=(x) x2=(x) y1=(y) y2=(y + length - 5) {}
                    path d={ "M" (x - 4) " " (y + length - 6) "h8l-4 6z" } {}
                }
                @for (x, y, text) in &drawing.labels { text class="label" x=(x) y=(y) { (text) } }
            }
        }
    }
}

fn drawn(node: &Node) -> Markup {
    html! {
        g {
            title { (node.title) }
            rect class=(node.class) x=(node.x) y=(node.y) width=(node.width) height=(node.height) rx="7" {}
            text class="name" x=(node.x + PAD) y=(node.y + 18) { (node.name) }
            text class="kind" x=(node.x + PAD) y=(node.y + 34) { (node.kind) }
        }
    }
}

impl Drawing {
    /// Gives how wide it became and where it ends.
    fn list(&mut self, steps: &[Step], (x, mut y): (u32, u32), depth: u32) -> (u32, u32) {
        let mut width = WIDTH;
        for (nth, step) in steps.iter().enumerate() {
            if nth > 0 {
                self.arrows.push((x + WIDTH / 2, y, GAP));
                y += GAP;
            }
            let (wide, bottom) = self.step(step, (x, y), depth);
            (width, y) = (width.max(wide), bottom);
        }
        (width, y)
    }

    fn step(&mut self, step: &Step, (x, y): (u32, u32), depth: u32) -> (u32, u32) {
        let place = self.nodes.len();
        self.nodes.push(node(step, (x, y)));
        let bodies = if depth < DEEPEST {
            bodies(step)
        } else {
            Vec::new()
        };
        if bodies.is_empty() {
            return (WIDTH, y + HEIGHT);
        }
        let (mut left, mut bottom) = (x + PAD, y);
        for (name, steps) in bodies {
            let mut top = y + HEAD + 8;
            if !name.is_empty() {
                self.labels.push((left, top + 14, cut(&name)));
                top += LABEL;
            }
            let (wide, end) = self.list(steps, (left, top), depth + 1);
            bottom = bottom.max(end);
            left += wide + PAD;
        }
        let outer = &mut self.nodes[place];
        outer.width = left - x;
        outer.height = bottom + PAD - y;
        outer.class = "group";
        (left - x, bottom + PAD)
    }
}

fn node(step: &Step, (x, y): (u32, u32)) -> Node {
    let name = step.name.as_deref().unwrap_or(step.id.as_str());
    let kind = kind(&step.kind);
    let when = step.when.as_ref().map(|it| format!("when {}", it.0));
    let title = [Some(name.to_owned()), Some(kind.clone()), when];
    let title: Vec<String> = title.into_iter().flatten().collect();
    Node {
        x,
        y,
        width: WIDTH,
        height: HEIGHT,
        class: if step.when.is_some() {
            "node maybe"
        } else {
            "node"
        },
        name: cut(name),
        kind: cut(&kind),
        title: title.join(" · "),
    }
}

/// The key that the file has for it, and what of it is short.
fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Bot(call) => call.bot.clone(),
        Kind::ForEach(each) => format!("for_each {}", each.list.0),
        Kind::Call(call) => format!("call {}", call.workflow),
        Kind::Parallel(_) => "parallel".to_owned(),
        Kind::Switch(switch) => format!("switch {}", switch.on.0),
        Kind::Approve(_) => "approve".to_owned(),
        Kind::Wait(_) => "wait".to_owned(),
        Kind::WaitUntil(_) => "wait_until".to_owned(),
        Kind::Set(_) => "set".to_owned(),
        Kind::Fail(_) => "fail".to_owned(),
    }
}

/// The lists of steps within a step, each by what it is.
fn bodies(step: &Step) -> Vec<(String, &[Step])> {
    let mut found: Vec<(String, &[Step])> = Vec::new();
    match &step.kind {
        Kind::ForEach(each) => found.push((String::new(), &each.steps)),
        Kind::Parallel(branches) => {
            found.extend(branches.iter().map(|(name, it)| (name.clone(), &it[..])));
        }
        Kind::Switch(switch) => {
            found.extend(
                switch
                    .cases
                    .iter()
                    .map(|(name, it)| (name.clone(), &it[..])),
            );
            found.extend(
                switch
                    .default
                    .iter()
                    .map(|it| ("default".to_owned(), &it[..])),
            );
        }
        _ => (),
    }
    found.extend(step.on_fault.iter().filter_map(|entry| match &entry.then {
        Then::Steps(steps) => Some((fault(entry), &steps[..])),
        _ => None,
    }));
    found
}

fn fault(entry: &OnFault) -> String {
    match &entry.code {
        Some(code) => format!("on_fault {code}"),
        None => "on_fault".to_owned(),
    }
}

/// As much as fits; a Chinese character is as wide as two others.
fn cut(text: &str) -> String {
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += if c.is_ascii() { 1 } else { 2 };
        if used > FITS {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use botswain_core::{StepId, plan::Template};
    use indexmap::IndexMap;

    use super::*;

    fn set(id: &str) -> Step {
        Step::new(StepId::new(id), Kind::Set(IndexMap::new()))
    }

    #[test]
    fn branches_stand_side_by_side_within_their_box() {
        let branches = [("one", vec![set("a"), set("b")]), ("two", vec![set("c")])];
        let branches = branches.map(|(name, steps)| (name.to_owned(), steps));
        let both = Step::new(
            StepId::new("both"),
            Kind::Parallel(branches.into_iter().collect()),
        );
        let mut drawing = Drawing::default();
        let (width, bottom) = drawing.list(&[both, set("d")], (0, 0), 0);
        let [outer, a, b, c, d] = &drawing.nodes[..] else {
            panic!("there are {}", drawing.nodes.len());
        };
        assert_eq!((outer.width, a.y, c.x), (width, c.y, a.x + WIDTH + PAD));
        assert!(b.y + b.height < outer.y + outer.height);
        assert!(d.y >= outer.y + outer.height && d.y + d.height == bottom);
        for inner in [a, b, c] {
            assert!(inner.x > outer.x && inner.x + inner.width < outer.x + outer.width);
        }
    }

    #[test]
    fn a_long_name_is_cut_where_its_box_ends() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"字".repeat(40)).chars().count(), FITS / 2 + 1);
        let when = Some(Template("{{inputs.a}}".to_owned()));
        let step = Step { when, ..set("a") };
        assert_eq!(node(&step, (0, 0)).title, "a · set · when {{inputs.a}}");
    }
}
