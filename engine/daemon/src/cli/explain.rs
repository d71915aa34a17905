//! `explain`: the page of a code, or what codes there are.

use super::{
    Global,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint},
    table,
};
use crate::pages::{self, Page};

pub(super) fn explain(global: &Global, code: Option<&str>) -> Outcome {
    let Some(code) = code else {
        return list(global, pages::all());
    };
    // As it stands in `error[steps.id]`, or in a list of faults: `http.*`.
    let code = code.trim_matches(['[', ']']).trim_end_matches(".*");
    if let Some(page) = pages::find(code) {
        match global.json {
            true => output::json(page),
            false => output::data(&shown(page, Paint::of_stdout())),
        }
        return Ok(Code::Done);
    }
    let of_noun = |page: &&Page| {
        page.code
            .split_once('.')
            .is_some_and(|(noun, _)| noun == code)
    };
    let pages: Vec<Page> = pages::all().iter().filter(of_noun).copied().collect();
    match pages.is_empty() {
        true => Err(unknown(code)),
        false => list(global, &pages),
    }
}

fn list(global: &Global, pages: &[Page]) -> Outcome {
    match global.json {
        true => output::json(&pages),
        false => {
            let rows = pages.iter();
            let rows = rows.map(|page| [page.code.to_owned(), first_sentence(page.what)]);
            output::data(&table::of(["code", "what it is"], rows));
        }
    }
    Ok(Code::Done)
}

fn first_sentence(text: &str) -> String {
    let first = text.split_once(". ").map_or(text, |(first, _)| first);
    first.trim_end_matches('.').to_owned()
}

fn shown(page: &Page, paint: Paint) -> String {
    let example = page.example.lines().map(|line| format!("    {line}"));
    [
        paint.bold(page.code),
        table::prose(page.what, 0),
        table::prose(&format!("{} {}", paint.cyan("what to do:"), page.remedy), 0),
        example.collect::<Vec<_>>().join("\n").trim_end().to_owned(),
    ]
    .join("\n\n")
}

fn unknown(code: &str) -> Failure {
    let codes = pages::all().iter().map(|page| page.code);
    let near = codes
        .map(|known| (strsim::damerau_levenshtein(code, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 1 + code.chars().count() / 4);
    let failure = Failure::usage(format!("there is no code `{code}`"));
    match near {
        Some((_, known)) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint("`botswain explain` lists them all"),
    }
}
