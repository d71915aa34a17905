//! `browser`: what a page has for the actions of `browser.do`.
//!
//! It works in a folder that goes with it; of the instance it reads only `pages/`.

use botswain_bot::House;
use botswain_bots::browser::{Finds, Locator, Pool, Settings};

use botswain_core::language::pages;

use super::{
    Global,
    arguments::Browser,
    outcome::{Code, Failure, Outcome},
    output,
};

pub(super) async fn browser(global: &Global, command: Browser) -> Outcome {
    let Browser::Try { url, locator } = command;
    let locator = Locator::try_from(meant(global, locator)?).map_err(Failure::usage)?;
    let scratch = tempfile::tempdir().map_err(Failure::of)?;
    let house = House {
        name: "try".to_owned(),
        sessions: 1,
        scratch: scratch.path().to_owned(),
    };
    let failed = |fault: botswain_bot::Fault| {
        let failure = Failure::of(&fault.message);
        match fault.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    let pool = Pool::new(Settings::default(), &url, &house).map_err(failed)?;
    let found = pool.explain(&url, &locator).await;
    pool.close().await;
    let found = found.map_err(failed)?;
    match global.json {
        true => output::json(&found),
        false => found.iter().for_each(|one| output::data(&told(one))),
    }
    match found.iter().any(is_usable) {
        true => Ok(Code::Done),
        false => Ok(Code::Failed),
    }
}

/// The locator with what the names of pages in it stand for.
fn meant(global: &Global, written: String) -> Result<String, Failure> {
    if !pages::names_any(&written) {
        return Ok(written);
    }
    let mut mistakes = Vec::new();
    let pages = global
        .instance()?
        .pages(&mut mistakes)
        .map_err(Failure::of)?;
    let meant = pages::expand(&pages, &written);
    meant.map(|it| it.locator).map_err(|wrong| {
        let failure = Failure::usage(wrong.message);
        match wrong.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// Exactly one element would be used, for one thing at least.
fn is_usable(found: &Finds) -> bool {
    found.uses.iter().any(|(_, what)| what.starts_with('<'))
}

fn told(found: &Finds) -> String {
    let mut lines = vec![format!("`{}`", found.locator)];
    for (action, what) in &found.uses {
        lines.push(format!("  {action:<6} {}", in_words(what)));
    }
    let listed = |about: &str, list: &[String]| {
        let lines = list.iter().map(|one| format!("    {one}"));
        let head = (!list.is_empty()).then(|| format!("  {about}:"));
        head.into_iter().chain(lines).collect::<Vec<_>>()
    };
    lines.extend(listed("fits", &found.fits));
    lines.extend(listed("fits, but cannot be seen", &found.hidden));
    if found.fits.is_empty() {
        lines.extend(listed("the page has", &found.names));
    }
    lines.join("\n")
}

fn in_words(what: &str) -> &str {
    match what {
        "missing" => "finds nothing",
        "ambiguous" => "finds several",
        "kind" => "finds something else",
        "disabled" => "finds what is disabled or read-only",
        "invalid" => "is no valid selector",
        found => found,
    }
}
