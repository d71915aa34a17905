//! What a route takes and answers, read off the types of the function that does it.
//!
//! A function whose parameter or answer cannot be described cannot be a route of
//! the API: it does not compile. So the document says what is read and answered.

use std::collections::BTreeSet;

use axum::{Extension, Json, extract::State, http::StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::super::{
    Problem,
    answer::{Accepted, Archive, Created, DoneOr, Download, Events},
    extract::{Content, JsonBody, Path, Query},
    precondition::{IfMatch, Tagged},
};

/// The description of one route while it is written.
pub(crate) struct Sheet {
    /// The names in its path, in order.
    pub(super) names: Vec<String>,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    /// What it answers when all is well, by status.
    pub(super) answers: Map<String, Value>,
    /// The statuses of problems that it can be known to answer.
    pub(super) problems: BTreeSet<u16>,
    pub(super) schemas: Schemas,
}

/// The schemas of all routes.
pub(super) struct Schemas {
    /// What is answered, each type once and under its name.
    pub(super) answered: SchemaGenerator,
    /// What is read: the same type may be laxer there, so these stand where they are used.
    read: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Schemas {
        let settings = SchemaSettings::draft2020_12().with(|it| it.meta_schema = None);
        let answered = settings.clone().for_serialize();
        let answered = answered.with(|it| it.definitions_path = "/components/schemas".into());
        let read = settings.for_deserialize();
        Schemas {
            answered: answered.into_generator(),
            read: read.with(|it| it.inline_subschemas = true).into_generator(),
        }
    }
}

impl Sheet {
    pub(super) fn new(names: Vec<String>, schemas: Schemas) -> Sheet {
        Sheet {
            names,
            parameters: Vec::new(),
            body: None,
            answers: Map::new(),
            problems: BTreeSet::new(),
            schemas,
        }
    }

    pub(super) fn header(&mut self, name: &str, description: &str, schema: &Value) {
        self.parameters.push(json!({
            "name": name,
            "in": "header",
            "required": false,
            "description": description,
            "schema": schema,
        }));
    }

    fn answers(&mut self, status: StatusCode, media: &str, schema: &Schema) {
        let answer = json!({
            "description": status.canonical_reason().unwrap_or_default(),
            "content": { media: { "schema": schema } },
        });
        self.answers.insert(status.as_str().to_owned(), answer);
    }

    fn answers_json<T: JsonSchema>(&mut self, status: StatusCode) {
        let schema = self.schemas.answered.subschema_for::<T>();
        self.answers(status, "application/json", &schema);
    }
}

/// Something that a function takes of a request.
pub(crate) trait Input {
    fn describe(sheet: &mut Sheet);
}

/// Something that a function answers.
pub(crate) trait Output {
    fn describe(sheet: &mut Sheet);
}

/// A function that does what a route asks for; `T` is what axum makes of its parameters.
pub(crate) trait Describe<T> {
    fn describe(sheet: &mut Sheet);
}

macro_rules! functions {
    ($(($($input:ident),*))*) => {$(
        impl<F, Answer, Out, Kind, $($input),*> Describe<(Kind, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Answer,
            Answer: Future<Output = Out>,
            Out: Output,
            $($input: Input,)*
        {
            fn describe(sheet: &mut Sheet) {
                $($input::describe(sheet);)*
                Out::describe(sheet);
            }
        }
    )*};
}

functions! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) }

/// One that takes nothing of the request.
impl<F, Answer, Out> Describe<((),)> for F
where
    F: FnOnce() -> Answer,
    Answer: Future<Output = Out>,
    Out: Output,
{
    fn describe(sheet: &mut Sheet) {
        Out::describe(sheet);
    }
}

impl<T> Input for State<T> {
    fn describe(_: &mut Sheet) {}
}

impl<T> Input for Extension<T> {
    fn describe(_: &mut Sheet) {}
}

impl<T: Input> Input for Option<T> {
    fn describe(sheet: &mut Sheet) {
        T::describe(sheet);
    }
}

