/**
 * The local WeCom with its server: its API, and a page on which one types as a customer. It listens on loopback only,
 * and calls nobody but the callback URL that was saved.
 */
import { Control } from './control/control.js';
import { LocalWecom, type LocalWecomOptions } from './local-wecom.js';
import { SimulatorServer } from './server.js';

export interface SimulatorOptions extends LocalWecomOptions {
  /** 0, the default, is any that is free. */
  readonly port?: number;
  /** Where the built page is. */
  readonly pageDir?: string;
}

export class Simulator extends LocalWecom {
  readonly #server: SimulatorServer;

  constructor(options: SimulatorOptions = {}) {
    super(options);
    const control = new Control(this, options.pageDir);
    this.#server = new SimulatorServer(this.api, control, this.calls, this.faults, this.clock);
    for (const part of [this.corp, this.callbacks, this.calls, this.robot])
      part.onChange = () => control.changed();
  }

  /** @throws Error when the port is taken. */
  listen(port = 0): Promise<void> {
    return this.#server.listen(port);
  }

  override get url(): string {
    return this.#server.url;
  }

  /** Ends what is under way, callbacks too. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.#server.close();
  }
}

/** @throws Error when the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(options);
  await simulator.listen(options.port);
  return simulator;
}
