//! What the expressions of a template give, as far as schemas tell.
//!
//! In goes the tree of a template and the names that it may read; out come the
//! names that are not there, the values that are of a wrong type where they
//! stand, and what the last expression leads to. Inside of `each` and `with`,
//! names are looked up in what stands behind those; `field` reads the row of the
//! list helper around it.

use serde_json::Value;

use super::{demand, known::Known, names::Unknown, shape::word};
use crate::template::{Base, Call, Expression, If, Node, Path, Scope as Block, ScopeKind};

/// What the outermost names of a template mean.
pub(super) trait Names {
    fn resolve(&self, path: &[String]) -> Result<Known, Unknown>;
}

pub(super) struct Inference<'s, 't> {
    names: &'s dyn Names,
    /// What `this` is, for each block around, outside first.
    around: Vec<Known>,
    /// The rows of the list helpers around, outside first.
    rows: Vec<Known>,
    pub(super) unknown: Vec<(&'t Path, Unknown)>,
    pub(super) wrong: Vec<Wrong>,
    /// What may be null where that is a fault.
    pub(super) nulls: Vec<Null>,
}

/// A value that may be null where it is needed.
pub(super) struct Null {
    /// Bytes from the start of the template, and the words that stand there.
    pub(super) offset: usize,
    pub(super) words: String,
    /// The names that lead to it; none for the field of a row.
    pub(super) path: Vec<String>,
}

/// Something of a wrong type, or a field that is not there.
pub(super) struct Wrong {
    /// Bytes from the start of the template, where `words` stand or a little before.
    pub(super) offset: usize,
    pub(super) words: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl<'s, 't> Inference<'s, 't> {
    pub(super) fn new(names: &'s dyn Names) -> Inference<'s, 't> {
        Inference {
            names,
            around: Vec::new(),
            rows: Vec::new(),
            unknown: Vec::new(),
            wrong: Vec::new(),
            nulls: Vec::new(),
        }
    }

    /// The value of a lone expression.
    pub(super) fn value(&mut self, nodes: &'t [Node]) -> Known {
        match nodes {
            [Node::Print(expression)] => self.expression(expression),
            nodes => {
                self.text(nodes);
                Known::text()
            }
        }
    }

    /// A text with parts that are printed.
    pub(super) fn text(&mut self, nodes: &'t [Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => (),
                Node::Print(expression) => self.print(expression),
                Node::If(choice) => self.choice(choice),
                Node::Scope(block) => self.block(block),
            }
        }
    }

    fn print(&mut self, expression: &'t Expression) {
        let known = self.expression(expression);
        self.needed(expression, &known);
        if let Some(is) = known.is_none_of(&["string", "number", "boolean"]) {
            let hint = match known.kinds().first() {
                Some(&"array") => {
                    "print its items by `{{#each …}}` or `{{join … \", \"}}`, or how many there are by `{{len …}}`"
                }
                _ => "name the part of it that is meant",
            };
            let message = format!("{} is {is}, which is no text", called(expression));
            self.wrong(expression, 0, message, Some(hint.to_owned()));
        }
    }

    fn choice(&mut self, choice: &'t If) {
        let known = self.expression(&choice.condition);
        self.needed(&choice.condition, &known);
        if let Some(is) = known.is_none_of(&["boolean"]) {
            let name = if choice.negated { "unless" } else { "if" };
            let condition = called(&choice.condition);
            let message = format!("`{name}` takes true or false, but {condition} is {is}");
            let hint = "say what is asked, as in `{{#if (gt (len rows) 0)}}`";
            self.wrong(&choice.condition, 0, message, Some(hint.to_owned()));
        }
        self.text(&choice.then);
        self.text(&choice.otherwise);
    }

    fn block(&mut self, block: &'t Block) {
        let subject = self.expression(&block.subject);
        let inside = match block.kind {
            ScopeKind::Each => {
                if let Some(is) = subject.is_none_of(&["array", "object"]) {
                    let message = format!(
                        "`each` takes a list, but {} is {is}",
                        called(&block.subject)
                    );
                    self.wrong(&block.subject, 0, message, None);
                }
                subject.item().unwrap_or_else(|_| Known::any())
            }
            ScopeKind::With => subject,
        };
        self.around.push(inside);
        self.text(&block.body);
        self.around.pop();
        self.text(&block.otherwise);
    }

