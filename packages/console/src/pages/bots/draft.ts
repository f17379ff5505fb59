import type { NewBotDto } from '../../api/answers.gen.js';
import { ALL_OTHERS, readAccountIds } from './account-ids.js';
import { type AgentDraft, NEW_AGENT, toService } from './agents/agent-draft.js';
import { type BotApi, type BotTakes, PROGRAMS, type Program, type ProgramName } from './programs.js';

export const STEPS = ['app', 'accounts', 'program'] as const;
export type Step = (typeof STEPS)[number];

/** A bot as somebody is describing it. */
export interface Draft {
  readonly step: Step;
  /** null until it is chosen. */
  readonly program: ProgramName | null;
  readonly name: string;
  readonly corpId: string;
  /** null until it is chosen. */
  readonly takesAllOthers: boolean | null;
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

/** Once it is known what answers. */
export interface ChosenDraft extends Draft {
  readonly program: ProgramName;
}

/** What a step needs and may change. */
export interface StepProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
}

export const NEW_DRAFT: Draft = {
  step: 'app',
  program: null,
  name: '',
  corpId: '',
  takesAllOthers: null,
  picked: [],
  typed: '',
  url: '',
  headers: {},
  api: 'manager',
  takes: 'event',
  corpSecret: '',
  agent: NEW_AGENT,
};

export function isChosen(draft: Draft): draft is ChosenDraft {
  return draft.program !== null;
}

export function programOf({ program }: ChosenDraft): Program {
  return PROGRAMS[program];
}

/** A draft for the program; of another one before, what was said of the corp stays. */
export function draftFor(program: ProgramName, before: Draft = NEW_DRAFT): ChosenDraft {
  const { title, url, messages }: Program = PROGRAMS[program];
  return {
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
  return takesAllOthers === true ? [ALL_OTHERS] : [...new Set([...picked, ...readAccountIds(typed)])];
}

/** Whether it has settings to paste something into. */
export function hasSettings(draft: ChosenDraft): boolean {
  return programOf(draft).groups.length > 0;
}

/** Whether somebody may choose what it is given: the manager has to be asked by its pulls. */
export function mayTakeMessages(draft: ChosenDraft): boolean {
  const { api, messages } = programOf(draft);
  return (messages === 'best' || messages === 'possible') && (api ?? draft.api) === 'manager';
}

export function takesOf(draft: ChosenDraft): BotTakes {
  if (programOf(draft).messages === 'only') return 'message';
  return mayTakeMessages(draft) ? draft.takes : 'event';
}

/** Whether its corpSecret is asked for, and has to be given. */
export function corpSecretOf(draft: ChosenDraft): Program['corpSecret'] {
  return takesOf(draft) === 'message' ? 'required' : programOf(draft).corpSecret;
}

export function toNewBot(draft: ChosenDraft): NewBotDto {
  const { kind, api, form, headers } = programOf(draft);
  const given = headers.map((name) => [name, draft.headers[name]?.trim() ?? '']);
  return {
    name: draft.name.trim(),
    corpId: draft.corpId.trim(),
    openKfIds: [...accountsOf(draft)],
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
