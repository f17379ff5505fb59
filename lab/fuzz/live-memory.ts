/**
 * What the manager really holds: its heap and buffers after a full collection, asked for by Node's inspector.
 * Its resident size alone says little: V8 collects late where a machine has much memory.
 */
import { once } from 'node:events';

interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

const MEASURE = '(({ heapUsed, external }) => (heapUsed + external) / 2 ** 20)(process.memoryUsage())';

/** For `NODE_OPTIONS`; nothing of it is said on standard error before somebody asks. */
export function inspectedAt(port: number): string {
  return `--inspect=127.0.0.1:${port} --inspect-publish-uid=http`;
}

/** What Node says there then. */
export const INSPECTOR_LINE = /^Debugger (?:attached|ending on)|^For help, see: /;

export class LiveMemory {
  #lastId = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** MB. */
  static async at(port: number): Promise<number> {
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
    await once(socket, 'open');
    const memory = new LiveMemory(socket);
    try {
      // What finalizers let go of is collected by the second.
      await memory.#call('HeapProfiler.collectGarbage');
      await memory.#call('HeapProfiler.collectGarbage');
      const { result } = await memory.#call('Runtime.evaluate', { expression: MEASURE });
      return Number(result?.result?.value);
    } finally {
      socket.close();
    }
  }

  #call(method: string, params: object = {}): Promise<Reply> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const onMessage = ({ data }: MessageEvent) => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        this.socket.removeEventListener('message', onMessage);
        resolve(reply);
      };
      this.socket.addEventListener('message', onMessage);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
