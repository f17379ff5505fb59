/**
 * Small API calls per second through the product, beside a relay written by hand that does nothing else. Both
 * send to the same simulated WeCom, with access tokens that the product gave.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiCall, ApiSink, type App, makeApps, SENT_BODY } from './api-sink.js';
import type { Child } from './child.js';
import type { Prepared } from './generator.js';
import { type Program, type Setting, startProgram, TITLES } from './programs.js';
import { getToken } from './token.js';
import { type Contender, runInTurns, type TurnPlan } from './turns.js';
import type { Rounds } from './verdict.js';

const APPS = 20;
const CALLS_PER_APP = 50;
const PREFIX = '/puppetWxkfManager/wxkfRequestProxy';

/** What a call may be refused for by the product itself, out of the way. */
export const NO_LIMITS = Object.fromEntries(
  [
    'CORP_CALLS_PER_MINUTE',
    'CORP_CALLS_PER_HOUR',
    'IP_CALLS_PER_MINUTE',
    'IP_CALLS_PER_HOUR',
    'TOKENLESS_SYNCS_PER_MINUTE',
  ].map((name) => [name, '1000000000']),
);

export type Send = Prepared & { readonly target: string; readonly body: Buffer };

/**
 * @param started told each child before anything can fail, so that it is ended whatever happens.
 * @throws Error when a call or its answer is not passed on byte for byte.
 */
export async function measureProxy(
  base: Setting,
  plan: TurnPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Rounds> {
  const apps = makeApps(APPS);
  const sink = await ApiSink.open(apps, makeBody(0).length);
  try {
    const env = { ...sink.env, ...NO_LIMITS };
    const setting = { ...base, temp: join(base.temp, 'proxy'), accounts: [], env };
    mkdirSync(setting.temp);
    const relay = await startProgram('relay', setting, started);
    const ours = await startProgram('ours', setting, started);
    const sends = makeSends(await tokensOf(ours, apps), PREFIX);
    const contenders: Contender[] = [
      { key: 'relay', program: relay },
      { key: 'proxy', program: ours },
    ];
    for (const contender of contenders) await prove(contender, sends.slice(0, APPS), sink);
    say(`both pass on calls of ${APPS} corps and their answers byte for byte`);

    const rightBody = SENT_BODY.toString();
    const isRight = (body: string) => body === rightBody;
    const rounds = await runInTurns(
      contenders,
      { requests: sends, isRight, count: () => sink.sent },
      plan,
      say,
    );
    for (const { program } of contenders) await program.child.stop();
    return rounds;
  } finally {
    sink.close();
  }
}

/** Through the product, which from then on knows whose they are. */
async function tokensOf(ours: Program, apps: readonly App[]): Promise<string[]> {
  const tokens: string[] = [];
  for (const app of apps) tokens.push(String((await getToken(ours, app)).access_token));
  return tokens;
}

/** Different messages, the tokens taking turns. */
export function makeSends(tokens: readonly string[], prefix: string): Send[] {
  return Array.from({ length: tokens.length * CALLS_PER_APP }, (_, number) => {
    const target = `/kf/send_msg?access_token=${tokens[number % tokens.length]}`;
    const body = makeBody(number);
    return { target, body, request: toRequest(`${prefix}${target}`, body) };
  });
}

/** About 200 bytes, always the same number of them, and spaced so that whoever parses and prints it is found out. */
export function makeBody(number: number): Buffer {
  const id = String(number).padStart(8, '0');
  return Buffer.from(
    `{"touser": "wmqEk5BgAAb1Z7cQ9mF2hT0xYd${id}", "open_kfid" : "wkqEk5BgAAq9cQ2hT0xYd7Z1mFb4uVwA", ` +
      `"msgid":"bench-${id}", "msgtype":"text","text":{"content":"\\u4f60好, number ${id}. 1.0"}}`,
  );
}

/** The headers are those of a bot that calls by axios. */
function toRequest(target: string, body: Buffer): Buffer {
  const head =
    `POST ${target} HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\nContent-Type: application/json\r\n` +
    `User-Agent: axios/1.3.4\r\nContent-Length: ${body.length}\r\nAccept-Encoding: identity\r\n` +
    'Host: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n';
  return Buffer.concat([Buffer.from(head), body]);
}

async function prove({ key, program }: Contender, sends: readonly Send[], sink: ApiSink): Promise<void> {
  const expect = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`${TITLES[key]} ${what}\n${program.child.logTail()}`);
  };
  const calls: ApiCall[] = [];
  sink.onCall = ({ head, body }) => void calls.push({ head, body: Buffer.from(body) });
  try {
    for (const { target, body } of sends) {
      const answer = await fetch(`http://127.0.0.1:${program.port}${PREFIX}${target}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(10_000),
      });
      const got = Buffer.from(await answer.arrayBuffer());
      const [call, ...others] = calls.splice(0);
      expect(answer.status === 200, `answered ${answer.status} to a good call: ${got}`);
      expect(
        call !== undefined && others.length === 0,
        `made ${others.length + (call ? 1 : 0)} calls of one`,
      );
      expect(call?.head.startsWith(`POST /cgi-bin${target} HTTP/1.1\r\n`) === true, 'changed the target');
      expect(
        /\r\ncontent-type: application\/json(\r\n|$)/i.test(call?.head ?? ''),
        'changed the content type',
      );
      expect(call?.body.equals(body) === true, 'changed the body');
      expect(got.equals(SENT_BODY), `changed the answer: ${got}`);
      expect(
        answer.headers.get('content-type') === 'application/json; charset=UTF-8',
        "changed the answer's type",
      );
      expect(answer.headers.get('error-code') === '0', "dropped a header of the answer's");
    }
  } finally {
    sink.onCall = undefined;
  }
}
