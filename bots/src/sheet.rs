//! Bots for sheets: CSV files and Excel workbooks.
//!
//! `sheet.read` turns a file into typed rows. A row is an object; text stays
//! text (leading zeros too), decimals keep the digits of the file. Few rows
//! travel inside the output, many become a table: memory stays bounded.

mod cell;
mod columns;
mod csv;
mod intake;
mod rows;
mod xlsx;

use std::{
    fs::File,
    io::{Read as _, Seek as _},
    sync::Arc,
};

use botswain_bot::{Artifacts, Bot, Context, Fault, KnownFault, Roots, faults};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::{
    cell::DecimalMark,
    columns::{Column, Columns, Kind},
    csv::{Delimiter, Encoding},
};
use self::{intake::Intake, rows::Rows};
use crate::input_file::InputFile;

/// Reads a CSV file or an Excel workbook (.xlsx) into rows.
///
/// The first row that is not blank holds the names of the columns. Blank rows are passed over.
/// A missing column or a cell that does not fit its type is a fault that names the place; up to
/// twenty cells are named at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file: a path in the instance, or an artifact of an earlier step.
    pub file: InputFile,
    /// The columns to read, by the names that later steps use, with their types. Without it
    /// every column is read as text under the name it has in the file.
    pub columns: Option<Columns>,
    /// The sheet of a workbook; its first visible one when absent.
    pub sheet: Option<String>,
    /// What stands between the cells of a CSV file; found out from its first line when absent.
    pub delimiter: Option<Delimiter>,
    /// How a CSV file writes its characters; UTF-8, or what its byte order mark says, when absent.
    pub encoding: Option<Encoding>,
    /// How the file writes decimals as text: `point` as in 1234.50, `comma` as in 1.234,50.
    #[serde(default)]
    pub decimals: DecimalMark,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The rows: a list, or a table when there are many.
    #[schemars(with = "Vec<serde_json::Map<String, Value>>")]
    pub rows: Value,
    /// How many rows there are.
    pub count: u64,
}

const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "sheet.cell",
        "cells do not fit the types of their columns; up to twenty are named",
    ),
    KnownFault::business(
        "sheet.column",
        "a column is missing, or there are two of its name",
    ),
    KnownFault::business(
        "sheet.empty",
        "there is not even a row with the names of the columns",
    ),
    KnownFault::business(
        "sheet.encoding",
        "the file is not written in the encoding that is said",
    ),
    KnownFault::business(
        "sheet.format",
        "the file is no CSV file and no workbook, or not a sound one",
    ),
    KnownFault::business(
        "sheet.missing",
        "the workbook has no such sheet, or no visible one",
    ),
    KnownFault::business(
        "sheet.too_large",
        "the workbook unpacks to more than is safe",
    ),
];

impl Bot for Read {
    const NAME: &'static str = "sheet.read";
    const EXAMPLE: &'static str = "\
id: lines
bot: sheet.read
with:
  file: inbox/orders.csv
  columns:
    order: text
    sku: { type: text, from: Article No }
    quantity: integer
    amount: decimal
    day: { type: date, format: \"%d.%m.%Y\" }
";
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS, faults::READS_FILES];
    type Output = Sheet;

    fn output(with: &Value) -> Schema {
        let mut schema = schemars::schema_for!(Sheet);
        if let Some(rows) = schema.pointer_mut("/properties/rows") {
            rows["items"] = columns::row_schema(with.get("columns"));
        }
        schema
    }

    async fn run(self, context: &Context) -> Result<Sheet, Fault> {
        let job = Job {
            read: self,
            roots: Arc::clone(&context.roots),
            artifacts: Arc::clone(&context.artifacts),
            cancel: context.canceller(),
        };
        let name = job.read.file.name().to_owned();
        let done = tokio::task::spawn_blocking(move || job.run()).await;
        done.unwrap_or_else(|panic| Err(damaged(&name, &panic)))
    }
}

/// The reading of one file, on a thread where it may block.
struct Job {
    read: Read,
    roots: Arc<Roots>,
    artifacts: Arc<dyn Artifacts>,
    cancel: CancellationToken,
}

impl Job {
    fn run(self) -> Result<Sheet, Fault> {
        let mut file = self.read.file.open(&self.roots, &*self.artifacts)?;
        let format = Format::of(&mut file).map_err(|err| self.unreadable(&err))?;
        let mut intake = Intake::new(
            self.read.columns.as_ref(),
            self.read.decimals,
            Rows::new(Arc::clone(&self.artifacts)),
            self.cancel.clone(),
        );
        match format {
            Format::Workbook => self.workbook(file, &mut intake)?,
            Format::Text => self.text(file, &mut intake)?,
            Format::OldWorkbook => {
                return Err(self.refused("is an old or protected workbook").hint(
                    "open it in the spreadsheet program and save it as .xlsx, without a password",
                ));
            }
            Format::Empty => return Err(self.refused("is empty")),
        }
        let (rows, count) = intake.finish(self.read.file.name())?;
        Ok(Sheet { rows, count })
    }

    fn workbook(&self, file: File, intake: &mut Intake<'_>) -> Result<(), Fault> {
        if self.read.delimiter.is_some() || self.read.encoding.is_some() {
            return Err(self
                .refused("is a workbook, which has no `delimiter` and no `encoding`")
                .hint("take them out, or name the CSV file"));
        }
        xlsx::read(
            file,
            self.read.file.name(),
            self.read.sheet.as_deref(),
            intake,
        )
    }

    fn text(&self, file: File, intake: &mut Intake<'_>) -> Result<(), Fault> {
        if self.read.sheet.is_some() {
            return Err(self
                .refused("is a text file, which has no `sheet`")
                .hint("take `sheet` out, or name the workbook"));
        }
        let style = csv::Style {
            name: self.read.file.name(),
            delimiter: self.read.delimiter,
            encoding: self.read.encoding,
        };
        csv::read(file, &style, intake)
    }

    fn refused(&self, why: &str) -> Fault {
        Fault::business("sheet.format", format!("`{}` {why}", self.read.file.name()))
    }

    fn unreadable(&self, err: &std::io::Error) -> Fault {
        let message = format!("`{}` cannot be read: {err}", self.read.file.name());
        Fault::system("file.unreadable", message)
    }
}

/// What a file is, by its first bytes; names lie.
enum Format {
    Workbook,
    OldWorkbook,
    Text,
    Empty,
}

impl Format {
    fn of(file: &mut File) -> std::io::Result<Format> {
        let mut head = Vec::with_capacity(8);
        file.by_ref().take(8).read_to_end(&mut head)?;
        file.rewind()?;
        Ok(match head.as_slice() {
            [] => Format::Empty,
            [b'P', b'K', 3, 4, ..] => Format::Workbook,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Format::OldWorkbook,
            _ => Format::Text,
        })
    }
}

/// A reader that panics has met a file that nobody thought of.
fn damaged(name: &str, panic: &tokio::task::JoinError) -> Fault {
    Fault::business(
        "sheet.format",
        format!("`{name}` is damaged and cannot be read: {panic}"),
    )
    .hint("open it in the spreadsheet program and save it again")
}
