//! English.

use botswain_core::{
    index::{ExceptionCategory, State},
    run::fact::Resolution,
};
use botswain_views::{Decision, Role};

use super::{Told, Words};

pub(super) const WORDS: Words = Words {
    other_language: ("简体中文", "zh-CN"),
    skip_to_content: "Skip to the content",
    inbox: "Inbox",
    runs: "Runs",
    people: "People",
    sign_in: "Sign in",
    sign_out: "Sign out",
    light: "Light",
    dark: "Dark",
    keys: "Keys",
    keys_list: &[
        ("j / k", "next, previous"),
        ("Enter", "open"),
        ("x", "choose"),
        ("/", "search"),
        ("e", "correct the data"),
        ("r", "try again"),
        ("a", "approve, or assign"),
        ("s", "put off"),
        ("g i", "inbox"),
        ("g r", "runs"),
        ("?", "this list"),
    ],
    close: "Close",
    news: "Something has changed. Show it",

    name: "Name",
    password: "Password",
    password_again: "Password, once more",
    new_password: "New password",
    sign_in_lead: "Sign in to see what waits for people.",
    setup: "The first account",
    setup_lead: "Nobody can sign in yet. Whoever does this may do everything, and lets others in.",
    setup_button: "Create the account",
    password_rule: "At least 10 characters, without the name in it.",

    by_cause: "By cause",
    newest: "Newest",
    oldest: "Oldest",
    overdue: "Overdue",
    approvals: "Approvals",
    mine: "Mine",
    snoozed: "Put off",
    search: "Search",
    search_hint: "Key, customer, code or words of the message",
    all_categories: "All kinds",
    category: "Kind",
    filter: "Filter",
    nothing_waits: "Nothing waits for you",
    nothing_waits_lead: "What a run cannot finish by itself comes here, with what is needed to finish it.",
    nothing_fits: "Nothing here fits",
    nothing_fits_lead: "Try other words, or look at all that waits.",
    next_page: "Next page",
    show_all: "Show all that waits",
    waits_since: "waits since",
    due: "due",
    taken_by: |name| format!("{name} is on it"),
    asks: |groups| format!("for {groups}"),
    approved_so_far: |names| format!("approved by {names}"),
    choose: |what| format!("Choose {what}"),
    decide_chosen: "Decide about those chosen",
    decide_all: |count| format!("Decide about all {count}"),
    decision: "Decision",
    go_on: "Go on",
    back_to_inbox: "Back to the inbox",
    one_cause: "All of one cause",

    categories: |category| match category {
        ExceptionCategory::Business => "Data",
        ExceptionCategory::System => "System",
        ExceptionCategory::InDoubt => "In doubt",
        ExceptionCategory::Approval => "Approval",
        ExceptionCategory::Overdue => "Overdue",
    },
    why: |category| match category {
        ExceptionCategory::Business => {
            "It waits because the data do not fit. Trying again changes nothing until they are corrected."
        }
        ExceptionCategory::System => {
            "It waits because an outside system did not do what it should, as often as it was tried."
        }
        ExceptionCategory::InDoubt => {
            "It waits because nobody knows whether it took place. It is not repeated until somebody says."
        }
        ExceptionCategory::Approval => "It waits because somebody has to agree before it goes on.",
        ExceptionCategory::Overdue => "It waits because it has taken longer than it may.",
    },
    exception: |id| format!("Exception {id}"),
    evidence: "What was seen",
    picture: "The screen when it failed",
    files: "Files",
    hint: "Hint",
    mend: "Correct the data",
    mend_inputs: "Correct the inputs of the run",
    mend_all: "Correct the same in each, and try again",
    mend_to: "To",
    mend_step: "Correct this step alone",
    mend_step_lead: "What this one step was given. Later steps do not see it.",
    came_as: "came as",
    yes: "yes",
    no: "no",
    try_with_these: "Try again with these data",
    try_as_is: "Try again as it is",
    try_as_is_lead: "When the cause is gone: the step is done again with the data it had.",
    try_current: "Try again by the mended workflow",
    try_current_lead: "Its file has changed since; the run goes on by what it says now.",
    note: "Note",
    remember: "Remember this correction in the table",
    remember_lead: "From now on the workflow corrects it by itself, where it looks into that table.",
    did_it: "Did it take place?",
    did_it_lead: "Look into the other system. A second order cannot be taken back.",
    it_did: "It took place",
    it_did_not: "It did not: do it now",
    it_did_not_lead: "Only if you have looked: it is done once more.",
    by_hand: "It is done",
    by_hand_lead: "It took place after all, or you have done it by hand. The run goes on behind it.",
    result: "What came of it, as JSON",
    result_hint: "Later steps read it. Leave it empty when none does.",
    skip: "Skip this step",
    skip_lead: "The run goes on without it; later steps see nothing of it.",
    back: "Go back to an earlier step",
    back_lead: "It and all after it are done again. What took place once is kept, unless it is ticked.",
    back_to: "Back to",
    again: "Do once more",
    abandon: "Give it up",
    abandon_lead: "It ends as failed. Nothing more is tried.",
    put_off: "Put it off",
    put_off_lead: "It is not shown before then.",
    until: "Until",
    more_time: "Give it more time",
    more_time_lead: "From now on it may take so much longer.",
    hours: "Hours",
    assign: "Give it to somebody",
    assign_lead: "It stands under “Mine” there.",
    assign_me: "I am on it",
    assignee: "Whom",
    give_back: "Give it back",
    remark: "Add a remark",
    other_ways: "Other ways",
    approve: "Approve",
    reject: "Reject",
    asked_is: "What is asked",
    needs_people: |count| format!("It takes {count} people."),
    not_by: |name| format!("{name} has started the run and cannot approve it."),
    escalates: "Others are asked too from",
    cannot_decide: "You may look at this, and somebody with the role of a handler decides.",

    details: "Details",
    key: "Key",
    workflow: "Workflow",
    run: "Run",
    step: "Step",
    steps: "Steps",
    bot: "Bot",
    code: "Code",
    for_groups: "For",
    tries: "Attempts",
    began: "Began",
    cut_short: "was cut short",
    succeeded: "succeeded",
    history: "What people said",
    others: |count| match count {
        1 => "1 other waits for the same cause".to_owned(),
        count => format!("{count} others wait for the same cause"),
    },
    given: "The step was given",

    closed: "It is decided already",
    closed_by: |name| format!("{name} was first. Nothing was done twice."),
    decided: |resolution, told| match resolution {
        Resolution::Retry => "to be tried again".to_owned(),
        Resolution::Upgrade { .. } => "to be tried again by the mended workflow".to_owned(),
        Resolution::Edit(_) => "corrected, to be tried again".to_owned(),
        Resolution::Happened { .. } => "it took place".to_owned(),
        Resolution::Skip => "skipped".to_owned(),
        Resolution::Abandon => "given up".to_owned(),
        Resolution::Back { to, .. } => format!("back to {to}"),
        Resolution::Approve => "approved".to_owned(),
        Resolution::Reject => "rejected".to_owned(),
        Resolution::Snooze { until } => format!("put off until {}", told(*until)),
        Resolution::MoreTime { millis } => format!("{} more time", hours(*millis)),
        Resolution::Assign { to: Some(to) } => format!("given to {to}"),
        Resolution::Assign { to: None } => "given back".to_owned(),
        Resolution::Remark => "says".to_owned(),
    },
    deciding,

    preview: "What will happen",
    will_happen: |count| match count {
        1 => "One is decided:".to_owned(),
        count => format!("{count} are decided, each by itself:"),
    },
    ten_seconds: "It begins after ten seconds. Until then it can be withdrawn.",
    confirm: "Do it",
    and_more: |count| format!("and {count} more"),
    withdraw: "Withdraw it",
    begins: "Begins",
    withdrawn: "It was withdrawn. Nothing was decided.",
    under_way: "It is under way.",
    done: "It is done.",
    done_of: |done, total| format!("{done} of {total} decided"),
    refused: "Refused",

    role: "Role",
    roles: |role| match role {
        Role::Viewer => "viewer",
        Role::Handler => "handler",
        Role::Author => "author",
        Role::Admin => "admin",
    },
    role_means: |role| match role {
        Role::Viewer => "sees what runs and what waits",
        Role::Handler => "starts and cancels runs, decides what waits",
        Role::Author => "changes workflows and corrections",
        Role::Admin => "changes who may what",
    },
    groups: "Groups",
    groups_hint: "Those of botswain.yaml that they answer for, with commas between them",
    last_seen: "Last seen",
    never: "never",
    add_person: "Let somebody in",
    change: "Change",
    remove: "Remove",
    people_lead: "Each role may all that those before it may. Whoever is changed has to sign in again.",
    leave_empty: "Leave it empty to keep the old one.",

    states: |state| match state {
        State::Queued => "queued",
        State::Running => "running",
        State::Waiting => "waiting",
        State::Parked => "parked",
        State::Succeeded => "succeeded",
        State::Skipped => "skipped",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    },
    state: "State",
    all_states: "All states",
    no_runs: "No runs here",
    no_runs_lead: "A run begins when a trigger fires, or with `botswain run WORKFLOW`.",
    lasted: "Lasted",
    cancel_run: "Cancel the run",
    cancel_lead: "What reads is stopped at once, what must not be repeated gets 30 seconds. Then `finally` is done.",
    inputs: "Inputs",
    output: "Output",
    waits_for: "What it waits for",
    items_done: |ended, parked, active| {
        format!("{ended} ended, {parked} parked, {active} under way")
    },
    facts: "Facts",
    no_value: "nothing",

    ago: |seconds| format!("{} ago", length(seconds)),
    ahead: |seconds| format!("in {}", length(seconds)),
    length,
};

