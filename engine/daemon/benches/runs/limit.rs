//! The limit: the same batches, by as many at once, written durably by next to nothing.
//!
//! One thread plays all clients, another writes: it takes what waits, writes it as one group,
//! syncs and answers, as the store's writer does. Underneath is sled (`apply_batch`, `flush`,
//! `fdatasync`) or a bare file (`write`, `fdatasync`).

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

use botswain_store::backend::Write;

use crate::{
    load::{Begun, Figures, Load},
    script::{FIRST, Script},
};

/// As many batches as the store takes in one group.
const GROUP: usize = 1024;

/// What makes a group durable.
trait Sink: Send {
    fn write(&mut self, group: Vec<Write>);
}

pub(crate) fn sled(folder: &Path, script: &Script, load: Load) -> Figures {
    let db = sled::Config::new()
        .path(folder)
        .cache_capacity(64 * 1024 * 1024)
        .open()
        .unwrap();
    let log = File::open(folder.join("db")).unwrap();
    play(Sled { db, log }, script, load)
}

pub(crate) fn file(folder: &Path, script: &Script, load: Load) -> Figures {
    let file = File::create(folder.join("log")).unwrap();
    play(Bare { file }, script, load)
}

struct Sled {
    db: sled::Db,
    log: File,
}

impl Sink for Sled {
    fn write(&mut self, group: Vec<Write>) {
        let mut batch = sled::Batch::default();
        for (key, value) in group {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.db.apply_batch(batch).unwrap();
        self.db.flush().unwrap();
        self.log.sync_data().unwrap();
    }
}

struct Bare {
    file: File,
}

impl Sink for Bare {
    fn write(&mut self, group: Vec<Write>) {
        let mut bytes = Vec::new();
        for (key, value) in group {
            bytes.extend(key);
            bytes.extend(value.unwrap_or_default());
        }
        self.file.write_all(&bytes).unwrap();
        self.file.sync_data().unwrap();
    }
}

/// A batch of a client.
type Order = (usize, Vec<Write>);

/// Where a client stands.
struct Client {
    number: u64,
    wave: usize,
    waits_for: usize,
    begun: Instant,
}

fn play(sink: impl Sink + 'static, script: &Script, load: Load) -> Figures {
    let (orders, received) = channel();
    let (done, dones) = channel();
    let writer = thread::spawn(move || write(sink, &received, &done));
    let begun = Begun::now();
    let each = Clients::new(script, load, orders).play(&dones);
    let figures = Figures::since(&begun, each);
    writer.join().unwrap();
    figures
}

fn write(mut sink: impl Sink, orders: &Receiver<Order>, done: &Sender<usize>) {
    while let Ok(first) = orders.recv() {
        let group: Vec<Order> = std::iter::once(first)
            .chain(orders.try_iter().take(GROUP - 1))
            .collect();
        let (clients, batches): (Vec<usize>, Vec<Vec<Write>>) = group.into_iter().unzip();
        sink.write(batches.into_iter().flatten().collect());
        for client in clients {
            done.send(client).unwrap();
        }
    }
}

struct Clients<'a> {
    script: &'a Script,
    orders: Sender<Order>,
    clients: Vec<Client>,
    begun: u64,
    runs: u64,
}

impl Clients<'_> {
    fn new(script: &Script, load: Load, orders: Sender<Order>) -> Clients<'_> {
        let client = |nth| Client {
            number: FIRST + nth as u64,
            wave: 0,
            waits_for: 0,
            begun: Instant::now(),
        };
        let count = load.at_once.min(load.runs);
        Clients {
            script,
            orders,
            clients: (0..count).map(client).collect(),
            begun: count as u64,
            runs: load.runs as u64,
        }
    }

    fn play(mut self, dones: &Receiver<usize>) -> Vec<std::time::Duration> {
        let mut each = Vec::new();
        for nth in 0..self.clients.len() {
            self.order(nth);
        }
        while (each.len() as u64) < self.runs {
            let nth = dones.recv().unwrap();
            let client = &mut self.clients[nth];
            client.waits_for -= 1;
            if client.waits_for > 0 {
                continue;
            }
            client.wave += 1;
            if client.wave == self.script.waves.len() {
                each.push(client.begun.elapsed());
                if self.begun == self.runs {
                    continue;
                }
                (client.wave, client.begun) = (0, Instant::now());
                client.number = FIRST + self.begun;
                self.begun += 1;
            }
            self.order(nth);
        }
        each
    }

    /// Hands over the next wave of a client.
    fn order(&mut self, nth: usize) {
        let client = &mut self.clients[nth];
        let wave = &self.script.waves[client.wave];
        client.waits_for = wave.len();
        for batch in wave {
            let batch = batch.iter().map(|write| renumbered(write, client.number));
            self.orders.send((nth, batch.collect())).unwrap();
        }
    }
}

/// The write of another run: its number stands in the key as text or as eight bytes.
fn renumbered((key, value): &Write, number: u64) -> Write {
    let mut key = key.clone();
    replace(
        &mut key,
        FIRST.to_string().as_bytes(),
        number.to_string().as_bytes(),
    );
    replace(&mut key, &FIRST.to_be_bytes(), &number.to_be_bytes());
    (key, value.clone())
}

fn replace(key: &mut [u8], from: &[u8], to: &[u8]) {
    let place = key.windows(from.len()).position(|part| part == from);
    if let Some(place) = place {
        key[place..place + to.len()].copy_from_slice(to);
    }
}
