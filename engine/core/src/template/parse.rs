//! From the text of a template to its tree.
//!
//! Handlebars' own parser reads the text (its syntax, its rules for white
//! space); this module resolves what each name means, checks each call against
//! the table of helpers, and finds each name's place again in the source, which
//! Handlebars forgets. Nothing is looked up in a context here.

use std::collections::{BTreeMap, HashMap};

use handlebars::{
    Path as RawPath, Template, TemplateError,
    template::{HelperTemplate, Parameter, Subexpression, TemplateElement},
};
use serde_json::Value;

use super::{
    names::Scopes,
    plain,
    reference::{self, About, Helper},
    scan::{self, Kind, Tag},
    suggest,
    tree::{
        Base, Call, Expression, If, Node, ParseError, Parsed, Path, Read, Scope, ScopeKind, Shape,
    },
};

/// Reads a template. Never panics, and takes bounded time and stack on any text.
pub fn parse(source: &str) -> Result<Parsed, ParseError> {
    let tags = scan::tags(source)?;
    if tags.is_empty() && !source.contains("{{") {
        return Ok(literal(source.to_owned()));
    }
    let template = match plain::read(source) {
        Some(template) => template,
        None => Template::compile(source).map_err(|error| syntax(source, &error))?,
    };
    tree(source, tags, &template)
}

/// What the tree of Handlebars says; `tags` are those of the source.
pub(super) fn tree(
    source: &str,
    tags: Vec<Tag>,
    template: &Template,
) -> Result<Parsed, ParseError> {
    let mut parser = Parser {
        source,
        tags: tags.into_iter().peekable(),
        scopes: Scopes::default(),
        reads: Vec::new(),
        secrets: Vec::new(),
        in_rows: false,
    };
    let nodes = parser.nodes(template)?;
    let Parser { reads, secrets, .. } = parser;
    let shape = shape(&nodes);
    let secret = secret(&nodes, &secrets)?;
    Ok(Parsed {
        reads,
        secret,
        shape,
        nodes,
    })
}

fn literal(text: String) -> Parsed {
    Parsed {
        reads: Vec::new(),
        secret: None,
        shape: Shape::Literal(text.clone()),
        nodes: vec![Node::Text(text)],
    }
}

fn shape(nodes: &[Node]) -> Shape {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Text(part) => text.push_str(part),
            Node::Print(_) if nodes.len() == 1 => return Shape::Value,
            Node::Print(_) | Node::If(_) | Node::Scope(_) => return Shape::Text,
        }
    }
    Shape::Literal(text)
}

/// A secret is a whole value, so that it can be put in where the value is used and nowhere else.
fn secret(nodes: &[Node], secrets: &[Path]) -> Result<Option<String>, ParseError> {
    let Some(found) = secrets.first() else {
        return Ok(None);
    };
    match nodes {
        [Node::Print(Expression::Path(path))] if path.segments.len() == 2 => {
            Ok(Some(path.segments[1].clone()))
        }
        _ => Err(ParseError::at(
            found.offset,
            "a secret can only be the whole value of a field",
        )
        .hint("write it alone, as in `password: \"{{secrets.shop}}\"`")),
    }
}

fn syntax(source: &str, error: &TemplateError) -> ParseError {
    let offset = error
        .pos()
        .map_or(0, |(line, column)| position(source, line, column));
    if let Some(found) = operator(source, offset) {
        return found;
    }
    ParseError::at(offset, "this is no expression that Handlebars can read").hint(
        "an expression is a name (`line.amount`, `line.[Order No]`) or a helper and its arguments (`gt line.amount 100`)",
    )
}

/// Signs of formulas and of other languages, and the helper that does the same.
const OPERATORS: [(&str, &str); 14] = [
    ("==", "eq a b"),
    ("!=", "ne a b"),
    (">=", "gte a b"),
    ("<=", "lte a b"),
    ("&&", "and a b"),
    ("||", "or a b"),
    (">", "gt a b"),
    ("<", "lt a b"),
    ("=", "eq a b"),
    ("*", "mul a b"),
    ("+", "add a b"),
    ("-", "sub a b"),
    ("/", "div a b"),
    ("|", "upper a"),
];

