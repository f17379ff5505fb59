import { describe, expect, it } from '@jest/globals';
import type { Trouble } from './book.js';
import { toRobotBody, toTestBody, toWebhookBody } from './message.js';
import type { Cause } from '../insight/accounts/cause.js';
import { CAUSES } from '../insight/accounts/cause-table.js';
import { chinese } from '../insight/words/chinese.js';
import { english } from '../insight/words/english.js';
import { wordsOf } from './words.js';

const NOW_MS = Date.UTC(2026, 0, 1, 8, 0);
const CONSOLE = new URL('https://wxkf.example');

function trouble(changes: Partial<Cause> = {}): Trouble {
  const where = {
    address: '10.0.0.7:8080',
    port: 8_080,
    replica: null,
    unlistedAddress: null,
    corpId: 'ww1',
    openKfId: null,
    why: 'connect',
    status: null,
  };
  const cause = { code: 'waiting', severity: 'wait', count: 3, sinceMs: null, ...where, ...changes } as Cause;
  const times = { sinceMs: NOW_MS - 13 * 60_000, changedAtMs: NOW_MS, seenAtMs: NOW_MS };
  return { key: 'waiting 10.0.0.7', cause, state: 'told', returns: 0, hasWorked: false, ...times };
}

const contentOf = (body: object): string => (body as { markdown: { content: string } }).markdown.content;

describe('the message to a group robot', () => {
  it('says in Chinese what, where and since when, and how long what is over took', () => {
    const due = { begun: [trouble()], over: [trouble({ code: 'dead', severity: 'bad' })] };
    const { connect } = chinese.failures;
    expect(toRobotBody(due, 'Asia/Shanghai', NOW_MS, null)).toEqual({
      msgtype: 'markdown',
      markdown: {
        content: [
          '**需要处理（1）**',
          `> <font color="warning">10.0.0.7:8080：${connect.what}（3 个账号）</font>：自 1/1 15:47 起。${connect.remedy}`,
          '**已恢复（1）**',
          `> <font color="info">10.0.0.7:8080：有死信事件：${connect.what}（3 个账号）</font>：持续了 13 分钟`,
        ].join('\n'),
      },
    });
  });

  it('is never longer than WeCom takes, and says how many are left out', () => {
    const begun = Array.from({ length: 200 }, () => trouble());
    const content = contentOf(toRobotBody({ begun, over: [] }, 'UTC', NOW_MS, CONSOLE));
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4_096);
    const [, left] = /另有 (\d+) 项/.exec(content) ?? [];
    expect(content.split('\n')).toHaveLength(200 - Number(left) + 3);
    expect(content).toMatch(/\n\[打开控制台\]\(https:\/\/wxkf\.example\/console\/waiting\)$/);
  });

  it('mentions nobody, whatever a place is called', () => {
    const begun = [trouble({ address: '<@all>](https://evil.example)*' })];
    const content = contentOf(toRobotBody({ begun, over: [] }, 'UTC', NOW_MS, null));
    expect(content).not.toContain('<@');
    expect(content).not.toContain('](');
  });
});

describe('the message to any other receiver', () => {
  it('has a text for people, and each trouble for programs', () => {
    expect(toWebhookBody({ begun: [trouble()], over: [trouble({ count: 1 })] }, NOW_MS, null)).toEqual({
      text: [
        'Needs attention (1):',
        `- 10.0.0.7:8080: The manager cannot reach the bot (3 accounts), since 2026-01-01T07:47:00.000Z. ${english.failures.connect.remedy}`,
        'Over (1):',
        '- 10.0.0.7:8080: The manager cannot reach the bot (1 account): it lasted 13 min',
      ].join('\n'),
      troubles: [
        {
          ...{ type: 'trouble', code: 'waiting', severity: 'wait', count: 3 },
          title: '10.0.0.7:8080: The manager cannot reach the bot (3 accounts)',
          text: english.failures.connect.remedy,
          since: '2026-01-01T07:47:00.000Z',
          ...{
            address: '10.0.0.7:8080',
            port: 8_080,
            replica: null,
            unlistedAddress: null,
            corpId: 'ww1',
            openKfId: null,
            why: 'connect',
            status: null,
          },
        },
        expect.objectContaining({ type: 'over', code: 'waiting', count: 1 }),
      ],
      more: 0,
      url: null,
    });
  });

  it('lists 50 of many', () => {
    const begun = Array.from({ length: 60 }, () => trouble());
    const body = toWebhookBody({ begun, over: [] }, NOW_MS, null);
    expect(body).toMatchObject({ more: 10, text: expect.stringMatching(/and more$/) });
    expect((body as { troubles: object[] }).troubles).toHaveLength(50);
  });
});

