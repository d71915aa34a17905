//! Times as the reader's clock has them, near ones in words, the exact one on hover.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::frame::Frame;

impl Frame {
    /// `3 min ago`; the exact time is in its title.
    pub(crate) fn age(&self, at: Timestamp) -> Markup {
        let seconds = at.duration_since(self.now).as_secs();
        let words = self.words();
        let text = match seconds {
            ..=0 => (words.ago)(-seconds),
            _ => (words.ahead)(seconds),
        };
        html! {
            time datetime=(at) title=(self.exact(at)) { (text) }
        }
    }

    /// `2026-11-28 23:04`, with the seconds and the zone in its title.
    pub(crate) fn clock(&self, at: Timestamp) -> Markup {
        html! {
            time datetime=(at) title=(self.exact(at)) { (self.told(at)) }
        }
    }

    pub(crate) fn told(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    }

    /// `2026-11-28 23:04:11 CET`: for what has an order.
    pub(crate) fn moment(&self, at: Timestamp) -> Markup {
        html! { time datetime=(at) { (self.exact(at)) } }
    }

    /// `23:04`, for what stands under its day.
    pub(crate) fn time_of_day(&self, at: Timestamp) -> Markup {
        let text = at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        html! { time datetime=(at) title=(self.exact(at)) { (text) } }
    }

    pub(crate) fn exact(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }

    /// As a field for a day and a time wants it.
    pub(crate) fn field(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%Y-%m-%dT%H:%M")
            .to_string()
    }

    /// How long something took.
    pub(crate) fn length(&self, from: Timestamp, to: Timestamp) -> String {
        let span = to.duration_since(from);
        match span.as_millis() {
            millis @ 0..1_000 => format!("{millis} ms"),
            _ => (self.words().length)(span.as_secs()),
        }
    }
}