fn deciding(decision: &Decision, told: Told<'_>) -> String {
    match decision {
        Decision::Retry => "try again as it is".to_owned(),
        Decision::RetryCurrent => "try again by the mended workflow".to_owned(),
        Decision::Edit(edits) => {
            let edits = edits
                .iter()
                .map(|(name, value)| format!("{name} = {value}"));
            format!(
                "correct {} and try again",
                edits.collect::<Vec<_>>().join(", ")
            )
        }
        Decision::EditWith(_) => "correct the step and try again".to_owned(),
        Decision::Happened(_) => "it took place".to_owned(),
        Decision::Skip => "skip the step".to_owned(),
        Decision::Back { to, .. } => format!("go back to {to}"),
        Decision::Abandon => "give it up".to_owned(),
        Decision::Approve => "approve".to_owned(),
        Decision::Reject => "reject".to_owned(),
        Decision::Snooze { until } => format!("put off until {}", told(*until)),
        Decision::MoreTime { millis } => format!("give it {} more", hours(*millis)),
        Decision::Assign { to: Some(to) } => format!("give it to {to}"),
        Decision::Assign { to: None } => "give it back".to_owned(),
        Decision::Remark => "add the remark".to_owned(),
    }
}

fn hours(millis: u64) -> String {
    length(i64::try_from(millis / 1000).unwrap_or(i64::MAX))
}

fn length(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
