//! What a pointer does: gestures as the driver takes them.

use std::time::Duration;

use fantoccini::{
    actions::{
        Actions, InputSource, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT, MouseActions, PointerAction,
    },
    elements::Element,
};

/// How long a dragged element takes from one point to the next.
const DRAG: Duration = Duration::from_millis(60);

/// What a pointer does over an element.
#[derive(Clone, Debug)]
pub(crate) enum Gesture {
    Hover,
    Click,
    DoubleClick,
    RightClick,
    DragTo(Element),
}

impl Gesture {
    pub(super) fn over(self, element: Element) -> Actions {
        let to = PointerAction::MoveToElement {
            element,
            duration: None,
            x: 0.0,
            y: 0.0,
        };
        let mut mouse = MouseActions::new("mouse".to_owned()).then(to);
        let (button, times) = match self {
            Gesture::Hover => (MOUSE_BUTTON_LEFT, 0),
            Gesture::Click => (MOUSE_BUTTON_LEFT, 1),
            Gesture::DoubleClick => (MOUSE_BUTTON_LEFT, 2),
            Gesture::RightClick => (MOUSE_BUTTON_RIGHT, 1),
            Gesture::DragTo(target) => return dragged(mouse, target).into(),
        };
        for _ in 0..times {
            mouse = mouse.then(PointerAction::Down { button });
            mouse = mouse.then(PointerAction::Up { button });
        }
        mouse.into()
    }
}

/// In small steps, for a page takes a press that jumps away for a click.
fn dragged(mouse: MouseActions, target: Element) -> MouseActions {
    let slowly = Some(DRAG);
    let button = MOUSE_BUTTON_LEFT;
    let (x, y) = (0.0, 0.0);
    let over = PointerAction::MoveToElement {
        element: target,
        duration: slowly,
        x,
        y,
    };
    let nudge = |x: f64| PointerAction::MoveBy {
        duration: slowly,
        x,
        y: x,
    };
    mouse
        .then(PointerAction::Down { button })
        .then(nudge(6.0))
        .then(over)
        .then(nudge(1.0))
        .then(PointerAction::Up { button })
}
