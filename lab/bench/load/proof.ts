/**
 * Shows, before anything is measured, that a program does the work: one callback per account arrives at
 * that account's puppet byte for byte, at its bot sealed anew, and a forged one is refused. A fast program that does less is no
 * comparison.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, type Callback, makeCallback } from './accounts.js';
import { type Program, TITLES } from './programs.js';
import type { Delivery, Sink } from './sink.js';

/** @throws Error naming the first difference. */
export async function prove(program: Program, accounts: readonly Account[], sink: Sink): Promise<void> {
  const deliveries: Delivery[] = [];
  sink.onDelivery = ({ endpoint, target, body }) => {
    deliveries.push({ endpoint, target, body: Buffer.from(body) });
  };
  try {
    for (const account of accounts) {
      const callback = makeCallback(account);
      const status = await send(program, callback);
      expect(program, status === 200, `answered ${status} to a good callback`);
      expect(program, deliveries.length === 1, `sent ${deliveries.length} deliveries of one callback`);
      const delivery = deliveries.pop();
      if (program.key === 'bots') expectSealed(program, callback, delivery);
      else expectSame(program, callback, delivery);
    }
    await expectRefusal(program, accounts, deliveries);
  } finally {
    sink.onDelivery = undefined;
  }
}

async function expectRefusal(program: Program, accounts: readonly Account[], deliveries: Delivery[]) {
  const [account] = accounts;
  if (!account) throw new Error('there are no accounts');
  const status = await send(program, makeCallback(account, true));
  await sleep(50);
  expect(program, status === 403, `answered ${status} to a forged callback`);
  expect(program, deliveries.length === 0, 'delivered a forged callback');
}

function expectSame(program: Program, callback: Callback, delivery: Delivery | undefined): void {
  const [path, query] = delivery?.target.split('?') ?? [];
  const parameters = [...new URLSearchParams(query)].sort().join('&');
  expect(program, delivery?.endpoint === callback.account.endpoint, 'delivered to another puppet');
  expect(program, path === '/callback', `delivered to ${path}`);
  expect(
    program,
    parameters === [...new URLSearchParams(callback.query)].sort().join('&'),
    'changed the query',
  );
  expect(program, delivery?.body.toString() === callback.body, 'changed the body');
}

/** With other keys, and for the same account; what is in it, the tests of the product open. */
function expectSealed(program: Program, callback: Callback, delivery: Delivery | undefined): void {
  expect(program, delivery?.endpoint === callback.account.endpoint, 'delivered to another bot');
  const body = delivery?.body.toString() ?? '';
  expect(program, body.includes('<Encrypt>') && body !== callback.body, 'did not seal the event anew');
}

function expect(program: Program, holds: boolean, what: string): void {
  if (!holds) throw new Error(`${TITLES[program.key]} ${what}\n${program.child.logTail()}`);
}

async function send({ port }: Program, { account, query, body }: Callback): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/callback/${account.corpId}?${query}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml' },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  await answer.arrayBuffer();
  return answer.status;
}
