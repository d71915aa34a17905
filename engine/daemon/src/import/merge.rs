//! What a recorder splits belongs together again.
//!
//! A click into a field and the Tab out of it are part of filling it; a field
//! that is filled twice has its last value; a key that is pressed in a field
//! needs the focus there, so its value is typed.

use super::flow::{Act, How, Step};

pub(super) fn merge(steps: Vec<Step>) -> Vec<Step> {
    let mut merged: Vec<Step> = Vec::new();
    for step in steps {
        match merged.last_mut().map(|before| joined(before, &step)) {
            Some(Joint::Before) => drop(merged.pop()),
            Some(Joint::Itself) => continue,
            Some(Joint::None) | None => (),
        }
        merged.push(step);
    }
    merged
}

/// Which of two neighbours is not needed.
enum Joint {
    Before,
    Itself,
    None,
}

fn joined(before: &mut Step, step: &Step) -> Joint {
    if before.frames != step.frames {
        return Joint::None;
    }
    let bare = before.left.is_empty() && before.arrival.is_none();
    match (&mut before.act, &step.act) {
        (Act::Click(clicked) | Act::DoubleClick(clicked), Act::Enter { field, .. })
            if bare && clicked.is_same(field) =>
        {
            Joint::Before
        }
        (Act::Enter { field: first, .. }, Act::Enter { field, .. })
            if bare && first.is_same(field) =>
        {
            Joint::Before
        }
        // The entry of a list that was chosen already.
        (Act::Enter { .. }, Act::Click(clicked))
            if clicked.is_entry() && step.arrival.is_none() =>
        {
            Joint::Itself
        }
        (Act::Enter { .. }, Act::Press(key))
            if key == "Tab" && step.left.is_empty() && step.arrival.is_none() =>
        {
            Joint::Itself
        }
        (Act::Enter { how, .. }, Act::Press(_)) => {
            if *how == How::Fill {
                *how = How::Type;
            }
            Joint::None
        }
        _ => Joint::None,
    }
}
