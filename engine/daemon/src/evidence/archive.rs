//! A ZIP that is written front to back, with the SHA-256 of each file in it.

use std::io::{self, Read, Write};

use botswain_console::EvidenceFile;
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions, write::StreamWriter};

/// The list of the hashes, as `sha256sum -c` reads it.
const SUMS: &str = "SHA256SUMS";

/// A file of this size and more needs the wider format.
const LARGE: u64 = u32::MAX as u64;

pub(super) struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    pub(super) files: Vec<EvidenceFile>,
}

/// The file at hand: what is written to it is counted and hashed.
pub(super) struct Entry<'a, W: Write> {
    zip: &'a mut ZipWriter<StreamWriter<W>>,
    sum: Sha256,
    size: u64,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W) -> Archive<W> {
        Archive {
            zip: ZipWriter::new_stream(out),
            files: Vec::new(),
        }
    }

    /// Adds a file under this path. `size` is how large it may be.
    pub(super) fn add(
        &mut self,
        path: &str,
        size: u64,
        write: impl FnOnce(&mut Entry<'_, W>) -> io::Result<()>,
    ) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(size >= LARGE)
            .unix_permissions(0o644);
        self.zip
            .start_file(path, options)
            .map_err(io::Error::other)?;
        let mut entry = Entry {
            zip: &mut self.zip,
            sum: Sha256::new(),
            size: 0,
        };
        write(&mut entry)?;
        let (sum, size) = (entry.sum.finalize(), entry.size);
        self.files.push(EvidenceFile {
            path: path.to_owned(),
            size,
            hash: sum.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
        Ok(())
    }

    /// Adds the hashes of all files so far, and closes it.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let lines = self
            .files
            .iter()
            .map(|it| format!("{}  {}\n", it.hash, it.path));
        let sums: String = lines.collect();
        self.add(SUMS, 0, |entry| entry.write_all(sums.as_bytes()))?;
        self.zip.finish().map_err(io::Error::other)?;
        Ok(())
    }
}

impl<W: Write> Entry<'_, W> {
    /// Takes all that comes from there.
    pub(super) fn copy(&mut self, mut from: impl Read) -> io::Result<()> {
        io::copy(&mut from, self).map(drop)
    }
}

impl<W: Write> Write for Entry<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.zip.write(bytes)?;
        self.sum.update(&bytes[..taken]);
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}
