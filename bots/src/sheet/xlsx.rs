//! Excel workbooks (.xlsx), read cell by cell.
//!
//! A workbook is a zip file that others have made: how much it unpacks to is
//! measured before it is parsed, whatever it says of itself. Numbers come as they
//! are shown: with at most 15 digits, and with the leading zeros of their format.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufReader, Read, Seek as _},
};

use botswain_bot::Fault;
use calamine::{
    Data, DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError,
};
use jiff::civil::DateTime;
use zip::ZipArchive;

use super::{cell::Cell, intake::Intake};

/// How many files the zip may hold.
const MAX_ENTRIES: usize = 4096;
/// How much all of them may unpack to.
const MAX_UNPACKED: u64 = 512 * 1024 * 1024;
/// How much one may unpack to that is held in memory: texts, styles.
const MAX_HELD: u64 = 64 * 1024 * 1024;
/// How far a large one may have been squeezed; sheets are at 10 to 30.
const MAX_RATIO: u64 = 200;
/// The width of a sheet in Excel.
const MAX_COLUMNS: u32 = 16_384;

/// Hands the rows of one sheet to `intake`; the first visible one when `sheet` is none.
pub(super) fn read(
    mut file: File,
    name: &str,
    sheet: Option<&str>,
    intake: &mut Intake<'_>,
) -> Result<(), Fault> {
    admit(&file).map_err(|refusal| refusal.fault(name))?;
    file.rewind().map_err(|err| Refusal::Io(err).fault(name))?;
    let mut book = Xlsx::new(BufReader::new(file)).map_err(|err| broken(name, &err))?;
    let sheet = choose(&book, name, sheet)?;
    rows(&mut book, &sheet, intake).map_err(|stop| match stop {
        Stop::Fault(fault) => *fault,
        Stop::Broken(err) => broken(name, &err),
        Stop::Wide => Refusal::Bomb("has more columns than Excel allows").fault(name),
    })
}

type Book = Xlsx<BufReader<File>>;

fn choose(book: &Book, name: &str, wanted: Option<&str>) -> Result<String, Fault> {
    let sheets = book.sheets_metadata().iter();
    let mut sheets = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let found = match wanted {
        Some(wanted) => sheets.find(|sheet| sheet.name == wanted),
        None => sheets.find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    if let Some(sheet) = found {
        return Ok(sheet.name.clone());
    }
    let names: Vec<String> = book
        .sheet_names()
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let which = match wanted {
        Some(wanted) => format!("sheet `{wanted}`"),
        None => "visible sheet".to_owned(),
    };
    Err(
        Fault::business("sheet.missing", format!("`{name}` has no {which}"))
            .hint(format!("its sheets are {}", names.join(", "))),
    )
}

/// Why the rows end early.
enum Stop {
    Fault(Box<Fault>),
    Broken(XlsxError),
    Wide,
}

impl From<XlsxError> for Stop {
    fn from(err: XlsxError) -> Stop {
        Stop::Broken(err)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(Box::new(fault))
    }
}

fn rows(book: &mut Book, sheet: &str, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let mut reader = book.worksheet_cells_reader(sheet)?;
    let widths: Vec<usize> = reader.styles().iter().map(zeros).collect();
    let (mut row, mut cells) = (0, Vec::new());
    while let Some((cell, style)) = reader.next_cell_with_style_id()? {
        let (at, column) = cell.get_position();
        if at != row {
            intake.row(&place(row), &cells)?;
            (row, cells) = (at, Vec::new());
        }
        if column >= MAX_COLUMNS {
            return Err(Stop::Wide);
        }
        // What stands beside the table is somebody's note.
        let column = column as usize;
        if intake.width().is_some_and(|width| column >= width) {
            continue;
        }
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = read_cell(cell.get_value(), widths.get(style).copied().unwrap_or(0));
    }
    Ok(intake.row(&place(row), &cells)?)
}

/// As the spreadsheet program counts.
fn place(row: u32) -> String {
    format!("row {}", u64::from(row) + 1)
}

/// To how many digits a format such as `00000` pads.
fn zeros(style: &calamine::Style) -> usize {
    let code = style
        .number_format
        .as_ref()
        .map_or("", |format| &format.format_code);
    match code.bytes().all(|byte| byte == b'0') {
        true => code.len(),
        false => 0,
    }
}

fn read_cell<'a>(value: &DataRef<'a>, width: usize) -> Cell<'a> {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::SharedString(text) => Cell::Text(Cow::Borrowed(text)),
        DataRef::String(text) | DataRef::DurationIso(text) => Cell::Text(Cow::Owned(text.clone())),
        DataRef::DateTimeIso(text) => match text.parse() {
            Ok(moment) => Cell::Moment(moment),
            Err(_) => Cell::Text(Cow::Owned(text.clone())),
        },
        DataRef::Int(value) => Cell::Number {
            digits: value.to_string(),
            width,
        },
        DataRef::Float(value) => Cell::Number {
            digits: digits(*value),
            width,
        },
        DataRef::Bool(value) => Cell::Boolean(*value),
        DataRef::DateTime(moment) => match civil(moment) {
            // Before the first day there are only times of day.
            Some(civil) if moment.as_f64() < 1.0 => {
                Cell::Text(Cow::Owned(civil.time().to_string()))
            }
            Some(civil) => Cell::Moment(civil),
            None => Cell::Text(Cow::Owned(digits(moment.as_f64()))),
        },
        DataRef::Error(_) => Cell::Error(Data::from(value.clone()).to_string()),
    }
}

