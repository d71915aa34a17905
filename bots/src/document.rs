//! Bots for documents that are made from templates.
//!
//! `document.render` fills a template of the workflow's version with data and
//! keeps what comes out as an artifact.

use std::path::Path;

use botswain_bot::{ArtifactRef, Bot, Context, Fault, KnownFault, TemplateName, schema};
use botswain_core::value::INLINE_LIMIT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the output's JSON takes beside the text.
const AROUND: usize = 1024;

/// Fills a template and keeps the document as an artifact.
///
/// A template whose name ends in `.html.hbs` gives HTML and escapes what is put in; any other
/// gives plain text, CSV, EDI and the like.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Render {
    /// A file in `templates/`.
    pub template: TemplateName,
    /// What the template sees, beside `run` and `today`.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// What the document is called, as in `order-1001.html`; the name of the template without
    /// `.hbs` when absent.
    pub name: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The document itself; null when it is larger than a step's output may be.
    pub text: Option<String>,
    /// The document as a file.
    #[schemars(schema_with = "schema::artifact")]
    pub file: ArtifactRef,
}

impl Bot for Render {
    const NAME: &'static str = "document.render";
    const EXAMPLE: &'static str = "\
id: order
bot: document.render
with:
  template: purchase-order.html.hbs
  data: { order: \"{{line}}\" }
  name: \"order-{{line.order}}.html\"
";
    const FAULTS: &'static [&'static [KnownFault]] = &[&[KnownFault::business(
        "document.name",
        "`name` is not the name of a file",
    )]];
    type Output = Document;

    async fn run(self, context: &Context) -> Result<Document, Fault> {
        let name = self.document_name()?;
        let text = context.render(self.template.as_str(), &Value::Object(self.data))?;
        let file = context.keep(&name, media(&name), text.as_bytes())?;
        let inline = Value::String(text);
        let fits = inline.to_string().len() + AROUND <= INLINE_LIMIT;
        Ok(Document {
            text: inline.as_str().filter(|_| fits).map(str::to_owned),
            file,
        })
    }
}

impl Render {
    fn document_name(&self) -> Result<String, Fault> {
        let template = self.template.as_str();
        let name = match &self.name {
            Some(name) => name,
            None => template.strip_suffix(".hbs").unwrap_or(template),
        };
        let plain = Path::new(name).file_name().is_some_and(|last| last == name);
        match plain && !name.contains(char::is_control) {
            true => Ok(name.to_owned()),
            false => Err(Fault::business(
                "document.name",
                format!("`{name}` is not the name of a file"),
            )
            .hint("write a name without folders, as in `order-1001.html`")),
        }
    }
}

/// The media type that a name promises.
fn media(name: &str) -> &'static str {
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    }
}
