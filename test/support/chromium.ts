/**
 * The machine's own Chromium, Debian's for example, driven by playwright-core, which brings none. The one without a
 * window takes a third of the CPU of the other.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { leftovers } from './leftovers.js';

/** `undefined` where there is none. */
export const chromiumPath = findChromium();

function findChromium(): string | undefined {
  const { CHROMIUM_PATH: named, PATH = '' } = process.env;
  const folders = PATH.split(delimiter);
  const places = ['chromium-headless-shell', 'chromium'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return named || places.find((place) => existsSync(place));
}

/** Takes a second; one for a spec file is enough, since each page of `newPage` is a stranger to the others. */
export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    // As root it does not start with one.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
  const kill = () => void browser.close();
  leftovers.add(kill);
  browser.once('disconnected', () => leftovers.delete(kill));
  return browser;
}

interface Reader {
  /** BCP 47; English where it is left out. */
  readonly locale?: string;
  readonly dark?: boolean;
  readonly phone?: boolean;
}

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const DESK = { viewport: { width: 1280, height: 800 } };

/** Without a cookie or anything else of other pages; `page.context().newPage()` gives one that shares them. */
export async function newPage(browser: Browser, reader: Reader = {}): Promise<Page> {
  const { locale = 'en', dark = false, phone = false } = reader;
  const context = await browser.newContext({
    locale,
    colorScheme: dark ? 'dark' : 'light',
    // A dialog that moves while it opens can leave the button between press and release of a mouse that is as quick as a program.
    reducedMotion: 'reduce',
    ...(phone ? PHONE : DESK),
  });
  return context.newPage();
}