    fn expression(&mut self, expression: &'t Expression) -> Known {
        match expression {
            Expression::Path(path) => self.path(path),
            Expression::Literal(value) => literal(value),
            Expression::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &'t Call) -> Known {
        for argument in call.hash.values() {
            self.expression(argument);
        }
        if call.helper == "field" {
            return self.field(call);
        }
        let Some((first, rest)) = call.args.split_first() else {
            return Known::any();
        };
        let mut args = vec![self.expression(first)];
        let listed = demand::takes_list(call.helper).then(|| self.list(call, first, &args[0]));
        let row = listed.filter(|_| demand::over_rows(call.helper));
        self.rows.extend(row.clone());
        args.extend(rest.iter().map(|arg| self.expression(arg)));
        for (place, (arg, known)) in call.args.iter().zip(&args).enumerate() {
            self.demand(call, place, arg, known);
        }
        let given = match &row {
            Some(row) => self.over_rows(call, row, &args),
            None => self.plain(call, &args),
        };
        if row.is_some() {
            self.rows.pop();
        }
        given
    }

    /// What the items of a helper's list are.
    fn list(&mut self, call: &Call, arg: &Expression, known: &Known) -> Known {
        known.item().unwrap_or_else(|is| {
            let message = format!(
                "`{}` takes a list, but {} is {is}",
                call.helper,
                called(arg)
            );
            self.wrong(arg, call.offset, message, None);
            Known::any()
        })
    }

    fn demand(&mut self, call: &Call, place: usize, arg: &Expression, known: &Known) {
        let Some(taken) = demand::takes(call.helper, place) else {
            return;
        };
        self.needed(arg, known);
        if let Some(is) = known.is_none_of(taken) {
            let wanted: Vec<&str> = taken.iter().map(|kind| word(kind)).collect();
            let (wanted, name) = (wanted.join(" or "), called(arg));
            let message = format!("`{}` takes {wanted}, but {name} is {is}", call.helper);
            let hint = conversion(arg, known, taken);
            self.wrong(arg, call.offset, message, hint);
        }
    }

    fn plain(&mut self, call: &Call, args: &[Known]) -> Known {
        if demand::compares(call.helper) {
            let sides = [(&call.args[0], &args[0]), (&call.args[1], &args[1])];
            self.compared(call, call.helper, sides);
        }
        let whole = || args.iter().all(|arg| arg.kinds() == ["integer"]);
        match call.helper {
            "first" | "last" => args[0].item().unwrap_or_else(|_| Known::any()),
            "split" => Known::text().list(),
            "default" if args[0].kinds() == args[1].kinds() => args[1].clone(),
            "round" if matches!(&call.args[1], Expression::Literal(digits) if *digits == 0) => {
                Known::kind("integer")
            }
            "round" => Known::kind("number"),
            helper if demand::keeps_whole(helper) => {
                Known::kind(if whole() { "integer" } else { "number" })
            }
            helper => demand::gives(helper).map_or_else(Known::any, Known::kind),
        }
    }

    /// `args` are what the arguments give where they are computed for each row.
    fn over_rows(&mut self, call: &Call, row: &Known, args: &[Known]) -> Known {
        let conditional = ["where", "count"].contains(&call.helper);
        let of_row = match (call.args.get(1), args.get(1)) {
            (None, _) => Some(row.clone()),
            // One argument is a condition, more are a field and what it is compared with.
            (Some(_), _) if conditional && args.len() == 2 => None,
            (Some(Expression::Literal(Value::String(name))), _) => {
                Some(self.column(call, row, name))
            }
            (Some(_), computed) => computed.cloned(),
        };
        match (&of_row, conditional) {
            (None, _) => self.condition(call, &args[1]),
            (Some(field), true) if args.len() > 2 => self.filter(call, field, args),
            (Some(value), _) if call.helper == "sum" => self.summed(call, value),
            _ => (),
        }
        match call.helper {
            "count" => Known::kind("integer"),
            "sum"
                if of_row
                    .as_ref()
                    .is_some_and(|value| value.kinds() == ["integer"]) =>
            {
                Known::kind("integer")
            }
            "sum" => Known::kind("number"),
            "group" => row.clone().groups(),
            "pluck" => of_row.unwrap_or_else(Known::any).list(),
            _ => row.clone().list(),
        }
    }

    fn condition(&mut self, call: &Call, known: &Known) {
        if let Some(is) = known.is_none_of(&["boolean"]) {
            let message = format!(
                "`{}` takes a condition that is true or false, this is {is}",
                call.helper
            );
            let hint = "as in `(where rows (gt (field \"amount\") 0))`".to_owned();
            self.wrong(&call.args[1], call.offset, message, Some(hint));
        }
    }

    fn filter(&mut self, call: &Call, field: &Known, args: &[Known]) {
        let last = args.len() - 1;
        let op = match call.args.get(2) {
            Some(Expression::Literal(Value::String(op))) if last == 3 => op.as_str(),
            _ => "eq",
        };
        let sides = [(&call.args[1], field), (&call.args[last], &args[last])];
        self.compared(call, op, sides);
    }

    fn summed(&mut self, call: &Call, known: &Known) {
        if let (true, Some(Expression::Literal(Value::String(name)))) =
            (known.may_be_null(), call.args.get(1))
        {
            self.nulls.push(Null {
                offset: call.offset,
                words: name.clone(),
                path: Vec::new(),
            });
        }
        if let Some(is) = known.is_none_of(&["number"]) {
            let arg = call.args.get(1).unwrap_or(&call.args[0]);
            let hint = match (known.kinds()[..] == ["string"], arg) {
                (true, Expression::Literal(name)) => {
                    Some(format!("write `(number (field {name}))` for {name}"))
                }
                _ => None,
            };
            let message = format!("`sum` takes numbers, but {} is {is}", called(arg));
            self.wrong(arg, call.offset, message, hint);
        }
    }

    fn compared(&mut self, call: &Call, op: &str, sides: [(&Expression, &Known); 2]) {
        let [(left, one), (right, other)] = sides;
        if !["eq", "ne"].contains(&op) {
            self.needed(left, one);
            self.needed(right, other);
        }
        let (Some(one), Some(other)) = (class(one), class(other)) else {
            return;
        };
        let ordered = !["eq", "ne"].contains(&op);
        let parts = |kind: &str| kind == "array" || kind == "object";
        if one == other && !parts(one) && !(ordered && one == "boolean") {
            return;
        }
        let hint = match (one, other) {
            ("string", "number") | ("number", "string") => Some(alike(left, right)),
            _ if parts(one) || parts(other) => {
                Some("compare a part of it, or how long it is by `(len …)`".to_owned())
            }
            _ => None,
        };
        let message = format!(
            "`{op}` cannot compare {}, {}, with {}, {}",
            called(left),
            word(one),
            called(right),
            word(other)
        );
        self.wrong(left, call.offset, message, hint);
    }

    fn field(&mut self, call: &Call) -> Known {
        match (self.rows.last().cloned(), call.args.first()) {
            (Some(row), Some(Expression::Literal(Value::String(name)))) => {
                self.column(call, &row, name)
            }
            _ => Known::any(),
        }
    }

    /// By its whole name first: a column may be called `No. of pieces`.
    fn column(&mut self, call: &Call, row: &Known, name: &str) -> Known {
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        let whole = row.walk(&[name.to_owned()]);
        whole
            .or_else(|_| row.walk(&parts))
            .unwrap_or_else(|unknown| {
                self.wrong.push(Wrong {
                    offset: call.offset,
                    words: name.to_owned(),
                    message: match row.is_none_of(&["object"]) {
                        Some(is) => format!("there is no field `{name}`: each row is {is}"),
                        None => format!("there is no field `{name}`"),
                    },
                    hint: unknown.hint,
                });
                Known::any()
            })
    }

    /// Notes a value that may be null where it cannot be.
    fn needed(&mut self, expression: &Expression, known: &Known) {
        if !known.may_be_null() {
            return;
        }
        let null = match expression {
            Expression::Path(path) => Null {
                offset: path.offset,
                words: path.raw.clone(),
                path: path.segments.clone(),
            },
            Expression::Call(call) if call.helper == "field" => match call.args.first() {
                Some(Expression::Literal(Value::String(name))) => Null {
                    offset: call.offset,
                    words: name.clone(),
                    path: Vec::new(),
                },
                _ => return,
            },
            _ => return,
        };
        self.nulls.push(null);
    }

    /// `before` is where the call begins of which it is an argument.
    fn wrong(
        &mut self,
        expression: &Expression,
        before: usize,
        message: String,
        hint: Option<String>,
    ) {
        let (offset, words) = match expression {
            Expression::Path(path) => (path.offset, path.raw.clone()),
            Expression::Call(call) => (call.offset, call.helper.to_owned()),
            Expression::Literal(Value::String(text)) => (before, text.clone()),
            Expression::Literal(value) => (before, value.to_string()),
        };
        self.wrong.push(Wrong {
            offset,
            words,
            message,
            hint,
        });
    }

    fn path(&mut self, path: &'t Path) -> Known {
        let found = match path.base {
            Base::Root => self.names.resolve(&path.segments),
            Base::Item(depth) => match self.around.get(depth) {
                Some(known) => known.walk(&path.segments),
                None => Ok(Known::any()),
            },
            Base::Index(_) => Ok(Known::kind("integer")),
            Base::First(_) | Base::Last(_) => Ok(Known::kind("boolean")),
            Base::Key(_) => Ok(Known::any()),
        };
        found.unwrap_or_else(|unknown| {
            self.unknown.push((path, unknown));
            Known::any()
        })
    }
}

fn literal(value: &Value) -> Known {
    match value {
        Value::String(_) => Known::text(),
        Value::Bool(_) => Known::kind("boolean"),
        Value::Number(number) if number.is_i64() => Known::kind("integer"),
        Value::Number(_) => Known::kind("number"),
        Value::Null | Value::Array(_) | Value::Object(_) => Known::any(),
    }
}

/// What a comparison sees of a type; `None` when it may be of several.
fn class(known: &Known) -> Option<&'static str> {
    let kinds = known.kinds();
    let class = |kind: &&str| match *kind {
        "string" => "string",
        "boolean" => "boolean",
        "array" => "array",
        "object" => "object",
        _ => "number",
    };
    let first = kinds.first().map(class)?;
    let same = kinds.iter().all(|kind| class(kind) == first);
    same.then_some(first)
}

