//! The rows of a file, one by one, made into typed rows.
//!
//! The first row names the columns; each later one becomes an object. Cells that
//! do not fit are gathered, so that a person can correct them all at once, and
//! nothing is given out when there is one.

use botswain_bot::Fault;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{
    cell::{Cell, DecimalMark},
    columns::{Column, Columns, Kind},
    rows::Rows,
};

/// How many wrong cells one fault names.
const NAMED: usize = 20;
/// How many characters of a wrong cell are shown.
const SHOWN: usize = 60;

pub(super) struct Intake<'a> {
    columns: Option<&'a Columns>,
    mark: DecimalMark,
    /// Once the names were seen.
    layout: Option<Layout>,
    rows: Rows,
    wrong: Vec<String>,
    cancel: CancellationToken,
}

/// Which place of a row goes into which column.
struct Layout {
    bound: Vec<(String, Column, usize)>,
    /// How many places the row of names has.
    width: usize,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        columns: Option<&'a Columns>,
        mark: DecimalMark,
        rows: Rows,
        cancel: CancellationToken,
    ) -> Intake<'a> {
        Intake {
            columns,
            mark,
            layout: None,
            rows,
            wrong: Vec::new(),
            cancel,
        }
    }

    /// How many places the row of names has, once it was seen.
    pub(super) fn width(&self) -> Option<usize> {
        self.layout.as_ref().map(|layout| layout.width)
    }

    /// Takes the next row; `place` is where a person finds it, as in `line 3`.
    pub(super) fn row(&mut self, place: &str, cells: &[Cell<'_>]) -> Result<(), Fault> {
        if self.cancel.is_cancelled() {
            return Err(Fault::system("step.cancelled", "the reading was cut short"));
        }
        if cells.iter().all(Cell::is_blank) {
            return Ok(());
        }
        let Some(layout) = &self.layout else {
            self.layout = Some(Layout::of(self.columns, cells)?);
            return Ok(());
        };
        let mut row = Map::with_capacity(layout.bound.len());
        for (name, column, index) in &layout.bound {
            let cell = cells.get(*index).unwrap_or(&Cell::Empty);
            match cell.value(column, self.mark) {
                Ok(value) => drop(row.insert(name.clone(), value)),
                Err(why) => self.wrong.push(format!(
                    "{place}, column `{}`: `{}` {why}",
                    column.from.as_ref().unwrap_or(name),
                    shortened(&cell.shown())
                )),
            }
        }
        match self.wrong.is_empty() {
            true => self.rows.push(Value::Object(row)),
            false => self.give_up_when_many(),
        }
    }

    /// Notes a row that is wrong as a whole.
    pub(super) fn wrong_row(&mut self, place: &str, why: &str) -> Result<(), Fault> {
        self.wrong.push(format!("{place} {why}"));
        self.give_up_when_many()
    }

    /// The rows and their number, unless something was wrong.
    pub(super) fn finish(self, file: &str) -> Result<(Value, u64), Fault> {
        if !self.wrong.is_empty() {
            return Err(self.misfits());
        }
        if self.layout.is_none() {
            return Err(
                Fault::business("sheet.empty", format!("`{file}` has no rows"))
                    .hint("its first row must hold the names of the columns"),
            );
        }
        self.rows.finish()
    }

    fn give_up_when_many(&self) -> Result<(), Fault> {
        match self.wrong.len() >= NAMED {
            true => Err(self.misfits()),
            false => Ok(()),
        }
    }

    fn misfits(&self) -> Fault {
        let named = &self.wrong[..self.wrong.len().min(NAMED)];
        let more = if self.wrong.len() >= NAMED {
            "; perhaps more"
        } else {
            ""
        };
        let fault = Fault::business("sheet.cell", format!("{}{more}", named.join("; ")));
        fault.hint(match self.mark {
            DecimalMark::Point if named.iter().any(|text| text.ends_with("is not a decimal")) => {
                "correct the file; if it writes decimals as `1.234,50`, write `decimals: comma`"
            }
            _ => "correct the file; a column that may be empty is `{ type: …, optional: true }`",
        })
    }
}

impl Layout {
    fn of(columns: Option<&Columns>, names: &[Cell<'_>]) -> Result<Layout, Fault> {
        let names: Vec<String> = names
            .iter()
            .map(|cell| cell.shown().trim().to_owned())
            .collect();
        let bound = match columns {
            Some(columns) => declared(columns, &names)?,
            None => all(&names)?,
        };
        Ok(Layout {
            bound,
            width: names.len(),
        })
    }
}

fn declared(columns: &Columns, names: &[String]) -> Result<Vec<(String, Column, usize)>, Fault> {
    let mut missing = Vec::new();
    let mut bound = Vec::new();
    for (name, column) in columns {
        let wanted = column.from.as_ref().unwrap_or(name);
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
        match (found.next(), found.next()) {
            (Some((index, _)), None) => bound.push((name.clone(), column.clone(), index)),
            (Some(_), Some(_)) => return Err(twice(wanted)),
            (None, _) => missing.push(format!("`{wanted}`")),
        }
    }
    match missing.is_empty() {
        true => Ok(bound),
        false => Err(absent(&missing, names)),
    }
}

fn all(names: &[String]) -> Result<Vec<(String, Column, usize)>, Fault> {
    let mut bound = IndexMap::new();
    for (index, name) in names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
    {
        if bound.insert(name.clone(), index).is_some() {
            return Err(twice(name));
        }
    }
    let column = |(name, index)| (name, Column::of(Kind::Text), index);
    Ok(bound.into_iter().map(column).collect())
}

fn twice(name: &str) -> Fault {
    Fault::business(
        "sheet.column",
        format!("the file has the column `{name}` twice"),
    )
    .hint("rename one of them in the file")
}

fn absent(missing: &[String], names: &[String]) -> Fault {
    let names: Vec<String> = names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| format!("`{}`", shortened(name)))
        .collect();
    let noun = if missing.len() == 1 {
        "column"
    } else {
        "columns"
    };
    Fault::business(
        "sheet.column",
        format!("the file has no {noun} {}", missing.join(", ")),
    )
    .hint(format!(
        "its columns are {}; one of another name is read by `{{ type: text, from: NAME }}`",
        shortened_list(&names)
    ))
}

fn shortened_list(names: &[String]) -> String {
    match names.len() {
        0..=30 => names.join(", "),
        more => format!("{} and {} more", names[..30].join(", "), more - 30),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
