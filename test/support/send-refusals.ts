/** Stands before the local WeCom, and has some calls end otherwise, most of them of `kf/send_msg`. All others go on to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refusal, sendAnswer } from '../../packages/simulator/api/answers.js';

/** An errcode; or the connection breaks off before WeCom has the call, or behind that. */
export type SendFault = number | 'call lost' | 'answer lost';

export interface SendRefusals {
  /** For `WECOM_API_URL`. */
  readonly url: string;
  /** One for each of the next calls of `kf/send_msg`. */
  readonly faults: SendFault[];
  /** By API: an errcode for each call from now on, or `silent` for no answer. */
  readonly apis: Map<string, number | 'silent'>;
  /** What the calls asked that it refused, the newest last. */
  readonly refused: { readonly api: string; readonly asked: string }[];
  /** Nobody listens there until the function that it gives is called. */
  leave(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export async function startSendRefusals(wecomUrl: string): Promise<SendRefusals> {
  const faults: SendFault[] = [];
  const apis: SendRefusals['apis'] = new Map();
  const refused: SendRefusals['refused'] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const body = Buffer.concat(await request.toArray());
    const api = new URL(url, wecomUrl).pathname.replace('/cgi-bin/', '');
    const fault = apis.get(api) ?? (api === 'kf/send_msg' ? faults.shift() : undefined);
    if (fault === 'silent') return response;
    if (typeof fault === 'number') {
      refused.push({ api, asked: body.toString() });
      return sendAnswer(response, refusal(fault, 'refused by the test'));
    }
    if (fault === 'call lost') return response.destroy();
    const answer = await fetch(wecomUrl + url, { method, ...(method === 'POST' && { body }) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (fault === 'answer lost') return response.destroy();
    const type = answer.headers.get('content-type') ?? '';
    return response
      .writeHead(answer.status, { 'Content-Type': type, 'Content-Length': bytes.length })
      .end(bytes);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    apis,
    refused,
    leave: async () => {
      await close();
      return async () => void (await listen(port));
    },
    close,
  };
}
