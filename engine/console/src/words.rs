//! Every text of the console, in each language: one that is missing does not compile.

mod account;
mod audit;
mod connections;
mod editing;
mod en;
mod insights;
mod problems;
mod proposals;
mod replay;
mod runs;
mod tokens;
mod versions;
mod workflows;
mod zh;

use self::{
    account::AccountWords, audit::AuditWords, connections::ConnectionWords, editing::EditingWords,
    insights::InsightsWords, proposals::ProposalWords, replay::ReplayWords, runs::RunWords,
    tokens::TokenWords, versions::VersionWords, workflows::WorkflowWords,
};
use botswain_core::{
    index::{ExceptionCategory, State},
    run::fact::Resolution,
};
use botswain_views::{Decision, Role};
use jiff::Timestamp;

/// A language that the console speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    /// As it stands in cookies and in `lang`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        }
    }

    pub fn of_code(code: &str) -> Option<Language> {
        [Language::English, Language::Chinese]
            .into_iter()
            .find(|it| it.code() == code)
    }

    /// The one that a browser likes best of those there are.
    pub fn of_header(accept: &str) -> Language {
        let mut liked: Vec<(f32, Language)> = accept.split(',').filter_map(weighed).collect();
        // The first of those that are liked alike.
        liked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        liked
            .first()
            .map_or(Language::English, |(_, language)| *language)
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Language::English => &en::WORDS,
            Language::Chinese => &zh::WORDS,
        }
    }
}

fn weighed(entry: &str) -> Option<(f32, Language)> {
    let (name, weight) = entry.split_once(";q=").unwrap_or((entry, "1"));
    let language = match name.trim().get(..2)? {
        "zh" => Language::Chinese,
        "en" => Language::English,
        _ => return None,
    };
    Some((weight.trim().parse().ok()?, language))
}

/// A time in words, as the reader's zone has it.
pub(crate) type Told<'a> = &'a dyn Fn(Timestamp) -> String;

