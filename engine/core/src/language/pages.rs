//! `pages/NAME.yaml`: how the fields of an application are found, kept once under names.
//!
//! In go the text of such a file, and then the locators of a workflow, in which
//! `page=portal.customer` stands for what `pages/portal.yaml` says of `customer`.
//! Out comes the locator as it is meant. It is put into the plan when the file is
//! checked, so a run goes on with what its version had, whatever the page says now.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    rc::Rc,
    sync::LazyLock,
};

use serde_json::{Value, json};

use super::{
    Source,
    draft::{read, stem},
    suggest,
};
use crate::{
    check::{
        is_name,
        shape::{At, Found, Shape},
    },
    diagnostic::Diagnostic,
    yaml::{Node, Report},
};

/// What a name begins with where it stands in a locator.
const BEGINNING: &str = "page=";
/// Stands between the alternatives of a locator.
const OR: &str = " || ";
/// After these, too, a locator names an element.
const INSIDE: [&str; 2] = [" >>> ", " & near="];
/// More alternatives come of no locator.
const MOST: usize = 100;

/// The files of `pages/`, by name.
pub type Pages = BTreeMap<String, Page>;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub text: String,
    /// The alternatives of each name; none while the file has mistakes.
    names: Option<BTreeMap<String, Vec<String>>>,
}

/// A locator in which every name stands for what it means.
#[derive(Debug, PartialEq)]
pub struct Expanded {
    pub locator: String,
    /// The pages that it names.
    pub pages: BTreeSet<String>,
}

/// Why a name stands for nothing.
#[derive(Debug, PartialEq)]
pub struct Nameless {
    pub code: &'static str,
    /// Where it stands in the locator.
    pub at: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
}

/// Reads a file of `pages/`.
pub fn load_page(source: Source<'_>) -> (Page, Vec<Diagnostic>) {
    let mut report = Report::new(source.file, source.text);
    let root = read(&mut report, source.text);
    let names = root.map(|root| names(&root, &mut report));
    if !is_name(stem(source.file)) {
        let hint = "call it with lower-case letters, digits and `-`, as in `portal.yaml`";
        let message = format!("`{}` cannot be the name of a page", stem(source.file));
        report.hinted("pages.name", &(0..0), (message, Some(hint.to_owned())));
    }
    let page = Page {
        text: source.text.to_owned(),
        names: names.filter(|_| report.errors() == 0),
    };
    (page, report.finish())
}

fn names(root: &Rc<Node>, report: &mut Report<'_>) -> BTreeMap<String, Vec<String>> {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let text = json!({ "type": "string", "minLength": 1 });
        json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "array"], "minLength": 1, "minItems": 1, "items": text },
        })
    });
    let shape = Shape {
        root: &SCHEMA,
        templates: false,
    };
    let (span, mut found) = (root.head(), Found::default());
    let at = At {
        name: "a page",
        span: &span,
    };
    shape.check(&SCHEMA, (root, at), report, &mut found);
    let mut names = BTreeMap::new();
    for (name, entry) in root.map().into_iter().flatten() {
        if !name.bytes().all(is_of_name) || name.contains('.') {
            let message = format!("`{name}` cannot be the name of a field");
            let hint = "use letters, digits, `-` and `_`, as in `order-number`".to_owned();
            report.hinted("pages.name", &entry.key, (message, Some(hint)));
        }
        let alternatives = match entry.node.text() {
            Some(_) => std::slice::from_ref(&entry.node),
            None => entry.node.items(),
        };
        for node in alternatives {
            plain(node, report);
        }
        let texts = alternatives.iter().filter_map(|node| node.text());
        let texts = texts.flat_map(|text| text.split(OR)).map(str::to_owned);
        names.insert(name.clone(), texts.collect());
    }
    names
}

/// It is the same whoever names it: nothing is computed in it, and it names nothing else.
fn plain(node: &Node, report: &mut Report<'_>) {
    let text = node.text().unwrap_or_default();
    let message = match text {
        text if text.contains("{{") => "no template can stand in a page",
        text if names_any(text) => "a name of a page cannot stand for another",
        _ => return,
    };
    let hint = "write the locator itself, and what varies in the workflow".to_owned();
    report.hinted("pages.name", &node.span, (message, Some(hint)));
}

/// The locator as it is meant.
pub fn expand(pages: &Pages, written: &str) -> Result<Expanded, Nameless> {
    let mut used = BTreeSet::new();
    let mut all: Vec<String> = Vec::new();
    let mut start = 0;
    for alternative in written.split(OR) {
        let (mut ways, mut done) = (vec![String::new()], 0);
        for at in named(alternative) {
            let name = &alternative[at.clone()];
            let nameless = |(code, message, hint)| Nameless {
                code,
                at: start + at.start..start + at.end,
                message,
                hint,
            };
            let (page, means) = meaning(pages, name).map_err(nameless)?;
            used.insert(page.to_owned());
            if ways.len() * means.len() > MOST {
                let message = format!("more than {MOST} alternatives come of this");
                return Err(nameless(("pages.unknown", message, None)));
            }
            let before = &alternative[done..at.start];
            let longer = |way: &String| {
                let one = |meant: &String| format!("{way}{before}{meant}");
                means.iter().map(one).collect::<Vec<_>>()
            };
            ways = ways.iter().flat_map(longer).collect();
            done = at.end;
        }
        all.extend(ways.iter().map(|way| way.clone() + &alternative[done..]));
        start += alternative.len() + OR.len();
    }
    Ok(Expanded {
        locator: all.join(OR),
        pages: used,
    })
}

