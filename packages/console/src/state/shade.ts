import { classOf, SHADES, type Shade } from '../theme.js';
import { Cell, useCell } from './cell.js';
import { keep, readKept } from './kept.js';

/** `system`: as the browser asks for. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'wxkf.theme';

export const theme = new Cell<Theme>(THEMES.find((one) => one === readKept(NAME)) ?? 'system');

const dark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = new Cell(dark.matches);
dark.addEventListener('change', () => {
  isSystemDark.value = dark.matches;
});

/**
 * Whether somebody wanted nothing to move when the page was loaded: an animation of 0 s may end before Ant Design waits for its
 * end. It makes the whole page anew if that changes later, with what is typed in it.
 */
export const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;

export function useShade(): Shade {
  const chosen = useCell(theme);
  const isDark = useCell(isSystemDark);
  if (chosen !== 'system') return chosen;
  return isDark ? 'dark' : 'light';
}

/** The document has the class of the shade, which `styles.css` takes its colours from. */
export function wearShade(shade: Shade): void {
  for (const one of SHADES) document.documentElement.classList.toggle(classOf(one), one === shade);
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep(NAME, chosen === 'system' ? null : chosen);
}
