//! The locators of Selenium IDE (`id=`, `name=`, `css=`, `xpath=`, `linkText=` …) as those of
//! `browser.do`, in the order of the recording.

use crate::import::flow::Target;

const LONGEST: usize = 300;
const RESERVED: [&str; 2] = [" || ", " >>> "];

/// `None` when none of them can be written.
pub(super) fn target(written: &[&str]) -> Option<Target> {
    let mut target = Target::default();
    for one in written {
        let Some(locator) = of(one) else {
            continue;
        };
        match one.split_once('=') {
            Some(("linkText" | "link" | "partialLinkText", text)) => {
                target.label.get_or_insert_with(|| text.to_owned());
            }
            Some(("id" | "name", id)) => {
                target.id.get_or_insert_with(|| id.to_owned());
            }
            _ => (),
        }
        if !target.alternatives.contains(&locator) {
            target.alternatives.push(locator);
        }
    }
    (!target.alternatives.is_empty()).then_some(target)
}

/// One locator; `None` when it cannot be written.
pub(super) fn of(written: &str) -> Option<String> {
    let locator = match written.split_once('=') {
        _ if written.starts_with("//") || written.starts_with("(/") => format!("xpath={written}"),
        Some((_, "")) => return None,
        Some(("id", id)) if is_name(id) => format!("css=#{id}"),
        Some(("id", id)) => format!("css=[id={}]", quoted(id)?),
        Some(("name", name)) => format!("name={name}"),
        Some(("css", css)) => format!("css={css}"),
        Some(("xpath", path)) => format!("xpath={path}"),
        Some(("linkText" | "link", text)) => {
            format!("role=link {}", text.strip_prefix("exact:").unwrap_or(text))
        }
        Some(("partialLinkText", text)) => format!("xpath=//a[contains(., {})]", quoted(text)?),
        Some(("class" | "className", class)) if is_name(class) => format!("css=.{class}"),
        Some(("tagName", tag)) if is_name(tag) => format!("css={tag}"),
        Some(("identifier", name)) => by_id_or_name(name)?,
        None if !written.is_empty() => by_id_or_name(written)?,
        _ => return None,
    };
    let sound = locator.len() <= LONGEST
        && !locator.chars().any(char::is_control)
        && !RESERVED.iter().any(|reserved| locator.contains(reserved));
    sound.then_some(locator)
}

/// The frame at this place, counted from 0.
pub(super) fn frame(index: u32) -> String {
    format!("xpath=(//iframe | //frame)[{}]", u64::from(index) + 1)
}

/// What submits a form that was submitted as such.
pub(super) fn submit_of(form: Target) -> Target {
    let button =
        "css=button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]";
    let alternatives = form.alternatives.iter();
    Target {
        alternatives: alternatives
            .map(|one| format!("{one} >>> {button}"))
            .collect(),
        ..form
    }
}

fn by_id_or_name(name: &str) -> Option<String> {
    let name = quoted(name)?;
    Some(format!("css=[id={name}], [name={name}]"))
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next();
    first.is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// In quotes of CSS and XPath, which know different escapes: none is used.
fn quoted(text: &str) -> Option<String> {
    (!text.contains(['"', '\\', '\n'])).then(|| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_has_its_locator() {
        for (written, locator) in [
            ("id=sku", "css=#sku"),
            ("id=form:sku.1", "css=[id=\"form:sku.1\"]"),
            ("name=sku", "name=sku"),
            ("css=.row > td", "css=.row > td"),
            ("xpath=//a", "xpath=//a"),
            ("//a[@href='x']", "xpath=//a[@href='x']"),
            ("(//a)[2]", "xpath=(//a)[2]"),
            ("linkText=New order", "role=link New order"),
            ("link=exact:New", "role=link New"),
            ("partialLinkText=New", "xpath=//a[contains(., \"New\")]"),
            ("sku", "css=[id=\"sku\"], [name=\"sku\"]"),
        ] {
            assert_eq!(of(written).as_deref(), Some(locator), "{written}");
        }
        for written in ["", "id=", "css=a || b", "id=a\"b", "dom=document.forms[0]"] {
            assert_eq!(of(written), None, "{written}");
        }
    }
}
