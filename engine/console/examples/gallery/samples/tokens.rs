//! The page about tokens, with believable data.

use botswain_console as console;
use botswain_console::{Frame, NewToken};
use botswain_views::TokenView;
use serde_json::{Value, json};

use super::Samples;

impl Samples {
    /// With some, with one that was made just now, and with none.
    pub(crate) fn tokens(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let one = |name: &str, person: &str, role: &str, used: Value| -> TokenView {
            self.view(json!({ "name": name, "person": person, "role": role, "created": "2026-10-01T08:00:00Z",
                "expires": "2027-01-10T08:00:00Z", "used": used }))
        };
        let all = [
            one("shop", "maria", "handler", json!("2026-11-27T08:10:00Z")),
            one("report", "jonas", "viewer", Value::Null),
        ];
        let (name, token) = (
            self.text("shop"),
            self.text("bots_mJq0zq4Yx3uEoXo5m0dXlA8Yb6uTtQ9wYhM2sS1kD4c"),
        );
        let why = self.text("there is a token `shop` already");
        vec![
            (
                "tokens",
                console::tokens(frame, &all, NewToken::Made(&name, &token)),
            ),
            (
                "tokens-refused",
                console::tokens(frame, &all, NewToken::Refused(&why)),
            ),
            ("tokens-empty", console::tokens(frame, &[], NewToken::None)),
        ]
    }
}
