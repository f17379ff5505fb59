import type { Words } from '../words.js';

export const notifications: Words['notifications'] = {
  title: '通知对象',
  nobody: '未设置 NOTIFY_URL，需要处理的问题不会通知任何人。可设置企业微信群机器人或任意 Webhook 的地址：',
  guide: { text: '没有 Prometheus 时的通知', url: '/docs/guide/zh/observe#没有-prometheus-时的通知' },
  kinds: { robot: '企业微信群', webhook: 'Webhook' },
  test: '发送测试',
  sent: '测试已发送',
  notSent: '测试未发送',
  failed: '最近一次发送失败',
  told: '最近一次通知',
  neverTold: '尚未发送过通知。',
  over: (title) => `已恢复：${title}`,
  list: (titles) => titles.join('；'),
  more: (count) => `另有 ${count.toLocaleString('zh-CN')} 项`,
};
