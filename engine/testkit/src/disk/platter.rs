//! What would be on the disk after a power cut.
//!
//! In go the events of a [`super::Journal`], one by one. Out comes an image of
//! the watched folder at that moment: only what was synced
//! ([`Platter::durable`]), or that and some of the rest
//! ([`Platter::with_some_unsynced`]), as a disk that writes blocks in any order
//! may leave it. A file's content is durable as it was when a sync that ended
//! was asked for; a name is durable when its folder was synced.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use super::journal::{Entry, Event, Inode};

/// The piece of a file that reaches the disk as a whole, in bytes.
const BLOCK: usize = 4096;

/// Which syncs are honoured: a disk that lies shows that a test would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Believed {
    Every,
    /// `fdatasync` does nothing.
    NoDataSync,
    /// The sync of a folder does nothing.
    NoFolderSync,
}

/// A disk with what is on it, and what is still on its way.
pub struct Platter {
    believed: Believed,
    root: Inode,
    files: BTreeMap<Inode, Content>,
    now: Names,
    /// As the synced folders have them.
    durable: Names,
    /// Every change of names, in order, and how many of them a folder's sync has covered.
    changes: Vec<Naming>,
    covered: usize,
    asked: HashMap<u64, Asked>,
    /// The newest sync of each file or folder that has ended. One that was asked for
    /// before it and ends after it takes nothing back.
    newest: HashMap<Inode, u64>,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

/// Of each folder, by the name: inode, and whether it is a folder.
type Names = BTreeMap<Inode, BTreeMap<String, (Inode, bool)>>;

#[derive(Clone)]
enum Naming {
    Create(Inode, String, (Inode, bool)),
    Remove(Inode, String),
    Rename((Inode, String), (Inode, String)),
    /// What a folder was found to hold.
    Found(Inode, BTreeMap<String, (Inode, bool)>),
}

enum Asked {
    File(Inode, Vec<u8>),
    Folder(Inode, BTreeMap<String, (Inode, bool)>, usize),
}

impl Platter {
    pub fn new(believed: Believed) -> Platter {
        Platter {
            believed,
            root: 0,
            files: BTreeMap::new(),
            now: Names::new(),
            durable: Names::new(),
            changes: Vec::new(),
            covered: 0,
            asked: HashMap::new(),
            newest: HashMap::new(),
        }
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, event: &Event) {
        match event.clone() {
            Event::Root { folder } => self.root = folder,
            Event::Create {
                folder,
                name,
                inode,
                is_folder,
            } => self.create(folder, name, inode, is_folder),
            Event::Remove { folder, name } => self.name(Naming::Remove(folder, name)),
            Event::Rename { from, to } => self.name(Naming::Rename(from, to)),
            Event::Write {
                inode,
                offset,
                data,
            } => put(&mut self.file(inode).now, offset, &data),
            Event::Truncate { inode, length } => self.file(inode).now.resize(length, 0),
            Event::SyncFile { sync, inode } => {
                let content = self.file(inode).now.clone();
                self.asked.insert(sync, Asked::File(inode, content));
            }
            Event::SyncFolder { sync, inode, names } => self.ask_for_folder(sync, inode, names),
            Event::Synced { sync, data_only } => self.synced(sync, data_only),
            Event::Out { .. } | Event::Call { .. } | Event::Injected { .. } => (),
        }
    }

    /// Writes into `folder` what was synced, and nothing else.
    pub fn durable(&self, folder: &Path) {
        write(&self.durable, self.root, folder, &|inode| {
            Some(self.files.get(&inode)?.durable.clone())
        });
    }

    /// Writes into `folder` what was synced, and of the rest what `chance` says: a
    /// beginning of the changed names, as a file system with a journal keeps them,
    /// and any of the changed blocks.
    pub fn with_some_unsynced(&self, folder: &Path, chance: &mut impl FnMut(usize) -> usize) {
        let until = self.covered + chance(self.changes.len() - self.covered + 1);
        let mut names = Names::new();
        for change in &self.changes[..until] {
            rename(&mut names, change);
        }
        let contents: BTreeMap<Inode, Vec<u8>> = self
            .files
            .iter()
            .map(|(inode, content)| (*inode, content.mixed(chance)))
            .collect();
        write(&names, self.root, folder, &|inode| {
            contents.get(&inode).cloned()
        });
    }

    fn create(&mut self, folder: Inode, name: String, inode: Inode, is_folder: bool) {
        // A number that is given anew: whatever had it before is gone.
        match is_folder {
            true => {
                self.durable.remove(&inode);
                self.name(Naming::Found(inode, BTreeMap::new()));
            }
            false => drop(self.files.insert(inode, Content::default())),
        }
        self.name(Naming::Create(folder, name, (inode, is_folder)));
    }

    fn name(&mut self, change: Naming) {
        rename(&mut self.now, &change);
        self.changes.push(change);
    }

    fn file(&mut self, inode: Inode) -> &mut Content {
        self.files.entry(inode).or_default()
    }

    fn ask_for_folder(&mut self, sync: u64, inode: Inode, names: Vec<Entry>) {
        let names: BTreeMap<_, _> = names
            .into_iter()
            .map(|entry| (entry.name, (entry.inode, entry.is_folder)))
            .collect();
        if self.now.get(&inode) != Some(&names) {
            self.name(Naming::Found(inode, names.clone()));
        }
        let asked = Asked::Folder(inode, names, self.changes.len());
        self.asked.insert(sync, asked);
    }

