//! The page about templates: prose, then every helper with its examples.

use std::fmt::Write as _;

use botswain_core::template::{About, Example, Helper};

use super::bots::table;

const INTRODUCTION: &str = include_str!("templates.md");

const CHAPTERS: [About; 6] = [
    About::Blocks,
    About::Conditions,
    About::Text,
    About::Numbers,
    About::Dates,
    About::Lists,
];

pub fn page(helpers: &[Helper]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for about in CHAPTERS {
        _ = write!(page, "\n## {}\n", title(about));
        for helper in helpers.iter().filter(|it| it.about == about) {
            page += &section(helper);
        }
    }
    page
}

/// What a chapter is about, in a word or two.
pub fn title(about: About) -> &'static str {
    match about {
        About::Blocks => "Repeating and choosing",
        About::Conditions => "Conditions and values",
        About::Text => "Working on text",
        About::Numbers => "Computing",
        About::Dates => "Days and times",
        About::Lists => "Rows and lists",
    }
}

fn section(helper: &Helper) -> String {
    let signatures = helper.signature.split(" | ");
    let signatures: Vec<String> = match helper.signature.contains(" | \"") {
        // The bar stands between values, not between ways of calling it.
        true => vec![format!("`{}`", helper.signature)],
        false => signatures.map(|it| format!("`{it}`")).collect(),
    };
    let mut text = format!(
        "\n### `{}`\n\n{}: {}.\n",
        helper.name,
        signatures.join(" or "),
        helper.doc
    );
    text += &table(["template", "data", "result"], helper.examples().map(row));
    text
}

fn row(example: Example) -> [String; 3] {
    [example.source, example.context, example.result].map(|it| format!("`{it}`"))
}
