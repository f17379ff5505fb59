/** The local WeCom with time that is moved by hand, and a client of its API. */
import { type Simulator, type SimulatorOptions, startSimulator } from '../../packages/simulator/simulator.js';
import { ManualClock } from './manual-clock.js';

export interface Answer {
  readonly errcode: number;
  readonly errmsg: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- each API has its own fields, and the tests compare them.
  readonly [field: string]: any;
}

export class SimulatorClient {
  private constructor(
    readonly simulator: Simulator,
    readonly clock: ManualClock,
  ) {}

  static async start(options: SimulatorOptions = {}): Promise<SimulatorClient> {
    const clock = new ManualClock();
    return new SimulatorClient(await startSimulator({ clock, ...options }), clock);
  }

  get openKfId(): string {
    return this.simulator.openKfId;
  }

  get customerId(): string {
    return this.simulator.firstCustomerId;
  }

  getToken(query: Readonly<Record<string, string>> = this.credentials): Promise<Answer> {
    return this.#json(`gettoken?${new URLSearchParams(query)}`);
  }

  get credentials() {
    return { corpid: this.simulator.corpId, corpsecret: this.simulator.corpSecret };
  }

  async accessToken(): Promise<string> {
    return (await this.getToken()).access_token;
  }

  /** Asks for a token first, as a client does that keeps none. */
  async call(api: string, body: unknown = {}): Promise<Answer> {
    const token = await this.accessToken();
    return this.#json(`${api}?access_token=${token}`, { method: 'POST', body: JSON.stringify(body) });
  }

  sync(fields: object = {}): Promise<Answer> {
    return this.call('kf/sync_msg', { open_kfid: this.openKfId, ...fields });
  }

  sendText(content = 'hello', fields: object = {}): Promise<Answer> {
    return this.send({ msgtype: 'text', text: { content }, ...fields });
  }

  send(fields: object): Promise<Answer> {
    return this.call('kf/send_msg', { touser: this.customerId, open_kfid: this.openKfId, ...fields });
  }

  async upload(type: string, bytes: Buffer, fileName = 'file.bin'): Promise<Answer> {
    const form = new FormData();
    form.append('media', new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }), fileName);
    const token = await this.accessToken();
    return this.#json(`media/upload?access_token=${token}&type=${type}`, { method: 'POST', body: form });
  }

  /** What the page does. */
  command(name: string, fields: object = {}): Promise<Response> {
    return fetch(`${this.simulator.url}/simulator/${name}`, { method: 'POST', body: JSON.stringify(fields) });
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  async #json(target: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.simulator.url}/cgi-bin/${target}`, init);
    return (await response.json()) as Answer;
  }
}

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
