//! What the check bears: a file of 1 MiB with 20,000 steps, sound and broken.

use std::time::Duration;

use botswain_core::{catalogue::Catalogue, language};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const STEPS: usize = 20_000;
/// The largest file that is read, in bytes.
const SIZE: usize = 1024 * 1024;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5));
    targets = check
}
criterion_main!(benches);

fn check(criterion: &mut Criterion) {
    let catalogue = Catalogue {
        timezone: "UTC".to_owned(),
        ..Catalogue::default()
    };
    let mut group = criterion.benchmark_group("check");
    group.throughput(Throughput::Elements(STEPS as u64));
    for (name, text) in [("sound", sound()), ("broken", broken())] {
        assert!(
            (SIZE * 9 / 10..=SIZE).contains(&text.len()),
            "{}",
            text.len()
        );
        let loaded = language::load("large.yaml", &text, &catalogue);
        assert_eq!(loaded.version.is_some(), name == "sound", "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| language::load("large.yaml", &text, &catalogue));
        });
    }
    group.finish();
}

/// Each step reads the one above it.
fn sound() -> String {
    let steps = (1..STEPS).map(|at| {
        format!(
            "- {{id: s{at}, set: {{n: \"{{{{add steps.s{}.n 1}}}}\"}}}}\n",
            at - 1
        )
    });
    let first = "steps:\n- {id: s0, set: {n: \"{{number '1'}}\"}}\n".to_owned();
    std::iter::once(first).chain(steps).collect()
}

/// Each step has a slip that is looked up among all names.
fn broken() -> String {
    let steps = (1..STEPS).map(|at| {
        format!(
            "- {{id: s{at}, ste: {{n: \"{{{{add steps.t{}.n 1}}}}\"}}}}\n",
            at - 1
        )
    });
    let first = "steps:\n- {id: s0, set: {n: \"{{number '1'}}\"}}\n".to_owned();
    std::iter::once(first).chain(steps).collect()
}
