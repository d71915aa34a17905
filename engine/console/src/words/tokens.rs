//! What is said of tokens.

/// The texts of the page about tokens.
pub(crate) struct TokenWords {
    pub(crate) tokens: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) none: &'static str,
    pub(crate) none_lead: &'static str,
    pub(crate) made: fn(&str) -> String,
    pub(crate) ends: &'static str,
    pub(crate) used: &'static str,
    pub(crate) unused: &'static str,
    pub(crate) name: &'static str,
    pub(crate) may: &'static str,
    pub(crate) folders: &'static str,
    pub(crate) folders_lead: &'static str,
    pub(crate) in_days: fn(u32) -> String,
    pub(crate) add: &'static str,
    pub(crate) revoke: &'static str,
    pub(crate) revoke_of: fn(&str) -> String,
}

pub(super) const ENGLISH: TokenWords = TokenWords {
    tokens: "Tokens",
    lead: "A program shows one to the API, as `Authorization: Bearer`, and acts in your name. It may no more than you.",
    none: "No tokens",
    none_lead: "Make one for a program that is to read or do something in your name.",
    made: |name| format!("This is the token {name}. Copy it now: it is not shown again."),
    ends: "Ends",
    used: "Last used",
    unused: "Never used",
    name: "Name",
    may: "May",
    folders: "Only in these folders of workflows",
    folders_lead: "With commas between them, as in `sales/export`. The token sees and may nothing elsewhere. Leave it empty for everything that you see.",
    in_days: |days| format!("in {days} days"),
    add: "Make a token",
    revoke: "Revoke",
    revoke_of: |name| format!("Revoke: {name}"),
};

pub(super) const CHINESE: TokenWords = TokenWords {
    tokens: "令牌",
    lead: "程序以 `Authorization: Bearer` 向 API 出示令牌，以您的名义操作。令牌的权限不会超过您。",
    none: "没有令牌",
    none_lead: "为需要以您的名义读取或操作的程序创建一个。",
    made: |name| format!("这是令牌 {name}。请立即复制，之后不再显示。"),
    ends: "失效",
    used: "上次使用",
    unused: "从未使用",
    name: "名称",
    may: "权限",
    folders: "仅限以下流程文件夹",
    folders_lead: "用逗号分隔；下级文件夹用 `/` 连接。令牌在其他地方不能查看也不能操作。留空则适用于您能看到的全部内容。",
    in_days: |days| format!("{days} 天后"),
    add: "创建令牌",
    revoke: "撤销",
    revoke_of: |name| format!("撤销：{name}"),
};