    fn synced(&mut self, sync: u64, data_only: bool) {
        match self.asked.remove(&sync) {
            Some(Asked::File(inode, content)) => {
                let is_believed = !(data_only && self.believed == Believed::NoDataSync);
                if is_believed && self.is_newest(inode, sync) {
                    self.file(inode).durable = content;
                }
            }
            Some(Asked::Folder(inode, names, covered)) => {
                let is_believed = self.believed != Believed::NoFolderSync;
                if is_believed && self.is_newest(inode, sync) {
                    self.durable.insert(inode, names);
                    self.covered = self.covered.max(covered);
                }
            }
            None => (),
        }
    }

    fn is_newest(&mut self, inode: Inode, sync: u64) -> bool {
        let newest = self.newest.entry(inode).or_default();
        let is_newest = *newest < sync;
        *newest = sync.max(*newest);
        is_newest
    }
}

impl Content {
    fn mixed(&self, chance: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut mixed = self.durable.clone();
        for start in (0..self.now.len()).step_by(BLOCK) {
            let end = self.now.len().min(start + BLOCK);
            let same = self.durable.get(start..end) == Some(&self.now[start..end]);
            if !same && chance(2) == 0 {
                put(&mut mixed, start, &self.now[start..end]);
            }
        }
        if self.now.len() < self.durable.len() && chance(2) == 0 {
            mixed.truncate(self.now.len());
        }
        mixed
    }
}

fn put(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

fn rename(names: &mut Names, change: &Naming) {
    match change {
        Naming::Create(folder, name, what) => {
            names
                .entry(*folder)
                .or_default()
                .insert(name.clone(), *what);
        }
        Naming::Remove(folder, name) => {
            names.entry(*folder).or_default().remove(name);
        }
        Naming::Rename(from, to) => {
            if let Some(what) = names.entry(from.0).or_default().remove(&from.1) {
                names.entry(to.0).or_default().insert(to.1.clone(), what);
            }
        }
        Naming::Found(folder, found) => drop(names.insert(*folder, found.clone())),
    }
}

/// Files that were there before the recording began are left out.
fn write(names: &Names, folder: Inode, to: &Path, content: &impl Fn(Inode) -> Option<Vec<u8>>) {
    std::fs::create_dir_all(to).expect("a folder of the image is made");
    for (name, (inode, is_folder)) in names.get(&folder).into_iter().flatten() {
        let path = to.join(name);
        if *is_folder {
            write(names, *inode, &path, content);
        } else if let Some(content) = content(*inode) {
            std::fs::write(path, content).expect("a file of the image is written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file is written and synced, its folder too; then it is written again.
    fn events() -> Vec<Event> {
        let write = |text: &str| Event::Write {
            inode: 7,
            offset: 0,
            data: text.as_bytes().to_vec(),
        };
        let entry = Entry {
            name: "a".to_owned(),
            inode: 7,
            is_folder: false,
        };
        vec![
            Event::Root { folder: 1 },
            Event::Create {
                folder: 1,
                name: "a".to_owned(),
                inode: 7,
                is_folder: false,
            },
            write("old"),
            Event::SyncFile { sync: 2, inode: 7 },
            write("new"),
            Event::Synced {
                sync: 2,
                data_only: true,
            },
            Event::SyncFolder {
                sync: 3,
                inode: 1,
                names: vec![entry],
            },
            Event::Synced {
                sync: 3,
                data_only: false,
            },
        ]
    }

    fn left(believed: Believed, events: &[Event]) -> Option<String> {
        let mut platter = Platter::new(believed);
        events.iter().for_each(|event| platter.apply(event));
        let dir = tempfile::tempdir().expect("a folder");
        platter.durable(dir.path());
        std::fs::read_to_string(dir.path().join("a")).ok()
    }

    #[test]
    fn only_what_was_synced_is_left() {
        let events = events();
        assert_eq!(left(Believed::Every, &events).as_deref(), Some("old"));
        assert_eq!(left(Believed::Every, &events[..7]), None);
        assert_eq!(left(Believed::NoFolderSync, &events), None);
        assert_eq!(left(Believed::NoDataSync, &events).as_deref(), Some(""));
    }

    #[test]
    fn a_sync_that_ends_late_takes_nothing_back() {
        let mut events = events();
        let early = Event::SyncFile { sync: 1, inode: 7 };
        events.insert(2, early);
        let late = Event::Synced {
            sync: 1,
            data_only: false,
        };
        events.push(late);
        assert_eq!(left(Believed::Every, &events).as_deref(), Some("old"));
    }

    #[test]
    fn of_the_rest_anything_may_be_left() {
        let mut platter = Platter::new(Believed::Every);
        events().iter().for_each(|event| platter.apply(event));
        let left = |number: usize| {
            let dir = tempfile::tempdir().expect("a folder");
            platter.with_some_unsynced(dir.path(), &mut |limit| number.min(limit - 1));
            std::fs::read_to_string(dir.path().join("a")).expect("it was synced")
        };
        assert_eq!(left(0), "new");
        assert_eq!(left(1), "old");
    }
}
