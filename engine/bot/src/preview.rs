//! What an attempt would do to the world, put into words for people.
//!
//! Tests compare it, dry runs show it. It is made from the parameters, the
//! files that they name and the version's templates: nobody outside is asked.

use serde::{Deserialize, Serialize};

/// What would go out, be written or be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub kind: PreviewKind,
    /// Lines of text; the same for the same parameters.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewKind {
    Mail,
    File,
    Request,
}

impl Preview {
    /// Lines with a name, and after an empty line what they are about.
    pub fn new(kind: PreviewKind, head: &[(&str, String)], body: &str) -> Preview {
        let mut text = String::new();
        for (name, value) in head.iter().filter(|(_, value)| !value.is_empty()) {
            text.extend([name, ": ", value, "\n"]);
        }
        if !body.is_empty() {
            text.extend(["\n", body]);
        }
        Preview { kind, text }
    }
}
