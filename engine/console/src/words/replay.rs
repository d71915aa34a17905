//! What is said of a run that is played again.

use botswain_views::{ReplayChange, ReplayDid};

/// The texts of the page of a replay, and of the buttons that lead there.
pub(crate) struct ReplayWords {
    pub(crate) replay: &'static str,
    pub(crate) replay_of: fn(&str) -> String,
    pub(crate) by_file: &'static str,
    pub(crate) by_pinned: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) nothing_done: &'static str,
    pub(crate) cut_off: &'static str,
    pub(crate) cut_off_lead: fn(u64) -> String,
    pub(crate) differs: &'static str,
    pub(crate) same: &'static str,
    pub(crate) same_so_far: &'static str,
    pub(crate) by: &'static str,
    pub(crate) file: &'static str,
    pub(crate) pinned: &'static str,
    pub(crate) then: &'static str,
    pub(crate) now: &'static str,
    pub(crate) waits: &'static str,
    pub(crate) again: &'static str,
    pub(crate) did: fn(ReplayDid) -> &'static str,
    pub(crate) change: fn(ReplayChange) -> &'static str,
    pub(crate) asks_otherwise: &'static str,
    pub(crate) would_send: &'static str,
    pub(crate) corrected: &'static str,
}

pub(super) const ENGLISH: ReplayWords = ReplayWords {
    replay: "Replay",
    replay_of: |run| format!("Replay of run {run}"),
    by_file: "Replay with the file of today",
    by_pinned: "Replay with its own version",
    lead: "Plays it again with what it has read, and shows what differs. Nothing is sent or changed. It takes up to 20 seconds.",
    nothing_done: "Played with what the run has read. Nothing was sent or changed.",
    cut_off: "Cut off",
    cut_off_lead: |steps| {
        format!(
            "It went on for too long. What would follow after {steps} steps is not shown; the command line on the machine replays it without a limit."
        )
    },
    differs: "What differs",
    same: "The same would be sent as then.",
    same_so_far: "As far as it was played, the same would be sent as then.",
    by: "Played with",
    file: "the file of today",
    pinned: "the version that the run follows",
    then: "The run",
    now: "Played again",
    waits: "Would wait for a person",
    again: "Once more",
    did: |did| match did {
        ReplayDid::Read => "was read again on this machine",
        ReplayDid::Recorded => "as it was recorded",
        ReplayDid::Shown => "was not done, only shown",
        ReplayDid::Asked => "would ask a person",
        ReplayDid::Nothing => "did not come",
    },
    change: |change| match change {
        ReplayChange::Same => "the same",
        ReplayChange::Different => "different",
        ReplayChange::New => "new: the run had not come to it",
        ReplayChange::Gone => "not sent any more",
    },
    asks_otherwise: "asks for something else; the answer of then was taken",
    would_send: "What it would send",
    corrected: "A person had corrected data of this run. A replay does not do that again.",
};

pub(super) const CHINESE: ReplayWords = ReplayWords {
    replay: "重放",
    replay_of: |run| format!("重放运行 {run}"),
    by_file: "用目前的文件重放",
    by_pinned: "用它自己的版本重放",
    lead: "用当时读到的内容再演算一遍，并显示不同之处。不发送也不改变任何东西。最多需要 20 秒。",
    nothing_done: "已用运行当时读到的内容演算。没有发送或改变任何东西。",
    cut_off: "已中断",
    cut_off_lead: |steps| {
        format!("时间过长，只显示了前 {steps} 个步骤，之后的未知；在本机用命令行重放则没有限制。")
    },
    differs: "不同之处",
    same: "发送的内容与当时相同。",
    same_so_far: "就已演算的部分而言，发送的内容与当时相同。",
    by: "采用",
    file: "目前的文件",
    pinned: "运行所采用的版本",
    then: "原运行",
    now: "重放结果",
    waits: "会等待人工处理",
    again: "再次重放",
    did: |did| match did {
        ReplayDid::Read => "在本机重新读取",
        ReplayDid::Recorded => "采用当时的记录",
        ReplayDid::Shown => "没有执行，只是显示",
        ReplayDid::Asked => "会询问人员",
        ReplayDid::Nothing => "没有到达",
    },
    change: |change| match change {
        ReplayChange::Same => "相同",
        ReplayChange::Different => "不同",
        ReplayChange::New => "新增：原运行没有走到这里",
        ReplayChange::Gone => "不再发送",
    },
    asks_otherwise: "询问的内容不同；采用了当时的回答",
    would_send: "会发送的内容",
    corrected: "有人更正过此运行的数据，重放不会再次更正。",
};
