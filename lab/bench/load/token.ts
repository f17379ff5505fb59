/**
 * Access tokens that the product gives out of its cache, per second. What upstream is asked meanwhile is looked
 * at afterwards: a product that asked each time would be no cache, however fast.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApiSink, type App, makeApps } from './api-sink.js';
import type { Child } from './child.js';
import type { Prepared } from './generator.js';
import { type Program, type Setting, startProgram, TITLES } from './programs.js';
import type { Round, Work } from './round.js';
import { runInTurns, type TurnPlan } from './turns.js';

export const SECRETS = 20;
/** A token that is asked for while it is good may be checked upstream so often, and is then as good as before. */
const CHECK_EVERY_MS = 60_000;
/** For the way there. */
const TOLERANCE_MS = 1_000;

type TokenRequest = Prepared & { readonly accessToken: string };

export type TokenResult = {
  readonly rounds: readonly Round[];
  readonly secrets: number;
  /** Right answers, warm-up included. */
  readonly given: number;
  /** How often upstream was asked for a token meanwhile. */
  readonly asked: number;
  readonly tookS: number;
};

/**
 * @param started told each child before anything can fail, so that it is ended whatever happens.
 * @throws Error when an answer is not right, or upstream was asked more often than is allowed.
 */
export async function measureToken(
  base: Setting,
  plan: TurnPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<TokenResult> {
  const apps = makeApps(SECRETS);
  const sink = await ApiSink.open(apps, 0);
  try {
    const setting = { ...base, temp: join(base.temp, 'token'), accounts: [], env: sink.env };
    mkdirSync(setting.temp);
    const program = await startProgram('ours', setting, started);
    const startedMs = performance.now();
    for (const app of apps) await proveToken(program, app);
    await proveRefusal(program, apps);
    say(`${TITLES.token}: gives the right token of each of ${SECRETS} secrets, and none for a wrong one`);

    let given = 0;
    const work: Work<TokenRequest> = {
      requests: apps.map(toRequest),
      isRight,
      onAccepted: () => {
        given += 1;
      },
      count: () => given,
    };
    const rounds = await runInTurns([{ key: 'token', program }], work, plan, say);
    await program.child.stop();
    for (const app of apps) expectOnlyChecks(sink.askedAtMs.get(app.corpSecret) ?? []);
    const asked = apps.flatMap(({ corpSecret }) => sink.askedAtMs.get(corpSecret) ?? []).length;
    const tookS = (performance.now() - startedMs) / 1_000;
    return { rounds: rounds.get('token') ?? [], secrets: SECRETS, given, asked, tookS };
  } finally {
    sink.close();
  }
}

/** @returns the answer, as it is for a puppet. */
export async function getToken(
  { port }: Program,
  { corpId, corpSecret }: Pick<App, 'corpId' | 'corpSecret'>,
): Promise<Record<string, unknown>> {
  const url = `http://127.0.0.1:${port}${targetOf({ corpId, corpSecret })}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const body = await answer.text();
  expect(answer.status === 200, `answered ${answer.status}: ${body}`);
  return JSON.parse(body);
}

function targetOf({ corpId, corpSecret }: Pick<App, 'corpId' | 'corpSecret'>): string {
  return `/puppetWxkfManager/getToken?corpid=${corpId}&corpsecret=${corpSecret}`;
}

/** The headers are those of a puppet, which asks by axios. */
function toRequest(app: App): TokenRequest {
  const request =
    `GET ${targetOf(app)} HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\nUser-Agent: axios/1.3.4\r\n` +
    'Accept-Encoding: identity\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n';
  return { request: Buffer.from(request), accessToken: `"access_token":"${app.accessToken}"` };
}

function isRight(body: string, { accessToken }: TokenRequest): boolean {
  return body.includes(accessToken) && /"expires_in":[1-9]\d*[,}]/.test(body);
}

async function proveToken(program: Program, app: App): Promise<void> {
  for (const time of ['first', 'second']) {
    const { errcode, errmsg, access_token, expires_in } = await getToken(program, app);
    expect(errcode === 0 && errmsg === 'ok', `answered errcode ${errcode}, ${errmsg}, the ${time} time`);
    expect(access_token === app.accessToken, `gave another token the ${time} time`);
    const isLife = Number.isInteger(expires_in) && Number(expires_in) >= 1 && Number(expires_in) <= 7_200;
    expect(isLife, `said expires_in ${expires_in} the ${time} time`);
  }
}

async function proveRefusal(program: Program, [app]: readonly App[]): Promise<void> {
  if (!app) throw new Error('there are no secrets');
  const { errcode, access_token } = await getToken(program, { ...app, corpSecret: 'wrong' });
  expect(errcode === 40001, `answered errcode ${errcode} to a wrong secret`);
  expect(access_token === undefined, 'gave a token for a wrong secret');
}

/** Asked once at first, and from then on by checks alone. */
function expectOnlyChecks([first, ...checks]: readonly number[]): void {
  expect(first !== undefined, 'never asked upstream');
  for (const [index, check] of checks.entries()) {
    const sinceMs = check - (checks[index - 1] ?? Number.NEGATIVE_INFINITY);
    expect(
      sinceMs >= CHECK_EVERY_MS - TOLERANCE_MS,
      `asked upstream ${checks.length + 1} times for one secret, twice within ${Math.round(sinceMs)} ms`,
    );
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`${TITLES.token} ${what}`);
}
