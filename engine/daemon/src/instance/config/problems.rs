//! What a JSON Schema finds wrong with a value, in words for the author.
//!
//! In go a schema and a value; out comes every problem with the JSON pointer of
//! its place. No message repeats a value of the file, which may be a secret.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use crate::instance::yaml::{Words, escape};

pub(super) struct Problem {
    pub(super) pointer: String,
    /// Whether the key is at fault rather than the value.
    pub(super) key: bool,
    pub(super) words: Words,
    /// The key that is missing, or that was meant by one that is misspelt.
    about: Option<String>,
}

impl Problem {
    /// Whether a connection says not of which kind it is.
    pub(super) fn lacks_kind(&self) -> bool {
        let missing = self.words.is_missing() && self.about.as_deref() == Some("kind");
        missing && self.pointer.starts_with("/connections/")
    }

    pub(super) fn hinted(self, hint: String) -> Problem {
        let words = self.words.hint(hint);
        Problem { words, ..self }
    }
}

/// Everything in `value` that does not fit `schema`.
pub(super) fn find(schema: &Value, value: &Value) -> Vec<Problem> {
    let validator = jsonschema::validator_for(schema).expect("schemas made of types are valid");
    let mut problems = Vec::new();
    for error in validator.iter_errors(value) {
        collect(schema, &error, &mut problems);
    }
    // What is there and only misspelt is not missing as well.
    let misspelt = |missing: &Problem| {
        let mut keys = problems.iter().filter(|problem| problem.key);
        keys.any(|problem| {
            let parent = problem
                .pointer
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent);
            parent == missing.pointer && problem.about == missing.about
        })
    };
    let told: Vec<bool> = problems
        .iter()
        .map(|problem| problem.words.is_missing() && misspelt(problem))
        .collect();
    let mut told = told.into_iter();
    problems.retain(|_| told.next() != Some(true));
    problems
}

fn collect(schema: &Value, error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
    let pointer = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(schema, pointer);
            problems.extend(unexpected.iter().map(|key| unknown(pointer, key, &known)));
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            match meant(context, pointer) {
                Some(errors) => errors
                    .iter()
                    .for_each(|error| collect(schema, error, problems)),
                None => problems.push(no_form(context, pointer)),
            }
        }
        kind => problems.push(Problem {
            pointer: pointer.to_owned(),
            key: false,
            words: words(kind, &name(pointer), error.instance()),
            about: missing(kind),
        }),
    }
}

type Branches<'a> = [Vec<ValidationError<'a>>];

/// The alternative that the author meant: the only one that is not of another type altogether.
/// An optional value has two, its own and null.
fn meant<'a, 'b>(branches: &'b Branches<'a>, pointer: &str) -> Option<&'b [ValidationError<'a>]> {
    let foreign = |error: &ValidationError<'_>| {
        use ValidationErrorKind::{Constant, Enum, Type};
        let whole = error.instance_path().as_str() == pointer;
        whole && matches!(error.kind(), Type { .. } | Constant { .. } | Enum { .. })
    };
    let mut near = branches.iter().filter(|errors| !errors.iter().any(foreign));
    let null = |errors: &&Vec<ValidationError<'_>>| matches!(errors[0].kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if kind.as_str() == "null");
    let mut real = branches.iter().filter(|errors| !null(errors));
    match (near.next(), near.next(), real.next(), real.next()) {
        (Some(only), None, _, _) | (None, _, Some(only), None) => Some(only),
        _ => None,
    }
}

/// The value fits no alternative; when they are words, they are told.
fn no_form(branches: &Branches<'_>, pointer: &str) -> Problem {
    let known: Vec<_> = branches.iter().flatten().filter_map(known_words).collect();
    let name = name(pointer);
    let words = match known.is_empty() {
        true => {
            let message = format!("{name} has none of the forms that are known here");
            Words::error("config.value", message)
                .hint("the manual of the connection's kind shows them")
        }
        false => Words::error(
            "config.value",
            format!("{name} is one of {}", known.join(", ")),
        ),
    };
    Problem {
        pointer: pointer.to_owned(),
        key: false,
        words,
        about: None,
    }
}

