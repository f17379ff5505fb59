/** The delivery log of the embedded store as its own file, as `docs/operate.md` tells of it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const place = embeddedPlace();
const file = join(place.env.DATA_DIR ?? '', 'log.db');
const [app, openKfId] = [newApp(), newOpenKfId()];
let manager: ManagerProcess;
let puppet: PuppetServer;

beforeAll(async () => {
  [manager, puppet] = await Promise.all([startManager(place.env), startPuppetServer()]);
  await register(manager.url, app, openKfId, puppet.url);
  puppet.behave((_request, response) => response.writeHead(500).end());
});

afterAll(async () => {
  await manager.stop();
  await puppet.close();
  await place.discard();
});

async function restart(env: Record<string, string> = {}, change = () => {}): Promise<void> {
  expect(await manager.stop()).toBe(0);
  change();
  manager = await startManager({ ...place.env, ...env });
}

async function send(): Promise<void> {
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
}

/** What operators find of the account. */
async function found(): Promise<number> {
  const answer = await fetch(`${manager.url}/api/v1/deliveries?openKfId=${openKfId}`);
  return ((await answer.json()) as { items: unknown[] }).items.length;
}

/** By the statement of the page, beside the manager. */
function asked(): readonly Record<string, unknown>[] {
  const page = readFileSync('docs/operate.md', 'utf8');
  const [, statement = ''] = /^sqlite3 -readonly data\/log\.db "(.*?)"$/ms.exec(page) ?? [];
  return rows(statement.replace(/(?<=openKfId = ')[^']+/, openKfId));
}

function rows(statement: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}

it('is asked by the statement of the page while the manager runs: the failed attempts of one account', async () => {
  await send();
  await until(() => asked().length > 0);
  expect(asked()[0]).toMatchObject({ outcome: 'not_taken', attempt: 1, status: 500 });
});

it('has at most 1,000 refused callbacks of a minute, with reason and address, none whose body was not read, and all others', async () => {
  const stranger = newApp();
  const unread = await fetch(`${manager.url}/callback/${stranger.corpId}`, {
    ...{ method: 'POST', headers: { 'content-type': 'text/xml' }, body: 'x'.repeat(1_048_577) },
  });
  expect(unread.status).toBe(413);
  for (let n = 0; n < 1_005; n++) expect((await sendMessage(manager.url, stranger, openKfId)).ok).toBe(false);
  await send();
  // The last one is there, and so all of them.
  const kept = "SELECT id FROM deliveries WHERE kind = 'callback' AND outcome = 'kept'";
  await until(() => rows(kept).length === 2);
  const metrics = await scrape(manager.url);
  expect(metrics.value('wxkf_delivery_log_dropped_total', { reason: 'refused' })).toBe(5);
  const refused = rows("SELECT corpId, reason, source FROM deliveries WHERE outcome = 'refused'");
  expect(refused).toHaveLength(1_000);
  const { corpId } = stranger;
  expect(refused[0]).toEqual({ corpId, reason: 'CALLBACK_CORP_UNKNOWN', source: '127.0.0.1' });
});

it('that is damaged is set aside and begins anew, and what waits is sent all the same', async () => {
  await restart({}, () => writeFileSync(file, readFileSync(file).fill(0xa5)));
  await manager.line(({ msg }) => msg === 'store.log_set_aside');
  expect(existsSync(`${file}.damaged`)).toBe(true);
  puppet.behave((_request, response) => response.end('success'));
  await puppet.next();
  await until(async () => (await found()) > 0);
});

it('is off and empty with DELIVERY_LOG_DAYS=0', async () => {
  await restart({ DELIVERY_LOG_DAYS: '0' });
  await send();
  await restart({ DELIVERY_LOG_DAYS: '0' });
  expect(await found()).toBe(0);
  expect(readdirSync(join(file, '..'))).toContain('log.db');
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'deliveries'").all();
  const left = tables.length === 0 ? [] : database.prepare('SELECT id FROM deliveries').all();
  database.close();
  expect(left).toEqual([]);
});
