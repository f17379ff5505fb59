import type { Words } from '../words.js';

export const states: Words['states'] = {
  account: {
    failing: '异常',
    silent: '未回复',
    waiting: '待投递',
    unserved: '无机器人',
    paused: '已暂停',
    offline: '离线',
    unseen: '回复不可见',
    working: '正常',
    quiet: '无消息',
  },
};
