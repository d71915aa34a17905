//! What is said of texts that wait for another author.

use botswain_views::ProposalState;

/// The texts of the pages about proposals.
pub(crate) struct ProposalWords {
    pub(crate) proposals: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) none: &'static str,
    pub(crate) none_lead: &'static str,
    pub(crate) proposal_of: fn(&str) -> String,
    pub(crate) proposed_by: fn(&str) -> String,
    pub(crate) by: &'static str,
    pub(crate) when: &'static str,
    pub(crate) note: &'static str,
    pub(crate) state: &'static str,
    pub(crate) states: fn(ProposalState) -> &'static str,
    /// What that means for whoever looks.
    pub(crate) means: fn(ProposalState) -> &'static str,
    pub(crate) waits_for: &'static str,
    pub(crate) nobody: &'static str,
    pub(crate) rejected_by: fn(&str) -> String,
    pub(crate) differs: &'static str,
    pub(crate) same: &'static str,
    pub(crate) no_file: &'static str,
    pub(crate) whole: &'static str,
    pub(crate) activate: &'static str,
    pub(crate) activate_lead: &'static str,
    pub(crate) reject: &'static str,
    pub(crate) why: &'static str,
    pub(crate) withdraw: &'static str,
    pub(crate) withdraw_lead: &'static str,
    pub(crate) discard: &'static str,
    pub(crate) open: &'static str,
    pub(crate) propose: &'static str,
    pub(crate) propose_lead: &'static str,
    pub(crate) yours_waits: &'static str,
    pub(crate) another_waits: fn(&str) -> String,
    pub(crate) look: &'static str,
}

pub(super) const ENGLISH: ProposalWords = ProposalWords {
    proposals: "Proposals",
    lead: "What one author has written, another one activates. These texts wait for that, or were rejected.",
    none: "Nothing is proposed",
    none_lead: "What an author proposes in the editor or by `botswain push` waits here for another author.",
    proposal_of: |name| format!("Proposal for {name}"),
    proposed_by: |name| format!("proposed by {name}"),
    by: "Proposed by",
    when: "When",
    note: "Note",
    state: "State",
    states: |state| match state {
        ProposalState::Waiting => "waits",
        ProposalState::Outdated => "out of date",
        ProposalState::Orphaned => "without its author",
        ProposalState::Rejected => "rejected",
    },
    means: |state| match state {
        ProposalState::Waiting => "It is no version yet: new runs follow the file as it is.",
        ProposalState::Outdated => {
            "The file was changed since this was proposed, so it cannot be activated: it has to be proposed anew."
        }
        ProposalState::Orphaned => {
            "Whoever has proposed this may not write workflows any more, so it cannot be activated. Reject it, or open it in the editor and propose it yourself: that takes its place."
        }
        ProposalState::Rejected => "It does not become a version. It can be proposed anew.",
    },
    waits_for: "Waits for",
    nobody: "nobody: there is no other author",
    rejected_by: |name| format!("Rejected by {name}"),
    differs: "What is different from the file now",
    same: "The file says so already.",
    no_file: "There is no such file now.",
    whole: "The whole text",
    activate: "Activate",
    activate_lead: "It becomes the file that new runs follow. Runs that have begun go on by the version they began with.",
    reject: "Reject",
    why: "Why, for whoever has proposed it",
    withdraw: "Withdraw",
    withdraw_lead: "You have proposed this, so another author decides about it. You can change it, or take it back.",
    discard: "Discard",
    open: "Open in the editor",
    propose: "Propose",
    propose_lead: "Another author looks at it and activates it. Nothing changes until then.",
    yours_waits: "A text of yours waits for another author. What you propose now takes its place.",
    another_waits: |name| {
        format!(
            "{name} has proposed a text. It has to be activated, rejected or withdrawn before another is proposed."
        )
    },
    look: "Look at it",
};

pub(super) const CHINESE: ProposalWords = ProposalWords {
    proposals: "提议",
    lead: "一位作者写的内容由另一位作者启用。这里是等待启用或已被驳回的文本。",
    none: "没有提议",
    none_lead: "作者在编辑页面或命令行中提议的内容会在此等待另一位作者。",
    proposal_of: |name| format!("{name} 的提议"),
    proposed_by: |name| format!("由 {name} 提议"),
    by: "提议人",
    when: "时间",
    note: "备注",
    state: "状态",
    states: |state| match state {
        ProposalState::Waiting => "等待中",
        ProposalState::Outdated => "已过时",
        ProposalState::Orphaned => "提议人已无权限",
        ProposalState::Rejected => "已驳回",
    },
    means: |state| match state {
        ProposalState::Waiting => "它还不是版本：新的运行仍按目前的文件执行。",
        ProposalState::Outdated => "提议之后文件已被修改，因此无法启用，需要重新提议。",
        ProposalState::Orphaned => {
            "提议人已不能编写流程，因此无法启用。请驳回，或在编辑页面中打开并以您的名义提议，届时将取代它。"
        }
        ProposalState::Rejected => "它不会成为版本，可以重新提议。",
    },
    waits_for: "等待",
    nobody: "无人：没有其他作者",
    rejected_by: |name| format!("被 {name} 驳回"),
    differs: "与目前文件的差异",
    same: "文件已是此内容。",
    no_file: "目前没有此文件。",
    whole: "完整文本",
    activate: "启用",
    activate_lead: "它成为新的运行所遵循的文件。已开始的运行继续按开始时的版本执行。",
    reject: "驳回",
    why: "原因，供提议人参考",
    withdraw: "撤回",
    withdraw_lead: "这是您的提议，因此由另一位作者决定。您可以修改或撤回。",
    discard: "丢弃",
    open: "在编辑页面中打开",
    propose: "提议",
    propose_lead: "另一位作者查看后启用。在此之前没有任何变化。",
    yours_waits: "您的文本正在等待另一位作者。现在提议的内容将取代它。",
    another_waits: |name| {
        format!("{name} 已提议一个文本。须先启用、驳回或撤回它，才能提议另一个。")
    },
    look: "查看",
};
