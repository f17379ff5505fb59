/** The built manager in front of the local WeCom, as an operator sets it up: its apps, and its URL saved in each at WeCom. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Manager, type ManagerOptions } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import type { Run } from '../faults/run.js';
import { Operator } from './operator.js';
import { WECOM, type WecomSite } from './wecom-site.js';

const PROBE_WITHIN_MS = 5_000;

export class ManagedSite {
  private constructor(
    private readonly run: Run,
    private readonly options: ManagerOptions,
    private manager: Manager,
    readonly operator: Operator,
  ) {}

  static async start(run: Run, { wecom, managerEnv }: WecomSite): Promise<ManagedSite> {
    const secret = randomBytes(24).toString('hex');
    const env = {
      DATA_DIR: run.folder('data'),
      HOST: '127.0.0.1',
      AUTH_OPERATOR_TOKEN: secret,
      AUTH_PUPPET_TOKEN: randomBytes(24).toString('hex'),
      SECRETS_KEY: randomBytes(32).toString('base64'),
      TUNNELS: 'true',
      ...managerEnv,
    };
    const options = { port: await stablePort(), env };
    const manager = await Manager.start(run, options);
    const operator = new Operator(manager.url, secret);
    const url = `${manager.url}/callback/${wecom.corpId}`;
    for (const app of wecom.apps) {
      await operator.addApp(wecom.corpId, app.callback);
      const verification = await wecom.saveCallback({ ...app.callback, url }, app);
      if (!verification.isVerified) throw new Error(`the manager's URL: ${verification.detail}`);
    }
    return new ManagedSite(run, options, manager, operator);
  }

  get url(): string {
    return this.manager.url;
  }

  async restart(): Promise<void> {
    await this.manager.kill();
    this.manager = await Manager.start(this.run, this.options);
  }

  async stop(): Promise<void> {
    await this.manager.stop();
  }

  /** For a bot whose base is fixed. */
  proxyOf(key: string): string {
    return this.url.replace('://', `://bot:${key}@`);
  }

  /** Whether this version leads a bot to WeCom's host. */
  hasTunnels(key: string): Promise<boolean> {
    const authorization = `Basic ${Buffer.from(`bot:${key}`).toString('base64')}`;
    return new Promise((resolve) => {
      const probe = request(this.url, {
        ...{ method: 'CONNECT', path: WECOM, agent: false },
        headers: { 'proxy-authorization': authorization },
        signal: AbortSignal.timeout(PROBE_WITHIN_MS),
      });
      probe.on('connect', ({ statusCode }, socket) => {
        socket.destroy();
        resolve(statusCode === 200);
      });
      probe.on('response', () => resolve(false)).on('error', () => resolve(false));
      probe.end();
    });
  }
}
