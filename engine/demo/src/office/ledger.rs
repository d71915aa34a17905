//! The office's book of orders: one JSON object a line, only ever longer.
//!
//! An order is in the book when its whole line is on disk; only then does the
//! office say that it was saved. A line that was cut short by a crash was never
//! acknowledged and is cut off when the book is opened again.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// An order as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub number: String,
    /// What the clerk gave; not unique, as in most offices.
    pub reference: String,
    /// The customer's code.
    pub customer: String,
    pub sku: String,
    pub quantity: u32,
    /// Price times quantity, exact.
    pub amount: Number,
    pub entered: Timestamp,
    /// Who was signed in.
    pub by: String,
}

/// The orders in a book, also while an office in another process writes it. A
/// book that is not there yet has none.
pub fn read_orders(path: &Path) -> io::Result<Vec<Order>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(complete(&bytes)?.0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The book, open for writing. Without a file it forgets everything at the end.
pub(super) struct Ledger {
    file: Option<File>,
    length: u64,
}

impl Ledger {
    pub(super) fn open(path: Option<&Path>) -> io::Result<(Ledger, Vec<Order>)> {
        let Some(path) = path else {
            let (file, length) = (None, 0);
            return Ok((Ledger { file, length }, Vec::new()));
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        let (orders, length) = complete(&std::fs::read(path)?)?;
        let mut ledger = Ledger {
            file: Some(file),
            length,
        };
        ledger.cut()?;
        Ok((ledger, orders))
    }

    /// On disk when it returns; after an error the book is as it was before.
    pub(super) fn append(&mut self, order: &Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if let Err(error) = file.write_all(&line).and_then(|()| file.sync_data()) {
            self.cut()?;
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.set_len(self.length)?;
        file.seek(SeekFrom::Start(self.length))?;
        file.sync_all()
    }
}

/// The orders of all complete lines, and how many bytes these are.
fn complete(bytes: &[u8]) -> io::Result<(Vec<Order>, u64)> {
    let end = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let orders: Result<Vec<Order>, serde_json::Error> =
        serde_json::Deserializer::from_slice(&bytes[..end])
            .into_iter()
            .collect();
    Ok((orders?, end as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: &str) -> Order {
        Order {
            number: number.to_owned(),
            reference: "10248-1".to_owned(),
            customer: "VINET".to_owned(),
            sku: "0011".to_owned(),
            quantity: 12,
            amount: Number::from_string_unchecked("252.00".to_owned()),
            entered: "2026-11-23T07:00:00Z".parse().unwrap(),
            by: "clerk".to_owned(),
        }
    }

    #[test]
    fn a_line_cut_short_is_dropped_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book/orders.jsonl");
        let (mut ledger, orders) = Ledger::open(Some(&path)).unwrap();
        assert_eq!(orders, []);
        ledger.append(&order("20001")).unwrap();
        drop(ledger);

        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(br#"{"number":"20002","refer"#);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read_orders(&path).unwrap(), [order("20001")]);

        let (mut ledger, orders) = Ledger::open(Some(&path)).unwrap();
        assert_eq!(orders, [order("20001")]);
        ledger.append(&order("20002")).unwrap();
        assert_eq!(
            read_orders(&path).unwrap(),
            [order("20001"), order("20002")]
        );
    }

    #[test]
    fn a_damaged_book_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.jsonl");
        std::fs::write(&path, "{\"number\": 1}\n").unwrap();
        assert!(Ledger::open(Some(&path)).is_err());
        assert!(read_orders(&path).is_err());
        assert_eq!(read_orders(&folder.path().join("none")).unwrap(), []);
    }
}
