//! How one record looks: version, global number, checksum, JSON.
//!
//! `[format: u8][number: u64][crc32: u32][body]`, big-endian. The checksum is
//! over the key, the first two fields and the body, so a record that turns up
//! under another key is as wrong as one with a flipped bit. A fact has the next
//! global number; every other record that of the newest fact when it was written.

use std::ops::Range;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::ReadError;

/// Raised when a record can no longer be read by the version before.
pub const FORMAT: u8 = 1;

const HEAD: usize = 9;
const BODY: usize = HEAD + 4;
/// Most records are smaller, so that they are written without growing.
const ROOMY: usize = 512;

pub(crate) fn encode(key: &[u8], number: u64, body: &impl Serialize) -> Vec<u8> {
    encode_as(FORMAT, key, number, body)
}

/// As a version with another format would.
pub(crate) fn encode_as(format: u8, key: &[u8], number: u64, body: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROOMY);
    write_out(&mut bytes, format, body);
    finish(&mut bytes, key, number);
    bytes
}

/// Records that are written out, one behind the other, so that only their numbers and checksums
/// are missing.
///
/// Numbers are given by the writer in their order; whoever has something to write does the rest.
/// All of them are one piece of memory, for it is given back in another thread, which is dear.
#[derive(Debug)]
pub(crate) struct Unnumbered(Vec<u8>);

/// Where one of them is.
pub(crate) type Place = Range<usize>;

impl Unnumbered {
    pub(crate) fn new() -> Unnumbered {
        Unnumbered(Vec::with_capacity(2 * ROOMY))
    }

    pub(crate) fn add(&mut self, body: &impl Serialize) -> Place {
        let from = self.0.len();
        write_out(&mut self.0, FORMAT, body);
        from..self.0.len()
    }

    pub(crate) fn numbered(&self, place: Place, key: &[u8], number: u64) -> Vec<u8> {
        // The backend puts a byte before it.
        let mut bytes = Vec::with_capacity(place.len() + 1);
        bytes.extend_from_slice(&self.0[place]);
        finish(&mut bytes, key, number);
        bytes
    }
}

fn write_out(bytes: &mut Vec<u8>, format: u8, body: &impl Serialize) {
    bytes.push(format);
    bytes.extend([0; BODY - 1]);
    serde_json::to_writer(bytes, body).expect("what the store keeps is JSON");
}

fn finish(bytes: &mut [u8], key: &[u8], number: u64) {
    bytes[1..HEAD].copy_from_slice(&number.to_be_bytes());
    let sum = checksum(key, bytes).to_be_bytes();
    bytes[HEAD..BODY].copy_from_slice(&sum);
}

pub(crate) fn decode<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, ReadError> {
    let body = verify(key, bytes)?;
    serde_json::from_slice(body).map_err(|error| damaged(key, &format!("is unreadable: {error}")))
}

/// Its body, if it is what was written under `key`.
pub(crate) fn verify<'a>(key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], ReadError> {
    if bytes.len() < BODY || checksum(key, bytes).to_be_bytes() != bytes[HEAD..BODY] {
        return Err(damaged(key, "has a wrong checksum"));
    }
    if bytes[0] > FORMAT {
        return Err(ReadError::Newer {
            found: bytes[0],
            ours: FORMAT,
        });
    }
    Ok(&bytes[BODY..])
}

/// The global number of a record that was verified.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    let number = bytes.get(1..HEAD).and_then(|number| number.try_into().ok());
    u64::from_be_bytes(number.unwrap_or_default())
}

/// The JSON of a record that was verified.
pub(crate) fn body(bytes: &[u8]) -> &[u8] {
    bytes.get(BODY..).unwrap_or_default()
}

/// What the ledger and the backend have to know of a record whose place another takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// In bytes.
    pub(crate) length: usize,
    /// What it adds to the digest over all records.
    pub(crate) weight: u64,
}

impl Trace {
    pub(crate) fn of(key: &[u8], bytes: &[u8]) -> Trace {
        Trace {
            length: bytes.len(),
            weight: weight(key, bytes),
        }
    }
}

/// What a record adds to the digest over all of them; the sum knows no order.
fn weight(key: &[u8], bytes: &[u8]) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes);
    hasher.update(key);
    let stored = bytes.get(HEAD..BODY).and_then(|sum| sum.try_into().ok());
    let stored = u32::from_be_bytes(stored.unwrap_or_default());
    mix(u64::from(hasher.finalize()) << 32 | u64::from(stored))
}

pub(crate) fn damaged(key: &[u8], why: &str) -> ReadError {
    ReadError::Damaged(format!("the record `{}` {why}", crate::key::readable(key)))
}

fn checksum(key: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..HEAD]);
    hasher.update(key);
    hasher.update(&bytes[BODY..]);
    hasher.finalize()
}

// The finaliser of splitmix64 (Steele, Lea, Flood 2014): no two sums cancel by accident.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let written = encode(b"key", 7, &"body");
        assert_eq!(decode::<String>(b"key", &written).unwrap(), "body");
        for bit in 0..written.len() * 8 {
            let mut flipped = written.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode::<String>(b"key", &flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_record_belongs_to_its_key() {
        let written = encode(b"a", 7, &"body");
        let error = decode::<String>(b"b", &written).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the store is damaged: the record `b` has a wrong checksum"
        );
    }
}
