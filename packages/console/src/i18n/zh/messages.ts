import type { Words } from '../words.js';

const n = (count: number) => count.toLocaleString('zh-CN');

export const messages: Words['messages'] = {
  ofAccount: '待投递消息与死信消息',
  ofAccountText: '消息内容从不显示。',
  waitingTable: '等待机器人接收的消息',
  deadTable: '已停止重试的消息',
  bothTable: '待投递消息与死信消息',
  type: '类型',
  sent: '发送时间',
  origins: (origin) =>
    origin === 3 ? '客户发送' : origin === 4 ? '系统事件' : origin === 5 ? '接待人员发送' : '其他',
  noType: '无类型',
  attempts: (attempts, refusals) => `已尝试 ${n(attempts)} 次，被拒绝 ${n(refusals)} 次`,
  nameOf: (type, account) => `“${account}”的 ${type || '消息'}`,
  replayed: (name) => `正在按顺序投递该账号待投递的消息，包括${name}。`,
  replayAllAsk: (count, isWhole) => `重新投递${isWhole ? '' : '超过'} ${n(count)} 条死信消息？`,
  replayAllWhat:
    '每条消息立即到期，排在该账号之后收到的消息之前。机器人仍然拒绝的，将重新走一遍重试流程；目前无人接收的，仍为死信。',
  replayedAll: (count) => `正在重新投递 ${n(count)} 条消息。`,
  replayedNone: '没有重新投递任何消息：目前没有机器人接收这些账号的消息。请把账号交给一个接收消息的机器人。',
  dropAsk: (name) => `丢弃${name}？`,
  dropWhat: (openKfId, sent) =>
    `${openKfId} 于 ${sent} 的消息将永久丢失：内容会被删除，也不会再向企业微信拉取。排在后面的消息继续投递。`,
  dropGone: '该消息已不在这里：期间可能已被接收或丢弃。请关闭后查看最新情况。',
  dropped: (name) => `已丢弃${name}。`,
  nothingWaits: '没有待投递的消息',
  nothingWaitsText: '拉取到的消息均已被机器人接收。',
  nothingDead: '没有死信消息',
  nothingDeadText: '没有被放弃的消息。只有机器人每次都拒绝、过长，或超过 3 天仍未接收的消息，才会成为死信。',
};
