//! Runs of a few steps: at their limit, over HTTP, one step after the other.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use axum::{Json, Router, routing::get};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    bots,
    goals::Goals,
    limit,
    load::{self, Figures, Load},
    place::{self, Place},
    script::Script,
};

/// How often engine and limit take turns; the one in the middle counts.
const ROUNDS: usize = 21;

/// Of what bare sled does with the same batches.
const SHARE: f64 = 0.7;

/// A workflow of so many steps of one bot, any number of runs of it at once.
fn steps(bot: &str, count: usize) -> String {
    let mut text = "overlap: allow\nsteps:\n".to_owned();
    for nth in 1..=count {
        write!(
            text,
            "  - id: s{nth}\n    bot: {bot}\n    with: {{ text: \"{{{{run.id}}}} {nth}\" }}\n"
        )
        .unwrap();
    }
    text
}

/// Three steps that answer at once: only reading, and each to be done once.
pub(crate) fn instant(goals: &mut Goals) {
    let workflows = [
        ("reads", steps("bench.read", 3)),
        ("puts", steps("bench.put", 3)),
    ];
    for (name, at_once, runs) in [
        ("reads", 1, 100),
        ("reads", 64, 1000),
        ("reads", 256, 2000),
        ("puts", 64, 1000),
        ("puts", 256, 2000),
    ] {
        let load = Load { runs, at_once };
        let rounds = rounds(&workflows, name, load);
        let shares = rounds.shares();
        let share = shares[shares.len() / 2];
        let [engine, sled, file] = rounds.0.map(load::median);
        println!(" {name}, {at_once} at once");
        engine.show("engine");
        sled.show("bare sled, same batches");
        file.show("bare file, same bytes");
        println!(
            "  {share:.2} of bare sled, {:.2} to {:.2} in the rounds between the quartiles",
            shares[shares.len() / 4],
            shares[shares.len() * 3 / 4]
        );
        match (name, at_once) {
            (_, 1) => goals.within(
                "a run of three instant reads alone, p50",
                engine.percentile(0.5),
                Duration::from_millis(5),
            ),
            ("reads", 64) => goals.rate(
                "runs of three instant reads, 64 at once",
                engine.rate(),
                1000.0,
            ),
            _ => (),
        }
        if at_once > 1 {
            goals.at_least(
                &format!("{name}, {at_once} at once, of bare sled"),
                share,
                SHARE,
            );
        }
    }
}

/// The figures of engine, sled and file, round by round.
struct Rounds([Vec<Figures>; 3]);

impl Rounds {
    /// What the engine does of what sled does, in each round, from the least.
    fn shares(&self) -> Vec<f64> {
        let [engine, sled, _] = &self.0;
        let shares = engine
            .iter()
            .zip(sled)
            .map(|(engine, sled)| engine.rate() / sled.rate());
        let mut shares: Vec<f64> = shares.collect();
        shares.sort_by(f64::total_cmp);
        shares
    }
}

/// Engine, sled and file in turns.
fn rounds(workflows: &[(&str, String)], name: &'static str, load: Load) -> Rounds {
    let [mut engine, mut sled, mut file] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        let place = Place::new(workflows);
        let runtime = place::runtime();
        let script = runtime.block_on(async {
            let daemon = place.start().await;
            let like = warm_up(&daemon.handle, name).await;
            engine.push(load::drive(&daemon.handle, name, load).await);
            let script = Script::of(&daemon.handle, name, &like);
            daemon.stop().await.unwrap();
            script
        });
        drop(runtime);
        if engine.len() == 1 {
            let batches: usize = script.waves.iter().map(Vec::len).sum();
            println!(
                " a run writes {} bytes in {batches} batches, {} of which are waited for",
                script.bytes(),
                script.waves.len()
            );
        }
        sled.push(limit::sled(&place.beside("sled"), &script, load));
        file.push(limit::file(&place.beside("file"), &script, load));
    }
    Rounds([engine, sled, file])
}

/// What is made once, at the first run, is no run's time.
async fn warm_up(
    handle: &botswain::daemon::Handle,
    workflow: &'static str,
) -> botswain_core::RunId {
    let load = Load {
        runs: 20,
        at_once: 4,
    };
    load::drive(handle, workflow, load).await;
    load::started(handle, workflow, Default::default()).await;
    botswain_core::RunId::root(1)
}

/// Three times `http.get` from a server that answers at once.
pub(crate) fn http(goals: &mut Goals) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let server = Runtime::new().unwrap();
    let listener = server
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    let answer = || async { Json(json!({ "stock": 12, "sku": "0064" })) };
    let app = Router::new().route("/stock", get(answer));
    server.spawn(async move { axum::serve(listener, app).await });
    let place = Place::new(&[("gets", gets())]);
    place.write(
        "botswain.yaml",
        &format!("name: bench\nconnections:\n  stock:\n    kind: web\n    address: http://{address}\n    sessions: 64\n"),
    );
    place::runtime().block_on(async {
        let daemon = place.start().await;
        warm_up(&daemon.handle, "gets").await;
        let alone = load::drive(
            &daemon.handle,
            "gets",
            Load {
                runs: 200,
                at_once: 1,
            },
        )
        .await;
        let bursts = [Load {
            runs: 200,
            at_once: 200,
        }; 5];
        let mut figures = Vec::new();
        for burst in bursts {
            figures.push(load::drive(&daemon.handle, "gets", burst).await);
        }
        daemon.stop().await.unwrap();
        let burst = load::median(figures);
        alone.show("three GETs, alone");
        burst.show("three GETs, a burst of 200");
        goals.within(
            "a run of three GETs alone, p50",
            alone.percentile(0.5),
            Duration::from_millis(6),
        );
        goals.rate("runs of three GETs, a burst of 200", burst.rate(), 700.0);
    });
}

fn gets() -> String {
    let mut text = "overlap: allow\nsteps:\n".to_owned();
    for nth in 1..=3 {
        write!(text, "  - id: s{nth}\n    bot: http.get\n    connection: stock\n    with: {{ path: /stock }}\n").unwrap();
    }
    text
}

/// Forty steps of ten milliseconds, one after the other, and the same without an engine.
pub(crate) fn sequence(goals: &mut Goals) {
    const STEPS: u32 = 40;
    let place = Place::new(&[("waits", steps("bench.wait", STEPS as usize))]);
    place::runtime().block_on(async {
        let daemon = place.start().await;
        load::drive(
            &daemon.handle,
            "waits",
            Load {
                runs: 1,
                at_once: 1,
            },
        )
        .await;
        let engine = load::drive(
            &daemon.handle,
            "waits",
            Load {
                runs: 7,
                at_once: 1,
            },
        )
        .await;
        daemon.stop().await.unwrap();
        let begun = Instant::now();
        for _ in 0..STEPS {
            tokio::time::sleep(bots::WAIT).await;
        }
        let bare = begun.elapsed();
        engine.show("40 steps of 10 ms");
        println!("  without an engine {bare:.1?}");
        goals.within(
            "40 steps of 10 ms, p50",
            engine.percentile(0.5),
            Duration::from_millis(480),
        );
    });
}
