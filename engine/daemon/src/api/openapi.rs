//! The API as OpenAPI 3.1, made of the table of its routes.
//!
//! Who may take a route, what it reads and what it answers come from the same
//! table and the same types that the server runs on, so the document cannot say
//! anything else. `docs/openapi.json` is this, and a test holds it there.

mod describe;
mod tidy;

use std::mem::take;

use axum::{Extension, Json, http::Method};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use self::describe::{Schemas, Sheet};
use super::{
    Problem,
    access::{About, Right, Route},
    endpoints, idempotency,
};
use crate::console::Visit;

pub(crate) use self::describe::Describe;

/// How to read it, for whoever reads nothing else.
const ABOUT: &str = "\
Everything that the console and the command line can do. Over the Unix socket `.botswain/api.sock` \
a request is made by the user who runs the daemon. Where the console listens, it is made by whoever \
has signed in: with the cookie of the session, and for what changes something also with the header \
`X-CSRF-Token`, which the forms of that session hold in their field `csrf`; or by a program that \
acts for somebody, with a token of theirs as `Authorization: Bearer`. `x-right` of an \
operation says what it takes: a role, each of which may all that those before it may (`none`, `viewer`, \
`handler`, `author`, `admin`), or the socket. Where `x-right-in` stands, the role suffices in the \
folder of `workflows/` where the workflow lies that it is about, and a list has what lies in such folders. What cannot be done is answered with a problem \
(RFC 9457).";

/// One route of the API and its description.
pub(crate) struct Endpoint {
    pub(crate) route: Route,
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    pub(crate) describe: fn(&mut Sheet),
}

/// All routes, as OpenAPI 3.1.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let problem = schemas.answered.subschema_for::<Problem>();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let method = endpoint.route.method.as_str().to_lowercase();
        let path = paths
            .entry(endpoint.route.path)
            .or_insert_with(|| json!({}));
        let (operation, back) = operation(&endpoint, schemas);
        path[method] = operation;
        schemas = back;
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Botswain",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas.answered.take_definitions(true),
            "responses": { "Problem": {
                "description": "It was not done: why, and what to do about it.",
                "content": { "application/problem+json": { "schema": problem } },
            } },
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-botswain",
                    "description": "Where the console is not encrypted it is called \
                        `botswain-` and its port.",
                },
                "token": { "type": "http", "scheme": "bearer" },
                "proof": { "type": "apiKey", "in": "header", "name": "X-CSRF-Token" },
            },
        },
    });
    tidy::tidy(&mut document);
    document
}

fn operation(endpoint: &Endpoint, schemas: Schemas) -> (Value, Schemas) {
    let route = &endpoint.route;
    let names = route
        .path
        .split('{')
        .skip(1)
        .filter_map(|it| it.split('}').next());
    let mut sheet = Sheet::new(names.map(str::to_owned).collect(), schemas);
    (endpoint.describe)(&mut sheet);
    let changes = !route.method.is_safe();
    if changes {
        let about = "Whoever asks again under the same key within a day is answered as they were \
            the first time, and it is done once. Another request under it is answered with 422.";
        let schema =
            json!({ "type": "string", "pattern": "^[!-~]+$", "maxLength": idempotency::LONGEST });
        sheet.header("Idempotency-Key", about, &schema);
        sheet.problems.extend([400, 408, 409, 413, 422]);
    }
    let (right, security) = match route.right {
        Right::Role(role) | Right::In(role, _) => {
            sheet.problems.extend([401, 403]);
            let shown = if changes {
                json!({ "session": [], "proof": [] })
            } else {
                json!({ "session": [] })
            };
            (role.name(), json!([shown, { "token": [] }]))
        }
        Right::Local => ("socket", json!([])),
        Right::Anyone => ("anyone", json!([])),
    };
    let mut answers = take(&mut sheet.answers);
    for status in &sheet.problems {
        answers.insert(
            status.to_string(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
    }
    // What else may go wrong is a problem too.
    answers.insert(
        "default".to_owned(),
        json!({ "$ref": "#/components/responses/Problem" }),
    );
    let mut operation = json!({
        "operationId": id(&route.method, route.path),
        "summary": endpoint.summary,
        "tags": [route.path.split('/').nth(3).unwrap_or_default()],
        "x-right": right,
        "security": security,
    });
    if let Right::In(_, about) = route.right {
        operation["x-right-in"] = match about {
            About::Any => "any folder",
            _ => "the folder of the workflow",
        }
        .into();
    }
    if !sheet.parameters.is_empty() {
        operation["parameters"] = take(&mut sheet.parameters).into();
    }
    if let Some(body) = sheet.body.take() {
        operation["requestBody"] = body;
    }
    operation["responses"] = answers.into();
    (operation, sheet.schemas)
}

/// `get_runs_run_items_step`
fn id(method: &Method, path: &str) -> String {
    let words = path
        .split('/')
        .skip(3)
        .map(|it| it.trim_matches(['{', '}']));
    let words: Vec<&str> = words.collect();
    let words = words.join("_").replace('.', "_");
    format!("{}_{words}", method.as_str().to_lowercase())
}

/// The document itself.
#[derive(serde::Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Document(Map<String, Value>);

/// What is there for whoever asks: over TCP without what the socket alone takes, and with the
/// name that the cookie has here.
pub(super) async fn serve(visit: Option<Extension<Visit>>) -> Json<Document> {
    let mut document = document();
    if let Some(Extension(visit)) = visit {
        document["components"]["securitySchemes"]["session"]["name"] = visit.cookie().into();
        if let Some(paths) = document["paths"].as_object_mut() {
            let is_there = |operation: &Value| operation["x-right"] != "socket";
            paths.retain(|_, path| path.as_object().is_some_and(|it| it.values().all(is_there)));
        }
    }
    match document {
        Value::Object(document) => Json(Document(document)),
        _ => Json(Document(Map::new())),
    }
}
