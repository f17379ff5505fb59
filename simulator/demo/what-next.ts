import type { Cast } from './cast.js';

/** What to look at, and what to try. */
export function whatNext({ simulator, managerUrl }: Cast): string {
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
  How it is
    curl ${managerUrl}/health

README.md tells how to run it for real.
`;
}