/// What stands at the place where the parser gave up, if it has a name here.
fn operator(source: &str, offset: usize) -> Option<ParseError> {
    let rest = source.get(offset..)?;
    let (before, here) = (source.get(..offset)?.trim_end(), rest.trim_start());
    if before.ends_with("{{") && here.starts_with("}}") {
        let error = ParseError::at(offset, "nothing stands between the braces");
        return Some(error.hint("write a name, as in `{{line.amount}}`, or leave the braces out"));
    }
    if let Some(index) = index(rest) {
        let error = ParseError::at(offset, format!("`[{index}]` is no part of a name"));
        return Some(error.hint(format!("an item of a list is written `.{index}`")));
    }
    let (sign, helper) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign))?;
    let error = ParseError::at(offset, format!("`{sign}` is no part of a template"));
    Some(error.hint(format!(
        "a helper comes first, its arguments behind it: `{helper}`"
    )))
}

/// The number in brackets by which other languages take an item of a list.
fn index(rest: &str) -> Option<&str> {
    let (index, _) = rest.strip_prefix('[')?.split_once(']')?;
    let digits = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(index)
}

/// The byte at a line and column, both counted from 1, columns in characters.
fn position(source: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for (number, text) in source.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let within = text.char_indices().nth(column.saturating_sub(1));
            return start + within.map_or(text.len(), |(at, _)| at);
        }
        start += text.len();
    }
    source.len()
}

struct Parser<'a> {
    source: &'a str,
    /// In step with Handlebars' tree: one for each expression, block start, `else` and block end.
    tags: std::iter::Peekable<std::vec::IntoIter<Tag>>,
    /// The scopes around the place being read, outermost first.
    scopes: Scopes,
    reads: Vec<Read>,
    secrets: Vec<Path>,
    /// Whether `(field …)` has a row to read.
    in_rows: bool,
}

/// Said when the scan and Handlebars disagree; a test looks for templates that make them.
pub(super) const LOST: &str = "this part of the template cannot be read";

/// Where in a tag the search for the next name goes on.
struct Place {
    at: usize,
    tag: Tag,
}

