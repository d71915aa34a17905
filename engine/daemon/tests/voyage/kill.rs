//! kill -9 at random moments while orders are typed, for the browser's own part in it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use botswain_demo::office::read_orders;

use crate::place::{Place, root, wait_for};

/// As often as the daemon is killed; ten times as often at night.
fn kills() -> u32 {
    match std::env::var_os("BOTSWAIN_NIGHTLY") {
        Some(_) => 100,
        None => 10,
    }
}

/// Moments from a seed that is printed, so that a failure can be looked at again.
struct Moments(u64);

impl Moments {
    fn new() -> Moments {
        let given = std::env::var("BOTSWAIN_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
        tell(&format!("BOTSWAIN_SEED={seed}"));
        Moments(seed)
    }

    /// xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
    fn next(&mut self) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(200 + self.0 % 3000)
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the runner shows it when the test fails"
)]
fn tell(words: &str) {
    println!("{words}");
}

#[test]
fn no_order_line_is_lost_and_none_is_entered_twice() {
    let mut moments = Moments::new();
    let orders = std::fs::read_to_string(root().join("samples/orders/week-2014-05.csv")).unwrap();
    let place = Place::with_orders(&orders);
    let mut up = place.up();
    let mut asked = place.command(&["run", "order-entry"]).spawn().unwrap();
    wait_for("the run to be accepted", || {
        !place.json(&["runs", "list"]).as_array().unwrap().is_empty()
    });
    for _ in 0..kills() {
        // Waiting is the point here: the moment must not depend on anything that the daemon does.
        let until = Instant::now() + moments.next();
        wait_for("the moment", || Instant::now() >= until);
        up.kill();
        up = place.up();
    }
    drop(asked.kill());
    asked.wait().unwrap();
    place.rested("1");
    up.terminate();

    let mut entered: BTreeMap<String, usize> = BTreeMap::new();
    for order in read_orders(&place.path("orders.jsonl")).unwrap() {
        *entered.entry(order.reference).or_default() += 1;
    }
    let exceptions = place.exceptions();
    let parked = |key: &str| exceptions.iter().find(|exception| exception["key"] == key);
    let mut doubts = 0;
    for line in orders.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let key = format!("{}-{}", fields[0], fields[1]);
        let times = entered.get(&key).copied().unwrap_or(0);
        assert!(
            times <= 1,
            "{key} was entered {times} times\n{}",
            place.log()
        );
        if times == 0 || parked(&key).is_some() {
            let exception =
                parked(&key).unwrap_or_else(|| panic!("{key} is lost\n{}", place.log()));
            let in_doubt = exception["category"] == "in_doubt";
            // The line with the unknown product is refused, unless a kill came first.
            let refused = exception["category"] == "business" && fields[3] == "9001";
            // Three kills in a row before it was sent: it is suspected of them.
            let suspected = exception["code"] == "run.interrupted" && exception["attempts"] == 3;
            assert!(in_doubt || refused || suspected, "{exception}");
            doubts += u32::from(in_doubt);
        }
    }
    // Two lines are typed at the same time, so no kill can leave more than two in doubt.
    assert!(doubts <= 2 * kills(), "{doubts} lines are in doubt");
    let lines = orders.lines().count() - 1;
    tell(&format!(
        "{doubts} of {lines} lines are in doubt after {} kills",
        kills()
    ));
    assert_eq!(
        place.processes(),
        Vec::<String>::new(),
        "no driver and no browser is left behind"
    );
}
