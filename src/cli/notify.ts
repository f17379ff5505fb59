import { configOrExit } from '../config/config-or-exit.js';
import { EXIT_CODE } from './exit-code.js';
import { toSeconds, toText } from './lists/list.js';
import { toTable } from './lists/table.js';
import { type Item, ManagerApi } from './manager/manager-api.js';

export interface NotifyOptions {
  readonly test?: boolean;
  /** Of the manager; left out: of a manager with these settings. */
  readonly url?: string;
  readonly json?: boolean;
}

/** @returns 1 when a receiver did not take the test. */
export async function notify(options: NotifyOptions): Promise<number> {
  const api = new ManagerApi(configOrExit('command'), options.url);
  const answer = options.test ? await api.post('notifications/test') : await api.get('notifications');
  const items = answer.items as readonly Item[];
  if (options.json) process.stdout.write(`${JSON.stringify({ items })}\n`);
  else print(items, options.test ? TESTED : TOLD);
  if (items.length === 0)
    process.stderr.write('nobody is told; set NOTIFY_URL and start the manager again\n');
  return items.some(({ sent }) => sent === false) ? EXIT_CODE.failed : EXIT_CODE.ok;
}

type Columns = Readonly<Record<string, (item: Item) => unknown>>;

const TOLD: Columns = {
  RECEIVER: (item) => item.kind,
  HOST: (item) => item.host,
  TROUBLES: (item) => item.troubles,
  'LAST TOLD': (item) => toSeconds(item.toldAt),
  'LAST FAILED': (item) => toSeconds(item.failedAt),
  FAILURE: (item) => item.failure,
};

const TESTED: Columns = {
  RECEIVER: (item) => item.kind,
  SENT: (item) => (item.sent ? 'yes' : 'no'),
  STATUS: (item) => item.status,
  ERRCODE: (item) => item.errcode,
  FAULT: (item) => item.fault,
};

function print(items: readonly Item[], columns: Columns): void {
  const rows = items.map((item) => Object.values(columns).map((column) => toText(column(item))));
  process.stdout.write(toTable(Object.keys(columns), rows));
}
