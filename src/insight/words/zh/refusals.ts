import type { TroubleWords } from '../words.js';

const RENEW =
  '请重新接入该应用（“应用接入”页，“接入企业微信应用”）：管理器会生成新的 Token 和 EncodingAESKey，把两者都粘贴到企业微信，然后删除旧的应用。puppet 也需要新的 Token 和 EncodingAESKey。';

const otherKey = {
  what: '无法解密',
  remedy: `企业微信中的 EncodingAESKey 与管理器中该企业的不一致，${RENEW}`,
  whileShown: '企业微信中的 EncodingAESKey 与管理器中该企业的不一致，请重新粘贴。',
};
const noCallback = {
  what: '内容不是企业微信发送的格式',
  remedy: '请查明该地址是谁，以及中间的代理是否改动了请求体或查询参数。',
};

export const reasons: TroubleWords['refusals']['reasons'] = {
  CALLBACK_SIGNATURE_MISMATCH: {
    what: '签名不匹配',
    remedy: `任何人都能发来签名是伪造的回调，因此这只是警告。如果该应用的最近事件早于客户的消息，则它的 Token 有误，${RENEW}`,
    whileShown: '企业微信中的 Token 与管理器中该企业的不一致，请重新粘贴。',
  },
  CIPHER_LENGTH_INVALID: otherKey,
  CIPHER_MESSAGE_LENGTH_INVALID: otherKey,
  CIPHER_PADDING_INVALID: otherKey,
  CALLBACK_CORP_UNKNOWN: {
    what: '管理器没有该企业的 Token 和密钥',
    remedy: '请在“应用接入”页接入，或启动该企业的机器人。如果已接入，请核对 URL 中的企业 ID。',
  },
  CALLBACK_RECEIVE_ID_MISMATCH: {
    what: '接收方是另一家企业',
    remedy: '请核对 URL 中的企业 ID；如果另一个 ID 也是您的，请把它列入应用的 receiveIds。',
  },
  CALLBACK_TIMESTAMP_OFF: {
    what: '时间与本机相差太多',
    remedy: '请校准本机时钟，或调大 CALLBACK_MAX_SKEW_S。',
  },
  CALLBACK_KEYS_UNPROVEN: {
    what: '其密钥只对一个账号有效',
    remedy: '请在“应用接入”页接入，或用该应用正确的 corpSecret 注册机器人。',
  },
  CALLBACK_ACCOUNT_OF_OTHER_CORP: {
    what: '账号属于另一家企业',
    remedy: '请核对 URL 中的企业 ID 与注册该账号的企业。',
  },
  CALLBACK_FROM_MANAGER: {
    what: '由另一个 WXKF-Manager 发来',
    remedy: '某个机器人的 URL 填成了管理器的回调 URL，请改为其程序的 URL。',
  },
  CALLBACK_ECHO_MALFORMED: noCallback,
  CALLBACK_ENVELOPE_MALFORMED: noCallback,
  CALLBACK_EVENT_MALFORMED: noCallback,
  REQUEST_INVALID: noCallback,
};

/** Of a code that has no words here. */
export const unknown: TroubleWords['refusals']['unknown'] = {
  what: '被拒绝',
  remedy: '请在使用指南的“错误码”中查找该错误码。',
};
