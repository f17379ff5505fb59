/** docs/operations.md gives a command that copies the store of a running manager; this is that very command. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { register } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const [, program = ''] =
  /^node --input-type=module -e "(.+)" data\/store\.mdb backup\.mdb$/m.exec(
    readFileSync('docs/operations.md', 'utf8'),
  ) ?? [];

it('what is copied from a running manager and put into an empty folder is its store', async () => {
  const place = embeddedPlace();
  const folder = place.env.DATA_DIR ?? '';
  const [app, openKfId] = [newApp(), newOpenKfId()];
  const running = await startManager({ DATA_DIR: join(folder, 'data') });
  await register(running.url, app, openKfId, await refusedUrl());
  expect((await sendMessage(running.url, app, openKfId)).status).toBe(200);
  mkdirSync(join(folder, 'restored'));
  const files = [join(folder, 'data/store.mdb'), join(folder, 'restored/store.mdb')];
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, ...files]);

  const restored = await startManager({ DATA_DIR: join(folder, 'restored') });
  const { puppets } = await restored.line(({ msg }) => msg === 'registry.loaded');
  expect(puppets).toBe(1);
  const { details } = (await (await fetch(`${restored.url}/health`)).json()) as {
    details: { outbox: { waiting: number } };
  };
  expect(details.outbox.waiting).toBe(1);
  await Promise.all([running.stop(), restored.stop()]);
  await place.discard();
});
