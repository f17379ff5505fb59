/** A copy of the build that kills itself at a named instant. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './run.js';

/** Where `src/` calls `failpoint`, and when that is. */
export const FAILPOINTS = {
  'outbox.kept': 'after keep, before the 200',
  'outbox.claimed': 'after claim, before send',
  'delivery.taken': 'after the 2xx, before settle',
  'outbox.putting': 'inside put',
} as const;

export type Failpoint = keyof typeof FAILPOINTS;

/** Those that only messages pass, which the manager pulls itself. */
export const MESSAGE_FAILPOINTS = {
  'messages.kept': 'after messages are kept, before or after the cursor moves',
  'message.answered': 'after a callback bot answered, before that is noted',
  'message.taken': 'after a puppet took it, before that is stored',
} as const;

export type MessageFailpoint = keyof typeof MESSAGE_FAILPOINTS;

/** Those that answers of agents pass. */
export const AGENT_FAILPOINTS = {
  'agent.answered': 'after the answer of the service is kept, before any of it is sent',
  'agent.sent': 'after WeCom took a message of the answer, before that is noted',
  'message.taken': 'after all of the answer was sent, before the message is taken',
} as const;

export type AgentFailpoint = keyof typeof AGENT_FAILPOINTS;

/** A build that kills itself, and at which instants. */
export interface Killing {
  /** Its main file. */
  readonly main: string;
  readonly points: readonly (MessageFailpoint | AgentFailpoint)[];
}

const SOURCE = `
const { FAULTS_FAILPOINT: name, FAULTS_PASSINGS: passings } = process.env;
let left = Number(passings);
export function failpoint(passed) {
  if (passed === name && --left === 0) process.kill(process.pid, 'SIGKILL');
}
`;

/** It lies inside the project, from where it finds its packages. @returns its main file. */
export function buildWithFailpoints(run: Run): string {
  const cache = join(run.root, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'faults-'));
  run.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  // It reads its version there.
  cpSync(join(run.root, 'package.json'), join(folder, 'package.json'));
  const dir = join(folder, 'dist');
  cpSync(join(run.root, 'dist'), dir, { recursive: true });
  writeFileSync(join(dir, 'kernel/failpoint.js'), SOURCE);
  return join(dir, 'main.js');
}

/** Ends the process when it passes that point for the n-th time. */
export function failpointEnv(
  name: Failpoint | Killing['points'][number],
  passings: number,
): Record<string, string> {
  return { FAULTS_FAILPOINT: name, FAULTS_PASSINGS: String(passings) };
}
