//! Runs asked for by so many at once, each by the next as soon as one has ended.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use botswain::daemon::{Handle, Notice};
use botswain_core::{RunId, engine::event::Reply, index::State};
use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::{broadcast::Receiver, oneshot};

/// How many, and how many at once.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) runs: usize,
    pub(crate) at_once: usize,
}

/// How long all took, and each.
#[derive(Clone)]
pub(crate) struct Figures {
    pub(crate) took: Duration,
    /// The time of the processors, of everything that the process did meanwhile.
    pub(crate) worked: Duration,
    pub(crate) each: Vec<Duration>,
}

impl Figures {
    pub(crate) fn new(took: Duration, mut each: Vec<Duration>) -> Figures {
        each.sort();
        Figures {
            took,
            worked: Duration::ZERO,
            each,
        }
    }

    /// Of what has just come to its end.
    pub(crate) fn since(begun: &Begun, each: Vec<Duration>) -> Figures {
        let took = begun.at.elapsed();
        Figures {
            worked: worked().saturating_sub(begun.worked),
            ..Figures::new(took, each)
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.each.len() as f64 / self.took.as_secs_f64()
    }

    /// The time that this part of the runs did not exceed.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        let last = self.each.len() - 1;
        self.each[(last as f64 * part).round() as usize]
    }

    pub(crate) fn show(&self, what: &str) {
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|part| self.percentile(part));
        println!(
            "  {what:<34} {:>8.0} runs/s   p50 {p50:>8.2?}   p90 {p90:>8.2?}   p99 {p99:>8.2?}   processor {:>8.2?} a run",
            self.rate(),
            self.worked / u32::try_from(self.each.len()).unwrap(),
        );
    }
}

/// When something began to be measured.
pub(crate) struct Begun {
    at: Instant,
    worked: Duration,
}

impl Begun {
    pub(crate) fn now() -> Begun {
        let worked = worked();
        Begun {
            at: Instant::now(),
            worked,
        }
    }
}

/// The time of the processors that this process has used, in steps of ten milliseconds.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold anything: the 14th and 15th field, in hundredths of a second.
    let (_, fields) = text.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|it| it.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// The round in the middle, by its rate.
pub(crate) fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
    rounds.swap_remove(rounds.len() / 2)
}

/// Who waits for the end of a run, or that it came before anybody waited.
type Ends = Arc<Mutex<HashMap<RunId, Option<oneshot::Sender<()>>>>>;

/// Runs a workflow under a load, and sees that each run has succeeded.
pub(crate) async fn drive(handle: &Handle, workflow: &'static str, load: Load) -> Figures {
    let ends = Ends::default();
    let following = tokio::spawn(follow(handle.watch(), ends.clone()));
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Begun::now();
    let clients: Vec<_> = (0..load.at_once.min(load.runs))
        .map(|_| {
            tokio::spawn(client(
                handle.clone(),
                workflow,
                (next.clone(), load.runs),
                ends.clone(),
            ))
        })
        .collect();
    let mut each = Vec::new();
    for client in clients {
        each.extend(client.await.unwrap());
    }
    let (runs, each): (Vec<RunId>, Vec<Duration>) = each.into_iter().unzip();
    let figures = Figures::since(&begun, each);
    following.abort();
    // To look is no part of a run.
    for run in runs {
        let summary = handle.parts.store.summary(&run).unwrap().unwrap();
        assert_eq!(summary.state, State::Succeeded, "{run}");
    }
    figures
}

async fn client(
    handle: Handle,
    workflow: &'static str,
    (next, runs): (Arc<AtomicUsize>, usize),
    ends: Ends,
) -> Vec<(RunId, Duration)> {
    let mut each = Vec::new();
    while next.fetch_add(1, Ordering::Relaxed) < runs {
        let begun = Instant::now();
        let run = started(&handle, workflow, IndexMap::new()).await;
        ended(&run, &ends).await;
        each.push((run, begun.elapsed()));
    }
    each
}

pub(crate) async fn started(
    handle: &Handle,
    workflow: &str,
    inputs: IndexMap<String, Value>,
) -> RunId {
    match handle.run(workflow, inputs, None, "bench").await.unwrap() {
        Reply::Started { run } => run,
        other => panic!("{other:?}"),
    }
}

async fn ended(run: &RunId, ends: &Ends) {
    let (sender, receiver) = oneshot::channel();
    let over = ends.lock().unwrap().insert(run.clone(), Some(sender));
    if over.is_none() {
        receiver.await.unwrap();
    }
}

async fn follow(mut notices: Receiver<Notice>, ends: Ends) {
    loop {
        // Falling behind would lose an end and make the figures wrong.
        if let Notice::Rested { run } = notices.recv().await.unwrap() {
            let mut ends = ends.lock().unwrap();
            if let Some(Some(waiting)) = ends.insert(run, None) {
                waiting.send(()).ok();
            }
        }
    }
}
