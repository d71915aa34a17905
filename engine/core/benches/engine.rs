//! What the engine bears without a disk: items of one step through a `for_each`.
//!
//! Each item is two appends and one attempt, with its templates rendered; the
//! world around it is that of the tests.

#![expect(
    clippy::unwrap_used,
    dead_code,
    reason = "a measurement stops at what it did not expect, and needs a part of the world alone"
)]

use std::time::Duration;

use botswain_core::{index::State, plan::InputKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

#[path = "../tests/engine"]
mod tests {
    pub(crate) mod plans;
    pub(crate) mod world;
}

use tests::{
    plans::{With, bot, each, workflow},
    world::{Reaction, World},
};

const ITEMS: u64 = 1000;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = items
}
criterion_main!(benches);

fn items(criterion: &mut Criterion) {
    let lines: Vec<_> = (0..ITEMS)
        .map(|order| json!({ "order": order.to_string() }))
        .collect();
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(ITEMS));
    group.bench_function("items of one step", |bencher| {
        bencher.iter(|| {
            let form = bot("form", "world.order", json!({ "order": "{{line.order}}" }));
            let flow = workflow(
                "w",
                vec![each(
                    "enter",
                    "{{inputs.lines}}",
                    Some("{{line.order}}"),
                    vec![form],
                )],
            );
            let flow = flow.input("lines", InputKind::List);
            let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
            let run = world.start("w", json!({ "lines": lines }));
            assert_eq!(world.state(&run), State::Succeeded);
        });
    });
    group.finish();
}
