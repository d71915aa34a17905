//! Those who start runs, and remember what was acknowledged.
//!
//! A caller that got no answer asks again with the same key until it gets one,
//! as every program that starts a run should.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use botswain::api::{RunRequest, Started};
use botswain_core::RunId;
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{house::House, past::Acknowledged};

/// Rows of each list, without the one that the list before has too.
const ROWS: u64 = 6;
/// How many ask at the same time.
const CALLERS: usize = 3;

pub(crate) struct Callers {
    shared: Arc<Shared>,
    calling: Vec<JoinHandle<()>>,
    /// Commands that were left with their daemon, and what they still have to say.
    commands: Vec<(Child, BufReader<ChildStderr>)>,
}

struct Shared {
    house: Arc<House>,
    /// As many lists are still to be handed in.
    wanted: Semaphore,
    next: AtomicU64,
    acknowledged: Mutex<Vec<Acknowledged>>,
}

impl Callers {
    /// To be called within a runtime.
    pub(crate) fn start(house: &Arc<House>) -> Callers {
        let shared = Arc::new(Shared {
            house: house.clone(),
            wanted: Semaphore::new(0),
            next: AtomicU64::new(1),
            acknowledged: Mutex::default(),
        });
        let call = |_| tokio::spawn(call(shared.clone()));
        let calling = (0..CALLERS).map(call).collect();
        Callers {
            shared,
            calling,
            commands: Vec::new(),
        }
    }

    /// Lets one of them hand in a list, whenever the daemon takes it.
    pub(crate) fn want(&self) {
        self.shared.wanted.add_permits(1);
    }

    /// Hands in a list by the command line, which goes on looking at its run.
    pub(crate) fn command(&mut self) {
        let list = self.shared.next_list();
        let input = format!("file={}", list.file());
        let args = [
            "run",
            "order-entry",
            "--key",
            &list.key(),
            "--input",
            &input,
        ];
        let mut command = self.shared.house.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut says = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        let run = line
            .trim()
            .strip_prefix("run ")
            .and_then(|run| run.parse().ok());
        let run = run.unwrap_or_else(|| panic!("the command says `{line}`"));
        self.shared.remember(&list, run);
        self.commands.push((child, says));
    }

    /// Waits until every list that was wanted is accepted; gives what was acknowledged.
    pub(crate) async fn finish(self) -> Vec<Acknowledged> {
        while self.shared.wanted.available_permits() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.shared.wanted.close();
        for calling in self.calling {
            calling.await.unwrap();
        }
        for (mut child, says) in self.commands {
            drop(says);
            child.wait().unwrap();
        }
        std::mem::take(&mut self.shared.acknowledged.lock().unwrap())
    }
}

async fn call(shared: Arc<Shared>) {
    while let Ok(permit) = shared.wanted.acquire().await {
        permit.forget();
        let list = shared.next_list();
        let request = RunRequest {
            workflow: "order-entry".to_owned(),
            inputs: [("file".to_owned(), list.file().into())]
                .into_iter()
                .collect(),
            key: Some(list.key()),
            by: "caller".to_owned(),
        };
        loop {
            match shared.house.post::<Started>("/api/v1/runs", &request).await {
                Ok(started) => break shared.remember(&list, started.run),
                // It may have been accepted all the same.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

impl Shared {
    /// The next list, in its file. Its first row is the last one of the list before.
    fn next_list(&self) -> List {
        let list = List(self.next.fetch_add(1, Ordering::Relaxed));
        self.house.write(&list.file(), &list.text());
        list
    }

    fn remember(&self, list: &List, run: RunId) {
        self.acknowledged.lock().unwrap().push(Acknowledged {
            run,
            key: list.key(),
            references: list.references(),
        });
    }
}

/// A list of orders, by its number.
struct List(u64);

impl List {
    fn file(&self) -> String {
        format!("in/list-{}.csv", self.0)
    }

    fn key(&self) -> String {
        format!("list-{}", self.0)
    }

    fn rows(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let list = self.0;
        let before = (list > 1).then(|| (list - 1, ROWS));
        before
            .into_iter()
            .chain((1..=ROWS).map(move |line| (list, line)))
    }

    fn references(&self) -> Vec<String> {
        self.rows()
            .map(|(list, line)| format!("{list}-{line}"))
            .collect()
    }

    fn text(&self) -> String {
        let rows = self.rows().map(|(list, line)| format!("{list},{line}\n"));
        format!("order,line\n{}", rows.collect::<String>())
    }
}

/// A list that everybody reads each second: the newest rows of one that grows.
pub(crate) fn standing(newest: u64) -> String {
    let rows = newest.saturating_sub(3)..=newest;
    let rows = rows.map(|row| format!("s,{row}\n"));
    format!("order,line\n{}", rows.collect::<String>())
}
