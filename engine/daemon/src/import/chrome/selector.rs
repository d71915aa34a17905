//! The recorder's selectors as locators of `browser.do`.
//!
//! A selector is CSS, or begins with `aria/`, `text/`, `xpath/` or `pierce/`; a
//! list of them leads from shadow host to shadow host. Their order stays.

use crate::import::{
    flow::Target,
    place::{At, Error},
};

/// A longer one tells nobody anything, and YAML takes no key over 1,024 characters.
const LONGEST: usize = 300;
/// What separates locators.
const RESERVED: [&str; 2] = [" || ", " >>> "];

/// `None` when none of them can be written.
pub(super) fn target(
    selectors: &[At<'_>],
    left: &mut Vec<String>,
) -> Result<Option<Target>, Error> {
    let mut target = Target::default();
    for selector in selectors {
        let parts = match selector.is_list() {
            true => selector.entries()?,
            false => vec![selector.clone()],
        };
        let parts: Result<Vec<&str>, Error> = parts.iter().map(At::as_text).collect();
        let parts = parts?;
        let written: Option<Vec<String>> = parts.iter().map(|part| locator(part)).collect();
        let written = written.map(|parts| parts.join(" >>> "));
        match written.filter(|it| !it.is_empty() && it.len() <= LONGEST) {
            Some(written) => note(&mut target, written, &parts),
            None => left.push("one of its selectors cannot be written".to_owned()),
        }
    }
    Ok((!target.alternatives.is_empty()).then_some(target))
}

/// The frame at this place among the frames of its page, counted from 0.
pub(super) fn frame(index: u64) -> String {
    format!("xpath=(//iframe | //frame)[{}]", index.saturating_add(1))
}

fn note(target: &mut Target, written: String, parts: &[&str]) {
    let last = parts.last().copied().unwrap_or_default();
    if let Some(name) = last.strip_prefix("aria/").and_then(|aria| parse(aria).0) {
        target.label.get_or_insert(name);
    }
    if let Some(text) = last.strip_prefix("text/") {
        target.label.get_or_insert_with(|| tidy(text));
    }
    if target.id.is_none() {
        target.id = id(last);
    }
    if !target.alternatives.contains(&written) {
        target.alternatives.push(written);
    }
}

fn locator(selector: &str) -> Option<String> {
    let written = match selector.split_once('/') {
        Some(("aria", aria)) => of_aria(aria)?,
        Some(("text", text)) => format!("text={}", sound(tidy(text))?),
        Some(("xpath", path)) => format!("xpath={}", sound(path.to_owned())?),
        Some(("pierce", css)) => of_css(css)?,
        _ => of_css(selector)?,
    };
    (!written.chars().any(char::is_control)).then_some(written)
}

/// `>>>` and `>>>>` of puppeteer look through shadow roots, as ` >>> ` does.
fn of_css(css: &str) -> Option<String> {
    let parts = css.split(">>>").map(|part| part.trim_matches(['>', ' ']));
    let parts = parts.map(|part| Some(format!("css={}", sound(part.to_owned())?)));
    let parts: Option<Vec<String>> = parts.collect();
    Some(parts?.join(" >>> "))
}

fn of_aria(aria: &str) -> Option<String> {
    match parse(aria) {
        (Some(name), None) => Some(visible(&sound(name)?)),
        (Some(name), Some(role)) => Some(format!("role={role} {}", sound(name)?)),
        (None, Some(role)) => Some(format!("role={role}")),
        (None, None) => None,
    }
}

/// What is seen, unless it would be read as something else.
fn visible(name: &str) -> String {
    let prefixes = [
        "css=",
        "xpath=",
        "name=",
        "role=",
        "label=",
        "placeholder=",
        "testid=",
        "text=",
    ];
    match prefixes.iter().any(|prefix| name.starts_with(prefix)) {
        true => format!("text={name}"),
        false => name.to_owned(),
    }
}

/// `Name[role="button"]`: the name and the role.
fn parse(aria: &str) -> (Option<String>, Option<String>) {
    let (mut name, mut role) = (aria, None);
    while let Some((before, attribute)) = attribute(name) {
        match attribute {
            ("role", value) if is_word(value) => role = Some(value.to_owned()),
            ("name", value) if before.is_empty() => return (Some(tidy(value)), role),
            _ => (),
        }
        name = before;
    }
    let name = tidy(name);
    ((!name.is_empty()).then_some(name), role)
}

/// The last `[key="value"]` and what stands before it.
fn attribute(aria: &str) -> Option<(&str, (&str, &str))> {
    let inner = aria.trim_end().strip_suffix("\"]")?;
    let (before, value) = inner.rsplit_once("=\"")?;
    let (before, key) = before.rsplit_once('[')?;
    Some((before, (key.trim(), value)))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic())
}

/// The id or the name in a plain CSS selector.
fn id(selector: &str) -> Option<String> {
    let css = selector.strip_prefix("pierce/").unwrap_or(selector);
    let css = css.rsplit([' ', '>']).next()?;
    let name = match css.split_once('#') {
        Some((_, id)) => id.split(['.', ':', '[', '\\']).next()?,
        None => {
            let (_, name) = css.split_once("[name=")?;
            name.split(']').next()?.trim_matches(['"', '\''])
        }
    };
    (!name.is_empty()).then(|| name.to_owned())
}

fn sound(text: String) -> Option<String> {
    let reserved = RESERVED.iter().any(|reserved| text.contains(reserved));
    (!reserved && !text.trim().is_empty()).then_some(text)
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_locator() {
        for (selector, locator_of) in [
            ("#sku", "css=#sku"),
            ("pierce/#sku", "css=#sku"),
            ("aria/Save", "Save"),
            ("aria/Save\n order", "Save order"),
            ("aria/Save[role=\"button\"]", "role=button Save"),
            ("aria/[role=\"main\"]", "role=main"),
            ("aria/name=x", "text=name=x"),
            ("text/Save", "text=Save"),
            ("xpath///*[@id=\"a\"]", "xpath=//*[@id=\"a\"]"),
            ("my-app >>> #a", "css=my-app >>> css=#a"),
            ("my-app >>>> #a", "css=my-app >>> css=#a"),
        ] {
            assert_eq!(locator(selector).as_deref(), Some(locator_of), "{selector}");
        }
        for selector in [
            "",
            "aria/",
            "aria/A || B",
            "text/ ",
            "xpath/a >>> b",
            "#a\u{0}",
        ] {
            assert_eq!(locator(selector), None, "{selector}");
        }
    }

    #[test]
    fn what_the_page_calls_a_field_is_found() {
        assert_eq!(
            id("form > #ship-to:nth-of-type(1)").as_deref(),
            Some("ship-to")
        );
        assert_eq!(id("input[name=\"sku\"]").as_deref(), Some("sku"));
        assert_eq!(id("div > input"), None);
    }
}
