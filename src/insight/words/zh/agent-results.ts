import type { TroubleWords } from '../words.js';

export const agentResults: TroubleWords['agents']['results'] = {
  answered: { what: '服务正常回答', remedy: '无需处理。' },
  key: {
    what: '服务拒绝该密钥',
    remedy: '在服务中新建密钥，并填入智能体的设置。同时核对接口地址：密钥只对一个服务有效。',
  },
  quota: { what: '服务的额度已用完', remedy: '在服务中充值，或填写其他账户的密钥。' },
  busy: {
    what: '服务暂时不接受更多提问',
    remedy: '一分钟后重试。如果持续如此，请在服务中提高限额，或减少并发调用数。',
  },
  absent: {
    what: '该地址没有内容（404）',
    remedy: '地址是否以 /v1 结尾？除扣子外都应如此。OpenAI 格式还要核对模型名称。',
  },
  unpublished: {
    what: '服务中没有所请求的应用或模型',
    remedy: '在服务中将应用发布到 API，并核对接口地址、模型和智能体 ID。',
  },
  conversation: { what: '服务不认识该会话', remedy: '请重试：每次测试都会开始新会话。' },
  filtered: { what: '服务拦截了回答', remedy: '这是服务自身的过滤。请换一个问题，或检查服务中的应用。' },
  empty: { what: '回答没有文字', remedy: '检查服务中的应用：只有文字能发给客户。' },
  refused: {
    what: '服务没有给出回答',
    remedy: '原因中有服务自己的错误码。请核对服务类型和接口地址，并检查服务中的应用。',
  },
  connect: {
    what: '无法连接服务',
    remedy: '核对接口地址的主机、端口以及 http 或 https，须能从管理器所在主机访问。',
  },
  reset: {
    what: '回答中断',
    remedy: '核对服务类型和接口地址：该地址可能是其他程序。否则请查看服务的日志。',
  },
  timeout: { what: '未在时限内收到完整回答', remedy: '换用更快的模型，或在机器人的设置中延长时限。' },
  saturated: { what: '对该服务的提问过多', remedy: '一分钟后重试。' },
  withdrawn: { what: '没有及时获得空闲连接', remedy: '一分钟后重试。' },
};
