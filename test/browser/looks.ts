/** How pages look: at every width, theme and language they stay inside the window and the CSP, and bar nobody. */
import { expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { newPage, screenshot, seriousViolations } from '../support/browser.js';

export interface Look {
  readonly locale: string;
  readonly dark: boolean;
}

export const ENGLISH: Look = { locale: 'en', dark: false };
export const LOOKS: readonly Look[] = ['en', 'zh-CN'].flatMap((locale) =>
  [false, true].map((dark) => ({ locale, dark })),
);

const HEIGHT = 900;
const DESK_WIDTH = 1440;
const WIDTHS = [360, 390, 768, 1024, DESK_WIDTH, 1920];
const PICTURED = new Set([390, 1024, DESK_WIDTH]);

/** Collects what the browser says of the CSP, and how far the layout has shifted. */
const WATCH = `
  window.refusedByCsp = [];
  window.shift = 0;
  addEventListener('securitypolicyviolation', ({ violatedDirective, sample, sourceFile }) =>
    window.refusedByCsp.push([violatedDirective, sample, sourceFile].join(' ')));
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shift += value;
  }).observe({ type: 'layout-shift', buffered: true });
`;

/** A page that is watched: `keepsInside`, `keepsToCsp` and `standsStill` say what was seen. */
export async function openAs(browser: Browser, look: Look = ENGLISH, width = DESK_WIDTH): Promise<Page> {
  const page = await newPage(browser, look);
  await page.addInitScript(WATCH);
  await page.setViewportSize({ width, height: HEIGHT });
  return page;
}

/** At every width: the page is as wide as the window, bars nobody, and loads nothing against the CSP. */
export async function keepsInside(page: Page, name: string, { locale, dark }: Look): Promise<void> {
  const violations = await seriousViolations(page);
  expect([name, violations]).toEqual([name, []]);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    const whole = await page.evaluate('document.documentElement.scrollWidth');
    expect([name, whole]).toEqual([name, width]);
    if (PICTURED.has(width)) await screenshot(page, `${name}-${locale}-${dark ? 'dark' : 'light'}-${width}`);
  }
  await page.setViewportSize({ width: DESK_WIDTH, height: HEIGHT });
  await keepsToCsp(page);
}

export async function keepsToCsp(page: Page): Promise<void> {
  expect(await page.evaluate('window.refusedByCsp')).toEqual([]);
}

export async function standsStill(page: Page): Promise<void> {
  expect(await page.evaluate('window.shift')).toBeLessThan(0.1);
}
