//! Which workflows start nothing by themselves for now, because somebody said so.
//!
//! They are in a file of their own beside the accounts; what a pause does is that the
//! engine is offered the workflow without its triggers. A file that cannot be read ends
//! the start: what somebody has stopped is not to start by itself.

use botswain_views::PauseView;

use crate::instance::ByName;

/// What a backup calls them.
pub(crate) const BESIDE: &str = "pauses";

/// The pauses of an instance, by workflow.
pub(crate) type Pauses = ByName<PauseView>;
