/** `session` of a bot as somebody has typed it: an empty text or list is one that is left out. */
import type {
  MenuChoiceAnswer,
  OpenSpanAnswer,
  PeopleSettingsAnswer,
  ServiceHoursAnswer,
  SessionOfferAnswer,
  SessionSettingsAnswer,
} from '../../../api/answers.gen.js';

export const OFFER_KINDS = ['none', 'text', 'menu'] as const;
export const CHOICE_KINDS = ['text', 'id', 'url'] as const;
export const DESTINATIONS = ['pool', 'servicers'] as const;

/** Tells lines of a list apart while they change. */
interface Line {
  readonly key: number;
}

export interface ChoiceDraft extends Line {
  readonly text: string;
  /** What it does: it sends its text, also with an id, or opens a link. */
  readonly kind: (typeof CHOICE_KINDS)[number];
  /** The id or the link. */
  readonly value: string;
}

export interface SpanDraft extends OpenSpanAnswer, Line {}

export interface OfferDraft {
  readonly kind: (typeof OFFER_KINDS)[number];
  readonly text: string;
  readonly head: string;
  readonly choices: readonly ChoiceDraft[];
  readonly tail: string;
}

export interface PeopleDraft {
  readonly isOn: boolean;
  readonly keywords: readonly string[];
  readonly menuIds: readonly string[];
  readonly to: (typeof DESTINATIONS)[number];
  readonly servicers: readonly string[];
  readonly waiting: string;
  readonly nobody: string;
}

export interface HoursDraft {
  readonly isOn: boolean;
  readonly timeZone: string;
  readonly open: readonly SpanDraft[];
  readonly closed: string;
}

export interface SessionDraft {
  readonly isOn: boolean;
  readonly welcome: OfferDraft;
  readonly people: PeopleDraft;
  readonly hours: HoursDraft;
  readonly ended: OfferDraft;
  readonly mergeS: string;
}

export const NEW_CHOICE: ChoiceDraft = { key: 0, text: '', kind: 'text', value: '' };
export const NEW_SPAN: SpanDraft = { key: 0, days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' };

/** The list with one more line. */
export function withLine<L extends Line>(lines: readonly L[], line: L): readonly L[] {
  return [...lines, { ...line, key: (lines.at(-1)?.key ?? 0) + 1 }];
}

/** @param timeZone of hours that are not set yet. */
export function toDraft(session: SessionSettingsAnswer | null, timeZone: string): SessionDraft {
  const { welcome, people, hours, ended, mergeS } = session ?? {};
  return {
    isOn: session !== null,
    welcome: offerDraft(welcome),
    people: peopleDraft(people),
    hours: hoursDraft(hours, timeZone),
    ended: offerDraft(ended),
    mergeS: String(mergeS ?? ''),
  };
}

function offerDraft({ text, menu }: SessionOfferAnswer = {}): OfferDraft {
  return {
    kind: menu !== undefined ? 'menu' : text !== undefined ? 'text' : 'none',
    text: text ?? '',
    head: menu?.head ?? '',
    choices: menu?.choices.map(choiceDraft) ?? [NEW_CHOICE],
    tail: menu?.tail ?? '',
  };
}

function hoursDraft(hours: ServiceHoursAnswer | undefined, localZone: string): HoursDraft {
  const { timeZone = localZone, open, closed = '' } = hours ?? {};
  return {
    ...{ isOn: hours !== undefined, timeZone, closed },
    open: open?.map((span, key) => ({ ...span, key })) ?? [NEW_SPAN],
  };
}

/** One that has both is a link: WeCom shows that. */
function choiceDraft({ text, id, url }: MenuChoiceAnswer, key: number): ChoiceDraft {
  if (url !== undefined) return { key, text, kind: 'url', value: url };
  return id === undefined ? { key, text, kind: 'text', value: '' } : { key, text, kind: 'id', value: id };
}

function peopleDraft(people?: PeopleSettingsAnswer): PeopleDraft {
  const { keywords = [], menuIds = [], to = 'pool', waiting = '', nobody = '' } = people ?? {};
  return {
    ...{ isOn: people !== undefined, keywords, menuIds, waiting, nobody },
    to: to === 'pool' ? to : 'servicers',
    servicers: to === 'pool' ? [] : to.servicers,
  };
}

/** @returns `null` where customers are not shared. */
export function toSession(draft: SessionDraft): SessionSettingsAnswer | null {
  if (!draft.isOn) return null;
  const { welcome, people, hours, ended, mergeS } = draft;
  return {
    ...(welcome.kind !== 'none' && { welcome: toOffer(welcome) }),
    ...(people.isOn && { people: toPeople(people) }),
    ...(hours.isOn && { hours: toHours(hours) }),
    ...(ended.kind !== 'none' && { ended: toOffer(ended) }),
    ...(mergeS.trim() !== '' && { mergeS: Number(mergeS) }),
  };
}

function toOffer({ kind, text, head, choices, tail }: OfferDraft): SessionOfferAnswer {
  if (kind !== 'menu') return { text };
  return {
    menu: {
      ...(head.trim() !== '' && { head }),
      choices: choices.map((choice) => ({
        text: choice.text,
        ...(choice.kind !== 'text' && { [choice.kind]: choice.value.trim() }),
      })),
      ...(tail.trim() !== '' && { tail }),
    },
  };
}

function toPeople({ keywords, menuIds, to, servicers, waiting, nobody }: PeopleDraft): PeopleSettingsAnswer {
  return {
    ...(keywords.length > 0 && { keywords: [...keywords] }),
    ...(menuIds.length > 0 && { menuIds: [...menuIds] }),
    to: to === 'pool' ? to : { servicers: [...servicers] },
    ...(waiting.trim() !== '' && { waiting }),
    ...(nobody.trim() !== '' && { nobody }),
  };
}

function toHours({ timeZone, open, closed }: HoursDraft): ServiceHoursAnswer {
  return {
    timeZone: timeZone.trim(),
    open: open.map(({ days, from, to }) => ({
      days: days.toSorted((a, b) => a - b),
      from: from.trim(),
      to: to.trim(),
    })),
    closed,
  };
}

/** The ids of the choices of its menus. */
export function menuIdsOf({ welcome, ended }: SessionDraft): readonly string[] {
  const choices = [welcome, ended].flatMap((offer) => (offer.kind === 'menu' ? offer.choices : []));
  const ids = choices.filter(({ kind }) => kind === 'id').map(({ value }) => value.trim());
  return [...new Set(ids.filter((id) => id !== ''))];
}
