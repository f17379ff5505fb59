/** Stands before the local WeCom, and answers some calls of `kf/send_msg` with an errcode. All others go on to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refusal, sendAnswer } from '../../packages/simulator/api/answers.js';

export interface SendRefusals {
  /** For `WECOM_API_URL`. */
  readonly url: string;
  /** One for each of the next calls. */
  readonly errcodes: number[];
  close(): Promise<void>;
}

export async function startSendRefusals(wecomUrl: string): Promise<SendRefusals> {
  const errcodes: number[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const body = Buffer.concat(await request.toArray());
    const errcode = url.startsWith('/cgi-bin/kf/send_msg?') ? errcodes.shift() : undefined;
    if (errcode !== undefined) return sendAnswer(response, refusal(errcode, 'refused by the test'));
    const answer = await fetch(wecomUrl + url, { method, ...(method === 'POST' && { body }) });
    return response.writeHead(answer.status).end(await answer.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    errcodes,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
