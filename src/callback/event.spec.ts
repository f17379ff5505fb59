import { describe, expect, it } from '@jest/globals';
import { kfMessageXml } from '../../test/support/wecom.js';
import { idOfDecrypted, idOfMessage, isForPuppet, parseEvent } from './event.js';

const CORP_ID = 'ww12345678910';
const KF_ID = 'wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q';

const AUTH_CHANGE = `<xml>
  <ToUserName><![CDATA[${CORP_ID}]]></ToUserName>
  <FromUserName><![CDATA[sys]]></FromUserName>
  <CreateTime>1403610513</CreateTime>
  <MsgType><![CDATA[event]]></MsgType>
  <Event><![CDATA[kf_account_auth_change]]></Event>
  <AuthAddOpenKfId><![CDATA[wkAAAA1]]></AuthAddOpenKfId>
  <AuthAddOpenKfId><![CDATA[wkAAAA2]]></AuthAddOpenKfId>
  <AuthDelOpenKfId><![CDATA[wkAAAA3]]></AuthDelOpenKfId>
</xml>`;

const NEWS = {
  event: 'kf_msg_or_event',
  toUserName: CORP_ID,
  openKfId: KF_ID,
  syncToken: 'ENCApHxnGDNAVNY4',
  createdAtS: 1_348_831_860,
};

function elementsOf(...elements: string[]): string {
  return `<xml>${elements.join('')}</xml>`;
}

describe('an opened message', () => {
  it('tells the event, the corp, the kf account, the sync token and when it was made', () => {
    expect(parseEvent(kfMessageXml({ corpId: CORP_ID }, KF_ID, NEWS.syncToken))).toEqual(NEWS);
  });

  it('may have its elements in any order, blanks around them and around their text', () => {
    const message = elementsOf(
      `<OpenKfId> <![CDATA[ ${KF_ID}\n]]> </OpenKfId>\n`,
      `<Token>\n${NEWS.syncToken}\t</Token>`,
      '<Event><![CDATA[kf_msg_or_event ]]></Event>',
      `<ToUserName> ${CORP_ID} </ToUserName>`,
      '<CreateTime> 1348831860 </CreateTime>',
    );
    expect(parseEvent(message)).toEqual(NEWS);
  });

  it('has an empty sync token when it carries none', () => {
    expect(parseEvent(kfMessageXml({ corpId: CORP_ID }, KF_ID, null))).toEqual({ ...NEWS, syncToken: '' });
  });

  it.each(['', 'now', '-1', '1.5', '1e9', '9'.repeat(13)])(
    'was made nobody knows when, if CreateTime is "%s"',
    (text) => {
      expect(parseEvent(elementsOf(`<CreateTime>${text}</CreateTime>`)).createdAtS).toBeNull();
    },
  );

  it('is named by its type when it is no event', () => {
    expect(parseEvent(elementsOf('<MsgType><![CDATA[text]]></MsgType>')).event).toBe('text');
  });

  it.each([
    ['JSON', '{"Event":"kf_msg_or_event"}'],
    ['nothing', ''],
    ['XML that is cut off', kfMessageXml({ corpId: CORP_ID }, KF_ID).slice(0, -6)],
  ])('is CALLBACK_EVENT_MALFORMED when it is %s', (_what, message) => {
    expect(() => parseEvent(message)).toThrow(expect.objectContaining({ code: 'CALLBACK_EVENT_MALFORMED' }));
  });
});

describe('whether it is for a puppet', () => {
  const news = kfMessageXml({ corpId: CORP_ID }, KF_ID);

  it.each([
    ['news of a kf account', news],
    ['news without a sync token', kfMessageXml({ corpId: CORP_ID }, KF_ID, null)],
  ])('yes: %s', (_what, message) => expect(isForPuppet(parseEvent(message))).toBe(true));

  it.each([
    ['news that names no kf account', news.replace(/<OpenKfId>.*<\/OpenKfId>/, '')],
    ['news whose kf account is empty', kfMessageXml({ corpId: CORP_ID }, '')],
    ['news that names two kf accounts', news.replace(/<OpenKfId>.*<\/OpenKfId>/, '$&$&')],
    ['kf_account_auth_change, which repeats elements', AUTH_CHANGE],
    ['another event with a kf account', news.replace('kf_msg_or_event', 'enter_session')],
    ['a message of a member', elementsOf('<MsgType>text</MsgType><Content>kf_msg_or_event</Content>')],
  ])('no: %s', (_what, message) => expect(isForPuppet(parseEvent(message))).toBe(false));
});

describe('the id of a message', () => {
  const message = kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC1', 1_348_831_860);

  it('is the same for the same message, and fits a header', () => {
    expect(idOfMessage(CORP_ID, message)).toBe(idOfMessage(CORP_ID, `${message}`));
    expect(idOfMessage(CORP_ID, message)).toMatch(/^[\w-]{43}$/);
  });

  it('differs by corp, second, kf account and sync token', () => {
    const ids = [
      idOfMessage(CORP_ID, message),
      idOfMessage('ww2', message),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC1', 1_348_831_861)),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, 'wk2', 'ENC1', 1_348_831_860)),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC2', 1_348_831_860)),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the id of an event that a gateway opened', () => {
  it('is the same for the same sync token', () => {
    expect(idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null)).toBe(idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null));
  });

  it('differs by corp, kf account, sync token and CreateTime', () => {
    const ids = [
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null),
      idOfDecrypted('ww2', KF_ID, 'ENC1', null),
      idOfDecrypted(CORP_ID, 'wk2', 'ENC1', null),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC2', null),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', 1_348_831_860),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', 1_348_831_861),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is new each time without a sync token', () => {
    const ids = Array.from({ length: 100 }, () => idOfDecrypted(CORP_ID, KF_ID, '', null));
    expect(new Set(ids).size).toBe(100);
  });
});
