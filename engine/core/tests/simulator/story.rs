//! What happened in one seed, told in order: only when the seed is played again after a failure.

use std::fmt::Debug;

pub(crate) struct Story(Option<Vec<String>>);

impl Story {
    pub(crate) fn new(told: bool) -> Story {
        Story(told.then(Vec::new))
    }

    pub(crate) fn tell(&mut self, what: &str, about: &dyn Debug) {
        if let Some(lines) = &mut self.0 {
            lines.push(format!(
                "{what} {}",
                without_versions(&format!("{about:?}"))
            ));
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Whole workflows are left out: the story has them at its start.
fn without_versions(text: &str) -> String {
    let mut parts = text.split("Version {");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str("Version");
        told.push_str(&part[end_of_block(part)..]);
    }
    told
}

/// Where the block ends in which the text begins.
fn end_of_block(text: &str) -> usize {
    let mut depth = 1;
    for (place, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return place + 1;
        }
    }
    text.len()
}