it.each([
  [['waiting', 'parked'], '/console/waiting'],
  [['dead'], '/console/waiting?state=dead'],
  [['refused'], '/console/log?show=refused'],
  [['waiting', 'refused'], '/console'],
  [['store_down'], '/console'],
  [[], '/console'],
] as const)('leads to the page of the console that all of it is on: %j', (codes, page) => {
  const due = { begun: codes.map((code) => trouble({ code })), over: [trouble()] };
  const url = CONSOLE.origin + page;
  expect(toWebhookBody(due, NOW_MS, CONSOLE)).toMatchObject({
    url,
    text: expect.stringContaining(`\n${url}`),
  });
  expect(contentOf(toRobotBody(due, 'UTC', NOW_MS, CONSOLE))).toContain(`](${url})`);
});

it.each(CAUSES)('%s has words in both languages', (code) => {
  const { cause } = trouble({ code });
  expect(wordsOf(cause, 'en').title).toMatch(/^[\w.:(]/);
  expect(wordsOf(cause, 'zh').title).toMatch(/[\u4e00-\u9fff]/);
  expect(wordsOf(cause, 'zh').text).toMatch(/[。？]$/);
});

it.each<[Cause['code'], string, string, string]>([
  ['waiting', 'status', 'The bot answered with an HTTP error', '机器人返回了 HTTP 错误'],
  ['replies_fail', 'status', 'WeCom answers with HTTP errors', '企业微信返回 HTTP 错误'],
  ['replies_fail', '40008', 'msgtype', 'msgtype'],
  ['replies_fail', '99999', '99999', '99999'],
  ['replies_fail', 'of a later version <@all>', 'of?a?later?version???all?', 'of?a?later?version???all?'],
])('%s for %s says why', (code, reason, inEnglish, inChinese) => {
  const { cause } = trouble({ code, why: reason });
  expect(wordsOf(cause, 'en').title).toContain(inEnglish);
  expect(wordsOf(cause, 'zh').title).toContain(inChinese);
});

it.each<Cause['code']>(['waiting', 'dead'])('%s has the number of what the bot answers', (code) => {
  const { cause } = trouble({ code, why: 'status', status: 502 });
  expect(wordsOf(cause, 'en').title).toContain('The bot answered with HTTP error 502');
  expect(wordsOf(cause, 'zh').title).toContain('机器人返回了 HTTP 错误 502');
  expect(toWebhookBody({ begun: [trouble({ why: 'status', status: 502 })], over: [] }, NOW_MS, null)).toEqual(
    expect.objectContaining({ troubles: [expect.objectContaining({ why: 'status', status: 502 })] }),
  );
});

it.each<[Cause['code'], Partial<Cause>, 'title' | 'text', string]>([
  ['replica_away', { replica: 'host-0a1b2c' }, 'title', 'host-0a1b2c'],
  ['wecom_fails', { why: '60020', unlistedAddress: '203.0.113.7' }, 'title', '203.0.113.7'],
  ['replies_fail', { why: '60020', unlistedAddress: '2001:db8::7' }, 'title', '2001:db8::7'],
])('%s names what it is about: %j', (code, of, part, name) => {
  const { cause } = trouble({ code, ...of });
  for (const language of ['en', 'zh'] as const) expect(wordsOf(cause, language)[part]).toContain(name);
});

it('a test says that it is one', () => {
  expect(contentOf(toTestBody('zh', null))).toContain('测试');
  expect(toTestBody('en', null)).toMatchObject({ text: expect.stringContaining('test'), troubles: [] });
});
