//! Signing in, and the first account.

use maud::{Markup, html};

use crate::{
    frame::{Frame, Place},
    text::marked,
};

/// Where somebody signs in; `next` is where they wanted to go, `provider` what the identity provider is
/// called, if there is one, and the address that leads to it.
pub fn login(
    frame: &Frame,
    (next, provider): (&str, Option<(&str, &str)>),
    error: Option<&str>,
) -> String {
    let words = frame.words();
    let content = html! {
        section class="card narrow" {
            h1 { (words.sign_in) }
            p class="muted" { (words.sign_in_lead) }
            (failed(error))
            @if let Some((name, address)) = provider {
                p { a class="button primary wide" href=(address) { ((words.of_account.sign_in_with)(name)) } }
                p class="or muted small" { span { (words.of_account.or_password) } }
            }
            (frame.form("/login", "stack", html! {
                input type="hidden" name="next" value=(next);
                label { (words.name)
                    input name="name" autocomplete="username" autocapitalize="none" required autofocus;
                }
                label { (words.password)
                    input name="password" type="password" autocomplete="current-password" required;
                }
                // One thing on a page is the first to do.
                button class=[provider.is_none().then_some("primary")] { (words.sign_in) }
            }))
        }
    };
    frame.page(words.sign_in, Place::Elsewhere, content)
}

/// Where the first account is made, by whoever has the link.
pub fn setup(frame: &Frame, token: &str, error: Option<&str>) -> String {
    let words = frame.words();
    let content = html! {
        section class="card narrow" {
            h1 { (words.setup) }
            p class="muted" { (words.setup_lead) }
            (failed(error))
            (frame.form("/setup", "stack", html! {
                input type="hidden" name="token" value=(token);
                label { (words.name)
                    input name="name" autocomplete="username" autocapitalize="none" required autofocus;
                }
                label { (words.password)
                    input name="password" type="password" autocomplete="new-password" minlength="10"
                        aria-describedby="rule" required;
                }
                p id="rule" class="muted small" { (words.password_rule) }
                label { (words.password_again)
                    input name="again" type="password" autocomplete="new-password" required;
                }
                button class="primary" { (words.setup_button) }
            }))
        }
    };
    frame.page(words.setup, Place::Elsewhere, content)
}

/// What was wrong with the form before.
pub(crate) fn failed(error: Option<&str>) -> Markup {
    html! {
        @if let Some(error) = error { p class="error" role="alert" { (marked(error)) } }
    }
}
