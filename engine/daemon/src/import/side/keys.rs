//! What `sendKeys` sends: texts, and keys written as `${KEY_ENTER}`.

#[derive(Debug, PartialEq)]
pub(super) enum Stroke {
    Text(String),
    /// As `browser.do` writes it.
    Key(String),
}

/// `Err` is a key that cannot be pressed.
pub(super) fn strokes(keys: &str) -> Result<Vec<Stroke>, String> {
    let (mut strokes, mut text, mut rest) = (Vec::new(), String::new(), keys);
    while let Some((before, behind)) = rest.split_once("${KEY_") {
        let Some((name, behind)) = behind.split_once('}') else {
            break;
        };
        text.push_str(before);
        flush(&mut text, &mut strokes);
        strokes.push(Stroke::Key(key(name)?.to_owned()));
        rest = behind;
    }
    text.push_str(rest);
    flush(&mut text, &mut strokes);
    Ok(strokes)
}

fn flush(text: &mut String, strokes: &mut Vec<Stroke>) {
    if !text.is_empty() {
        strokes.push(Stroke::Text(std::mem::take(text)));
    }
}

fn key(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "ENTER" | "RETURN" => "Enter",
        "TAB" => "Tab",
        "ESC" | "ESCAPE" => "Escape",
        "SPACE" => "Space",
        "BACKSPACE" | "BKSP" => "Backspace",
        "DELETE" | "DEL" => "Delete",
        "UP" => "Up",
        "DOWN" => "Down",
        "LEFT" => "Left",
        "RIGHT" => "Right",
        "HOME" => "Home",
        "END" => "End",
        "PAGE_UP" | "PGUP" => "PageUp",
        "PAGE_DOWN" | "PGDN" => "PageDown",
        other => return Err(format!("KEY_{other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_keys_are_told_apart() {
        let text = |text: &str| Stroke::Text(text.to_owned());
        let key = |key: &str| Stroke::Key(key.to_owned());
        assert_eq!(
            strokes("rope${KEY_DOWN}${KEY_ENTER} 7 ${x} ${KEY_"),
            Ok(vec![
                text("rope"),
                key("Down"),
                key("Enter"),
                text(" 7 ${x} ${KEY_")
            ])
        );
        assert_eq!(strokes("${KEY_F5}"), Err("KEY_F5".to_owned()));
    }
}
