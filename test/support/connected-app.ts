/** The app of the local WeCom at a manager, for specs whose bots take messages. */
import type { Simulator } from '../../packages/simulator/simulator.js';
import { postJson } from './puppet-server.js';
import { whenServed } from './until.js';

/** Adds the app to the manager, as an operator does, and has WeCom call this manager. */
export async function connectApp(wecom: Simulator, manager: { readonly url: string }): Promise<void> {
  const { corpId, callback } = wecom;
  const { token, encodingAESKey } = callback;
  const app = { corpId, token, encodingAESKey };
  const added = await whenServed(() => postJson(`${manager.url}/api/v1/apps`, app));
  if (!added.ok) throw new Error(await added.text());
  await saveCallback(wecom, manager);
}

/** Has WeCom call this manager, which knows the app already. */
export async function saveCallback(wecom: Simulator, manager: { readonly url: string }): Promise<void> {
  const url = `${manager.url}/callback/${wecom.corpId}`;
  const saved = await wecom.saveCallback({ ...wecom.callback, url });
  if (!saved.isVerified) throw new Error(saved.detail);
}
