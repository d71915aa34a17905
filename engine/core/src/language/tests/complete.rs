//! What is offered where `¦` stands.

use super::{catalogue, load};
use crate::language::complete::{Completion, complete};

const HEAD: &str = "name: demo\ninputs:\n  file: { type: file }\n  ceiling: { type: decimal }\nsteps:\n  - id: lines\n    bot: sheet.read\n    with: { file: \"{{inputs.file}}\", columns: { sku: text, amount: decimal } }\n";

fn completion(marked: &str) -> (String, Completion) {
    let at = marked.find('¦').expect("a place");
    let text = marked.replacen('¦', "", 1);
    let catalogue = catalogue();
    let found = complete(&text, at, |text| {
        drop(load("workflows/demo.yaml", text, &catalogue));
    });
    (text, found)
}

/// What is offered behind the lines of [`HEAD`].
#[track_caller]
fn offered(rest: &str) -> Vec<String> {
    let (_, found) = completion(&format!("{HEAD}{rest}"));
    found.offers.into_iter().map(|it| it.text).collect()
}

#[track_caller]
fn first(rest: &str, expected: &[&str]) {
    let all = offered(rest);
    let first: Vec<&str> = all
        .iter()
        .take(expected.len())
        .map(String::as_str)
        .collect();
    assert_eq!(first, expected, "{rest}: {all:?}");
}

#[track_caller]
fn exactly(rest: &str, expected: &[&str]) {
    assert_eq!(offered(rest), expected, "{rest}");
}

#[test]
fn keys_are_those_that_the_place_has_and_has_not_yet() {
    exactly("over¦", &["overlap: "]);
    exactly("  - id: a\n    bo¦", &["bot: "]);
    exactly("  - b¦\n", &["bot: "]);
    exactly("  - { id: a, bo¦ }", &["bot: "]);
    exactly("  - { id: a, bo¦", &["bot: "]);
    // Neither what is there already nor what another kind has.
    let keys = offered("  - id: a\n    bot: mail.send\n    ¦\n    with: { to: x }\n");
    for has in ["connection: ", "when: ", "retry: ", "verify: "] {
        assert!(keys.iter().any(|it| it == has), "{has} in {keys:?}");
    }
    for has_not in [
        "id: ",
        "with: ",
        "bot: ",
        "call: ",
        "at_once: ",
        "collect: ",
    ] {
        assert!(
            !keys.iter().any(|it| it == has_not),
            "{has_not} in {keys:?}"
        );
    }
    exactly(
        "  - id: a\n    bot: mail.send\n    with:\n      to: x\n      su¦\n",
        &["subject: "],
    );
    first(
        "  - id: a\n    bot: browser.do\n    with:\n      actions:\n        - ¦\n",
        &["open: ", "fill: ", "expect: "],
    );
    first("  - id: a\n    ¦\n", &["bot: ", "call: ", "for_each: "]);
    // A key that has its colon gets no second one.
    exactly("  - id: a\n    bo¦: mail.send\n", &["bot"]);
}

#[test]
fn values_are_the_names_that_are_there() {
    exactly(
        "  - id: a\n    bot: ¦\n",
        &["browser.do", "mail.send", "sheet.read"],
    );
    exactly("  - id: a\n    bot: mail.s¦\n", &["mail.send"]);
    exactly("  - { id: a, bot: \"mai¦", &["mail.send"]);
    exactly("overlap: sk¦\n", &["skip"]);
    exactly(
        "  - id: a\n    bot: mail.send\n    connection: ¦\n",
        &["office", "orders", "shop"],
    );
    exactly("  - { id: a, approve: ok?, ask: [ ma¦ ] }\n", &["managers"]);
    exactly(
        "  - id: a\n    approve: ok?\n    ask:\n      - super¦\n",
        &["supervisors"],
    );
    exactly(
        "  - id: a\n    bot: mail.send\n    connection: office\n    with: { to: x, template: ¦ }\n",
        &["broken.hbs", "po.txt.hbs"],
    );
}

