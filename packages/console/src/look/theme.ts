import { effect, signal } from '@preact/signals';
import { keep, readKept } from '../data/kept.js';

/** `system`: as the browser asks for. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'wxkf.theme';

export const theme = signal<Theme>(THEMES.find((one) => one === readKept(NAME)) ?? 'system');

const dark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(dark.matches);
dark.addEventListener('change', () => {
  isSystemDark.value = dark.matches;
});

/** What is painted outside of CSS follows it. */
export function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'system' && isSystemDark.value);
}

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep(NAME, chosen === 'system' ? null : chosen);
}
