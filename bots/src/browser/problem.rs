//! What the page answered when something was not to be had, put into words.

use botswain_bot::Fault;
use serde_json::Value;

use super::{locator::Locator, page::Purpose};

/// Asking again would not change it.
pub(crate) fn is_final(answer: &Value) -> bool {
    matches!(kind(answer), "invalid" | "unfillable" | "attribute")
}

fn kind(answer: &Value) -> &str {
    answer["problem"].as_str().unwrap_or_default()
}

/// The fault for `{ problem: … }`.
pub(crate) fn fault(locator: &Locator, purpose: Purpose, answer: &Value) -> Fault {
    let message = answer["message"].as_str().unwrap_or_default();
    match kind(answer) {
        "ambiguous" => ambiguous(locator, answer),
        "invalid" if answer["refused"] == true => invalid(answer),
        "invalid" => Fault::business(
            "browser.locator",
            format!("`{locator}` is no valid selector: {message}"),
        ),
        "unfillable" => Fault::business("browser.value", format!("`{locator}` {message}")),
        "kind" => Fault::business(
            "browser.kind",
            format!(
                "`{locator}` is no {}: it finds {}",
                noun(purpose),
                list(answer, "candidates")
            ),
        ),
        "disabled" => Fault::system(
            "browser.disabled",
            format!("`{locator}` is there but cannot be used: it is disabled or read-only"),
        ),
        "moving" => Fault::system(
            "browser.moving",
            format!("`{locator}` does not stand still, so it cannot be clicked"),
        ),
        "attribute" => Fault::business("browser.value", format!("`{locator}` {message}")),
        "covered" => covered(locator, &list(answer, "candidates")),
        "option" => option(locator, answer),
        _ => missing(locator, purpose, answer),
    }
}

/// The fault for a selector that is none.
pub(crate) fn invalid(answer: &Value) -> Fault {
    let message = answer["message"].as_str().unwrap_or_default();
    Fault::business(
        "browser.locator",
        format!("a locator is no valid selector: {message}"),
    )
}

pub(crate) fn covered(locator: &Locator, what: &str) -> Fault {
    Fault::system(
        "browser.covered",
        format!("`{locator}` cannot be clicked, something lies over it: {what}"),
    )
    .hint("look at the screenshot; a banner or a dialog may have to be closed first")
}

fn missing(locator: &Locator, purpose: Purpose, answer: &Value) -> Fault {
    let noun = noun(purpose);
    let fault = Fault::system(
        "browser.not_found",
        format!("the page has no visible {noun} `{locator}`"),
    );
    let hidden = answer["hidden"].as_u64().unwrap_or_default();
    match (hidden, list(answer, "names")) {
        (0, names) if names.is_empty() => fault,
        (0, names) => fault.hint(format!("the page has {names}")),
        (hidden, _) => fault.hint(format!("{hidden} that match are hidden")),
    }
}

fn ambiguous(locator: &Locator, answer: &Value) -> Fault {
    Fault::business(
        "browser.ambiguous",
        format!(
            "`{locator}` fits {} elements: {}",
            answer["count"],
            list(answer, "candidates")
        ),
    )
    .hint("say which by ` & near=` or ` & nth=`, by what it stands in (`Order 7 >>> Save`), by `name=` or `css=`, or work within its `frame`")
}

fn option(locator: &Locator, answer: &Value) -> Fault {
    let value = answer["value"].as_str().unwrap_or_default();
    let off = answer["off"].as_bool().unwrap_or_default();
    let fault = match off {
        true => format!("`{value}` in `{locator}` cannot be chosen: it is disabled"),
        false => format!("`{locator}` offers no entry `{value}`"),
    };
    let fault = Fault::business("browser.option", fault);
    match list(answer, "entries") {
        entries if entries.is_empty() => fault.hint(
            "it offers nothing at all; where a text is typed into it, write `fill` instead of `select`",
        ),
        entries => fault.hint(format!("it offers {entries}")),
    }
}

fn list(answer: &Value, key: &str) -> String {
    let items = answer[key].as_array().map_or(&[][..], Vec::as_slice);
    let shown = items.iter().filter_map(Value::as_str).take(15);
    let mut words: Vec<String> = shown.map(|item| format!("`{item}`")).collect();
    if items.len() > 15 {
        words.push(format!("and {} more", items.len() - 15));
    }
    words.join(", ")
}

fn noun(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Field => "field",
        Purpose::Box => "box to tick",
        Purpose::Choice => "list",
        Purpose::Button => "button or link",
        Purpose::Read => "element",
        Purpose::Frame => "frame",
        Purpose::File => "field for a file",
    }
}
