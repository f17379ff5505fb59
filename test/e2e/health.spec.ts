/** What `/health` of the built process tells whom. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PreloadedNumber } from '../support/preloaded-number.js';
import { until } from '../support/until.js';

const MB = 1_024 * 1_024;
const PUPPET = 'secret-of-the-puppets';
const OPERATOR = 'secret-of-the-operators';
const ROLES = {
  AUTH_PUPPET_TOKEN: PUPPET,
  AUTH_OPERATOR_TOKEN: OPERATOR,
  METRICS_TOKEN: 'secret-of-prometheus',
};
const PARTS = [
  'registry',
  'lifecycle',
  'storage',
  'outbox',
  'callbacks',
  'overload',
  'wecom',
  'memory',
  'eventLoop',
];
const OUTCOMES = ['verified', 'delivered', 'pending', 'ignored', 'refused', 'not_taken', 'failed'];

type Part = Readonly<Record<string, unknown>>;
type Parts = Readonly<Record<string, Part>>;
interface Report {
  readonly status: string;
  readonly info: Parts;
  readonly error: Parts;
  readonly details: Parts;
}

let place: Place;
let manager: ManagerProcess;

function managerWith(env: Readonly<Record<string, string>>): void {
  beforeAll(async () => {
    place = embeddedPlace();
    manager = await startManager({ ...place.env, HOST: '127.0.0.1', TRUST_PROXY: '127.0.0.1', ...env });
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });
}

const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(manager.url + path, { headers });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const reportOf = async (response: Response): Promise<Report> => (await response.json()) as Report;

/** A busy machine may have held up the event loop. */
function expectOnlyUpOrDown({ status, info, error, details }: Report): void {
  expect(['ok', 'error']).toContain(status);
  for (const part of Object.values({ ...info, ...error, ...details })) {
    expect(part).toEqual({ status: expect.stringMatching(/^(up|down)$/) });
  }
}

describe('a manager whose roles have secrets', () => {
  managerWith(ROLES);

  const OTHERS = [
    ['nobody', {}],
    ['a puppet', bearer(PUPPET)],
    ['who reads the metrics', bearer('secret-of-prometheus')],
    ['who has a wrong secret', bearer('secret-of-nobody-at-all')],
    [
      'who has a session of nobody',
      { cookie: `wxkf_session=${Date.now() + 60_000}.${'a'.repeat(16)}.${'b'.repeat(43)}` },
    ],
  ] as const;

  it.each(OTHERS)('tells %s of each part whether it is up, and nothing else', async (_who, headers) => {
    const report = await reportOf(await ask('/health', headers));
    expectOnlyUpOrDown(report);
    expect(Object.keys(report.details)).toEqual([...PARTS, 'disk']);
    expectOnlyUpOrDown(await reportOf(await ask('/health/ready', headers)));
  });

  it.each([
    ['Bearer', bearer(OPERATOR)],
    ['Basic', { authorization: `Basic ${btoa(`me:${OPERATOR}`)}` }],
  ])('tells an operator everything, by %s', async (_how, headers) => {
    const { details } = await reportOf(await ask('/health', headers));
    expect(details).toMatchObject({
      registry: { puppets: 0 },
      storage: { kind: 'embedded' },
      outbox: { waiting: 0, parked: 0, dead: 0, oldestWaitingMs: 0 },
    });
    expect(Object.keys(details.callbacks ?? {})).toEqual(expect.arrayContaining(OUTCOMES));
    const ready = await reportOf(await ask('/health/ready', headers));
    expect(ready.details.registry).toEqual({ status: 'up', puppets: 0 });
  });

  it('tells everything to a browser that an operator signed in', async () => {
    const signedIn = await fetch(`${manager.url}/console/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-wxkf-console': '1' },
      body: JSON.stringify({ token: OPERATOR }),
    });
    const [cookie = ''] = signedIn.headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
    const { details } = await reportOf(await ask('/health', { cookie }));
    expect(details.registry).toMatchObject({ puppets: 0 });
  });

  it('counts wrong secrets as elsewhere, and goes on answering who sends them', async () => {
    for (let n = 0; n < 32; n++) {
      const headers = { ...bearer(`wrong-secret-number-${n}`), 'x-forwarded-for': '10.1.1.1' };
      expectOnlyUpOrDown(await reportOf(await ask('/health', headers)));
    }
    const line = await manager.line(({ msg }) => msg === 'http.too_many_failures');
    expect(line).toMatchObject({ address: '10.1.1.1', failed: 'credentials', error: 'AUTH_WRONG' });
  });
});

describe('a manager without secrets', () => {
  managerWith({});

  it('tells everybody everything, and names the parts that are down where its DATA_DIR is taken away', async () => {
    rmSync(place.env.DATA_DIR ?? '', { recursive: true });
    const response = await ask('/health');
    const { details, error } = await reportOf(response);
    expect(details.registry).toMatchObject({ puppets: 0 });
    // On a busy machine the event loop may be late as well.
    const down = Object.keys(error).filter((part) => part !== 'eventLoop');
    expect([response.status, down.sort()]).toEqual([503, ['disk', 'storage']]);
  });
});

describe('while the disk of DATA_DIR has less than 16 MB', () => {
  const disk = new PreloadedNumber('free-bytes-preload.ts', 'FREE_BYTES_FILE', 17 * MB);
  managerWith(disk.env);
  afterAll(() => disk.discard());

  it('is down, and up again at once when there is space; the manager stays ready', async () => {
    const isDown = async () => 'storage' in (await reportOf(await ask('/health'))).error;
    expect(await isDown()).toBe(false);
    disk.set(15 * MB);
    await until(isDown);
    expect((await ask('/health')).status).toBe(503);
    expect((await ask('/health/ready')).status).toBe(200);
    disk.set(17 * MB);
    await until(async () => !(await isDown()));
  });
});

describe.each([
  ['more than 1.5 GB', 1_536, {}],
  ['more than its container may, if that is less', 512, { CONTAINER_BYTES: String(512 * MB) }],
  ['more than 1.5 GB, if its container may take more', 1_536, { CONTAINER_BYTES: String(4_096 * MB) }],
])('while the process takes %s', (_what, limitMb, env) => {
  const memory = new PreloadedNumber('memory-preload.ts', 'RSS_BYTES_FILE', (limitMb - 1) * MB);
  managerWith({ ...env, ...memory.env });
  afterAll(() => memory.discard());

  it('is down, and up again when that is over; the manager stays ready', async () => {
    const isDown = async () => 'memory' in (await reportOf(await ask('/health'))).error;
    expect(await isDown()).toBe(false);
    memory.set((limitMb + 1) * MB);
    expect(await isDown()).toBe(true);
    expect((await ask('/health')).status).toBe(503);
    expect((await ask('/health/ready')).status).toBe(200);
    memory.set((limitMb - 1) * MB);
    expect(await isDown()).toBe(false);
  });
});
