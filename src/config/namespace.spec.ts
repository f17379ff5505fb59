import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { loadConfig } from './config.js';
import { configModule } from './config.module.js';
import { defineNamespace } from './namespace.js';

class Manager {}

const where = defineNamespace('where', ({ port, host }) => ({ port, host }));
const size = defineNamespace('size', ({ accountsMax }) => ({ accountsMax }));

const open = (environment: Record<string, string>): Promise<INestApplicationContext> =>
  NestFactory.createApplicationContext(
    { module: Manager, imports: [configModule(loadConfig(environment), [where, size])] },
    { logger: false, abortOnError: false },
  );

describe('a namespace', () => {
  it('has what it selects and nothing else, and cannot be changed', () => {
    const settings = where(loadConfig({ PORT: '80' }));
    expect(settings).toEqual({ port: 80, host: '127.0.0.1' });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('is injected as it was loaded, in each application by itself', async () => {
    const [first, second] = await Promise.all([
      open({ PORT: '80' }),
      open({ PORT: '81', ACCOUNTS_MAX: '5' }),
    ]);
    expect([first.get(where.KEY), second.get(where.KEY)]).toEqual([
      { port: 80, host: '127.0.0.1' },
      { port: 81, host: '127.0.0.1' },
    ]);
    expect(second.get(size.KEY)).toEqual({ accountsMax: 5 });
    await Promise.all([first.close(), second.close()]);
  });

  it('is made without a look at the environment, which is left as it is', async () => {
    const before = { ...process.env };
    const app = await open({});
    expect(process.env).toEqual(before);
    expect(app.get(ConfigService).get('PATH')).toBeUndefined();
    await app.close();
  });
});
