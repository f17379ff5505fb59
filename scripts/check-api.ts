/**
 * `npx tsx scripts/check-api.ts [-- --short]`: schemathesis reads the OpenAPI document of the built manager and tries to prove it
 * wrong, with good and bad requests to every route. Fails on whatever it finds.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { RegisterDto } from '../src/registry/registration/register.dto.js';
import { startManager } from '../test/support/manager-process.js';
import { embeddedPlace } from '../test/support/place.js';
import { startPuppetServer } from '../test/support/puppet-server.js';
import { answer, usual } from '../test/support/wecom-faults.js';
import { startWecomServer } from '../test/support/wecom-server.js';

const SCHEMATHESIS = '.cache/schemathesis/bin/schemathesis';
/**
 * Examples for each route. The long form begins anew with other seeds until its time is over; the short one is the same on any
 * machine.
 */
const EXTENT = {
  short: ['--max-examples', '5'],
  long: ['--max-examples', '50', '--max-time', '600'],
};

const SECRETS = {
  AUTH_PUPPET_TOKEN: 'secret-of-the-puppets',
  AUTH_GATEWAY_TOKEN: 'secret-of-the-gateways',
  AUTH_OPERATOR_TOKEN: 'secret-of-the-operators',
  METRICS_TOKEN: 'secret-of-the-metrics',
};

/** @returns the exit code of schemathesis. */
async function check(length: 'short' | 'long', more: readonly string[]): Promise<number> {
  const place = embeddedPlace();
  const [wecom, puppet] = [await startWecomServer(), await startPuppetServer()];
  const example = exampleRegistration();
  wecom.addSecret(example.corpId, example.corpSecret);
  // Of an API that it does not know it says so in plain text, which WeCom would not.
  wecom.behave('*', answer(0, 'ok'));
  wecom.behave('gettoken', usual);
  const manager = await startManager({
    ...place.env,
    ...SECRETS,
    HOST: '127.0.0.1',
    TRUST_PROXY: '127.0.0.1',
    PUPPET_ENDPOINT_ALLOW: '127.0.0.0/8',
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    WECOM_API_URL: wecom.url,
    LOG_LEVEL: 'info',
  });
  try {
    await register(manager.url, { ...example, endpoint: puppet.url });
    return await runSchemathesis(manager.url, length, more);
  } finally {
    await manager.stop();
    await Promise.all([wecom.close(), puppet.close(), place.discard()]);
  }
}

/** The account that the examples of the document are about. */
function exampleRegistration(): RegisterDto {
  const { components } = JSON.parse(readFileSync('dist/openapi/openapi.json', 'utf8'));
  const properties: Record<string, { example: unknown }> = components.schemas.RegisterDto.properties;
  return Object.fromEntries(
    Object.entries(properties).map(([name, { example }]) => [name, example]),
  ) as unknown as RegisterDto;
}

async function register(managerUrl: string, registration: RegisterDto): Promise<void> {
  const { status } = await fetch(`${managerUrl}/puppetWxkfManager/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.AUTH_PUPPET_TOKEN}` },
    body: JSON.stringify(registration),
  });
  if (status !== 200) throw new Error(`the example was not registered: ${status}`);
}

async function runSchemathesis(
  managerUrl: string,
  length: 'short' | 'long',
  more: readonly string[],
): Promise<number> {
  const child = spawn(
    SCHEMATHESIS,
    [
      ...['--config-file', 'scripts/api/schemathesis.toml', 'run', `${managerUrl}/docs-json`],
      ...EXTENT[length],
      ...more,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...SECRETS } },
  );
  const [code] = await once(child, 'close');
  return code ?? 1;
}

const { argv } = process;
if (!existsSync(SCHEMATHESIS)) {
  process.stderr.write(
    'check-api: schemathesis is not there; python3 -m venv .cache/schemathesis && .cache/schemathesis/bin/pip install -r scripts/api/requirements.txt\n',
  );
  process.exit(1);
}
const isShort = argv.includes('--short');
const more = argv.slice(2).filter((argument) => argument !== '--short');
process.exit(await check(isShort ? 'short' : 'long', more));
