//! Templates in a workflow: their syntax, the names they read, and where secrets may stand.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Checker, fit,
    infer::{Inference, Names, Wrong},
    known::Known,
    names::Unknown,
    shape::{Leaf, LeafKind, is_duration, is_whole},
};
use crate::{
    language::suggest,
    plan::Path,
    template::{self, Parsed, Shape},
    yaml::{Node, Report, Scalar, Span},
};

impl Checker<'_, '_, '_> {
    /// Checks the strings that a walk over a bot's parameters found; gives the template files
    /// among them that can be read.
    pub(super) fn leaves(
        &mut self,
        leaves: &[Leaf<'_>],
        schema: &Value,
        reads: &mut Vec<Path>,
    ) -> Vec<Rc<Node>> {
        let mut files = Vec::new();
        for leaf in leaves {
            match leaf.kind {
                LeafKind::File => files.extend(self.template_file(&leaf.node)),
                LeafKind::Secret => self.secret(&leaf.node, reads),
                LeafKind::Text => {
                    let known = self.template(&leaf.node, reads);
                    self.fits(leaf, &known, schema);
                }
            }
        }
        files
    }

    /// Whether the value of a template can be what the bot wants there.
    fn fits(&mut self, leaf: &Leaf<'_>, known: &Known, schema: &Value) {
        let text = leaf.node.words().unwrap_or_default();
        let misfit = match is_whole(text) {
            true => fit::misfit(known, schema, leaf.wanted),
            false => None,
        };
        let name = path_of(text);
        if let (None, Some(name), true) = (&misfit, name, known.may_be_null())
            && !fit::takes_null(schema, leaf.wanted)
        {
            self.null_value(&leaf.node, name);
        }
        let Some(misfit) = misfit else { return };
        let (name, is, wants) = (&leaf.name, &misfit.is, &misfit.wants);
        let message = match misfit.path.is_empty() {
            true => format!("`{text}` is {is}, {name} wants {wants}"),
            false => {
                let part = misfit.path.join(".");
                format!("`{text}` does not fit {name}: its `{part}` is {is}, not {wants}")
            }
        };
        let hint = match misfit.path.is_empty() {
            true => remedy(text, known, (schema, leaf.wanted)),
            false => None,
        };
        self.report
            .hinted("template.type", &leaf.node.head(), (message, hint));
    }

    /// Adds what a template reads to `reads`; gives what it comes to.
    pub(super) fn template(&mut self, node: &Node, reads: &mut Vec<Path>) -> Known {
        let Some(parsed) = self.parse(node) else {
            return Known::any();
        };
        if parsed.secret.is_some() {
            self.report.hinted(
                "secrets.place",
                &node.span,
                (
                    "a secret cannot stand here",
                    Some(
                        "secrets go into fields that are made for them, mostly in a connection of botswain.yaml"
                            .to_owned(),
                    ),
                ),
            );
            return Known::any();
        }
        self.names(node, &parsed, reads)
    }

    fn parse(&mut self, node: &Node) -> Option<Parsed> {
        let text = node.words()?;
        match template::parse(text) {
            Ok(parsed) => Some(parsed),
            Err(err) => {
                let rest = text.get(err.offset..).unwrap_or_default();
                let place = located(self.report, node, err.offset, first_word(rest));
                self.report
                    .hinted("template.syntax", &place, (err.message, err.hint));
                None
            }
        }
    }

    fn names(&mut self, node: &Node, parsed: &Parsed, reads: &mut Vec<Path>) -> Known {
        for read in &parsed.reads {
            if !reads.contains(&read.path) {
                reads.push(read.path.clone());
            }
        }
        let mut inference = Inference::new(&self.scope);
        let known = match parsed.shape {
            Shape::Value => inference.value(&parsed.nodes),
            Shape::Literal(_) | Shape::Text => {
                inference.text(&parsed.nodes);
                Known::text()
            }
        };
        let Inference {
            unknown,
            wrong,
            nulls,
            ..
        } = inference;
        // What comes of a template with a mistake is not known.
        let known = match unknown.is_empty() && wrong.is_empty() {
            true => known,
            false => Known::any(),
        };
        for (path, unknown) in unknown {
            self.unknown(node, path, unknown);
        }
        for wrong in wrong {
            let Wrong { offset, words, .. } = &wrong;
            let place = located(self.report, node, *offset, words);
            let words = (wrong.message, wrong.hint);
            self.report.hinted("template.type", &place, words);
        }
        self.absent(node, parsed);
        self.nulls(node, parsed, nulls);
        known
    }

    fn unknown(&mut self, node: &Node, path: &template::Path, unknown: Unknown) {
        let text = node.words().unwrap_or_default();
        let mut offset = path.offset;
        for (part, segment) in path.segments.iter().enumerate().take(unknown.part + 1) {
            let rest = text.get(offset..).unwrap_or_default();
            offset += rest.find(segment.as_str()).unwrap_or(0);
            if part < unknown.part {
                offset += segment.len();
            }
        }
        let name = path.segments.get(unknown.part).map_or("", String::as_str);
        let place = located(self.report, node, offset, name);
        self.report.hinted(
            "template.unknown_name",
            &place,
            (unknown.message, unknown.hint),
        );
    }

    fn secret(&mut self, node: &Rc<Node>, reads: &mut Vec<Path>) {
        let Some(parsed) = self.parse(node) else {
            return;
        };
        let Some(name) = parsed.secret else {
            return self.report.hinted(
                "secrets.place",
                &node.span,
                (
                    "this field takes a secret and nothing else",
                    Some("write `\"{{secrets.NAME}}\"`".to_owned()),
                ),
            );
        };
        if !self.catalogue.secrets.contains(&name) {
            let known = self.catalogue.secrets.iter().map(String::as_str);
            let hint = suggest::nearest(&name, known).map_or_else(
                || format!("keep it with `botswain secret set {name}`"),
                |near| format!("did you mean `{near}`?"),
            );
            let place = located(self.report, node, 0, &name);
            self.report.hinted(
                "secrets.unknown",
                &place,
                (format!("there is no secret `{name}`"), Some(hint)),
            );
        }
        let path = vec!["secrets".to_owned(), name];
        if !reads.contains(&path) {
            reads.push(path);
        }
    }

    /// Gives the node when it names a file that can be read.
    fn template_file(&mut self, node: &Rc<Node>) -> Option<Rc<Node>> {
        let name = node.words().unwrap_or_default();
        if name.contains("{{") {
            self.report.hinted(
                "templates.name",
                &node.span,
                (
                    "the name of a template file cannot be computed",
                    Some("write the name of a file in `templates/`".to_owned()),
                ),
            );
            return None;
        }
        let Some(text) = self.catalogue.templates.get(name) else {
            let names = self.catalogue.templates.keys().map(String::as_str);
            let bare = name.strip_prefix("templates/");
            let bare = bare.filter(|bare| self.catalogue.templates.contains_key(*bare));
            let hint = match bare {
                Some(bare) => Some(format!("leave the folder out: `{bare}`")),
                None => suggest::hint(name, "the templates are", names.collect::<Vec<_>>()),
            };
            let message = format!("there is no file `templates/{name}`");
            self.report
                .hinted("templates.unknown", &node.span, (message, hint));
            return None;
        };
        self.templates.insert(name.to_owned(), text.clone());
        match template::parse(text) {
            Ok(_) => Some(Rc::clone(node)),
            Err(err) => {
                let words = (err.message, err.hint);
                self.in_file(node, err.offset, ("template.syntax", words));
                None
            }
        }
    }

    /// Something wrong in a template file, shown where the workflow names it.
    fn in_file(&mut self, node: &Node, offset: usize, found: (&'static str, Words)) {
        let name = node.words().unwrap_or_default();
        let text = self.catalogue.templates.get(name);
        let before = text.and_then(|text| text.get(..offset)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let (code, (message, hint)) = found;
        let message = format!("`templates/{name}` is wrong in line {line}: {message}");
        self.report.hinted(code, &node.span, (message, hint));
    }

    /// Holds template files against the `data` that their step gives them.
    pub(super) fn template_files(&mut self, files: &[Rc<Node>], step: &Node) {
        let with = step.get("with").map(|entry| &entry.node);
        let data = with.and_then(|with| with.get("data"));
        let Some(data) = self.data(data.map(|entry| &*entry.node)) else {
            return;
        };
        for node in files {
            let name = node.words().unwrap_or_default();
            let text = self.catalogue.templates.get(name).map(String::as_str);
            let Ok(parsed) = template::parse(text.unwrap_or_default()) else {
                continue;
            };
            let mut inference = Inference::new(&data);
            inference.text(&parsed.nodes);
            let Inference { unknown, wrong, .. } = inference;
            for (path, unknown) in unknown {
                let words = (unknown.message, unknown.hint);
                self.in_file(node, path.offset, ("template.unknown_name", words));
            }
            for wrong in wrong {
                let words = (wrong.message, wrong.hint);
                self.in_file(node, wrong.offset, ("template.type", words));
            }
        }
    }

    /// What a template file sees; `None` when the names are known only in the run.
    fn data(&mut self, data: Option<&Node>) -> Option<Data> {
        let mut names = IndexMap::new();
        names.insert("today".to_owned(), Known::text());
        names.insert("now".to_owned(), Known::text());
        let run = ["id", "workflow"].map(|name| (name.to_owned(), Known::text()));
        names.insert("run".to_owned(), Known::map(&run.into()));
        match data {
            None => (),
            Some(node) => {
                for (name, entry) in node.map()? {
                    names.insert(name.clone(), self.shape(&entry.node));
                }
            }
        }
        Some(Data(names))
    }

    /// The shape of a value in the file, of whose templates nothing more is to be said.
    fn shape(&mut self, node: &Node) -> Known {
        if let Some(map) = node.map() {
            let parts = map.iter();
            let parts = parts.map(|(name, entry)| (name.clone(), self.shape(&entry.node)));
            return Known::map(&parts.collect());
        }
        let words = node.words().unwrap_or_default();
        match node.scalar() {
            None => Known::kind("array"),
            Some(Scalar::Null) => Known::any(),
            Some(Scalar::Boolean(_)) => Known::kind("boolean"),
            Some(Scalar::Number(number)) if number.is_i64() => Known::kind("integer"),
            Some(Scalar::Number(_)) => Known::kind("number"),
            Some(Scalar::Text(_)) => match template::parse(words) {
                Ok(parsed) if parsed.shape == Shape::Value => {
                    Inference::new(&self.scope).value(&parsed.nodes)
                }
                _ => Known::text(),
            },
        }
    }
}

/// What is wrong, and what to do.
type Words = (String, Option<String>);

/// The names that a template file sees.
struct Data(IndexMap<String, Known>);

impl Names for Data {
    fn resolve(&self, path: &[String]) -> Result<Known, Unknown> {
        let root = path.first().map_or("", String::as_str);
        match self.0.get(root) {
            Some(known) => known.walk(&path[1..]).map_err(|unknown| Unknown {
                part: unknown.part + 1,
                message: unknown.message.replace("this value", &format!("`{root}`")),
                hint: unknown.hint,
            }),
            None => {
                let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
                let near = suggest::nearest(root, names.iter().copied());
                Err(Unknown {
                    part: 0,
                    message: format!("there is no `{root}` in the step's `data`"),
                    hint: Some(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("give it, as in `data: {{ {root}: … }}`"),
                    }),
                })
            }
        }
    }
}

/// The parts of a map that fit; an artifact before a text that only may be its path.
fn parts(known: &Known, fits: impl Fn(&Known) -> bool) -> Vec<&str> {
    let part = |name: &str| known.walk(&[name.to_owned()]).ok();
    let mut names = known.names();
    names.retain(|name| part(name).is_some_and(|part| !part.kinds().is_empty() && fits(&part)));
    let is_artifact =
        |name: &&str| part(name).is_some_and(|part| part.schema().1["format"] == "artifact");
    match names.iter().copied().find(is_artifact) {
        Some(artifact) => vec![artifact],
        None => names,
    }
}

/// How a whole template becomes what is wanted, where one helper or name is enough.
fn remedy(text: &str, known: &Known, (root, wanted): (&Value, &Value)) -> Option<String> {
    let inner = text.trim_start_matches("{{").trim_end_matches("}}").trim();
    let fits = |known: &Known| fit::misfit(known, root, wanted).is_none();
    let write = |helper: &str| {
        let inner = match inner.contains(' ') {
            true => format!("({inner})"),
            false => inner.to_owned(),
        };
        Some(format!("write `\"{{{{{helper} {inner}}}}}\"`"))
    };
    if fits(&known.clone().list()) {
        return Some(format!("write it as a list: `[ \"{text}\" ]`"));
    }
    if known.kinds() == ["object"] {
        let fitting = parts(known, fits);
        return match fitting[..] {
            [only] => Some(format!("did you mean `{inner}.{only}`?")),
            _ => suggest::list(fitting.into_iter())
                .map(|names| format!("name the part of it that is meant: {names}")),
        };
    }
    if is_duration(wanted) {
        return Some(format!("write the unit behind it, as in `\"{text}s\"`"));
    }
    match known.kinds().first()? {
        &"string" if fits(&Known::kind("integer")) && !fits(&Known::kind("number")) => {
            write("integer")
        }
        &"string" if fits(&Known::kind("number")) => write("number"),
        &"number" if fits(&Known::kind("integer")) => write("integer"),
        &"integer" | &"number" | &"boolean" if fits(&Known::text()) => write("text"),
        &"array" if fits(&Known::text()) => Some(format!(
            "write `\"{{{{join {inner} \\\", \\\"}}}}\"` if its items are texts"
        )),
        _ if fits(&Known::kind("boolean")) => {
            Some("compare it, as in `{{gt line.amount 0}}`".to_owned())
        }
        _ => None,
    }
}

/// The name in a template that is nothing else.
fn path_of(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    inner.chars().all(plain).then_some(inner)
}

fn first_word(text: &str) -> &str {
    let mut rest = text.char_indices().skip(1);
    let end = rest.find(|(_, c)| c.is_whitespace() || *c == '}');
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Where `needle`, which stands at `offset` of a scalar's words, stands in the file.
///
/// Quotes, escapes and folding make the two differ, so it is the same occurrence that is
/// looked for; when it cannot be found, the scalar itself is pointed at.
pub(super) fn located(report: &Report<'_>, node: &Node, offset: usize, needle: &str) -> Span {
    let words = node.words().unwrap_or_default();
    let raw = report.raw(&node.span);
    let before = words.get(..offset).unwrap_or_default();
    if needle.is_empty() {
        return node.head();
    }
    let earlier = before.matches(needle).count();
    match raw.match_indices(needle).nth(earlier) {
        Some((at, _)) => node.span.start + at..node.span.start + at + needle.len(),
        None => node.head(),
    }
}
