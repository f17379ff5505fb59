import type { Words } from '../words.js';

/** “alice 添加了机器人 LangBot”；没有成功时，“alice 未能添加机器人”。 */
function act(did: string, attempted: string) {
  return (who: string, whom: string, isDone: boolean): string =>
    `${who} ${(isDone ? did : `未能${attempted}`).replace('{}', () => whom)}`;
}

const FORGOT = act('移除了 {} 的注册', '移除 {} 的注册');
const TESTED = act('测试了 {}', '测试 {}');

export const audit: Words['audit'] = {
  title: '审计',
  table: '运维人员的操作，最新的在前',
  operator: '运维人员',
  within: '时间范围',
  ranges: { '1h': '最近一小时', '24h': '最近 24 小时', '7d': '最近 7 天', '30d': '最近 30 天' },
  when: '时间',
  what: '操作',
  address: '来源地址',
  answer: '结果',
  somebody: '某人',
  sharedSecret: '共用密钥',
  openManager: '未登录的人',
  times: (sentence, times) => `${sentence}（${times} 次）`,
  worked: '完成',
  refused: '没有权限',
  failed: '失败',
  hungUp: '对方已断开',
  call: '调用',
  requestId: '请求编号',
  kept: '保存 90 天。',
  nothing: '没有操作记录',
  nothingText: '运维人员的修改、登录和退出，一秒后出现在这里，保存 90 天。',
  noMatch: '没有符合条件的操作',
  acts: {
    'POST /console/session': act('登录', '登录'),
    'GET /console/oidc/callback': act('用公司账号登录', '用公司账号登录'),
    'DELETE /console/session': act('退出登录', '退出登录'),
    'POST /api/v1/apps': act('接入了应用 {}', '接入应用'),
    'DELETE /api/v1/apps/:id': act('删除了应用 {}', '删除应用 {}'),
    'POST /api/v1/bots': act('添加了机器人 {}', '添加机器人'),
    'PATCH /api/v1/bots/:id': act('修改了机器人 {}', '修改机器人 {}'),
    'DELETE /api/v1/bots/:id': act('删除了机器人 {}', '删除机器人 {}'),
    'POST /api/v1/bots/:id/key': act('为机器人 {} 生成了新密钥', '为机器人 {} 生成新密钥'),
    'POST /api/v1/bots/:id/verify': act('验证了机器人 {} 的 URL', '验证机器人 {} 的 URL'),
    'POST /api/v1/operators': act('添加了运维人员 {}', '添加运维人员'),
    'POST /api/v1/operators/:name/token': act('为运维人员 {} 更换了令牌', '为运维人员 {} 更换令牌'),
    'DELETE /api/v1/operators/:name': act('删除了运维人员 {}', '删除运维人员 {}'),
    'DELETE /api/v1/accounts/:openKfId': FORGOT,
    'POST /api/v1/accounts/:openKfId/test': TESTED,
    // As 2.1 called them, in entries that are kept.
    'DELETE /api/v1/kf-accounts/:openKfId': FORGOT,
    'POST /api/v1/kf-accounts/:openKfId/test': TESTED,
    'POST /api/v1/hints/replay': act('重新投递了死信事件', '重新投递死信事件'),
    'POST /api/v1/hints/:openKfId/replay': act('重新投递了 {} 的事件', '重新投递 {} 的事件'),
    'DELETE /api/v1/hints/:openKfId': act('丢弃了 {} 的事件', '丢弃 {} 的事件'),
    'POST /api/v1/messages/replay': act('重新投递了死信消息', '重新投递死信消息'),
    'POST /api/v1/messages/:openKfId/:webhookId/replay': act(
      '重新投递了 {} 的一条消息',
      '重新投递 {} 的一条消息',
    ),
    'DELETE /api/v1/messages/:openKfId/:webhookId': act('丢弃了 {} 的一条消息', '丢弃 {} 的一条消息'),
    'POST /api/v1/notifications/test': act('向通知对象发送了测试', '向通知对象发送测试'),
  },
  changed: (who, fields, whom) => `${who} 修改了机器人 ${whom} 的${fields.join('、')}`,
  fields: {
    name: '名称',
    openKfIds: '账号',
    callback: 'URL',
    takes: '接收内容',
    include: '接收内容',
    since: '起始时间',
    api: '接口',
    corpSecret: 'Secret',
    order: '顺序',
    paused: '暂停状态',
  },
  other: (who, call, isDone) => `${who} ${isDone ? '调用了' : '未能调用'} ${call}`,
};
