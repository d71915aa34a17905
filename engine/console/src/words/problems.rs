//! What cannot be done, by the codes of the API's problems.
//!
//! The API speaks English. For a reader of another language a page says by the code
//! what is wrong, and keeps what was said in detail beside it.

pub(super) fn english(_: &str) -> Option<&'static str> {
    None
}

pub(super) fn chinese(code: &str) -> Option<&'static str> {
    Some(match code {
        "access.body" => "发送的内容超过 1 MiB",
        "access.factor" => "您的角色必须先启用两步验证",
        "access.form" => "此表单来自之前的会话，请重新载入页面后再发送",
        "access.group" => "此审批由其他组的人员回答",
        "access.login" => "尚未登录",
        "access.origin" => "请求来自其他网站",
        "access.role" => "您没有执行此操作的权限",
        "access.timeout" => "操作超过一分钟",
        "account.code" => "验证码不正确、已使用过，或已超时",
        "account.conflict" => "与现有账户冲突",
        "account.factor" => "两步验证的状态不允许此操作",
        "account.group" => "没有此组",
        "account.locked" => "此账户已被锁定，请联系管理员",
        "account.role" => "没有此角色",
        "account.setup" => "此链接已被使用，或不是最新的链接",
        "account.throttled" => "尝试次数过多，请稍后再试",
        "account.unknown" => "没有此账户",
        "account.value" => "姓名或密码不符合要求",
        "account.wrong" => "姓名或密码不正确",
        "audit.cursor" => "审计中没有此位置",
        "audit.unwritten" => "无法写入审计，操作未执行",
        "bulk.exceptions" => "没有可以处理的选择",
        "calendar.day" => "没有这一天",
        "conflict" => "当前状态下无法执行",
        "daemon.internal" => "出现内部错误",
        "disk.full" => "磁盘已满，空间足够后会自动继续",
        "exception.changed" => "已有人先行处理，请查看最新状态",
        "exception.closed" => "已有人处理完毕",
        "exception.decision" => "此处理不适用，或填写有误",
        "not_found" => "没有此内容",
        "provider.account" => "此账户的密码和角色由身份提供方管理",
        "provider.answer" => "身份提供方的答复无法识别，请告知管理员；仍可使用密码登录",
        "provider.attempt" => "此次登录已超时、已使用过，或不是在此浏览器中开始的，请重新登录",
        "provider.client" => "身份提供方不认识此系统，请告知管理员；仍可使用密码登录",
        "provider.clock" => "身份提供方与本机的时钟相差过大，请告知管理员",
        "provider.denied" => "身份提供方未允许登录，请重试或联系管理您账户的人员",
        "provider.down" => "身份提供方没有答复，请稍后再试；仍可使用密码登录",
        "provider.name" => "此名称属于另一个账户，请联系管理员",
        "provider.role" => "您不在允许使用的组中，请联系管理您账户的人员",
        "provider.token" => "身份提供方的说明不可信，请告知管理员；未允许登录",
        "pruned" => "此运行已按保留期清理",
        "run.inputs" => "输入不符合要求",
        "token.conflict" => "已有同名令牌，或令牌过多",
        "token.expiry" => "令牌须在 1 至 366 天后失效",
        "token.person" => "每个人只能管理自己的令牌",
        "token.role" => "令牌的权限不能超过本人",
        "token.unknown" => "没有此令牌",
        "workflow.changed" => "文件已被他人修改",
        "workflow.file" => "不是可以写入的流程文件",
        "workflow.large" => "流程过大",
        "workflow.mistakes" => "文件有错误",
        "workflow.unwritable" => "无法写入文件",
        "workflow.waits" => "文件已保存，但尚未采用",
        _ => return None,
    })
}
