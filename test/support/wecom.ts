/** Callbacks of the local WeCom (`packages/simulator/callbacks/sealing.ts`), sent to a manager. */
import {
  kfMessageXml,
  sealCallback,
  sealVerification,
  type WecomApp,
  type WireCallback,
} from '../../packages/simulator/callbacks/sealing.js';

export {
  kfMessageXml,
  newApp,
  newOpenKfId,
  nowS,
  sealCallback,
  sealVerification,
  signedQuery,
  type WecomApp,
  type WireCallback,
} from '../../packages/simulator/callbacks/sealing.js';

/** Sends a callback as WeCom does. */
export function postCallback(
  managerUrl: string,
  app: WecomApp,
  { query, body }: WireCallback,
): Promise<Response> {
  return fetch(`${managerUrl}/callback/${app.corpId}?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body,
  });
}

/** Sends a new event of the account, as after a customer's message. */
export function sendMessage(managerUrl: string, app: WecomApp, openKfId: string): Promise<Response> {
  return postCallback(managerUrl, app, sealCallback(app, kfMessageXml(app, openKfId)));
}

/** Asks, as WeCom does when the callback URL is saved, for the text to be opened. */
export function sendVerification(managerUrl: string, app: WecomApp, message: string): Promise<Response> {
  const query = new URLSearchParams(sealVerification(app, message));
  return fetch(`${managerUrl}/callback/${app.corpId}?${query}`);
}
