/** Entry of `wxkf-manager simulator [options]`, or `npm run simulator -- [options]` in a checkout. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { App } from './corp/app.js';
import { hereIn } from './here.js';
import { type CommandLine, HELP, parseCommandLine, UsageError } from './options.js';
import { type Simulator, startSimulator } from './simulator.js';
import { welcome } from './welcome.js';

const RETRY_MS = 2_000;
/** Seen from `packages/simulator/dist`. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Tries until the URL verifies, or another one is saved on the page, and says what keeps it from doing so, once for each reason. */
async function saveWhenItAnswers(simulator: Simulator, app: App, url: string): Promise<void> {
  const { token, encodingAESKey } = app.callback;
  const what = `The callback URL ${url}${simulator.apps.length > 1 ? ` of ${app.name}` : ''}`;
  let told = '';
  for (;;) {
    const verification = await simulator.saveCallback({ url, token, encodingAESKey }, app);
    if (verification.isVerified) {
      return print(`${what} is saved: it answered the verification in ${verification.tookMs} ms.`);
    }
    const { reason, detail } = verification;
    if (reason.startsWith('invalid')) return print(`${what} is not saved: ${detail}.`);
    if (told !== detail) print(`${what} is not saved yet: ${detail}. It is tried every 2 s.`);
    told = detail;
    await delay(RETRY_MS);
    if (app.saved !== null) {
      return print(`${what} is tried no more, since another was saved on the page.`);
    }
  }
}

async function run(commandLine: CommandLine, args: readonly string[]): Promise<void> {
  const simulator = await startSimulator(commandLine);
  print(welcome(simulator, hereIn(ROOT), args));
  const stop = async () => {
    await simulator.close();
    process.exit(0);
  };
  // Not once: npm may pass on the signal that the terminal has sent already.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const { callbackUrls } = commandLine;
  for (const [n, app] of simulator.apps.entries()) {
    const url = callbackUrls[n] ?? callbackUrls.at(-1);
    if (url !== undefined) void saveWhenItAnswers(simulator, app, url);
  }
}

function explain(error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is taken; --port names another, and 0 takes any that is free`;
  return message ?? String(error);
}

try {
  const args = process.argv.slice(2);
  const commandLine = parseCommandLine(args);
  if (commandLine === null) process.stdout.write(HELP);
  else await run(commandLine, args);
} catch (error) {
  process.stderr.write(`wxkf-manager simulator: ${explain(error)}\n`);
  if (error instanceof UsageError) process.stderr.write('--help tells the options.\n');
  process.exit(error instanceof UsageError ? 2 : 1);
}
