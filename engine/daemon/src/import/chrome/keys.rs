//! Keys that go down and up again, as the presses of `browser.do`.
//!
//! In go the recorder's key names (those of puppeteer's US keyboard layout); out
//! come keys such as `Enter` and `Control+s`. A modifier is part of the press
//! that it is held for.

use crate::import::flow::{Act, Step};

#[derive(Default)]
pub(super) struct Keyboard {
    /// Modifiers that are down, and whether they were used.
    held: Vec<(&'static str, bool)>,
}

impl Keyboard {
    /// The press that a key makes, if any; `Err` says why there is none.
    pub(super) fn down(&mut self, key: &str) -> Result<Option<String>, String> {
        if let Some(modifier) = modifier(key) {
            let is_held = self.held.iter().any(|(held, _)| *held == modifier);
            if !is_held {
                self.held.push((modifier, false));
            }
            return Ok(None);
        }
        let Some(name) = name(key) else {
            return Err(format!("the key `{key}` cannot be pressed"));
        };
        let mut press = String::new();
        for (modifier, used) in &mut self.held {
            *used = true;
            press.push_str(modifier);
            press.push('+');
        }
        press.push_str(&name);
        Ok(Some(press))
    }

    /// What is lost when a key goes up.
    pub(super) fn up(&mut self, key: &str) -> Option<String> {
        let modifier = modifier(key)?;
        let at = self.held.iter().position(|(held, _)| *held == modifier)?;
        let (_, used) = self.held.remove(at);
        (!used).then(|| format!("the key `{key}` by itself"))
    }

    /// What is still down at the end.
    pub(super) fn rest(self) -> Vec<Step> {
        let unused = self.held.into_iter().filter(|(_, used)| !used);
        let steps = unused.map(|(modifier, _)| Step {
            place: "the end".to_owned(),
            frames: Vec::new(),
            act: Act::Nothing,
            left: vec![format!("the key `{modifier}` by itself")],
            arrival: None,
        });
        steps.collect()
    }
}

fn modifier(key: &str) -> Option<&'static str> {
    Some(match key {
        "Control" | "ControlLeft" | "ControlRight" => "Control",
        "Shift" | "ShiftLeft" | "ShiftRight" => "Shift",
        "Alt" | "AltLeft" | "AltRight" => "Alt",
        _ => return None,
    })
}

fn name(key: &str) -> Option<String> {
    let one = |c: char| Some(c.to_string());
    let mut letters = key.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return match letter {
            '\r' | '\n' => Some("Enter".to_owned()),
            ' ' => Some("Space".to_owned()),
            '+' => None,
            letter if letter.is_control() => None,
            letter => one(letter),
        };
    }
    if let Some(letter) = key.strip_prefix("Key").and_then(single) {
        return one(letter.to_ascii_lowercase());
    }
    let digit = key
        .strip_prefix("Digit")
        .or_else(|| key.strip_prefix("Numpad"));
    if let Some(digit) = digit.and_then(single).filter(char::is_ascii_digit) {
        return one(digit);
    }
    let number = key.strip_prefix('F').and_then(|number| number.parse().ok());
    if number.is_some_and(|number: u8| (1..=12).contains(&number)) {
        return Some(key.to_owned());
    }
    named(key).map(str::to_owned)
}

fn named(key: &str) -> Option<&'static str> {
    Some(match key {
        "Enter" | "NumpadEnter" => "Enter",
        "Tab" => "Tab",
        "Escape" => "Escape",
        "Space" => "Space",
        "Backspace" => "Backspace",
        "Delete" => "Delete",
        "ArrowUp" => "Up",
        "ArrowDown" => "Down",
        "ArrowLeft" => "Left",
        "ArrowRight" => "Right",
        "Home" => "Home",
        "End" => "End",
        "PageUp" => "PageUp",
        "PageDown" => "PageDown",
        "Semicolon" => ";",
        "Equal" | "NumpadEqual" => "=",
        "Comma" => ",",
        "Minus" | "NumpadSubtract" => "-",
        "Period" | "NumpadDecimal" => ".",
        "Slash" | "NumpadDivide" => "/",
        "NumpadMultiply" => "*",
        "Backquote" => "`",
        "BracketLeft" => "[",
        "BracketRight" => "]",
        "Backslash" => "\\",
        "Quote" => "'",
        _ => return None,
    })
}

fn single(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let letter = letters.next()?;
    letters.next().is_none().then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_belong_to_the_key_they_are_held_for() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.down("ControlLeft"), Ok(None));
        assert_eq!(keyboard.down("KeyS"), Ok(Some("Control+s".to_owned())));
        assert_eq!(keyboard.up("KeyS"), None);
        assert_eq!(keyboard.up("ControlLeft"), None);
        for (key, press) in [
            ("Enter", "Enter"),
            ("\r", "Enter"),
            ("Digit7", "7"),
            ("Numpad7", "7"),
            ("F12", "F12"),
            ("ArrowDown", "Down"),
            (" ", "Space"),
            ("a", "a"),
        ] {
            assert_eq!(keyboard.down(key), Ok(Some(press.to_owned())), "{key}");
        }
        for key in ["F13", "MetaLeft", "VolumeUp", "\u{0}", "", "+"] {
            assert!(keyboard.down(key).is_err(), "{key}");
        }
        assert_eq!(keyboard.down("Shift"), Ok(None));
        assert!(keyboard.up("Shift").is_some());
    }
}
