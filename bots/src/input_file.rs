//! A file that a bot reads: one in the instance, or one that a step has left.
//!
//! In a workflow it is a path (`inbox/orders.csv`) or an artifact
//! (`"{{steps.fetch.file}}"`); either gives an open file.

use std::{fmt, fs::File, path::Path};

use botswain_bot::{ArtifactRef, Artifacts, Fault, Roots, schema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

#[derive(Clone, Debug, PartialEq)]
pub enum InputFile {
    /// Relative to the instance.
    Path(String),
    Artifact(ArtifactRef),
}

impl InputFile {
    /// What a person would call it.
    pub fn name(&self) -> &str {
        match self {
            InputFile::Path(path) => path,
            InputFile::Artifact(artifact) => &artifact.name,
        }
    }

    /// Opens it for reading; a path must lie below an allowed root.
    pub fn open(&self, roots: &Roots, artifacts: &dyn Artifacts) -> Result<File, Fault> {
        match self {
            InputFile::Path(path) => open(path, &roots.existing(path)?),
            InputFile::Artifact(artifact) => artifacts.open(artifact),
        }
    }
}

fn open(path: &str, real: &Path) -> Result<File, Fault> {
    let unreadable = |err: std::io::Error| {
        Fault::system(
            "file.unreadable",
            format!("`{path}` cannot be opened: {err}"),
        )
    };
    // A named pipe would block until somebody writes to it.
    if !real.metadata().map_err(unreadable)?.is_file() {
        return Err(Fault::business(
            "file.path",
            format!("`{path}` is not a file"),
        ));
    }
    File::open(real).map_err(unreadable)
}

impl<'de> Deserialize<'de> for InputFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InputFile, D::Error> {
        struct PathOrArtifact;

        impl<'de> Visitor<'de> for PathOrArtifact {
            type Value = InputFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path or an artifact")
            }

            fn visit_str<E: Error>(self, path: &str) -> Result<InputFile, E> {
                Ok(InputFile::Path(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InputFile, A::Error> {
                ArtifactRef::deserialize(MapAccessDeserializer::new(map)).map(InputFile::Artifact)
            }
        }

        deserializer.deserialize_any(PathOrArtifact)
    }
}

impl JsonSchema for InputFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InputFile".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string", "format": "file" }, schema::artifact(generator)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_path_or_an_artifact() {
        let path: InputFile = serde_json::from_str(r#""inbox/a.csv""#).expect("a path");
        assert_eq!(path, InputFile::Path("inbox/a.csv".to_owned()));

        let artifact = ArtifactRef {
            hash: botswain_core::Hash::of(b"x"),
            name: "a.csv".to_owned(),
            media: "text/csv".to_owned(),
            size: 1,
        };
        let read: InputFile = serde_json::from_value(artifact.to_value()).expect("an artifact");
        assert_eq!(read, InputFile::Artifact(artifact));

        let err = serde_json::from_str::<InputFile>("7").expect_err("a number is neither");
        assert!(err.to_string().contains("a path or an artifact"), "{err}");
    }
}
