//! What a process did to its disk and told the world, in order.
//!
//! `preload.c` writes it, one record for each event: kind and length of the rest
//! (32 bits each), two numbers (64 bits each), then the rest. A process that was
//! killed may leave a last record that is cut; it is left out.

use std::path::Path;

/// An inode's number: a file or folder, whatever its name.
pub(super) type Inode = u64;

/// One thing that took place.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The folder that is watched; the first event of a process.
    Root {
        folder: Inode,
    },
    /// A file or folder came into being.
    Create {
        folder: Inode,
        name: String,
        inode: Inode,
        is_folder: bool,
    },
    /// A name was taken out of its folder.
    Remove {
        folder: Inode,
        name: String,
    },
    Rename {
        from: (Inode, String),
        to: (Inode, String),
    },
    Write {
        inode: Inode,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        inode: Inode,
        length: usize,
    },
    /// A sync of a file was asked for.
    SyncFile {
        sync: u64,
        inode: Inode,
    },
    /// A sync of a folder was asked for; it holds these names.
    SyncFolder {
        sync: u64,
        inode: Inode,
        names: Vec<Entry>,
    },
    /// A sync has ended well; `data_only` for `fdatasync`.
    Synced {
        sync: u64,
        data_only: bool,
    },
    /// Bytes are about to leave by a socket or the terminal.
    Out {
        data: Vec<u8>,
    },
    /// A call that could have gone wrong.
    Call {
        name: String,
    },
    /// A call that was made to go wrong, on this path.
    Injected {
        path: String,
    },
}

/// A name in a folder, and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub name: String,
    pub inode: Inode,
    pub is_folder: bool,
}

/// All that was recorded.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    pub events: Vec<Event>,
}

const HEAD: usize = 24;

impl Journal {
    /// Reads the file that [`super::Preload::record`] named.
    pub fn read(path: &Path) -> Journal {
        let bytes = std::fs::read(path).expect("the journal of the disk is there");
        let mut events = Vec::new();
        let mut rest = &bytes[..];
        while let Some((event, after)) = record(rest) {
            events.push(event);
            rest = after;
        }
        Journal { events }
    }

    /// How often each call could have gone wrong.
    pub fn calls(&self, call: &str) -> usize {
        let is_it = |event: &&Event| matches!(event, Event::Call { name } if name == call);
        self.events.iter().filter(is_it).count()
    }

    /// The paths of the calls that went wrong.
    pub fn injected(&self) -> Vec<&str> {
        let mut paths = Vec::new();
        for event in &self.events {
            if let Event::Injected { path } = event {
                paths.push(path.as_str());
            }
        }
        paths
    }
}

fn record(bytes: &[u8]) -> Option<(Event, &[u8])> {
    let head = bytes.get(..HEAD)?;
    let half = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("4 bytes"));
    let whole = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("8 bytes"));
    let end = HEAD + half(4) as usize;
    let rest = bytes.get(HEAD..end)?;
    Some((event(half(0), (whole(8), whole(16)), rest), &bytes[end..]))
}

fn event(kind: u32, (a, b): (u64, u64), rest: &[u8]) -> Event {
    let text = || String::from_utf8_lossy(rest).into_owned();
    match kind {
        1 => Event::Root { folder: a },
        2 | 3 => Event::Create {
            folder: a,
            name: text(),
            inode: b,
            is_folder: kind == 3,
        },
        4 => Event::Remove {
            folder: a,
            name: text(),
        },
        5 => {
            let text = text();
            let (from, to) = text.split_once('/').expect("two names");
            Event::Rename {
                from: (a, from.to_owned()),
                to: (b, to.to_owned()),
            }
        }
        6 => Event::Write {
            inode: a,
            offset: place(b),
            data: rest.to_vec(),
        },
        7 => Event::Truncate {
            inode: a,
            length: place(b),
        },
        8 => Event::SyncFile { sync: a, inode: b },
        9 => Event::SyncFolder {
            sync: a,
            inode: b,
            names: text().lines().map(entry).collect(),
        },
        10 => Event::Synced {
            sync: a,
            data_only: b == 1,
        },
        11 => Event::Out {
            data: rest.to_vec(),
        },
        12 => Event::Call { name: text() },
        13 => Event::Injected { path: text() },
        other => panic!("the journal of the disk has a record of kind {other}"),
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number).expect("a place in a file")
}

/// As in `f 1234 name`.
fn entry(line: &str) -> Entry {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().expect("three words");
    Entry {
        is_folder: word() == "d",
        inode: word().parse().expect("a number"),
        name: word().to_owned(),
    }
}