/// An expression as a message calls it.
fn called(it: &Expression) -> String {
    match it {
        Expression::Path(path) => format!("`{}`", path.raw),
        Expression::Literal(value) => format!("`{value}`"),
        Expression::Call(call) => format!("the result of `{}`", call.helper),
    }
}

/// The helper that makes of it what is wanted.
fn conversion(arg: &Expression, known: &Known, wanted: &[&str]) -> Option<String> {
    let helper = match (class(known)?, wanted) {
        ("string", ["number"]) => "number",
        ("number" | "boolean", ["string"]) => "text",
        _ => return None,
    };
    let inner = match arg {
        Expression::Path(path) => path.raw.clone(),
        Expression::Literal(value) => value.to_string(),
        Expression::Call(call) => format!("({} …)", call.helper),
    };
    Some(format!("write `({helper} {inner})`"))
}

/// How a text and a number become comparable; what stands in the file is simply written otherwise.
fn alike(left: &Expression, right: &Expression) -> String {
    let literal = |side: &Expression| match side {
        Expression::Literal(Value::Number(number)) => Some(format!("`\\\"{number}\\\"`")),
        Expression::Literal(Value::String(text)) if text.parse::<f64>().is_ok() => {
            Some(format!("`{text}` without quotes"))
        }
        _ => None,
    };
    match literal(right).or_else(|| literal(left)) {
        Some(written) => format!("write {written}"),
        None => {
            "make the text a number by `(number …)`, or the number a text by `(text …)`".to_owned()
        }
    }
}
