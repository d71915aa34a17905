//! What was typed, as inputs of the workflow.
//!
//! The name is that of the field; the default is what was recorded.

use std::collections::BTreeSet;

use crate::import::{
    flow::{Act, Step, Target},
    mask::Mask,
    names::{slug, unused},
};

/// Something that was typed.
pub(in crate::import) struct Entry<'a> {
    pub(super) step: &'a Step,
    pub(super) field: &'a Target,
    pub(super) value: &'a str,
}

#[derive(Debug)]
pub(in crate::import) struct Input {
    pub(in crate::import) name: String,
    /// What people call the field.
    pub(in crate::import) label: Option<String>,
    /// What was typed, unless it is a secret elsewhere.
    pub(in crate::import) default: Option<String>,
    field: Target,
}

pub(in crate::import) struct Inputs {
    pub(in crate::import) all: Vec<Input>,
    taken: BTreeSet<String>,
    mask: Mask,
}

impl Inputs {
    pub(super) fn new(mask: &Mask) -> Inputs {
        Inputs {
            all: Vec::new(),
            taken: BTreeSet::new(),
            mask: mask.clone(),
        }
    }

    /// The template that stands for what was typed.
    pub(super) fn enter(&mut self, entry: &Entry<'_>) -> Result<String, String> {
        if entry.field.is_secret() {
            return Err(
                "what was typed into a password field: `browser.do` takes secrets in the connection's `login:` only"
                    .to_owned(),
            );
        }
        if entry.value.is_empty() {
            return Ok(String::new());
        }
        let default = Some(entry.value.to_owned()).filter(|value| !self.mask.hits(value));
        let again = self.all.iter().find(|input| {
            input.default == default && default.is_some() && input.field.is_same(entry.field)
        });
        let name = match again {
            Some(input) => input.name.clone(),
            None => self.add(entry, default),
        };
        Ok(format!("{{{{inputs.{name}}}}}"))
    }

    fn add(&mut self, entry: &Entry<'_>, default: Option<String>) -> String {
        let name = unused(&field_name(entry), '_', &mut self.taken);
        let label = entry.field.label.clone();
        let label = label.filter(|label| !self.mask.hits(label));
        self.all.push(Input {
            name: name.clone(),
            label,
            default,
            field: entry.field.clone(),
        });
        name
    }
}

/// Named by the recording, the label, or what the page calls it.
pub(super) fn field_name(entry: &Entry<'_>) -> String {
    let called = match &entry.step.act {
        Act::Enter { called, .. } => called.as_ref(),
        _ => None,
    };
    let mut names = called
        .into_iter()
        .chain(&entry.field.label)
        .chain(&entry.field.id);
    let name = names.find_map(|name| Some(slug(name, '_')).filter(|name| !name.is_empty()));
    name.unwrap_or_else(|| "field".to_owned())
}
