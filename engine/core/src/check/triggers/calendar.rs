//! Days that are left out, and what is promised by a time of the day.

use std::rc::Rc;

use jiff::civil::Time;

use crate::{
    check::Checker,
    language::{
        model::{self, Days},
        suggest,
    },
    plan::{Calendar, Missed, Promise, Schedule},
    schedule,
    yaml::{Node, Span},
};

impl Checker<'_, '_, '_> {
    pub(super) fn calendar(
        &mut self,
        model: Option<&model::Calendar>,
        trigger: &Node,
    ) -> Option<Calendar> {
        let (model, node) = (model?, &trigger.get("calendar")?.node);
        let span = &node.get("skip")?.node.span;
        let mut calendar = self.days_off(model.skip.as_deref()?, span)?;
        calendar.shift = model.shift;
        Some(calendar)
    }

    /// The days off in a file of the instance.
    fn days_off(&mut self, file: &str, span: &Span) -> Option<Calendar> {
        let Some(text) = self.catalogue.calendars.get(file) else {
            let names: Vec<&str> = self
                .catalogue
                .calendars
                .keys()
                .map(String::as_str)
                .collect();
            let hint = match names.is_empty() {
                true => {
                    Some("put an iCalendar file of this name beside `botswain.yaml`".to_owned())
                }
                false => suggest::hint(file, "the calendars are", names),
            };
            let message = format!("there is no calendar `{file}`");
            self.report
                .hinted("triggers.calendar", span, (message, hint));
            return None;
        };
        match schedule::days(text) {
            Ok(days) => Some(Calendar {
                skip: file.to_owned(),
                shift: None,
                days,
            }),
            Err(error) => {
                let message = format!("`{file}` cannot be used: {error}");
                let hint = "keep whole days in it, or days that come every year on the same date";
                let words = (message, Some(hint.to_owned()));
                self.report.hinted("triggers.calendar", span, words);
                None
            }
        }
    }

    pub(in crate::check) fn promise(
        &mut self,
        model: Option<&model::Promise>,
        root: &Node,
    ) -> Option<Promise> {
        let (model, node) = (model?, &root.get("promise")?.node);
        let zone = self.zone(model.timezone.as_deref(), node);
        let time = self.time_of_day(model.before.as_deref()?, node)?;
        let days = match model.days.unwrap_or(Days::Working) {
            Days::Working => "MON-FRI",
            Days::Every => "*",
        };
        let calendar = match (&model.skip, node.get("skip")) {
            (Some(file), Some(entry)) => self.days_off(file, &entry.node.span),
            _ => None,
        };
        let by = Schedule {
            cron: format!("{} {} * * {days}", time.minute(), time.hour()),
            timezone: model.timezone.clone(),
            missed: Missed::Last,
            calendar,
        };
        debug_assert!(schedule::parse(&by.cron, &zone).is_ok(), "{by:?}");
        Some(Promise {
            succeeded: model.succeeded.unwrap_or(1),
            by,
        })
    }

    fn time_of_day(&mut self, text: &str, promise: &Rc<Node>) -> Option<Time> {
        let time = Time::strptime("%H:%M", text).ok();
        if let (None, Some(entry)) = (time, promise.get("before")) {
            let message = format!("`{text}` is not a time of the day");
            let hint = Some("write it like `\"10:00\"`".to_owned());
            self.report
                .hinted("promise.before", &entry.node.span, (message, hint));
        }
        time
    }
}