impl Parser<'_> {
    fn nodes(&mut self, template: &Template) -> Result<Vec<Node>, ParseError> {
        let mut nodes: Vec<Node> = Vec::new();
        for element in &template.elements {
            match element {
                TemplateElement::RawString(text) if text.is_empty() => {}
                TemplateElement::RawString(text) => match nodes.last_mut() {
                    Some(Node::Text(before)) => before.push_str(text),
                    _ => nodes.push(Node::Text(text.clone())),
                },
                TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression) => {
                    let mut place = self.step(Kind::Expression)?;
                    nodes.push(Node::Print(self.expression(expression, &mut place)?));
                }
                TemplateElement::HelperBlock(block) => {
                    let place = self.step(Kind::Open)?;
                    nodes.push(self.block(block, place)?);
                    self.step(Kind::Close)?;
                }
                TemplateElement::HtmlExpression(_)
                | TemplateElement::DecoratorExpression(_)
                | TemplateElement::DecoratorBlock(_)
                | TemplateElement::PartialExpression(_)
                | TemplateElement::PartialBlock(_)
                | _ => return Err(self.lost()),
            }
        }
        Ok(nodes)
    }

    fn step(&mut self, kind: Kind) -> Result<Place, ParseError> {
        match self.tags.next() {
            Some(tag) if tag.kind == kind => Ok(Place {
                at: tag.start + 2,
                tag,
            }),
            _ => Err(self.lost()),
        }
    }

    /// The scan and Handlebars saw different tags: nothing that a template of ours contains.
    fn lost(&mut self) -> ParseError {
        let offset = self.tags.peek().map_or(0, |tag| tag.start);
        ParseError::at(offset, LOST)
    }

    /// A block whose start was read already; `else if` comes here too.
    fn block(&mut self, block: &HelperTemplate, mut place: Place) -> Result<Node, ParseError> {
        let start = place.tag.start;
        let name = match &block.name {
            Parameter::Name(name) => name.as_str(),
            _ => return Err(ParseError::at(start, "a block begins with a helper")),
        };
        let helper = known(name, start)?;
        if helper.about != About::Blocks {
            return Err(
                ParseError::at(start, format!("`{name}` is not a block")).hint(format!(
                    "write `{{{{{}}}}}`, or `{{{{#if ({})}}}}`",
                    helper.signature, helper.signature
                )),
            );
        }
        place.at = self.after(&place, name);
        let args = self.args(helper, &block.params, &mut place)?;
        self.no_hash(helper, &block.hash, start)?;
        let subject = args.into_iter().next().ok_or_else(|| self.lost())?;
        match name {
            "if" | "unless" => self.condition(block, subject, start),
            "each" => self.scope(block, subject, ScopeKind::Each),
            _ => self.scope(block, subject, ScopeKind::With),
        }
    }

    fn condition(
        &mut self,
        block: &HelperTemplate,
        condition: Expression,
        start: usize,
    ) -> Result<Node, ParseError> {
        if block.block_param.is_some() {
            let message = "`as |…|` belongs to `each` and `with`";
            return Err(ParseError::at(start, message));
        }
        let negated = matches!(&block.name, Parameter::Name(name) if name == "unless");
        Ok(Node::If(If {
            negated,
            condition,
            then: self.body(block.template.as_ref())?,
            otherwise: self.otherwise(block)?,
        }))
    }

    fn scope(
        &mut self,
        block: &HelperTemplate,
        subject: Expression,
        kind: ScopeKind,
    ) -> Result<Node, ParseError> {
        let depth = self.scopes.depth();
        self.scopes.push(block.block_param.as_ref());
        let body = self.body(block.template.as_ref())?;
        self.scopes.pop();
        Ok(Node::Scope(Scope {
            kind,
            subject,
            depth,
            body,
            otherwise: self.otherwise(block)?,
        }))
    }

    fn body(&mut self, template: Option<&Template>) -> Result<Vec<Node>, ParseError> {
        template.map_or_else(|| Ok(Vec::new()), |template| self.nodes(template))
    }

    fn otherwise(&mut self, block: &HelperTemplate) -> Result<Vec<Node>, ParseError> {
        match self.tags.peek().map(|tag| tag.kind) {
            Some(Kind::Else) => {
                self.step(Kind::Else)?;
                self.body(block.inverse.as_ref())
            }
            Some(Kind::ElseChain) => {
                let place = self.step(Kind::ElseChain)?;
                let elements = block.inverse.as_ref().map(|it| it.elements.as_slice());
                match elements {
                    Some([TemplateElement::HelperBlock(next)]) => {
                        Ok(vec![self.block(next, place)?])
                    }
                    _ => Err(self.lost()),
                }
            }
            _ => Ok(Vec::new()),
        }
    }

    /// A name, or a helper with its arguments.
    fn expression(
        &mut self,
        template: &HelperTemplate,
        place: &mut Place,
    ) -> Result<Expression, ParseError> {
        match &template.name {
            Parameter::Subexpression(inner) => self.subexpression(inner, place),
            Parameter::Literal(value) => self.literal(value, place),
            Parameter::Path(path) => self.path(raw(path), place),
            Parameter::Name(name) if template.params.is_empty() && template.hash.is_empty() => {
                self.path(name, place)
            }
            Parameter::Name(name) => self.call(name, template, place),
            _ => Err(self.lost()),
        }
    }

    fn subexpression(
        &mut self,
        inner: &Subexpression,
        place: &mut Place,
    ) -> Result<Expression, ParseError> {
        match inner.as_element() {
            TemplateElement::Expression(template) => self.expression(template, place),
            _ => Err(self.lost()),
        }
    }

    fn argument(
        &mut self,
        parameter: &Parameter,
        place: &mut Place,
    ) -> Result<Expression, ParseError> {
        match parameter {
            Parameter::Name(name) => self.path(name, place),
            Parameter::Path(path) => self.path(raw(path), place),
            Parameter::Literal(value) => self.literal(value, place),
            Parameter::Subexpression(inner) => self.subexpression(inner, place),
            _ => Err(self.lost()),
        }
    }

    fn literal(&mut self, value: &Value, place: &mut Place) -> Result<Expression, ParseError> {
        if value.is_array() || value.is_object() {
            return Err(ParseError::at(
                place.tag.start,
                "a list cannot be written in an expression",
            )
            .hint("a list of texts is `(split \"a,b\" \",\")`"));
        }
        if value.is_string() {
            place.at = string_after(self.source, place);
        }
        Ok(Expression::Literal(value.clone()))
    }

    fn call(
        &mut self,
        name: &str,
        template: &HelperTemplate,
        place: &mut Place,
    ) -> Result<Expression, ParseError> {
        let offset = self.find(place, name);
        place.at = offset + name.len();
        let helper = known(name, offset)?;
        if helper.about == About::Blocks {
            return Err(ParseError::at(offset, format!("`{name}` is a block"))
                .hint(format!("write `{}`", helper.signature)));
        }
        if helper.name == "field" && !self.in_rows {
            return Err(ParseError::at(offset, "`field` has no row to read here").hint(
                "it stands in the arguments of `where`, `count`, `sum`, `sort`, `group`, `unique` or `pluck`, behind the list",
            ));
        }
        let args = self.args(helper, &template.params, place)?;
        let hash = self.hash(helper, &template.hash, place)?;
        mapping(helper, &args, offset)?;
        Ok(Expression::Call(Call {
            helper: helper.name,
            args,
            hash,
            offset,
        }))
    }

    fn args(
        &mut self,
        helper: &Helper,
        params: &[Parameter],
        place: &mut Place,
    ) -> Result<Vec<Expression>, ParseError> {
        let (least, most) = helper.args;
        if !(least..=most).contains(&params.len()) {
            let message = format!(
                "`{}` takes {}, not {}",
                helper.name,
                counted(least, most),
                params.len()
            );
            let error = ParseError::at(place.tag.start, message);
            return Err(error.hint(format!("write `{}`", helper.signature)));
        }
        let outside = self.in_rows;
        let mut args = Vec::with_capacity(params.len());
        for (number, parameter) in params.iter().enumerate() {
            self.in_rows = outside || (helper.rows && number > 0);
            args.push(self.argument(parameter, place)?);
        }
        self.in_rows = outside;
        Ok(args)
    }

    fn no_hash(
        &mut self,
        helper: &Helper,
        hash: &HashMap<String, Parameter>,
        start: usize,
    ) -> Result<(), ParseError> {
        match hash.keys().min() {
            Some(name) => Err(unknown_hash(helper, name, start)),
            None => Ok(()),
        }
    }

    fn hash(
        &mut self,
        helper: &Helper,
        hash: &HashMap<String, Parameter>,
        place: &mut Place,
    ) -> Result<BTreeMap<String, Expression>, ParseError> {
        let sorted: BTreeMap<&String, &Parameter> = hash.iter().collect();
        let mut found = BTreeMap::new();
        for (name, parameter) in sorted {
            if !helper.hash.contains(&name.as_str()) {
                return Err(unknown_hash(helper, name, place.tag.start));
            }
            let mut there = Place {
                at: self.after(place, name),
                tag: place.tag,
            };
            found.insert(name.clone(), self.argument(parameter, &mut there)?);
        }
        Ok(found)
    }

    fn path(&mut self, raw: &str, place: &mut Place) -> Result<Expression, ParseError> {
        let offset = self.find(place, raw);
        place.at = offset + raw.len();
        match raw {
            "true" => return Ok(Expression::Literal(Value::Bool(true))),
            "false" => return Ok(Expression::Literal(Value::Bool(false))),
            "null" => return Ok(Expression::Literal(Value::Null)),
            _ => {}
        }
        let (base, segments) = self.scopes.resolve(raw, offset)?;
        let path = Path {
            base,
            segments,
            offset,
            raw: raw.to_owned(),
        };
        if base == Base::Root {
            self.root_read(&path)?;
        }
        Ok(Expression::Path(path))
    }

    fn root_read(&mut self, path: &Path) -> Result<(), ParseError> {
        match path.segments.first().map(String::as_str) {
            None => Err(ParseError::at(
                path.offset,
                format!("`{}` has no meaning outside of a block", path.raw),
            )
            .hint("name what you need, as in `steps.lines.rows`")),
            Some("secrets") => {
                self.secrets.push(path.clone());
                Ok(())
            }
            Some(_) => {
                self.reads.push(Read {
                    path: path.segments.clone(),
                    offset: path.offset,
                });
                Ok(())
            }
        }
    }

    /// Where the word stands next in the tag; the tag's start if it cannot be found.
    fn find(&self, place: &Place, word: &str) -> usize {
        let text = &self.source[..place.tag.end];
        let mut at = place.at;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find(word)) {
            let start = at + found;
            let before = text[..start].chars().next_back();
            let after = text[start + word.len()..].chars().next();
            let inside = |c: Option<char>| c.is_some_and(|c| scan::is_symbol(c) || c == '.');
            if !inside(before) && !inside(after) {
                return start;
            }
            at = start + word.chars().next().map_or(1, char::len_utf8);
        }
        place.tag.start
    }

    fn after(&self, place: &Place, word: &str) -> usize {
        self.find(place, word) + word.len()
    }
}

