//! The sample whose form changes all the time: its own workflow fills all of it.

use crate::{sample::actions, world::scenario};

#[test]
fn seventy_of_seventy_fields_are_right_three_times_in_a_row() {
    scenario(async |world| {
        for time in 1..=3 {
            let output = world.act(actions()).await.expect("all of it is right");
            let result = output["result"].as_str().unwrap_or_default();
            assert!(
                result.starts_with("70 out of 70 fields"),
                "{time}: {result}"
            );
        }
    });
}
