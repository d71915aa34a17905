//! Runs in a list.

use botswain_core::index::State;
use botswain_views::RunView;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::{
    address::address,
    frame::{Frame, Place},
    run::state,
    text::marked,
};

const STATES: [State; 8] = [
    State::Running,
    State::Waiting,
    State::Parked,
    State::Queued,
    State::Succeeded,
    State::Failed,
    State::Cancelled,
    State::Skipped,
];

/// What the list is narrowed to, as its address has it.
#[derive(Clone, Debug, Default)]
pub struct RunsFilter {
    pub workflow: Option<String>,
    pub state: Option<State>,
    /// A part of the key.
    pub key: Option<String>,
    /// The first and the last day, by the reader's clock.
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Where the page begins.
    pub before: Option<u64>,
}

impl RunsFilter {
    /// The address of this list from another place on.
    fn address(&self, before: Option<u64>) -> String {
        let fields = [
            ("workflow", self.workflow.clone()),
            ("state", self.state.map(|it| it.name().to_owned())),
            ("key", self.key.clone()),
            ("from", self.from.map(|it| it.to_string())),
            ("to", self.to.map(|it| it.to_string())),
            ("before", before.map(|it| it.to_string())),
        ];
        address("/runs", fields)
    }

    fn narrows(&self) -> bool {
        self.address(None) != "/runs"
    }
}

/// Runs that were started, newest first, beside the workflows that there are; `next` is where the
/// next page begins.
pub fn runs(
    frame: &Frame,
    (filter, workflows): (&RunsFilter, &[String]),
    (runs, next): (&[RunView], Option<u64>),
) -> String {
    let words = frame.words();
    let content = html! {
        div class="head" { h1 { (words.runs) } }
        (narrowing(frame, filter, workflows))
        @if runs.is_empty() && (filter.narrows() || filter.before.is_some()) {
            div class="empty" {
                h2 { (words.nothing_fits) }
                p { (words.of_run.nothing_fits_lead) }
                @if next.is_none() { p { a class="button" href="/runs" { (words.of_run.all_runs) } } }
            }
        } @else if runs.is_empty() {
            div class="empty" { h2 { (words.no_runs) } p { (marked(words.no_runs_lead)) } }
        } @else {
            (table(frame, runs))
        }
        @if filter.before.is_some() || next.is_some() {
            p class="buttons" {
                @if filter.before.is_some() {
                    a class="button" href=(filter.address(None)) { (words.of_run.first_page) }
                }
                @if next.is_some() {
                    a class="button" rel="next" href=(filter.address(next)) {
                        @if runs.is_empty() { (words.of_run.look_further) } @else { (words.next_page) }
                    }
                }
            }
        }
    };
    frame.page(words.runs, Place::Runs, content)
}

/// The form whose fields are in the address.
fn narrowing(frame: &Frame, filter: &RunsFilter, workflows: &[String]) -> Markup {
    let words = frame.words();
    // One whose file is gone has runs all the same.
    let own = filter.workflow.iter().filter(|it| !workflows.contains(it));
    let day = |it: Option<Date>| it.map(|it| it.to_string());
    html! {
        form method="get" action="/runs" class="filters" {
            label { (words.workflow)
                select name="workflow" {
                    option value="" { (words.of_run.all_workflows) }
                    @for it in own.chain(workflows) {
                        option value=(it) selected[filter.workflow.as_ref() == Some(it)] { (it) }
                    }
                }
            }
            label { (words.state)
                select name="state" {
                    option value="" { (words.all_states) }
                    @for it in STATES {
                        option value=(it.name()) selected[filter.state == Some(it)] { ((words.states)(it)) }
                    }
                }
            }
            label { (words.key) input type="search" name="key" value=[&filter.key]; }
            label { (words.of_run.from_day) input type="date" name="from" value=[day(filter.from)]; }
            label { (words.of_run.to_day) input type="date" name="to" value=[day(filter.to)]; }
            button { (words.filter) }
        }
    }
}

fn table(frame: &Frame, runs: &[RunView]) -> Markup {
    let words = frame.words();
    html! {
        div class="scroll" tabindex="0" {
            table class="runs" {
                thead { tr {
                    th scope="col" { (words.run) }
                    th scope="col" { (words.workflow) }
                    th scope="col" { (words.state) }
                    th scope="col" { (words.key) }
                    th scope="col" { (words.began) }
                    th scope="col" { (words.lasted) }
                } }
                tbody data-rows { @for run in runs { (line(frame, run)) } }
            }
        }
    }
}

fn line(frame: &Frame, run: &RunView) -> Markup {
    html! {
        tr class="row" {
            td { a href={ "/runs/" (run.id) } data-open { (run.id) } }
            td { (run.workflow) }
            td {
                (state(frame, run.state))
                @if let Some(why) = &run.why { span class="muted small" { " " (why) } }
            }
            td { (run.key.as_deref().unwrap_or_default()) }
            td { (frame.clock(run.created)) }
            td { (frame.length(run.created, run.ended.unwrap_or(frame.now))) }
        }
    }
}