#[test]
fn templates_offer_what_they_can_read_there() {
    exactly(
        "  - { id: a, set: { x: \"{{inputs.¦}}\" } }\n",
        &["file", "ceiling"],
    );
    exactly("  - { id: a, set: { x: \"{{inputs.¦", &["file", "ceiling"]);
    exactly("  - id: a\n    set:\n      x: \"{{steps.¦\n", &["lines"]);
    exactly(
        "  - id: a\n    set:\n      x: \"{{len steps.lines.r¦}}\"\n",
        &["rows"],
    );
    exactly(
        "  - id: a\n    set:\n      x: \"{{add 1 (len steps.lines.r¦\n",
        &["rows"],
    );
    first("  - id: a\n    when: \"{{ste¦\"\n", &["steps"]);
    exactly(
        "  - id: each\n    for_each: \"{{steps.lines.rows}}\"\n    as: line\n    key: \"{{line.¦}}\"\n    steps: [ { id: f, fail: x } ]\n",
        &["sku", "amount"],
    );
    let helpers = offered("  - id: a\n    when: \"{{g¦}}\"\n");
    assert!(helpers.iter().any(|it| it == "gte"), "{helpers:?}");
    exactly(
        "  - id: a\n    set: { x: \"{{#if inputs.c¦\" }\n",
        &["ceiling"],
    );
    exactly(
        "  - id: a\n    set: { x: \"{{#if inputs.c¦}}y{{/if}}\" }\n",
        &["ceiling"],
    );
    exactly(
        "  - { id: a, set: { x: \"{{add 1 (len steps.lines.r¦) } }\n",
        &["rows"],
    );
    exactly("  - { id: a, set: { x: \"{{inputs.c¦}} } }\n", &["ceiling"]);
    // A step that comes later is none yet.
    exactly(
        "  - { id: a, set: { x: \"{{steps.¦}}\" } }\n  - { id: later, fail: x }\n",
        &["lines"],
    );
}

#[test]
fn a_column_with_a_blank_is_written_as_a_template_reads_it() {
    let head = HEAD.replace("sku: text", "\"Order No\": text");
    let (_, found) = completion(&format!(
        "{head}  - {{ id: a, for_each: \"{{{{steps.lines.rows}}}}\", as: line, key: \"{{{{line.¦}}}}\", steps: [ {{ id: f, fail: x }} ] }}\n"
    ));
    let offers: Vec<_> = found.offers.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(offers, ["[Order No]", "amount"]);
}

#[test]
fn a_thousand_marks_are_not_looked_through() {
    let text = format!("{HEAD}{}¦{}", "[".repeat(100_000), " ".repeat(100_000));
    assert_eq!(completion(&text).1, Completion::default());
}

#[test]
fn what_is_said_of_a_name_comes_with_it() {
    let (text, found) = completion(&format!("{HEAD}over¦"));
    assert_eq!(&text[found.word.clone()], "over");
    let about = found.offers[0].about.as_deref();
    assert_eq!(
        about,
        Some("What happens when it is fired while a run is at work.")
    );
    let (_, found) = completion(&format!("{HEAD}overlap: ski¦\n"));
    let about = found.offers[0].about.as_deref();
    assert_eq!(about, Some("The new run ends at once as skipped."));
}

#[test]
fn nothing_is_offered_where_everything_can_stand() {
    for rest in [
        "description: Enters or¦",
        "# a co¦mment",
        "  - id: a\n    name: x y¦\n",
        "  - { id: a, set: { x: \"{{eq 'a¦'}}\" } }\n",
    ] {
        assert!(offered(rest).is_empty(), "{rest}: {:?}", offered(rest));
    }
}

#[test]
fn no_place_of_any_text_is_a_panic() {
    let text = "steps: [ { id: ä, set: { x: \"{{#each (len steps.x)}}{{/each}} 'ü\" } }, [ '\\\" ]\n- - x: {{ \u{1f600} }}\n";
    let catalogue = catalogue();
    for at in 0..=text.len() {
        complete(text, at, |text| {
            drop(load("workflows/demo.yaml", text, &catalogue))
        });
    }
}
