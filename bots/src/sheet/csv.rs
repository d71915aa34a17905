//! CSV files, read record by record.
//!
//! The delimiter, the encoding and the byte order mark are found out or given;
//! line ends are LF or CRLF. What would lose rows silently is refused: a
//! quotation mark that is never closed, a row with more or fewer cells than there
//! are names, bytes that are not of the encoding.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Cursor, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use botswain_bot::Fault;
use csv::{ByteRecord, ReaderBuilder, Terminator};
use encoding_rs::{Decoder, DecoderResult};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{cell::Cell, intake::Intake};

/// The longest row, in bytes; a longer one is most likely an open quotation mark.
const MAX_RECORD: usize = 1024 * 1024;
/// How much of the file the delimiter is guessed from.
const HEAD: u64 = 64 * 1024;
/// Read after the file: it is a record of its own only if no quotation mark is open then.
const END: &[u8] = b"\0end of the file\0";

/// What stands between the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Delimiter {
    #[serde(rename = ",")]
    Comma,
    #[serde(rename = ";")]
    Semicolon,
    #[serde(rename = "tab")]
    Tab,
    #[serde(rename = "|")]
    Bar,
}

/// How characters are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "windows-1252")]
    Windows1252,
    #[serde(rename = "iso-8859-1")]
    Latin1,
    #[serde(rename = "iso-8859-15")]
    Latin9,
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// What the workflow says of the file.
pub(super) struct Style<'a> {
    pub(super) name: &'a str,
    pub(super) delimiter: Option<Delimiter>,
    pub(super) encoding: Option<Encoding>,
}

/// Hands the rows of `file` to `intake`.
pub(super) fn read(file: File, style: &Style<'_>, intake: &mut Intake<'_>) -> Result<(), Fault> {
    let unread = Arc::new(AtomicUsize::new(0));
    let (text, delimiter) = open(file, style, &unread).map_err(|err| style.fault(&err, None))?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .terminator(Terminator::Any(b'\n'))
        .from_reader(text);
    let mut record = ByteRecord::new();
    loop {
        let line = reader.position().line();
        unread.store(0, Ordering::Relaxed);
        match reader.read_byte_record(&mut record) {
            Ok(true) => (),
            // The end that was added to the file went into a cell.
            Ok(false) => return Err(style.unclosed()),
            Err(err) => return Err(style.fault(&into_io(err), Some(line))),
        }
        if record.len() == 1 && &record[0] == END {
            return Ok(());
        }
        // Blank lines before the record were passed over, so its place is counted from its end.
        let inside: u64 = record.iter().map(newlines).sum();
        let line = reader.position().line().saturating_sub(1 + inside);
        take(&record, line, style, intake)?;
    }
}

fn take(
    record: &ByteRecord,
    line: u64,
    style: &Style<'_>,
    intake: &mut Intake<'_>,
) -> Result<(), Fault> {
    let place = format!("line {line}");
    let mut cells = Vec::with_capacity(record.len());
    for (index, bytes) in record.iter().enumerate() {
        let last = index + 1 == record.len();
        let bytes = if last {
            bytes.strip_suffix(b"\r").unwrap_or(bytes)
        } else {
            bytes
        };
        let text = str::from_utf8(bytes).map_err(|_| style.malformed(Some(line)))?;
        cells.push(Cell::Text(Cow::Borrowed(text)));
    }
    if intake.width().is_none() && cells.iter().any(|cell| cell.shown().contains('\r')) {
        return Err(style.format(
            "ends its lines with CR alone",
            "save it again as CSV with ordinary line ends",
        ));
    }
    match intake.width() {
        Some(width) if cells.iter().any(|cell| !cell.is_blank()) && !fits(&cells, width) => {
            let why = format!(
                "has {} cell{}, but there are {width} columns; is a quotation mark missing around a cell, or is `delimiter` another",
                cells.len(),
                if cells.len() == 1 { "" } else { "s" }
            );
            intake.wrong_row(&place, &why)
        }
        _ => intake.row(&place, &cells),
    }
}

