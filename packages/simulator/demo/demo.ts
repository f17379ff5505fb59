/**
 * `wxkf-manager demo`, or `npm run demo` in a checkout: a customer, WeCom, the manager and a puppet on this machine, for somebody to type a message and see it
 * go through. With `--agent`, a service answers in place of the puppet. With `--once`, or where nobody looks on, it types one itself and ends when the reply is there.
 */
import { fileURLToPath } from 'node:url';
import { hereIn } from '../here.js';
import { Cast } from './cast.js';
import { Story } from './story.js';
import { inTime, say, step } from './telling.js';
import { whatNext } from './what-next.js';

const IS_AGENT = process.argv.includes('--agent');
const ONE_MESSAGE = ['wrote', 'called', 'opened', 'delivered', 'answered', 'pulled', 'sent', 'read'];

/** Seen from `packages/simulator/dist/demo`. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const NOBODY_LOOKS_ON =
  'Its output is no terminal, so one message is typed for you, and the demo ends when the reply is there. In a terminal it goes on until Ctrl-C.\n';

async function start(cast: Cast): Promise<void> {
  const { simulator } = cast;
  step('started', `the local WeCom at ${simulator.url}`);
  await inTime('starting the manager', cast.startManager({ PORT: process.env.PORT ?? '0' }));
  step('started', `the manager at ${cast.managerUrl}, on an embedded store in a temporary folder`);
  await inTime('connecting the app', cast.connectApp());
  step('connected', `the app of corp ${simulator.corpId}, as an operator does it in the console`);
  if (IS_AGENT) {
    await inTime('adding the agent', cast.startAgent());
    step('added', `a stand-in of a service answers for kf account ${simulator.openKfId}, without a program`);
  } else {
    await inTime('registering', cast.startPuppet());
    step('registered', `the echo puppet answers for kf account ${simulator.openKfId}`);
  }
  const tookMs = await inTime('verifying the callback URL', cast.saveCallbackUrl());
  step('verified', `WeCom saved ${cast.callbackUrl}, which opened its echostr in ${tookMs} ms`);
}

async function typeOne(cast: Cast): Promise<void> {
  const story = new Story(cast);
  cast.simulator.say('Hello, is anybody there?');
  await inTime('the message', story.tellOnce(ONE_MESSAGE));
}

/** Until one of them ends. */
async function follow(cast: Cast): Promise<void> {
  say(whatNext(cast, hereIn(ROOT)));
  await Promise.race([new Story(cast).goOn(), cast.manager?.exited]);
}

async function show(cast: Cast): Promise<void> {
  const isAskedOnce = process.argv.includes('--once');
  const isOnce = isAskedOnce || !process.stdout.isTTY;
  if (isOnce && !isAskedOnce) say(NOBODY_LOOKS_ON);
  await start(cast);
  if (isOnce) await typeOne(cast);
  process.exitCode = 0;
  if (!isOnce) await follow(cast);
}

process.exitCode = 1;
let isInterrupted = false;
const interruption = new Promise<void>((resolve) => {
  const interrupt = () => {
    isInterrupted = true;
    resolve();
  };
  // Not once: npm may pass on the signal that the terminal has sent already.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // Whoever read it has gone, as in `npm run demo | head`.
  process.stdout.on('error', interrupt);
});
const cast = await Cast.gather(ROOT);
try {
  await Promise.race([show(cast), interruption]);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  say(`\nThe demo failed: ${reason}\n\n${cast.manager?.lines.join('\n') ?? ''}`);
} finally {
  await cast.close(isInterrupted);
  step('stopped', 'and nothing is left behind');
}
// What was under way when it was interrupted may wait for something that comes no more.
process.exit();
