import type { Here } from '../here.js';
import type { Cast } from './cast.js';

/** What to look at, and what to try. */
export function whatNext({ simulator, managerUrl, ownAccount }: Cast, here: Here): string {
  const own = { name: 'Mine', corpId: simulator.corpId, openKfIds: [ownAccount], kind: 'stream' };
  return `
  The customer's page     ${simulator.url}/
  The operators' console  ${managerUrl}/console

Open both. Type a message as the customer and see it go through: here, on the customer's page with the puppet's reply, and
in the console under Live. All of it runs on this machine until Ctrl-C. Try also:

  Lose callbacks, send them twice, answer late: "Faults" on the customer's page
  What every route takes and answers
    ${managerUrl}/docs
  A registration that says too little: 400, with every field that is missing
    curl ${managerUrl}/puppetWxkfManager/register -H 'content-type: application/json' -d '{"kfId":"wk1"}'
  A bot of yours for the second kf account; it needs no address, and its key is in the answer
    curl ${managerUrl}/api/v1/bots -H 'content-type: application/json' -d '${JSON.stringify(own)}'
    ${here.connect} --manager ${managerUrl} --key <key> --forward http://127.0.0.1:<its port>
  How it is
    curl ${managerUrl}/health

${here.fileOf('README.md')} tells how to run it for real.
`;
}
