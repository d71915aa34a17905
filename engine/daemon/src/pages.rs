//! The page of each code: what happened, why, what to do, and an example.
//!
//! The pages are Markdown in `docs/errors`, a file for each noun and a heading
//! for each code, compiled in, so that people read the same words in a browser
//! and in a terminal. Every code that Botswain can show has one; a test looks.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Serialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/errors");

/// What is known of one code.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Page {
    pub code: &'static str,
    /// What happened, and why.
    pub what: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The language of the example, as in `yaml`.
    pub language: &'static str,
    pub example: &'static str,
}

/// Every page, by code.
pub fn all() -> &'static [Page] {
    static ALL: LazyLock<Vec<Page>> = LazyLock::new(|| {
        let texts = FILES.files().filter_map(|file| file.contents_utf8());
        let mut pages: Vec<Page> = texts.flat_map(of_file).collect();
        pages.sort_by_key(|page| page.code);
        pages
    });
    &ALL
}

/// The page of a code.
pub fn find(code: &str) -> Option<&'static Page> {
    let at = all().binary_search_by_key(&code, |page| page.code);
    at.ok().map(|at| &all()[at])
}

fn of_file(text: &'static str) -> impl Iterator<Item = Page> {
    text.split("\n## ").skip(1).filter_map(page)
}

/// A code on a line of its own, prose, what to do, and a block of code.
fn page(text: &'static str) -> Option<Page> {
    let (code, rest) = text.split_once('\n')?;
    let (what, rest) = rest.split_once("**What to do:**")?;
    let (remedy, rest) = rest.split_once("```")?;
    let (language, rest) = rest.split_once('\n')?;
    let (example, _) = rest.split_once("\n```")?;
    Some(Page {
        code: code.trim(),
        what: what.trim(),
        remedy: remedy.trim(),
        language: language.trim(),
        example,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_is_a_whole_page() {
        let texts = FILES.files().filter_map(|file| file.contents_utf8());
        let headings = texts.map(|text| text.matches("\n## ").count());
        assert_eq!(headings.sum::<usize>(), all().len());
        for page in all() {
            let parts = [page.what, page.remedy, page.language, page.example];
            assert!(parts.iter().all(|part| !part.is_empty()), "{}", page.code);
            assert_eq!(find(page.code), Some(page), "it stands there twice");
        }
    }
}
