import type { Here } from '../here.js';
import type { Simulator } from '../simulator.js';

/** What is told of the demo. */
interface Demo {
  readonly simulator: Pick<Simulator, 'url' | 'corpId' | 'corpSecret' | 'accounts'>;
  readonly managerUrl: string;
}

/** What to look at, and what to try. */
export function whatNext({ simulator, managerUrl }: Demo, here: Pick<Here, 'fileOf'>): string {
  const { corpId, corpSecret } = simulator;
  // Nobody answers for it yet.
  const { openKfId: ownAccount = '', name: second = '' } = simulator.accounts.at(-1) ?? {};
  const ofOwn = new URLSearchParams({ corpId, openKfId: ownAccount });
  const own = { name: 'Mine', corpId, openKfIds: [ownAccount], kind: 'puppet', takes: 'message', corpSecret };
  return `
  The customer's page     ${simulator.url}/
  The operators' console  ${managerUrl}/console

Open both. Type a message as the customer and see it go through: here, on the customer's page with the puppet's reply, and
in the console under Log. All of it runs on this machine until Ctrl-C.

Your own Dify, FastGPT, Coze or model can answer for ${second}:

  The form for its URL and key  ${managerUrl}/console/bots/add?${ofOwn}&program=agent
  The Secret for the form       ${corpSecret}
  The page of its customer      ${simulator.url}/?openKfId=${encodeURIComponent(ownAccount)}

Try also:

  Lose callbacks, send them twice, answer late: "Faults" on the customer's page
  What every route takes and answers
    ${managerUrl}/docs
  A registration that says too little: 400, with every field that is missing
    curl ${managerUrl}/puppetWxkfManager/register -H 'content-type: application/json' -d '{"kfId":"wk1"}'
  A bot of yours for ${second}; the answer has its key and its signingSecret
    curl ${managerUrl}/api/v1/bots -H 'content-type: application/json' -d '${JSON.stringify(own)}'
    MANAGER_URL=${managerUrl} BOT_KEY=<key> SIGNING_SECRET=<signingSecret> CORP_ID=${corpId} \\
      CORP_SECRET=${corpSecret} KF_ID=${ownAccount} node ${here.fileOf('examples/message-bot/message-bot.js')}
  A stand-in of such a service answers: Ctrl-C, then the demo again with --agent
  How it is
    curl ${managerUrl}/health

${here.fileOf('README.md')} tells how to run it for real.
`;
}