/// As many cells as columns; what is over must be blank.
fn fits(cells: &[Cell<'_>], width: usize) -> bool {
    cells.len() >= width && cells[width..].iter().all(Cell::is_blank)
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// The text of the file as UTF-8 with its end marked, and what its cells are parted by.
fn open(
    mut file: File,
    style: &Style<'_>,
    unread: &Arc<AtomicUsize>,
) -> io::Result<(impl Read + use<>, Delimiter)> {
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start)?;
    let (marked, mark) = encoding_rs::Encoding::for_bom(&start).unzip();
    let encoding = marked.unwrap_or_else(|| style.encoding.unwrap_or(Encoding::Utf8).coder());
    let bytes = Cursor::new(start.split_off(mark.unwrap_or(0))).chain(file);
    let mut text: Box<dyn Read> = match encoding == encoding_rs::UTF_8 {
        true => Box::new(bytes),
        false => Box::new(Decoded::new(
            bytes,
            encoding.new_decoder_without_bom_handling(),
        )),
    };
    let mut head = Vec::new();
    text.by_ref().take(HEAD).read_to_end(&mut head)?;
    if head.contains(&0) {
        return Err(Trouble::Binary.into());
    }
    let delimiter = style.delimiter.unwrap_or_else(|| Delimiter::guess(&head));
    let end = [b"\n", END, b"\n"].concat();
    let text = Cursor::new(head).chain(text).chain(Cursor::new(end));
    let unread = Arc::clone(unread);
    Ok((Bounded { text, unread }, delimiter))
}

impl Delimiter {
    fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Bar => b'|',
        }
    }

    /// The one that stands most often in the first line, outside quotation marks. A comma is
    /// also a part of names, so it loses against an equal number of others.
    fn guess(head: &[u8]) -> Delimiter {
        let mut quoted = false;
        let line = head.trim_ascii_start().iter().take_while(|byte| {
            quoted ^= **byte == b'"';
            quoted || **byte != b'\n'
        });
        let line: Vec<u8> = line.copied().collect();
        let count = |delimiter: &Delimiter| {
            let pieces = line.split(|byte| *byte == b'"').step_by(2);
            pieces
                .flatten()
                .filter(|byte| **byte == delimiter.byte())
                .count()
        };
        let all = [
            Delimiter::Comma,
            Delimiter::Bar,
            Delimiter::Semicolon,
            Delimiter::Tab,
        ];
        match all.iter().max_by_key(|delimiter| count(delimiter)) {
            Some(most) if count(most) > 0 => *most,
            _ => Delimiter::Comma,
        }
    }
}

impl Encoding {
    fn coder(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            // As browsers do: windows-1252 is Latin-1 with letters where that has controls.
            Encoding::Windows1252 | Encoding::Latin1 => encoding_rs::WINDOWS_1252,
            Encoding::Latin9 => encoding_rs::ISO_8859_15,
            Encoding::Gb18030 => encoding_rs::GB18030,
        }
    }
}

/// What stops a reader beside the disk.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Trouble {
    #[error("a row is too long")]
    TooLong,
    #[error("the bytes are not of the encoding")]
    Malformed,
    #[error("it is not a text")]
    Binary,
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, trouble)
    }
}

/// Stops when more than a record may hold was read since `unread` was set to zero.
struct Bounded<R> {
    text: R,
    unread: Arc<AtomicUsize>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.text.read(buffer)?;
        match self.unread.fetch_add(got, Ordering::Relaxed) > MAX_RECORD {
            true => Err(Trouble::TooLong.into()),
            false => Ok(got),
        }
    }
}