/// What pages say.
pub(crate) struct Words {
    pub(crate) other_language: (&'static str, &'static str),
    pub(crate) skip_to_content: &'static str,
    pub(crate) inbox: &'static str,
    pub(crate) runs: &'static str,
    pub(crate) people: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) light: &'static str,
    pub(crate) dark: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) keys_list: &'static [(&'static str, &'static str)],
    pub(crate) close: &'static str,
    pub(crate) news: &'static str,

    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) password_again: &'static str,
    pub(crate) new_password: &'static str,
    pub(crate) sign_in_lead: &'static str,
    pub(crate) setup: &'static str,
    pub(crate) setup_lead: &'static str,
    pub(crate) setup_button: &'static str,
    pub(crate) password_rule: &'static str,

    pub(crate) by_cause: &'static str,
    pub(crate) newest: &'static str,
    pub(crate) oldest: &'static str,
    pub(crate) overdue: &'static str,
    pub(crate) approvals: &'static str,
    pub(crate) mine: &'static str,
    pub(crate) hand_over: &'static str,
    pub(crate) hand_over_lead: &'static str,
    pub(crate) of_whom: &'static str,
    pub(crate) to_whom: &'static str,
    pub(crate) snoozed: &'static str,
    pub(crate) search: &'static str,
    pub(crate) search_hint: &'static str,
    pub(crate) all_categories: &'static str,
    pub(crate) category: &'static str,
    pub(crate) filter: &'static str,
    pub(crate) nothing_waits: &'static str,
    pub(crate) nothing_waits_lead: &'static str,
    pub(crate) nothing_fits: &'static str,
    pub(crate) nothing_fits_lead: &'static str,
    pub(crate) next_page: &'static str,
    pub(crate) show_all: &'static str,
    pub(crate) waits_since: &'static str,
    pub(crate) due: &'static str,
    pub(crate) taken_by: fn(&str) -> String,
    pub(crate) asks: fn(&str) -> String,
    pub(crate) approved_so_far: fn(&str) -> String,
    pub(crate) choose: fn(&str) -> String,
    pub(crate) decide_chosen: &'static str,
    pub(crate) decide_all: fn(u64) -> String,
    pub(crate) decide_cause: &'static str,
    pub(crate) decision: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) back_to_inbox: &'static str,
    pub(crate) one_cause: &'static str,

    pub(crate) categories: fn(ExceptionCategory) -> &'static str,
    pub(crate) why: fn(ExceptionCategory) -> &'static str,
    pub(crate) exception: fn(u64) -> String,
    pub(crate) evidence: &'static str,
    pub(crate) picture: &'static str,
    pub(crate) files: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) mend: &'static str,
    pub(crate) mend_inputs: &'static str,
    pub(crate) mend_all: &'static str,
    pub(crate) mend_to: &'static str,
    pub(crate) mend_step: &'static str,
    pub(crate) mend_step_lead: &'static str,
    pub(crate) came_as: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) try_with_these: &'static str,
    pub(crate) try_as_is: &'static str,
    pub(crate) try_as_is_lead: &'static str,
    pub(crate) try_current: &'static str,
    pub(crate) try_current_lead: &'static str,
    pub(crate) note: &'static str,
    pub(crate) remember: &'static str,
    pub(crate) remember_lead: &'static str,
    pub(crate) did_it: &'static str,
    pub(crate) did_it_lead: &'static str,
    pub(crate) denied: fn(u32) -> String,
    pub(crate) it_did: &'static str,
    pub(crate) it_did_not: &'static str,
    pub(crate) it_did_not_lead: &'static str,
    pub(crate) by_hand: &'static str,
    pub(crate) by_hand_lead: &'static str,
    pub(crate) result: &'static str,
    pub(crate) result_hint: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) skip_lead: &'static str,
    pub(crate) back: &'static str,
    pub(crate) back_lead: &'static str,
    pub(crate) back_to: &'static str,
    pub(crate) again: &'static str,
    pub(crate) abandon: &'static str,
    pub(crate) abandon_lead: &'static str,
    pub(crate) put_off: &'static str,
    pub(crate) put_off_lead: &'static str,
    pub(crate) until: &'static str,
    pub(crate) put_off_until: &'static str,
    /// How many of those of one cause.
    pub(crate) put_off_of_many: fn(u64) -> String,
    pub(crate) this_afternoon: &'static str,
    pub(crate) tomorrow_morning: &'static str,
    pub(crate) next_monday: &'static str,
    pub(crate) more_time: &'static str,
    pub(crate) more_time_lead: &'static str,
    pub(crate) hours: &'static str,
    pub(crate) assign: &'static str,
    pub(crate) assign_lead: &'static str,
    pub(crate) assign_me: &'static str,
    pub(crate) assignee: &'static str,
    pub(crate) taken: &'static str,
    pub(crate) give_back: &'static str,
    pub(crate) remark: &'static str,
    pub(crate) other_ways: &'static str,
    pub(crate) approve: &'static str,
    pub(crate) reject: &'static str,
    pub(crate) asked_is: &'static str,
    pub(crate) needs_people: fn(u32) -> String,
    pub(crate) not_by: fn(&str) -> String,
    pub(crate) escalates: &'static str,
    pub(crate) cannot_decide: &'static str,

    pub(crate) details: &'static str,
    pub(crate) key: &'static str,
    pub(crate) workflow: &'static str,
    pub(crate) run: &'static str,
    pub(crate) step: &'static str,
    pub(crate) steps: &'static str,
    pub(crate) bot: &'static str,
    pub(crate) code: &'static str,
    pub(crate) for_groups: &'static str,
    pub(crate) tries: &'static str,
    pub(crate) began: &'static str,
    pub(crate) cut_short: &'static str,
    pub(crate) succeeded: &'static str,
    pub(crate) history: &'static str,
    pub(crate) others: fn(u64) -> String,
    pub(crate) given: &'static str,

    pub(crate) closed: &'static str,
    pub(crate) closed_by: fn(&str) -> String,
    pub(crate) decided: fn(&Resolution, Told<'_>) -> String,
    pub(crate) deciding: fn(&Decision, Told<'_>) -> String,

    pub(crate) preview: &'static str,
    pub(crate) will_happen: fn(u64) -> String,
    pub(crate) not_yours: fn(u64) -> String,
    pub(crate) ten_seconds: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) and_more: fn(u64) -> String,
    pub(crate) withdraw: &'static str,
    pub(crate) begins: &'static str,
    pub(crate) withdrawn: &'static str,
    pub(crate) under_way: &'static str,
    pub(crate) done: &'static str,
    pub(crate) done_of: fn(u64, u64) -> String,
    pub(crate) refused: &'static str,

    pub(crate) role: &'static str,
    pub(crate) roles: fn(Role) -> &'static str,
    pub(crate) role_means: fn(Role) -> &'static str,
    pub(crate) groups: &'static str,
    pub(crate) groups_hint: &'static str,
    pub(crate) last_seen: &'static str,
    pub(crate) never: &'static str,
    pub(crate) add_person: &'static str,
    pub(crate) change: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) people_lead: &'static str,
    pub(crate) leave_empty: &'static str,

    pub(crate) states: fn(State) -> &'static str,
    pub(crate) state: &'static str,
    pub(crate) all_states: &'static str,
    pub(crate) no_runs: &'static str,
    pub(crate) no_runs_lead: &'static str,
    pub(crate) lasted: &'static str,
    pub(crate) cancel_run: &'static str,
    pub(crate) cancel_lead: &'static str,
    pub(crate) warnings: &'static str,
    pub(crate) warnings_lead: &'static str,
    pub(crate) in_runs: fn(u64) -> String,
    pub(crate) inputs: &'static str,
    pub(crate) output: &'static str,
    pub(crate) waits_for: &'static str,
    pub(crate) items_done: fn(u64, u64, u64) -> String,
    pub(crate) facts: &'static str,
    pub(crate) no_value: &'static str,
    pub(crate) of_run: RunWords,
    pub(crate) of_replay: ReplayWords,
    pub(crate) of_workflow: WorkflowWords,
    pub(crate) of_version: VersionWords,
    pub(crate) of_editing: EditingWords,
    pub(crate) of_proposal: ProposalWords,
    pub(crate) of_connection: ConnectionWords,
    pub(crate) of_audit: AuditWords,
    pub(crate) of_token: TokenWords,
    pub(crate) of_insights: InsightsWords,
    pub(crate) of_account: AccountWords,
    /// What is wrong, by the code of a problem, where the problem itself speaks another language.
    pub(crate) problem: fn(&str) -> Option<&'static str>,

    pub(crate) ago: fn(i64) -> String,
    pub(crate) ahead: fn(i64) -> String,
    pub(crate) length: fn(i64) -> String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best() {
        for (accept, language) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.1", Language::English),
            ("de,zh;q=0.5,en;q=0.7", Language::English),
            ("de", Language::English),
            ("", Language::English),
            ("zh;q=x", Language::English),
            ("é", Language::English),
        ] {
            assert_eq!(Language::of_header(accept), language, "{accept}");
        }
    }
}
