//! The index page of a run's evidence: it stands alone, wherever it is unpacked.

use botswain_views::RunDetail;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    assets::SHEET,
    data::size,
    frame::{Frame, grouped},
    run::state,
    text::marked,
};

/// How many facts stand on the page; all are beside it.
const FACTS: usize = 500;

/// What lies beside the page.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    pub detail: &'a RunDetail,
    /// How many runs are in it: this one and those that it made.
    pub runs: u64,
    pub files: &'a [EvidenceFile],
    /// Files that were named and cannot be read.
    pub lost: &'a [String],
    pub made: Timestamp,
}

/// One file of it.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// Its path in the archive.
    pub path: String,
    pub size: u64,
    /// SHA-256, as hexadecimal digits.
    pub hash: String,
}

/// The page; everything that it needs is in it.
pub fn evidence(frame: &Frame, evidence: &Evidence<'_>) -> String {
    let (words, run) = (frame.words(), &evidence.detail.run);
    let of_run = &words.of_run;
    let title = (of_run.evidence_of)(run.id.as_str());
    let page = html! {
        (DOCTYPE)
        html lang=(frame.language.code()) data-theme=(frame.theme.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (frame.instance) }
                style { (PreEscaped(SHEET)) }
            }
            body {
                main {
                    h1 { (title) " " (state(frame, run.state)) }
                    p class="lead" { (marked(of_run.evidence_lead)) }
                    (about(frame, evidence))
                    section class="card" {
                        h2 { (of_run.timeline) }
                        (frame.timeline(&evidence.detail.steps, (run.created, run.ended)))
                    }
                    section class="card" { h2 { (words.inputs) } (frame.data(&evidence.detail.inputs, None)) }
                    section class="card" { h2 { (words.files) } (files(frame, evidence)) }
                    section class="card" {
                        h2 { (of_run.happened) }
                        @let facts = &evidence.detail.facts;
                        (frame.happenings(&facts[..facts.len().min(FACTS)]))
                        @if facts.len() > FACTS {
                            p { a href="facts.jsonl" { ((words.and_more)((facts.len() - FACTS) as u64)) } }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn about(frame: &Frame, evidence: &Evidence<'_>) -> Markup {
    let (words, run) = (frame.words(), &evidence.detail.run);
    html! {
        dl class="facts" {
            dt { (words.workflow) } dd { (run.workflow) }
            @if let Some(key) = &run.key { dt { (words.key) } dd { strong { (key) } } }
            dt { (words.of_run.started_by) } dd { ((words.of_run.origin)(&evidence.detail.origin)) }
            dt { (words.began) } dd { (frame.moment(run.created)) }
            dt { (words.lasted) } dd { (frame.length(run.created, run.ended.unwrap_or(evidence.made))) }
            dt { (words.of_run.runs_in_it) } dd { (grouped(evidence.runs)) }
            dt { (words.of_run.made) } dd { (frame.moment(evidence.made)) }
        }
    }
}

fn files(frame: &Frame, evidence: &Evidence<'_>) -> Markup {
    let words = &frame.words().of_run;
    html! {
        div class="scroll" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { (words.file) } th scope="col" { (words.size) } th scope="col" { "SHA-256" }
                } }
                tbody {
                    @for file in evidence.files {
                        tr {
                            td { a href=(relative(&file.path)) { (file.path) } }
                            td { (size(file.size)) }
                            td { code { (file.hash) } }
                        }
                    }
                }
            }
        }
        @if !evidence.lost.is_empty() {
            h3 { (words.lost) }
            p class="muted" { (words.lost_lead) }
            ul class="plain" { @for name in evidence.lost { li { code { (name) } } } }
        }
    }
}

/// The path as an address that leads nowhere else, whatever is in its names.
fn relative(path: &str) -> String {
    let parts = path.split('/').map(crate::address::encoded);
    format!("./{}", parts.collect::<Vec<_>>().join("/"))
}
