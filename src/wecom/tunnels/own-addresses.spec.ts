import { networkInterfaces } from 'node:os';
import { expect, it } from '@jest/globals';
import { OwnAddresses } from './own-addresses.js';

const listening = (address: string) =>
  new OwnAddresses({ address: () => ({ address, port: 7777, family: 'IPv4' }) });

it('knows the one address that it listens on, in any notation', () => {
  const own = listening('127.0.0.1');
  const asked = ['127.0.0.1', '::ffff:127.0.0.1', '0.0.0.0', '::', '127.0.0.2', '192.0.2.1', 'name'];
  expect(asked.filter((address) => own.has(address, 7777))).toEqual(asked.slice(0, 4));
  expect(own.has('127.0.0.1', 443)).toBe(false);
});

it.each(['0.0.0.0', '::'])('knows all of the machine where it listens on %s', (everywhere) => {
  const own = listening(everywhere);
  const ofMachine = Object.values(networkInterfaces()).flatMap((some) => some?.map((one) => one.address));
  for (const address of [...ofMachine, '127.0.0.9', '::1']) expect(own.has(String(address), 7777)).toBe(true);
  expect(own.has('192.0.2.1', 7777)).toBe(false);
});

it('knows none before it listens', () => {
  expect(new OwnAddresses({ address: () => null }).has('127.0.0.1', 7777)).toBe(false);
});
