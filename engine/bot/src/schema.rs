//! JSON Schemas of the shapes that parameters and outputs share.
//!
//! A schema's `format` tells the check, the forms and the manual what a text or
//! an object stands for: `template`, `artifact`, `decimal`, `duration`. Use them
//! as a field's type, or after `#[schemars(schema_with = "…")]`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The name of a file in `templates/`; a run keeps its text with its version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TemplateName(String);

impl TemplateName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for TemplateName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TemplateName".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "template" })
    }
}

/// An [`ArtifactRef`](botswain_core::ArtifactRef).
pub fn artifact(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "format": "artifact",
        "properties": {
            "$artifact": { "type": "string", "description": "The hash of its content." },
            "name": { "type": "string", "description": "What a person would call the file." },
            "media": { "type": "string", "description": "Its media type, as in `image/png`." },
            "size": { "type": "integer", "description": "In bytes." },
        },
        "required": ["$artifact", "name", "media", "size"],
        "additionalProperties": false,
    })
}

/// An [`ArtifactRef`](botswain_core::ArtifactRef), or null when there is none.
pub fn artifact_or_null(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [artifact(generator), { "type": "null" }] })
}
