import { Cell } from '../state/cell.js';
import { keep, readKept } from '../state/kept.js';
import { chinese } from './chinese.js';
import { english } from './english.js';
import type { Words } from './words.js';

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

const NAME = 'wxkf.language';

/** What was chosen here, else the browser's first language that there is. */
function initial(): Language {
  const kept = LANGUAGES.find((one) => one === readKept(NAME));
  if (kept !== undefined) return kept;
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return first?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** `App` reads it, so that everything renders again when it changes; a component that uses `t` is never memoized. */
export const language = new Cell<Language>(initial());

/** All text of the console, in the language that is chosen now. */
export function t(): Words {
  return language.value === 'en' ? english : chinese;
}

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  keep(NAME, chosen);
}
