/** A callback URL on a real socket: answers WeCom's verification, and opens the events that it is sent. */
import { decrypt } from '@wecom/crypto';
import type { CallbackConfig } from '../../packages/simulator/callbacks/callback-url.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { type Behaviour, type PuppetServer, type Received, startPuppetServer } from './puppet-server.js';

export interface OpenedCallback {
  readonly syncToken: string;
  readonly openKfId: string;
  readonly createTime: number;
  /** The event as it was before it was sealed. */
  readonly xml: string;
  readonly received: Received;
}

export class CallbackReceiver {
  private constructor(
    private readonly server: PuppetServer,
    private readonly config: CallbackConfig,
  ) {}

  /** Its URL is saved at the simulator. */
  static async start(simulator: Simulator): Promise<CallbackReceiver> {
    const { token, encodingAESKey } = simulator.callback;
    const server = await startPuppetServer((request, response) => {
      const echostr = new URL(request.url ?? '/', 'http://receiver').searchParams.get('echostr');
      response.end(echostr === null ? 'success' : decrypt(encodingAESKey, echostr).message);
    });
    const config = { url: `${server.url}/callback`, token, encodingAESKey };
    const { isVerified } = await simulator.saveCallback(config);
    if (!isVerified) throw new Error('the callback URL of the test was not verified');
    return new CallbackReceiver(server, config);
  }

  get received(): readonly Received[] {
    return this.server.received.filter(({ query }) => query.echostr === undefined);
  }

  behave(behaviour: Behaviour): void {
    this.server.behave(behaviour);
  }

  /** Resolves with the next one that arrives; to be taken before what sets it off. */
  async next(): Promise<OpenedCallback> {
    return this.open(await this.server.next());
  }

  /** The same, of a verification too. */
  nextRequest(): Promise<Received> {
    return this.server.next();
  }

  open(received: Received): OpenedCallback {
    const xml = decrypt(this.config.encodingAESKey, elementOf(received.body, 'Encrypt')).message;
    const createTime = Number(/<CreateTime>(\d+)<\/CreateTime>/.exec(xml)?.[1]);
    return {
      syncToken: elementOf(xml, 'Token'),
      openKfId: elementOf(xml, 'OpenKfId'),
      createTime,
      xml,
      received,
    };
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)]]></${name}>`).exec(xml)?.[1] ?? '';
}
