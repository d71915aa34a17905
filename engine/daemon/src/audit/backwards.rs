//! The lines of a file from its end to its beginning, in the memory of one piece and one line.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

const PIECE: u64 = 64 * 1024;

pub(super) struct Backwards {
    file: File,
    /// Where what was read begins.
    begin: u64,
    read: Vec<u8>,
}

impl Backwards {
    /// Those that end at this place or before.
    pub(super) fn open(path: &Path, end: u64) -> io::Result<Backwards> {
        let file = File::open(path)?;
        let begin = end.min(file.metadata()?.len());
        Ok(Backwards {
            file,
            begin,
            read: Vec::new(),
        })
    }

    /// Where the line before begins, and the line without its end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let body = match self.read.strip_suffix(b"\n") {
                Some(body) => body,
                None => &self.read[..],
            };
            let end = body.iter().rposition(|byte| *byte == b'\n');
            match end {
                Some(end) => {
                    let line = body[end + 1..].to_vec();
                    self.read.truncate(end + 1);
                    return Ok(Some((self.begin + end as u64 + 1, line)));
                }
                None if self.begin == 0 => {
                    let line = body.to_vec();
                    let is_there = !self.read.is_empty();
                    self.read.clear();
                    return Ok(is_there.then_some((0, line)));
                }
                None => self.more()?,
            }
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let size = PIECE.min(self.begin);
        let mut piece = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut piece, self.begin - size)?;
        self.begin -= size;
        piece.append(&mut self.read);
        self.read = piece;
        Ok(())
    }
}