fn known_words(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => {
            expected_value.as_str().map(|word| format!("`{word}`"))
        }
        ValidationErrorKind::Enum { options } => Some(list(options)),
        _ => None,
    }
}

fn unknown(pointer: &str, key: &str, known: &[&str]) -> Problem {
    let words = Words::error("config.unknown_key", format!("`{key}` is not known here"));
    Problem {
        pointer: format!("{pointer}/{}", escape(key)),
        key: true,
        words: words.maybe_hint(suggest(key, known.iter().copied())),
        about: nearest(key, known.iter().copied()).map(str::to_owned),
    }
}

fn words(kind: &ValidationErrorKind, name: &str, found: &Value) -> Words {
    let error = |message: String| Words::error("config.value", message);
    match kind {
        ValidationErrorKind::Required { property } => Words::error(
            "config.missing_key",
            format!("`{}` is missing", property.as_str().unwrap_or_default()),
        )
        .hint(format!(
            "add `{}: …`",
            property.as_str().unwrap_or_default()
        )),
        ValidationErrorKind::Type { kind } => wrong_type(kind, name, found),
        ValidationErrorKind::Enum { options } => {
            error(format!("{name} is one of {}", list(options)))
        }
        ValidationErrorKind::Minimum { limit } => error(format!("{name} is at least {limit}")),
        ValidationErrorKind::Maximum { limit } => error(format!("{name} is at most {limit}")),
        ValidationErrorKind::MinItems { limit } => {
            error(format!("{name} has at least {limit} entry"))
        }
        kind => error(format!("{name} breaks the rule `{}`", kind.keyword())),
    }
}

/// Without the value, which may be a secret.
fn wrong_type(wanted: &TypeKind, name: &str, found: &Value) -> Words {
    let (wants, is) = (types(wanted), kind(found));
    let words = Words::error(
        "config.type",
        format!("{name} should be {wants}, this is {is}"),
    );
    match (wants.as_str(), found) {
        ("a list", Value::Object(_) | Value::Null | Value::Array(_)) => words,
        ("a list", _) => words.hint("put it in brackets, as in `[ … ]`"),
        ("text", Value::Number(_)) => {
            words.hint("put it in quotes; a length of time has its unit, as in `30s` or `400d`")
        }
        ("text", Value::Bool(_)) => words.hint("put it in quotes"),
        ("a map of keys and values", Value::Array(_)) => {
            words.hint("name each of them by a key, without `-`")
        }
        _ => words,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn missing(kind: &ValidationErrorKind) -> Option<String> {
    match kind {
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
        _ => None,
    }
}

fn name(pointer: &str) -> String {
    match pointer
        .rsplit('/')
        .find(|piece| piece.parse::<u64>().is_err())
    {
        None | Some("") => "the file".to_owned(),
        Some(name) => format!("`{name}`"),
    }
}

fn types(kind: &TypeKind) -> String {
    let names: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.as_str()).collect(),
    };
    let words = names
        .iter()
        .filter(|name| **name != "null")
        .map(|name| match *name {
            "string" => "text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "`true` or `false`",
            "array" => "a list",
            _ => "a map of keys and values",
        });
    words.collect::<Vec<_>>().join(" or ")
}

fn list(options: &Value) -> String {
    let texts = options.as_array().into_iter().flatten();
    let texts = texts
        .filter_map(Value::as_str)
        .map(|text| format!("`{text}`"));
    texts.collect::<Vec<_>>().join(", ")
}

/// The keys that the schema knows at a place.
fn known_keys<'a>(schema: &'a Value, pointer: &str) -> Vec<&'a str> {
    let mut here = super::fields::resolve(schema, schema);
    for piece in pointer.split('/').skip(1) {
        here = super::fields::below(schema, &here, piece);
    }
    let keys = here
        .iter()
        .filter_map(|schema| schema["properties"].as_object());
    keys.flat_map(|map| map.keys().map(String::as_str))
        .collect()
}

/// `did you mean …?`, or else what there is.
pub(super) fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    match nearest(word, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known are `{}`", known.join("`, `"))),
    }
}

/// The name that was probably meant.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + word.chars().count() / 4;
    let distance = |name: &&str| strsim::damerau_levenshtein(word, name);
    known
        .min_by_key(distance)
        .filter(|name| distance(name) <= allowed)
}
