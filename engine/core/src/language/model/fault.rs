//! `on_fault` as its author writes it: one entry or a list of them.
//!
//! Where two forms are allowed they are read by hand, for serde's `untagged`
//! loses the place of a mistake.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer},
    },
};

use super::Step;
use crate::fault::Category;

/// The entries of `on_fault`; one alone needs no list around it.
#[derive(Debug, Default)]
pub(crate) struct OnFaults(pub(crate) Vec<Option<OnFault>>);

/// What follows from a fault.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["then"], "x-what" = "an entry of `on_fault`"))]
pub(crate) struct OnFault {
    /// The faults that are meant: `http.status`, or `http.*` for all of a noun; any when absent.
    #[schemars(with = "String")]
    pub(crate) code: Option<String>,
    /// The faults that are meant, by what they are; any when absent.
    #[schemars(with = "Category")]
    pub(crate) category: Option<Category>,
    /// What to do: `retry`, `park`, `continue`, `fail`, or steps.
    #[schemars(with = "Then")]
    pub(crate) then: Option<Then>,
}

/// What an entry makes of a fault: a word, or steps that are done instead.
#[derive(Debug)]
pub(crate) enum Then {
    Word(Word),
    Steps(Vec<Option<Step>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// A business fault is tried again too, while attempts are left.
    Retry,
    /// It waits for a person.
    Park,
    /// The step gives nothing, and the run goes on.
    Continue,
    /// The run fails.
    Fail,
}

impl OnFaults {
    /// The lists of steps in it.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Vec<Option<Step>>> {
        let entries = self.0.iter().flatten();
        entries.filter_map(|entry| match &entry.then {
            Some(Then::Steps(steps)) => Some(steps),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for OnFaults {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OnFaults, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OnFaults;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry of `on_fault`, or a list of them")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OnFaults, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OnFaults)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OnFaults, A::Error> {
                let entry = OnFault::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OnFaults(vec![Some(entry)]))
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for OnFaults {
    fn schema_name() -> Cow<'static, str> {
        "OnFaults".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = generator.subschema_for::<OnFault>();
        json_schema!({
            "anyOf": [{ "type": "array", "items": entry, "minItems": 1 }, entry]
        })
    }
}

impl<'de> Deserialize<'de> for Then {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Then, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Then;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`retry`, `park`, `continue`, `fail` or a list of steps")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Then, E> {
                Word::deserialize(StrDeserializer::<E>::new(word)).map(Then::Word)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Then, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Then::Steps)
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for Then {
    fn schema_name() -> Cow<'static, str> {
        "Then".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, step) = (
            generator.subschema_for::<Word>(),
            generator.subschema_for::<Step>(),
        );
        json_schema!({
            "anyOf": [{ "type": "array", "items": step, "minItems": 1 }, word]
        })
    }
}
