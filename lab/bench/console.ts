/**
 * How long a person waits for the console of a manager with 10,000 accounts and a full delivery log, in the machine's own Chromium:
 * each round is a browser that was never there, and then comes again. `--write` writes results/console.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { newPage, openBrowser } from '../../test/support/chromium.js';
import { startManager } from '../../test/support/manager-process.js';
import { commit } from './commit.js';
import { fillDeliveryLog } from './fill-delivery-log.js';
import { fillRegistry } from './fill-registry.js';

const ACCOUNTS = 10_000;
/** DELIVERY_LOG_MAX_BYTES, unless somebody sets it. */
const LOG_BYTES = 1_073_741_824;
const ROUNDS = 10;
const TARGET_MS = 1_000;
const OPERATOR = 'operator-token-of-the-bench';

/** With what has to be there until a page counts as seen. */
const PAGES = [
  ['overview', '/console', 'main .strip strong'],
  ['accounts', '/console/accounts', 'main tbody tr a'],
  ['delivery log', '/console/log', 'main tbody tr a'],
] as const;
const FIRST_PAINT = 'performance.getEntriesByName("first-contentful-paint")[0].startTime';

interface View {
  readonly what: string;
  /** Since the navigation began. */
  readonly paintedMs: number;
  readonly shownMs: number;
  /** Of scripts, as they came over the wire. */
  readonly scriptBytes: number;
}

async function roundOf(browser: Browser, url: string): Promise<View[]> {
  const views: View[] = [];
  for (const [name, path, seen] of PAGES) {
    const page = await newPage(browser);
    const signedIn = await page.request.post(`${url}/console/session`, { data: { token: OPERATOR } });
    if (!signedIn.ok()) throw new Error(`signing in was answered ${signedIn.status()}`);
    views.push(await view(page, `${name}, the first time`, url + path, seen));
    views.push(await view(page, `${name}, again`, url + path, seen));
    await page.context().close();
  }
  return views;
}

async function view(page: Page, what: string, url: string, seen: string): Promise<View> {
  const bytes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script') return;
    // What the browser has kept is less than none.
    bytes.push(request.sizes().then(({ responseBodySize }) => Math.max(0, responseBodySize)));
  });
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator(seen).first().waitFor();
  const shownMs = await page.evaluate<number>('performance.now()');
  const paintedMs = await page.evaluate<number>(FIRST_PAINT);
  page.removeAllListeners('requestfinished');
  const scriptBytes = (await Promise.all(bytes)).reduce((sum, one) => sum + one, 0);
  return { what, paintedMs, shownMs, scriptBytes };
}

/** @param records of the delivery log. */
function report(views: readonly View[], records: number): string {
  return [
    `Medians of ${ROUNDS} rounds, and the worst of them, with ${ACCOUNTS} accounts and ${records} records in the delivery log; manager and browser share the cores. ` +
      `${cpus()[0]?.model}, ${cpus().length} cores; Node ${process.versions.node}; commit ${commit('.')}; ` +
      `${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| page | first paint, ms | verdict or rows, ms | target | script over the wire |',
    '|---|--:|--:|---|--:|',
    ...[...Map.groupBy(views, ({ what }) => what)].map(([what, ofPage]) => rowOf(what, ofPage)),
    '',
  ].join('\n');
}

function rowOf(what: string, views: readonly View[]): string {
  const [painted, shown] = [views.map(({ paintedMs }) => paintedMs), views.map(({ shownMs }) => shownMs)];
  const verdict = median(shown) <= TARGET_MS ? 'pass' : 'FAIL';
  const kB = Math.max(...views.map(({ scriptBytes }) => scriptBytes)) / 1_000;
  const cells = [
    what,
    withWorst(painted),
    withWorst(shown),
    `≤ ${TARGET_MS}: ${verdict}`,
    `${kB.toFixed(1)} kB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function withWorst(values: readonly number[]): string {
  return `${Math.round(median(values))} (${Math.round(Math.max(...values))})`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-console-bench-'));
try {
  await fillRegistry(dataDir, ACCOUNTS);
  process.stderr.write('filling the delivery log with 1 GB, which takes a minute\n');
  const records = await fillDeliveryLog(dataDir, ACCOUNTS, LOG_BYTES);
  const manager = await startManager({ DATA_DIR: dataDir, AUTH_OPERATOR_TOKEN: OPERATOR, HOST: '127.0.0.1' });
  const browser = await openBrowser();
  const views: View[] = [];
  // The first round warms both up.
  await roundOf(browser, manager.url);
  for (let n = 0; n < ROUNDS; n++) views.push(...(await roundOf(browser, manager.url)));
  await browser.close();
  await manager.stop();
  const text = report(views, records);
  process.stdout.write(`${text}\n`);
  if (process.argv.includes('--write'))
    writeFileSync('lab/bench/results/console.md', `# Console\n\n    npm run bench:console -w lab\n\n${text}`);
  if (text.includes('FAIL')) process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
