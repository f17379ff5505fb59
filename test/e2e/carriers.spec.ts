/** Carriers and ports are lines of the composition root: builds of the manager that have one more, and one less. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawnManager, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

/** A carrier that takes everything for callback bots. */
const TOY = `
import { Module } from '@nestjs/common';
import { Carrier } from '../dispatch/endpoint/carrier.js';

export class ToyCarrier extends Carrier {
  takes({ bot, isPulled }) {
    return !isPulled && bot?.kind === 'callback';
  }

  start({ id, attempt, openKfId }, _to, onEnd) {
    console.log(JSON.stringify({ msg: 'toy.carried', id, attempt, openKfId }));
    const result = { taken: true, status: 200 };
    onEnd(result);
    return { result: Promise.resolve(result), withdraw: () => false };
  }
}

export class ToyModule {}
Reflect.decorate([Module({ providers: [ToyCarrier], exports: [ToyCarrier] })], ToyModule);
`;

let place: Place;
let folder: string;

beforeEach(() => {
  place = sealedPlace(embeddedPlace());
  folder = mkdtempSync(join(tmpdir(), 'wxkf-build-'));
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  cpSync('package.json', join(folder, 'package.json'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
});

afterEach(async () => {
  await place.discard();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns what to start. */
function changeBuild(file: string, change: (text: string) => string): string {
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  return join(folder, 'dist/main.js');
}

const changeRoot = (change: (text: string) => string) => changeBuild('dist/app.module.js', change);

const app = newApp();
const newBot = (fields: object) => ({
  name: 'Toy',
  corpId: app.corpId,
  openKfIds: [newOpenKfId()],
  ...fields,
});

it('a carrier of one’s own is a folder and a line: the callback of its bot goes to it', async () => {
  mkdirSync(join(folder, 'dist/toy'));
  writeFileSync(join(folder, 'dist/toy/toy.js'), TOY);
  const main = changeRoot((text) =>
    text.replace(
      'const CARRIERS = [',
      "import { ToyCarrier, ToyModule } from './toy/toy.js';\nconst CARRIERS = [[ToyCarrier, ToyModule],",
    ),
  );
  const manager = await startManager(place.env, undefined, main);
  await postJson(`${manager.url}/api/v1/apps`, app);
  const bot = newBot({ kind: 'callback', callback: { url: 'http://127.0.0.1:9/' } });
  expect((await postJson(`${manager.url}/api/v1/bots`, bot)).status).toBe(200);
  const [openKfId] = bot.openKfIds;
  const event = { token: 'ENC1', openKfId };
  const answer = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, event);
  expect(await answer.json()).toMatchObject({ code: 0, delivery: 'delivered' });
  expect(await manager.line(({ msg }) => msg === 'toy.carried')).toMatchObject({ openKfId, attempt: 1 });
  expect(await manager.stop()).toBe(0);
});

it('a bot of a kind that no carrier takes is refused, and one that is stored is told of at the start', async () => {
  const agent = { form: 'openai', url: 'http://127.0.0.1:9/v1', key: 'sk-1', model: 'm' };
  const bot = () => newBot({ kind: 'agent', takes: 'message', corpSecret: 'secret-1', agent });
  const whole = await startManager(place.env);
  await postJson(`${whole.url}/api/v1/apps`, app);
  const made = await postJson(`${whole.url}/api/v1/bots`, bot());
  expect(made.status).toBe(200);
  const { id } = (await made.json()) as { id: string };
  await whole.stop();
  const main = changeRoot((text) => text.replace(/\[AgentCarrier, AgentsModule\],/, ''));
  const manager = await startManager(place.env, undefined, main);
  expect(await manager.line(({ msg }) => msg === 'bot.not_carried')).toMatchObject({
    botId: id,
    kind: 'agent',
  });
  const refused = await postJson(`${manager.url}/api/v1/bots`, bot());
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining('kind must be one') });
  expect(await manager.stop()).toBe(0);
});

it('a feature that fills a needed port, and has no row in the composition root, stops the start', async () => {
  const main = changeRoot((text) => text.replaceAll(/\[\w+, 'needed', MessagesModule\],/g, ''));
  const manager = spawnManager(place.env, undefined, main);
  expect(await manager.exited).toBe(1);
  expect(manager.output()).toMatch(/argument (TriedEvents|(Waiting|Due|Queued)Messages)/);
});

it.each([
  ['SecretCheck', 'wecom/tokens/tokens'],
  ['WaitingEvents', 'dispatch/dispatch'],
  ['TriedEvents', 'messages/messages'],
  ['WaitingMessages', 'messages/messages'],
  ['DueMessages', 'messages/messages'],
  ['QueuedMessages', 'messages/messages'],
])('a needed port that its feature does not fill stops the start: %s', async (port, feature) => {
  const file = `dist/${feature}.module.js`;
  const provider = new RegExp(`\\{ provide: ${port}, \\w+: \\w+ \\},`);
  const item = new RegExp(`${port},|, ${port}(?=\\])`);
  const main = changeBuild(file, (text) => text.replace(provider, '').replace(item, ''));
  const manager = spawnManager(place.env, undefined, main);
  expect(await manager.exited).toBe(1);
  expect(manager.output()).toContain(`argument ${port}`);
});