fn known(name: &str, offset: usize) -> Result<&'static Helper, ParseError> {
    reference::find(name).ok_or_else(|| {
        let error = ParseError::at(offset, format!("there is no helper `{name}`"));
        match suggest::helper(name) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`botswain helpers` lists them"),
        }
    })
}

/// The table of corrections that `mapped` looks into stands in the file, so that it can be found.
fn mapping(helper: &Helper, args: &[Expression], offset: usize) -> Result<(), ParseError> {
    let named = matches!(args.first(), Some(Expression::Literal(Value::String(_))));
    if helper.name != "mapped" || named {
        return Ok(());
    }
    let message = "`mapped` takes the name of the mapping in quotes";
    Err(ParseError::at(offset, message).hint("as in `{{mapped \"customers\" line.customer}}`"))
}

fn unknown_hash(helper: &Helper, name: &str, offset: usize) -> ParseError {
    let message = format!("`{}` takes no `{name}=`", helper.name);
    ParseError::at(offset, message).hint(format!("write `{}`", helper.signature))
}

fn counted(least: usize, most: usize) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match (least, most) {
        (least, most) if least == most => format!("{least} argument{}", plural(least)),
        (least, most) if most > 8 => format!("at least {least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}

fn raw(path: &RawPath) -> &str {
    match path {
        RawPath::Relative((_, raw)) | RawPath::Local((_, _, raw)) => raw,
    }
}

/// Behind the next text in quotes.
fn string_after(source: &str, place: &Place) -> usize {
    let bytes = source.as_bytes();
    let within = &bytes[place.at..place.tag.end];
    let Some(start) = within.iter().position(|byte| b"\"'".contains(byte)) else {
        return place.at;
    };
    let quote = within[start];
    let mut at = start + 1;
    while at < within.len() && within[at] != quote {
        at += if within[at] == b'\\' { 2 } else { 1 };
    }
    (place.at + at + 1).min(place.tag.end)
}
