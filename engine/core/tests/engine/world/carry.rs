//! How the commands of the engine are carried out there.

use std::sync::Arc;

use botswain_core::{
    Effect, Fault, Hash, Payload, RunId, StepId,
    engine::{
        Command, Event,
        event::{Call, Counted, Holder, Loaded, Return, Subject, claim_key},
    },
    evaluate::{Evaluator, complete_inputs},
    index::{State, Summary},
    plan::Version,
    run::fact::{Fact, Resolution, What},
};
use indexmap::IndexMap;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    Reaction, World,
    values::{Memory, effect, unreadable},
};

impl World {
    /// Carries out one command; false when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some(command) = self.queue.pop_front() else {
            return self.land();
        };
        match command {
            Command::Append { ticket, batch } => {
                self.appends += 1;
                self.flying.push_back((ticket, batch));
                if !self.slow_disk {
                    self.land();
                }
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => {
                let answer = self.evaluator(|it| it.answer(&version, &scope, &edits, &subject));
                let mut event = Event::Evaluated {
                    run: scope.run.clone(),
                    subject,
                    answer: Box::new(answer),
                    holder: None,
                };
                let holder = self.holder_for(&version.plan.name, &event);
                if let Event::Evaluated { holder: place, .. } = &mut event {
                    *place = holder;
                }
                self.tell(event);
            }
            Command::Fire {
                firing,
                version,
                trigger,
                at,
                happening,
            } => {
                let inputs = self
                    .evaluator(|it| {
                        it.trigger_inputs(&version, trigger, (at, happening.as_deref()))
                    })
                    .map_err(Box::new);
                let mut event = Event::Fired {
                    firing,
                    workflow: version.plan.name.clone(),
                    inputs,
                    happening,
                    holder: None,
                };
                let claim = event.run_claim();
                event.held_by(claim.and_then(|claim| self.disk.holder(&claim)));
                self.tell(event);
            }
            Command::Count {
                firing,
                version,
                since,
                at,
            } => {
                let workflow = version.plan.name.clone();
                let within = |run: &&Summary| {
                    let by = run.ended.is_some_and(|ended| ended >= since && ended <= at);
                    run.workflow == workflow && run.state == State::Succeeded && by
                };
                let succeeded = self.disk.summaries.values().filter(within).count() as u64;
                let inputs = complete_inputs(&version.plan, IndexMap::new());
                self.tell(Event::Counted(Counted {
                    firing,
                    workflow,
                    at,
                    succeeded,
                    inputs: inputs.ok().map(Into::into),
                }));
            }
            Command::Spawn(call) => self.call(*call),
            Command::Proceed { run, step, .. } => self.act(&run, &step),
            Command::Cancel { run, step, attempt } => {
                self.working
                    .retain(|call| (&call.run, &call.step) != (&run, &step));
                let fault = Fault::system("step.cancelled", "the attempt was stopped");
                let fault = match self
                    .calls
                    .iter()
                    .rev()
                    .find(|call| call.run == run && call.step == step)
                {
                    Some(call) if call.effect == Effect::Once && !call.announces => {
                        fault.in_doubt()
                    }
                    _ => fault,
                };
                let result = Err(Box::new(fault));
                self.tell(Event::Outcome {
                    run,
                    step,
                    attempt,
                    result,
                });
            }
            Command::Return { run, step, child } => {
                let summary = &self.disk.summaries[&child];
                let result = match self.readable {
                    true => Ok(Return {
                        state: summary.state,
                        output: summary.collected.clone().unwrap_or(Payload::NULL),
                        child,
                    }),
                    false => Err(Box::new(unreadable())),
                };
                self.tell(Event::Returned { run, step, result });
            }
            Command::Children { run, step } => {
                let of = |summary: &&Summary| {
                    let parent = summary.parent.as_ref();
                    parent.is_some_and(|(parent, by, _)| (parent, by) == (&run, &step))
                };
                let children = self.disk.summaries.values().filter(of);
                let open = children.filter(|summary| !summary.state.has_ended());
                let children = open.map(|summary| summary.id.clone()).collect();
                self.tell(Event::Children {
                    run,
                    step,
                    children,
                });
            }
            Command::Gather { run, step, tally } => {
                self.gathered += 1;
                let output = match self.readable {
                    true => Ok(json!({ "total": tally.ended(), "succeeded": tally.succeeded, "skipped": tally.skipped, "failed": tally.failed, "cancelled": tally.cancelled, "open": tally.active + tally.parked }).into()),
                    false => Err(Box::new(unreadable())),
                };
                self.tell(Event::Gathered { run, step, output });
            }
            Command::Load { run } => {
                let loaded = self.load(&run);
                self.tell(loaded);
            }
            Command::Probe { connection } => {
                self.probes.push((connection.clone(), self.now));
                if let Some(test) = &mut self.tests {
                    let result = test(&connection).map_err(Box::new);
                    self.tell(Event::Probed { connection, result });
                }
            }
            Command::Breaker { connection, open } => {
                self.turned.push((connection, open.map(|fault| fault.code)));
            }
            Command::Reply { request, reply } => drop(self.replies.insert(request, reply)),
            Command::Opened(exception) => self.opened.push(*exception),
            Command::Rested { run } => self.rested.push(run),
            Command::Committed { .. } => (),
        }
        true
    }

    /// Makes the oldest append durable; false when there is none.
    pub(super) fn land(&mut self) -> bool {
        let Some((ticket, batch)) = self.flying.pop_front() else {
            return false;
        };
        self.disk.write(batch.facts, batch.changes);
        self.tell(Event::Appended { ticket });
        true
    }

    fn call(&mut self, call: Call) {
        assert!(
            call.effect == Effect::None || self.is_durable(&call),
            "{call:?} may change the world and is written down nowhere"
        );
        let with = match call.with.as_ref() {
            Payload::Inline(value) => value.clone(),
            Payload::Stored(_) => panic!("this world keeps everything inline"),
        };
        self.calls.push(call.clone());
        if call.announces {
            let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
            self.working.push(call);
            return self.tell(Event::Acting { run, step, attempt });
        }
        self.react(call, &with);
    }

    /// What was announced is durable: the bot acts.
    fn act(&mut self, run: &RunId, step: &StepId) {
        let place = self
            .working
            .iter()
            .position(|call| (&call.run, &call.step) == (run, step));
        if let Some(place) = place {
            let call = self.working.swap_remove(place);
            let with = match call.with.as_ref() {
                Payload::Inline(value) => value.clone(),
                Payload::Stored(_) => panic!("this world keeps everything inline"),
            };
            self.react(call, &with);
        }
    }

    fn react(&mut self, call: Call, with: &Value) {
        let reaction = (self.bots)(&call, with);
        let (run, step, attempt) = (call.run, call.step, call.attempt);
        let result = match reaction {
            Reaction::Succeed(output) => Ok(output.into()),
            Reaction::Fail(fault) => Err(Box::new(fault)),
            Reaction::Vanish => return,
        };
        self.tell(match call.verifies {
            true => Event::Verified { run, step, result },
            false => Event::Outcome {
                run,
                step,
                attempt,
                result,
            },
        });
    }

    /// The versions to which people have moved a run.
    pub(super) fn newer(&self, facts: &[Fact]) -> Vec<(Hash, Arc<Version>)> {
        let upgraded = facts.iter().filter_map(|fact| match &fact.what {
            What::Resolved {
                resolution: Resolution::Upgrade { version },
                ..
            } => Some(version),
            _ => None,
        });
        upgraded
            .map(|hash| (hash.clone(), self.versions[hash].clone()))
            .collect()
    }

    fn evaluator<T>(&self, ask: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        let values = Memory::new(self.readable);
        ask(&Evaluator {
            renderer: &self.renderer,
            values: &values,
            effect: &effect,
            announces: &|bot| bot == "world.form",
            versions: &|hash| match self.readable {
                true => Ok(self.versions[hash].clone()),
                false => Err(unreadable()),
            },
            timezone: &TimeZone::UTC,
        })
    }

    fn holder_for(&self, workflow: &str, event: &Event) -> Option<Holder> {
        let (run, subject, key) = event.key()?;
        let claim = match subject {
            Subject::Step(step) | Subject::Item { step, .. } => {
                claim_key(workflow, Some(step), &key.text)
            }
            _ => {
                let step = self.disk.summaries[run]
                    .parent
                    .as_ref()
                    .map(|(_, step, _)| step);
                claim_key(workflow, step, &key.text)
            }
        };
        self.disk.holder(&claim)
    }

    pub(super) fn load(&self, id: &RunId) -> Event {
        let facts = self.disk.facts[id].clone();
        let What::Created(created) = &facts[0].what else {
            panic!("the first fact")
        };
        let version = self.versions[&created.version].clone();
        let tallies = self.disk.tallies(id);
        Event::Loaded(Box::new(Loaded {
            run: id.clone(),
            version,
            newer: self.newer(&facts),
            facts,
            tallies,
        }))
    }
}