/// Whether a name of a page stands in a locator.
pub fn names_any(written: &str) -> bool {
    named(written).next().is_some()
}

/// Where names stand in a locator.
fn named(written: &str) -> impl Iterator<Item = Range<usize>> {
    let begins = |at: &usize| {
        let before = &written[..*at];
        before.trim().is_empty()
            || before.ends_with(OR)
            || INSIDE.iter().any(|inside| before.ends_with(inside))
    };
    let places = written.match_indices(BEGINNING).map(|(at, _)| at);
    places.filter(begins).map(|at| {
        let name = written[at + BEGINNING.len()..].bytes();
        at..at + BEGINNING.len() + name.take_while(|byte| is_of_name(*byte)).count()
    })
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

/// The code, the message and the hint of a [`Nameless`].
type Words = (&'static str, String, Option<String>);

/// What `page=portal.customer` stands for, and the page that it names.
fn meaning<'p>(pages: &'p Pages, written: &'p str) -> Result<(&'p str, &'p [String]), Words> {
    let name = &written[BEGINNING.len()..];
    let unknown = |message: String, hint| ("pages.unknown", message, hint);
    let parts = name.split_once('.');
    let Some((page, field)) = parts.filter(|(_, field)| !field.is_empty()) else {
        let message = format!("`{written}` names no field of a page");
        let hint = "write it like `page=portal.customer`; it cannot be computed".to_owned();
        return Err(unknown(message, Some(hint)));
    };
    let Some(file) = pages.get(page) else {
        let names = pages.keys().map(String::as_str);
        let hint = suggest::hint(page, "the pages are", names.collect::<Vec<_>>());
        return Err(unknown(
            format!("there is no file `pages/{page}.yaml`"),
            hint,
        ));
    };
    let Some(names) = &file.names else {
        let message = format!("`pages/{page}.yaml` has mistakes");
        let hint = "mend it first; `botswain check` shows them".to_owned();
        return Err(("pages.broken", message, Some(hint)));
    };
    match names.get(field) {
        Some(means) => Ok((page, means)),
        None => {
            let known: Vec<&str> = names.keys().map(String::as_str).collect();
            let hint = suggest::hint(field, "its names are", known);
            Err(unknown(
                format!("`pages/{page}.yaml` has no `{field}`"),
                hint,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        let text = "customer: Customer\nsave: [Save, css=#save]\nrow: 'css=tr & nth=1'\n";
        let (page, found) = load_page(Source {
            file: "pages/portal.yaml",
            text,
        });
        assert_eq!(found, []);
        Pages::from([("portal".to_owned(), page)])
    }

    #[test]
    fn a_name_stands_for_what_the_page_says() {
        let meant = |written: &str| expand(&pages(), written).map(|it| it.locator);
        for (written, expected) in [
            ("page=portal.customer", "Customer"),
            ("page=portal.save", "Save || css=#save"),
            ("Old || page=portal.customer", "Old || Customer"),
            (
                "page=portal.row >>> page=portal.save",
                "css=tr & nth=1 >>> Save || css=tr & nth=1 >>> css=#save",
            ),
            (
                "page=portal.save & nth=2",
                "Save & nth=2 || css=#save & nth=2",
            ),
            (
                "Delete & near=page=portal.customer",
                "Delete & near=Customer",
            ),
            (
                "page=portal.row >>> {{line.sku}}",
                "css=tr & nth=1 >>> {{line.sku}}",
            ),
            // None of these is a name.
            ("css=a[href='?page=2']", "css=a[href='?page=2']"),
            ("Web page=portal.customer", "Web page=portal.customer"),
        ] {
            assert_eq!(meant(written).as_deref(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_stands_for_nothing_is_told_where_it_stands() {
        let told = |written: &str| {
            let it = expand(&pages(), written).unwrap_err();
            (it.at, it.message, it.hint.unwrap_or_default())
        };
        let (at, message, hint) = told("Old || page=portal.custmer >>> x");
        assert_eq!(
            (at, &*message),
            (7..26, "`pages/portal.yaml` has no `custmer`")
        );
        assert_eq!(hint, "did you mean `customer`?");
        assert_eq!(told("page=portl.customer").2, "did you mean `portal`?");
        assert!(told("page={{inputs.field}}").1.contains("names no field"));
        let many = ["page=portal.save"; 7].join(" >>> ");
        assert!(told(&many).1.contains("more than 100"));
    }

    #[test]
    fn a_page_with_mistakes_names_nothing() {
        for text in [
            "customer: {find: Customer}",
            "a b: Customer",
            "customer: ''",
            "customer: '{{inputs.x}}'",
            "customer: page=portal.save",
            "- Customer",
            "customer: Customer\ncustomer: Kunde",
            "",
        ] {
            let (page, found) = load_page(Source {
                file: "pages/portal.yaml",
                text,
            });
            assert_eq!((page.names, found.is_empty()), (None, false), "{text}");
        }
    }
}
