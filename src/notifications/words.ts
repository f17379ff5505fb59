/** The words for each cause: Chinese for a group robot of WeCom, English for any other receiver. */
import type { Cause } from '../insight/accounts/cause.js';
import { textOfCause, type TroubleFacts } from '../insight/words/cause-text.js';
import { chinese } from '../insight/words/chinese.js';
import { english } from '../insight/words/english.js';

export type Language = 'en' | 'zh';

interface Said {
  readonly title: string;
  readonly text: string;
}

const WORDS = { en: english, zh: chinese };
const BRACKETS = { en: [' (', ')'], zh: ['（', '）'] } as const;

export function wordsOf(cause: Cause, language: Language): Said {
  const { causes, errcodes } = WORDS[language];
  const { subject, what, remedy, callFault, amount } = textOfCause(harmless(cause), WORDS[language]);
  const [open, close] = BRACKETS[language];
  return {
    title: causes.title(subject, what) + (amount === '' ? '' : open + amount + close),
    text: remedy || (errcodes[callFault ?? '']?.remedy ?? causes.byCode[cause.code].remedy),
  };
}

/** Characters that places and reasons must not have: these come from outside, and could be markup or mention somebody. */
const UNSAID = /[^\w.:/[\]-]/g;
/** Names are an operator's own texts. */
const MARKUP = /[<>`*_[\]@\n]/g;

/** A cause that an earlier version noted lacks the newer fields. */
function harmless(cause: Cause): TroubleFacts {
  const place = (text: string | null | undefined): string | null => text?.replaceAll(UNSAID, '?') ?? null;
  const name = (text: string | null | undefined): string | null => text?.replaceAll(MARKUP, '?') ?? null;
  return {
    code: cause.code,
    count: cause.count,
    status: cause.status ?? null,
    lateMin: cause.lateMin ?? null,
    why: place(cause.why),
    unlistedAddress: place(cause.unlistedAddress),
    address: place(cause.address),
    corpId: place(cause.corpId),
    openKfId: place(cause.openKfId),
    replica: place(cause.replica),
    botName: name(cause.botName),
    name: name(cause.name),
    corpName: name(cause.corpName),
  };
}