impl<T: JsonSchema> Input for Path<T> {
    fn describe(sheet: &mut Sheet) {
        let schema = sheet.schemas.read.subschema_for::<T>().to_value();
        // Several names are a tuple, which in JSON is a list.
        let schemas = match schema["prefixItems"].as_array() {
            Some(schemas) => schemas.clone(),
            None => vec![schema],
        };
        assert_eq!(
            sheet.names.len(),
            schemas.len(),
            "a path names what is taken of it"
        );
        for (name, schema) in sheet.names.iter().zip(schemas) {
            let schema = not_empty(schema);
            sheet
                .parameters
                .push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        sheet.problems.extend([400, 404]);
    }
}

/// Without the text the path would be another.
fn not_empty(mut schema: Value) -> Value {
    if schema["type"] == "string" && schema.get("pattern").is_none() {
        schema["minLength"] = 1.into();
    }
    schema
}

impl<T: JsonSchema> Input for Query<T> {
    fn describe(sheet: &mut Sheet) {
        let schema = sheet.schemas.read.subschema_for::<T>().to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let mut schema = without_null(schema.clone());
            let description = schema
                .as_object_mut()
                .and_then(|it| it.remove("description"));
            let mut parameter = json!({
                "name": name,
                "in": "query",
                "required": required.contains(&json!(name)),
                "schema": schema,
            });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            sheet.parameters.push(parameter);
        }
        sheet.problems.insert(400);
    }
}

/// A query leaves out what it does not say.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|it| it != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let description = schema.get("description").cloned();
    let any = schema["anyOf"].as_array().cloned().unwrap_or_default();
    if let [mut first, second] = <[Value; 2]>::try_from(any).unwrap_or_default()
        && second["type"] == "null"
    {
        if let Some(description) = description {
            first["description"] = description;
        }
        return first;
    }
    schema
}

impl<T: JsonSchema> Input for JsonBody<T> {
    fn describe(sheet: &mut Sheet) {
        let schema = sheet.schemas.read.subschema_for::<T>();
        sheet.body = Some(json!({
            "required": true,
            "content": { "application/json": { "schema": schema } },
        }));
        sheet.problems.extend([400, 413, 415, 422]);
    }
}

impl Input for Content {
    fn describe(sheet: &mut Sheet) {
        sheet.body = Some(json!({
            "required": true,
            "content": { "application/octet-stream": { "schema": {} } },
        }));
        sheet.problems.extend([400, 413, 507]);
    }
}

impl Input for IfMatch {
    fn describe(sheet: &mut Sheet) {
        sheet.header(
            "If-Match",
            "The `ETag` of what was looked at. When somebody has acted since, nothing is done, \
             and the answer is 412 and says who.",
            &json!({ "type": "string" }),
        );
        sheet.problems.insert(412);
    }
}

impl<T: Output> Output for Result<T, Problem> {
    fn describe(sheet: &mut Sheet) {
        T::describe(sheet);
    }
}

impl<T: JsonSchema> Output for Json<T> {
    fn describe(sheet: &mut Sheet) {
        sheet.answers_json::<T>(StatusCode::OK);
    }
}

impl<T: JsonSchema> Output for Created<T> {
    fn describe(sheet: &mut Sheet) {
        sheet.answers_json::<T>(StatusCode::CREATED);
    }
}

impl<T: JsonSchema> Output for Accepted<T> {
    fn describe(sheet: &mut Sheet) {
        sheet.answers_json::<T>(StatusCode::ACCEPTED);
    }
}

impl<T: JsonSchema, U: JsonSchema> Output for DoneOr<T, U> {
    fn describe(sheet: &mut Sheet) {
        sheet.answers_json::<T>(StatusCode::OK);
        sheet.answers_json::<U>(StatusCode::ACCEPTED);
    }
}

impl<T: JsonSchema> Output for Tagged<T> {
    fn describe(sheet: &mut Sheet) {
        sheet.answers_json::<T>(StatusCode::OK);
        sheet.answers[StatusCode::OK.as_str()]["headers"] = json!({ "ETag": {
            "description": "What `If-Match` takes.",
            "required": true,
            "schema": { "type": "string" },
        } });
    }
}

impl Output for Archive {
    fn describe(sheet: &mut Sheet) {
        sheet.answers(StatusCode::OK, "application/zip", &Schema::from(true));
    }
}

impl Output for Download {
    fn describe(sheet: &mut Sheet) {
        sheet.answers(
            StatusCode::OK,
            "application/octet-stream",
            &Schema::from(true),
        );
    }
}

impl Output for Events {
    fn describe(sheet: &mut Sheet) {
        let text = json_schema!({ "type": "string" });
        sheet.answers(StatusCode::OK, "text/event-stream", &text);
    }
}
