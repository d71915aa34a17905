//! The parser's complaints in the author's words.
//!
//! In goes what saphyr says about a text that is no YAML; out come a message
//! and what to do. What is not known here is passed on as it is.

/// A part of the parser's message, what it means, and the remedy.
const WORDS: [(&str, &str, &str); 13] = [
    (
        "mapping values are not allowed",
        "a `:` cannot stand here",
        "indent the line like its neighbours, and put a space after each `:` that ends a key",
    ),
    (
        "expected '-' indicator",
        "this line does not stand in one column with the list around it",
        "begin all lines of an item in the same column",
    ),
    (
        "simple key",
        "a `:` is missing, here or in the line above",
        "end each key with `:` and a space",
    ),
    (
        "parsing a flow mapping",
        "a `{` before this place is not closed",
        "close it with `}`, and put a `,` between two entries",
    ),
    (
        "parsing a flow sequence",
        "a `[` before this place is not closed",
        "close it with `]`, and put a `,` between two entries",
    ),
    (
        "unknown escape",
        "in double quotes a `\\` begins an escape, and there is none like this",
        "write `\\\\`, or use single quotes",
    ),
    (
        "content after",
        "nothing can follow the closing quote",
        "inside double quotes a `\"` is written `\\\"`, inside single quotes a `'` is written twice",
    ),
    (
        "quoted scalar",
        "a quote is not closed",
        "close it at the end of the value",
    ),
    (
        "unknown anchor",
        "there is no anchor of this name above",
        "put text that begins with `*` in quotes",
    ),
    (
        "illegal placement of ':'",
        "a `:` cannot stand here, for a `[` before this place is not closed",
        "close it with `]`",
    ),
    (
        "misplaced bracket",
        "there is a `]` or `}` too many",
        "delete it, or put text with brackets in quotes",
    ),
    (
        "unexpected character",
        "nothing can begin with this character",
        "put text that begins with it in quotes",
    ),
    (
        "block mapping",
        "this line does not stand in one column with the keys around it",
        "begin all keys of a map in the same column",
    ),
];

/// Message and hint for what the parser says.
pub(super) fn explain(info: &str) -> (String, Option<String>) {
    match WORDS.iter().find(|(part, ..)| info.contains(part)) {
        Some((_, message, hint)) => ((*message).to_owned(), Some((*hint).to_owned())),
        None => (format!("this is not YAML: {info}"), None),
    }
}
