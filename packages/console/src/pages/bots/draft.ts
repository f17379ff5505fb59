import type { NewBot } from '../../api/bots.js';
import { ALL_OTHERS, readAccountIds } from './account-ids.js';
import { type AgentDraft, NEW_AGENT, toService } from './agents/agent-draft.js';
import { type BotApi, type BotTakes, PROGRAMS, type Program, type ProgramName } from './programs.js';

export const STEPS = ['app', 'accounts', 'program'] as const;
export type Step = (typeof STEPS)[number];

/** A bot as somebody is describing it. */
export interface Draft {
  readonly step: Step;
  readonly program: ProgramName;
  readonly name: string;
  readonly corpId: string;
  readonly takesAllOthers: boolean;
  /** Of the accounts that are listed. */
  readonly picked: readonly string[];
  /** Ids as they were typed. */
  readonly typed: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Counts where the program leaves a choice. */
  readonly api: BotApi;
  /** Counts where the program leaves a choice; see `takesOf`. */
  readonly takes: BotTakes;
  readonly corpSecret: string;
  /** Counts where a service answers. */
  readonly agent: AgentDraft;
}

/** What a step needs and may change. */
export interface StepProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
}

export function programOf({ program }: Draft): Program {
  return PROGRAMS[program];
}

/** A draft for the program; of another one before, what was said of the corp stays. */
export function draftFor(program: ProgramName, before: Partial<Draft> = {}): Draft {
  const { title, url, messages }: Program = PROGRAMS[program];
  return {
    step: 'app',
    corpId: '',
    takesAllOthers: false,
    picked: [],
    typed: '',
    corpSecret: '',
    agent: NEW_AGENT,
    ...before,
    program,
    name: title ?? '',
    url: url ?? '',
    headers: {},
    api: 'manager',
    takes: messages === 'best' || messages === 'only' ? 'message' : 'event',
  };
}

export function accountsOf({ takesAllOthers, picked, typed }: Draft): readonly string[] {
  return takesAllOthers ? [ALL_OTHERS] : [...new Set([...picked, ...readAccountIds(typed)])];
}

/** Whether it has settings to paste something into. */
export function hasSettings(draft: Draft): boolean {
  return programOf(draft).groups.length > 0;
}

/** Whether somebody may choose what it is given: the manager has to be asked by its pulls. */
export function mayTakeMessages(draft: Draft): boolean {
  const { api, messages } = programOf(draft);
  return (messages === 'best' || messages === 'possible') && (api ?? draft.api) === 'manager';
}

export function takesOf(draft: Draft): BotTakes {
  if (programOf(draft).messages === 'only') return 'message';
  return mayTakeMessages(draft) ? draft.takes : 'event';
}

/** Whether its corpSecret is asked for, and has to be given. */
export function corpSecretOf(draft: Draft): Program['corpSecret'] {
  return takesOf(draft) === 'message' ? 'required' : programOf(draft).corpSecret;
}

export function toNewBot(draft: Draft): NewBot {
  const { kind, api, form, headers } = programOf(draft);
  const given = headers.map((name) => [name, draft.headers[name]?.trim() ?? '']);
  return {
    name: draft.name.trim(),
    corpId: draft.corpId.trim(),
    openKfIds: accountsOf(draft),
    kind,
    api: api ?? draft.api,
    takes: takesOf(draft),
    ...(corpSecretOf(draft) !== 'useless' &&
      draft.corpSecret !== '' && { corpSecret: draft.corpSecret.trim() }),
    ...(kind === 'agent' && { agent: toService(draft.agent) }),
    ...(kind === 'callback' && {
      callback: {
        url: draft.url.trim(),
        ...(form !== undefined && { form }),
        ...(given.length > 0 && { headers: Object.fromEntries(given) }),
      },
    }),
  };
}
