/** Other servers than deploy/nginx that operators get for a real nginx let through what they say, and nothing else. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { spawnCli } from '../support/cli-process.js';
import { INGRESS_EXAMPLE, kustomizeSuite, render } from '../support/kustomize.js';
import { oneOf } from '../support/manifests.js';
import { DISGUISED, nginxSuite, type RunningNginx, startNginx } from '../support/nginx.js';
import { refusedUrl } from '../support/raw-server.js';
import { firstLinesOf, ROLES, tappedManager } from '../support/tapped-manager.js';

const CERTIFICATE = 'ssl_certificate wxkf-manager.pem; ssl_certificate_key wxkf-manager.key;';

const KEY = `wxkf_${'k'.repeat(43)}`;

const folder = mkdtempSync(join(tmpdir(), 'wxkf-nginx-servers-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** With the manager at another port. */
function onPort(servers: string, port: number): string {
  return servers.replaceAll('127.0.0.1:7777', `127.0.0.1:${port}`);
}

/** The one block of nginx's language in a document, or below one of its headings. */
function blockOf(document: string, heading = ''): string {
  const text = readFileSync(document, 'utf8');
  const section = heading === '' ? text : text.split(/^## /m).find((one) => one.startsWith(`${heading}\n`));
  const [block, ...others] = (section ?? '').matchAll(/^```nginx\n([^]*?)^```$/gm);
  if (block?.[1] === undefined || others.length > 0)
    throw new Error(`not exactly one block in ${document} ${heading}`);
  return block[1];
}

/** A server of docs/tls.md, with the certificate of the test. */
const serverOf = (heading: string): string =>
  blockOf('docs/tls.md', heading).replace(/^ +ssl_certificate[^]*?;\n +ssl_.*;$/m, CERTIFICATE);

it('the line for Caddy lets callbacks through and no path that is disguised as one', () => {
  const [, line = ''] =
    /vars_regexp \{http\.request\.orig_uri\} (\S+)/.exec(readFileSync('docs/tls.md', 'utf8')) ?? [];
  const others = ['/', '/health', '/api/v1/status', '/Callback/ww1', '//callback/ww1', ...DISGUISED];
  const targets = ['/callback/ww1', '/callback/ww1?nonce=a%2Fb', ...others];
  expect(targets.filter((target) => new RegExp(line).test(target))).toEqual(targets.slice(0, 2));
});

nginxSuite('in front of a manager', () => {
  const manager = tappedManager();
  let nginx: RunningNginx | undefined;

  afterEach(async () => {
    await nginx?.close();
    nginx = undefined;
  });

  /** What arrives of one request after another. */
  async function passedBy(servers: string, targets: readonly string[]): Promise<readonly string[]> {
    nginx = await startNginx(manager.port, onPort(servers, manager.port));
    manager.arrived();
    for (const target of targets) await nginx.ask(target);
    return firstLinesOf(manager.arrived()).map((line) => line.split(' ')[1] ?? '');
  }

  it('the lines of docs/security.md let callbacks through', async () => {
    const server = `server { listen 443 ssl; ${CERTIFICATE}\n${blockOf('docs/security.md')}}`;
    const callbacks = ['/callback/ww1', '/callback/ww1?nonce=a%2Fb'];
    const others = ['/', '/health', '/api/v1/status', '/Callback/ww1', '//callback/ww1', ...DISGUISED];
    expect(await passedBy(server, [...callbacks, ...others])).toEqual(callbacks);
  });

  it('the server for the console lets the console and the API through', async () => {
    const server = serverOf('The console through nginx');
    const own = ['/console', '/console?x', '/console/session', '/api/v1/status', '/api/v1/accounts/wk%2F1?x'];
    const others = [
      ...[
        '/',
        '/health',
        '/metrics',
        '/callback/ww1',
        '/consoles',
        '/api/v10',
        '/API/v1/status',
        '//console',
      ],
      '/metrics/../console',
      '/callback/decrypted/..%2F..%2Fconsole',
      `/puppetWxkfManager/puppetWxkfInfo/x${'%2F..'.repeat(3)}%2Fapi%2Fv1%2Fstatus`,
      '/puppetWxkfManager/wxkfRequestProxy/../../api/v1/status',
    ];
    expect(await passedBy(server, [...own, ...others])).toEqual(own);
  });

  describe('the server for bots', () => {
    const server = () => serverOf('Bots through nginx');

    it('lets calls of bots through', async () => {
      const own = [
        '/cgi-bin/gettoken?corpid=x',
        `/bot/${KEY}/cgi-bin/kf/sync_msg?access_token=a%2Fb`,
        '/puppetWxkfManager/register',
        '/puppetWxkfManager/getToken?corpid=x',
        '/puppetWxkfManager/wxkfRequestProxy/kf/send_msg?access_token=x',
        '/puppetWxkfManager/stream',
      ];
      const others = [
        ...['/', '/health', '/metrics', '/callback/ww1', '/console', '/api/v1/bots', '/cgi-bins/kf', '/bot'],
        `/bot/${KEY}/api/v1/status`,
        `/bot/${KEY}/x/cgi-bin/kf/sync_msg`,
        '/puppetWxkfManager/puppetWxkfInfo/wkAAA',
        '/puppetWxkfManager/replicas/notices',
        '/puppetWxkfManager/events',
        '/api/v1/../../cgi-bin/kf/sync_msg',
        '/api/v1/accounts/x%2F..%2F..%2F..%2F..%2Fcgi-bin%2Fkf',
      ];
      expect(await passedBy(server(), [...own, ...others])).toEqual(own);
    });

    it('lets through a body of 25 MB, as the manager does', async () => {
      nginx = await startNginx(manager.port, onPort(server(), manager.port));
      const body = 'x'.repeat(20_000_000);
      const { status } = await nginx.ask('/cgi-bin/media/upload', { method: 'POST', body });
      expect(status).not.toBe(413);
    });

    it('carries a stream', async () => {
      nginx = await startNginx(manager.port, onPort(server(), manager.port));
      const bot = { name: 'Laptop', corpId: 'ww1', openKfIds: ['wkAAA'], kind: 'stream' };
      const response = await fetch(`${manager.url}/api/v1/bots`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ROLES.AUTH_OPERATOR_TOKEN}` },
        body: JSON.stringify(bot),
      });
      const { key } = (await response.json()) as { readonly key: string };
      const authority = join(folder, 'authority.pem');
      writeFileSync(authority, nginx.authority);
      const env = { WXKF_KEY: key, NODE_EXTRA_CA_CERTS: authority };
      const child = spawnCli(env, 'connect', '--manager', nginx.url, '--forward', await refusedUrl());
      const [said] = await once(child.stderr, 'data');
      expect(String(said)).toMatch(/ connected to .* for 1 account/);
      child.kill('SIGINT');
      expect(await once(child, 'close')).toEqual([0, null]);
    });

    it('writes the key of a bot to no log, also when the manager is away', async () => {
      const target = `/bot/${KEY}/cgi-bin/kf/sync_msg?access_token=x`;
      const away = Number(new URL(await refusedUrl()).port);
      const without = server().replace(/^ +(access_log|error_log) .*;\n/gm, '');
      const written: string[] = [];
      for (const servers of [server(), without]) {
        for (const port of [manager.port, away]) {
          nginx = await startNginx(port, onPort(servers, port));
          await nginx.ask(target, { method: 'POST', body: 'x'.repeat(60_000) });
          await nginx.ask(target.replace('kf', '%zz'));
          written.push(await nginx.close());
          nginx = undefined;
        }
      }
      expect(written.map((logs) => logs.includes(KEY))).toEqual([false, false, true, true]);
    });
  });

  kustomizeSuite('the Ingress of the example', () => {
    it('lets callbacks through, whatever path leads to them', async () => {
      const ingress = oneOf(render(INGRESS_EXAMPLE), 'Ingress');
      const [path] = ingress.spec.rules.flatMap(({ http }) => http.paths);
      const corpId = /\w{18}/.exec(path?.path ?? '')?.[0] ?? '';
      const callbacks = [`/callback/${corpId}`, `/callback/${corpId}?nonce=a%2Fb`];
      const others = ['/', '/callback/decrypted/ww1', '/callback/ww1', `/callback/${corpId}/`, '/console'];
      const disguised = DISGUISED.map((target) => target.replace('ww1', corpId));
      const arrived = await passedBy(byIngressNginx(ingress), [...callbacks, ...others, ...disguised]);
      expect(arrived.slice(0, 2)).toEqual(callbacks);
      const paths = arrived.map((target) => target.split('?')[0]);
      expect(paths).toEqual(Array(2 + DISGUISED.length).fill(`/callback/${corpId}`));
    });
  });
});

/** The server that ingress-nginx writes for an Ingress: buildLocation and buildProxyPass of its template.go. */
function byIngressNginx({ metadata, spec }: ReturnType<typeof oneOf>): string {
  const { annotations = {} } = metadata;
  const target = annotations['nginx.ingress.kubernetes.io/rewrite-target'];
  const locations = spec.rules.flatMap(({ http }) =>
    http.paths.map(({ path }) =>
      target === undefined
        ? `location = ${path} { proxy_pass http://127.0.0.1:7777; }`
        : `location ~* "^${path}" { rewrite "(?i)${path}" ${target} break; proxy_pass http://127.0.0.1:7777; }`,
    ),
  );
  return `server { listen 443 ssl; ${CERTIFICATE} ${locations.join(' ')} }`;
}
