//! A mistake as rustc shows one: `file:line:column`, the line, the place marked, a hint.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use botswain_core::diagnostic::{Diagnostic, Severity};

use super::output::{self, Paint, tame};
use crate::instance::Instance;

/// Shows each on stderr.
pub(super) fn note_all(instance: &Instance, diagnostics: &[Diagnostic]) {
    for text in render_all(instance, diagnostics, Paint::of_stderr()) {
        output::note(&text);
    }
}

/// Each as a text with an empty line after it; a file that cannot be read has no excerpt.
pub(super) fn render_all(
    instance: &Instance,
    diagnostics: &[Diagnostic],
    paint: Paint,
) -> Vec<String> {
    let mut texts = BTreeMap::new();
    for found in diagnostics {
        texts.entry(found.file.as_str()).or_insert_with(|| {
            // The renderer makes control characters harmless; places stay what they are.
            instance.read_text(found.file.as_ref()).unwrap_or_default()
        });
    }
    let rendered = diagnostics.iter().map(|found| {
        render(
            found,
            texts.get(found.file.as_str()).map_or("", |it| it),
            paint,
        )
    });
    rendered.collect()
}

fn render(found: &Diagnostic, text: &str, paint: Paint) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let file = format!("{}:{}:{}", found.file, found.line, found.column);
    let title = level.primary_title(tame(&found.message)).id(found.code);
    let span = span(found, text);
    let group = match text.is_empty() {
        true => title.element(annotate_snippets::Origin::path(file)),
        false => title.element(
            Snippet::source(text)
                .path(found.file.as_str())
                .annotation(AnnotationKind::Primary.span(span)),
        ),
    };
    let hint = found.hint.as_deref().map(tame);
    let group = match &hint {
        Some(hint) => group.element(Level::HELP.with_name("hint").message(hint.as_str())),
        None => group,
    };
    let renderer = match paint.is_on() {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    format!("{}\n", renderer.render(&[group]))
}

/// The place, on its first line: what spans many lines is marked where it begins.
fn span(found: &Diagnostic, text: &str) -> std::ops::Range<usize> {
    let (start, length) = found.span;
    let start = floor(text, start);
    let end = floor(text, start + length).max(start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..end.min(line_end)
}

/// The nearest place before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
