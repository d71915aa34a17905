//! Our own texts, in which `code` stands between backticks.

use maud::{Markup, html};

/// The text with what stands between backticks as code. It is for texts of ours: what comes from
/// outside may have backticks of its own.
pub(crate) fn marked(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    html! {
        @for (at, part) in parts {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let drawn = marked("name it in `a.yaml`, <b>").into_string();
        assert_eq!(drawn, "name it in <code>a.yaml</code>, &lt;b&gt;");
    }
}