/// The number in plain digits. Excel computes with 15 of them, so what is behind is noise:
/// `1.1 * 3` is stored as 3.3000000000000003 and is 3.3 to everybody.
fn digits(value: f64) -> String {
    let whole = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    let rounded = match whole {
        true => value,
        false => format!("{value:.14e}").parse().unwrap_or(value),
    };
    // Zero has no sign in a sheet.
    let plain = if rounded == 0.0 { 0.0 } else { rounded };
    plain.to_string()
}

/// A day, or a moment of one; durations and days before 1900 are none.
fn civil(moment: &ExcelDateTime) -> Option<DateTime> {
    if !moment.is_datetime() || moment.as_f64() < 0.0 {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        i32::from(milli) * 1_000_000,
    )
    .ok()
}

/// Why a zip is not parsed.
enum Refusal {
    Bomb(&'static str),
    Broken(zip::result::ZipError),
    Io(io::Error),
}

impl From<zip::result::ZipError> for Refusal {
    fn from(err: zip::result::ZipError) -> Refusal {
        Refusal::Broken(err)
    }
}

impl Refusal {
    fn fault(&self, name: &str) -> Fault {
        match self {
            Refusal::Bomb(why) => Fault::business("sheet.too_large", format!("`{name}` {why}"))
                .hint("split the workbook, or export the sheet as CSV"),
            Refusal::Broken(err) => broken(name, err),
            Refusal::Io(err) => {
                Fault::system("file.unreadable", format!("`{name}` cannot be read: {err}"))
            }
        }
    }
}

fn broken(name: &str, err: &dyn std::error::Error) -> Fault {
    Fault::business(
        "sheet.format",
        format!("`{name}` is not a sound workbook: {err}"),
    )
    .hint("open it in the spreadsheet program and save it again as .xlsx")
}

/// Unpacks everything once into nothing, so that the parser meets no surprise.
fn admit(file: &File) -> Result<(), Refusal> {
    let mut zip = ZipArchive::new(BufReader::new(file))?;
    if zip.len() > MAX_ENTRIES {
        return Err(Refusal::Bomb("holds more than 4096 parts"));
    }
    let mut total = 0;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let packed = entry.compressed_size();
        let part = entry.name()?.to_ascii_lowercase();
        let held = is_held(&part);
        let most = if held { MAX_HELD } else { MAX_UNPACKED - total };
        let unpacked = measure(&mut entry, most, packed)?;
        if part.ends_with(STRINGS) {
            drop(entry);
            honest(zip.by_index(index)?, unpacked)?;
        }
        total += unpacked;
        if total > MAX_UNPACKED {
            return Err(Refusal::Bomb("unpacks to more than 512 MiB"));
        }
    }
    Ok(())
}

const STRINGS: &str = "sharedstrings.xml";

/// Whether the parser holds all of this part; rows and pictures it does not.
fn is_held(part: &str) -> bool {
    part.ends_with(STRINGS) || !(part.contains("worksheets/") || part.contains("media/"))
}

fn measure(entry: &mut impl Read, most: u64, packed: u64) -> Result<u64, Refusal> {
    let ratio = packed.saturating_mul(MAX_RATIO).max(1024 * 1024);
    let limit = most.min(ratio);
    let unpacked = io::copy(&mut entry.take(limit + 1), &mut io::sink())
        .map_err(|err| Refusal::Broken(err.into()))?;
    match unpacked {
        size if size <= limit => Ok(size),
        _ if ratio < most => Err(Refusal::Bomb("unpacks to more than 200 times its size")),
        _ => Err(Refusal::Bomb(
            "has a part that is too large to be held in memory",
        )),
    }
}

/// The parser makes room for as many texts as the part says it has: it must not say more than
/// it can hold, or the room asked for ends the process.
fn honest(mut strings: impl Read, size: u64) -> Result<(), Refusal> {
    const COUNT: &[u8] = b"uniqueCount";
    let mut xml = Vec::new();
    strings
        .read_to_end(&mut xml)
        .map_err(|err| Refusal::Broken(err.into()))?;
    for at in (0..xml.len()).filter(|at| xml[*at..].starts_with(COUNT)) {
        let rest = xml[at + COUNT.len()..].iter().take(64);
        let digits = rest.skip_while(|byte| !byte.is_ascii_digit());
        let digits: String = digits
            .take_while(|byte| byte.is_ascii_digit())
            .map(|byte| char::from(*byte))
            .collect();
        if !digits.is_empty() && digits.parse::<u64>().map_or(true, |count| count > size) {
            return Err(Refusal::Bomb("says that it holds more texts than it can"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_the_sheet_shows() {
        for (value, text) in [
            (42.0, "42"),
            (-0.0, "0"),
            (4_006_381_333_931.0, "4006381333931"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1.1 * 3.0, "3.3"),
            (59.97, "59.97"),
            (-0.1, "-0.1"),
            (1e-7, "0.0000001"),
            (1e20, "100000000000000000000"),
        ] {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn a_count_of_texts_must_be_possible() {
        let check = |xml: &str| honest(xml.as_bytes(), xml.len() as u64).is_ok();
        assert!(check(r#"<sst count="2" uniqueCount="2"><si><t>a</t></si>"#));
        assert!(!check(r#"<sst uniqueCount="100000000000"><si/>"#));
        assert!(!check(
            r#"<!-- uniqueCount="1" --><sst uniqueCount = '99999999999999999999999'>"#
        ));
    }
}