/// Makes UTF-8 of another encoding.
struct Decoded<R> {
    bytes: R,
    decoder: Decoder,
    /// What was read and not yet decoded.
    raw: Vec<u8>,
    /// What was decoded and not yet handed out.
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    fn new(bytes: R, decoder: Decoder) -> Decoded<R> {
        Decoded {
            bytes,
            decoder,
            raw: Vec::new(),
            ready: Cursor::new(Vec::new()),
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let got = self.bytes.by_ref().take(8192).read_to_end(&mut self.raw)?;
        self.ended = got == 0;
        let room = self
            .decoder
            .max_utf8_buffer_length_without_replacement(self.raw.len());
        let mut ready = vec![0; room.unwrap_or(4 * self.raw.len() + 16)];
        let (result, taken, written) = self
            .decoder
            .decode_to_utf8_without_replacement(&self.raw, &mut ready, self.ended);
        ready.truncate(written);
        self.raw.drain(..taken);
        self.ready = Cursor::new(ready);
        match result {
            DecoderResult::Malformed(..) => Err(Trouble::Malformed.into()),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let got = self.ready.read(buffer)?;
            if got > 0 || self.ended || buffer.is_empty() {
                return Ok(got);
            }
            self.refill()?;
        }
    }
}

fn into_io(err: csv::Error) -> io::Error {
    match err.into_kind() {
        csv::ErrorKind::Io(err) => err,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

impl Style<'_> {
    fn fault(&self, err: &io::Error, line: Option<u64>) -> Fault {
        let trouble = err.get_ref().and_then(|err| err.downcast_ref::<Trouble>());
        match trouble {
            Some(Trouble::Malformed) => self.malformed(line),
            Some(Trouble::Binary) => self.format(
                "is neither a text nor a workbook",
                "if it is a CSV file in UTF-16, write `encoding: utf-16le`",
            ),
            Some(Trouble::TooLong) => {
                let from = line
                    .map(|line| format!(" from line {line} on"))
                    .unwrap_or_default();
                self.format(
                    &format!("has a row of more than 1 MiB{from}"),
                    "a quotation mark may be open there",
                )
            }
            None => Fault::system(
                "file.unreadable",
                format!("`{}` cannot be read: {err}", self.name),
            ),
        }
    }

    fn malformed(&self, line: Option<u64>) -> Fault {
        let at = line
            .map(|line| format!(" in line {line}"))
            .unwrap_or_default();
        Fault::business(
            "sheet.encoding",
            format!("`{}` has bytes{at} that are not of its encoding", self.name),
        )
        .hint("write `encoding: windows-1252` if it comes from a western Windows, `gb18030` from a Chinese one, or save it as UTF-8")
    }

    fn unclosed(&self) -> Fault {
        self.format(
            "ends inside a quotation mark",
            "close it, or write it twice where it stands inside a cell",
        )
    }

    fn format(&self, what: &str, hint: &str) -> Fault {
        Fault::business("sheet.format", format!("`{}` {what}", self.name)).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_what_parts_the_names() {
        for (line, delimiter) in [
            ("a,b,c\n1;2;3;4;5\n", Delimiter::Comma),
            ("\n\na;b\n", Delimiter::Semicolon),
            ("a\tb\n", Delimiter::Tab),
            ("\"a,b,c\";\"d,\"\"e\"\"\"\n", Delimiter::Semicolon),
            ("Name, first;Amount\n", Delimiter::Semicolon),
            ("alone\n1;2", Delimiter::Comma),
            ("", Delimiter::Comma),
        ] {
            assert_eq!(Delimiter::guess(line.as_bytes()), delimiter, "{line}");
        }
    }

    #[test]
    fn a_character_may_be_cut_by_the_end_of_a_buffer() {
        let text = "ä€𝄞".repeat(5000);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoder = encoding_rs::UTF_16LE.new_decoder_without_bom_handling();
        let mut read = String::new();
        Decoded::new(Cursor::new(&bytes), decoder)
            .read_to_string(&mut read)
            .expect("UTF-16");
        assert_eq!(read, text);
    }

    #[test]
    fn half_a_character_is_refused() {
        let decoder = encoding_rs::UTF_16LE.new_decoder_without_bom_handling();
        let read = Decoded::new(Cursor::new(b"a\0b"), decoder).read_to_end(&mut Vec::new());
        assert!(read.is_err());
    }
}
