/** A bot without a program: a service is tried, added, seen to answer a customer, and set otherwise. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { BotAnswer } from '../../packages/console/src/api/answers.gen.js';
import { pathOf } from '../../packages/console/src/shell/paths.js';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seeSoon,
  seriousViolations,
} from '../support/browser.js';
import { startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { keepsInside, LOOKS, openAs } from './looks.js';

const WRONG_KEY = 'app-of-somebody-else';

describeInBrowser('the console, with agents', () => {
  let browser: Browser;
  let scene: Scene;
  let wecom: Simulator;
  let service: StandInService;
  let page: Page;

  beforeAll(async () => {
    service = await StandInService.start({ answer: ({ text }) => `Re: ${text}` });
    [browser, scene] = await Promise.all([
      openBrowser(),
      Scene.open({ accounts: ['售后'], customers: ['张三'] }),
    ]);
    ({ wecom } = scene);
    page = await newPage(browser);
    page.setDefaultTimeout(6_000);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  afterAll(async () => {
    await Promise.all([browser.close(), scene.close(), service.close()]);
  });

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);
  const answer = () => page.getByRole('figure', { name: 'The answer, as a customer would see it' });
  const botNow = async () => {
    const { items } = await scene.ask<{ items: BotAnswer[] }>('GET', '/api/v1/bots');
    return items[0];
  };

  /** Up to the service, in the form for a new bot. While no account is known, all are offered. */
  async function beginAgent(on: Page, of: { url: string } = scene, isFirst = true): Promise<void> {
    await on.goto(of.url + pathOf.addBot);
    if (of !== scene) await on.getByRole('textbox').last().fill(wecom.corpId);
    await on.locator('.actions button[type=submit]').click();
    const others = on.getByRole('radio', {
      name: /^(All (accounts|others) of the corp|该企业(其余)?全部账号)/,
    });
    await others.waitFor();
    expect(await others.isChecked()).toBe(isFirst);
    if (!isFirst) await on.getByRole('textbox').last().fill(wecom.openKfId);
    await on.locator('.actions button[type=submit]').click();
    await on.getByText(/^(Agent|智能体)\s*[(（]/).click();
  }

  it('tells what to do about a key that the service refuses, before anything is saved', async () => {
    await beginAgent(page);
    await fill('URL of its API', service.urlOf('dify'));
    await fill('Key of its API', WRONG_KEY);
    await press('Test');
    await page.getByText('The service refuses the key', { exact: true }).waitFor();
    await page.getByText(/Make a new key at the service/).waitFor();
    await page.getByText(/\(401 unauthorized\)/).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'agent-refused');
  });

  it('tells that nothing is at a URL without its /v1', async () => {
    await fill('URL of its API', service.urlOf('dify').replace(/\/v1$/, ''));
    await press('Test');
    await page.getByText('Nothing is at this URL (404)', { exact: true }).waitFor();
    await page.getByText(/^Does it end in \/v1\?/).waitFor();
    await page.getByText(/^nothing is at agent\.url; .*\/v1.* \(404\)$/).waitFor();
    await screenshot(page, 'agent-absent');
    await fill('URL of its API', service.urlOf('dify'));
  });

  it('shows what the service answers and in which time, by Enter too, and adds nothing meanwhile', async () => {
    await fill('Key of its API', STAND_IN_KEY);
    await fill('A question for a test', 'When do you open?');
    await page.keyboard.press('Enter');
    await answer().getByText('Re: When do you open?').waitFor();
    const facts = page.getByRole('group', { name: 'Test' });
    expect(await facts.getByText(/^[\d.,]+\s?(ms|s)$/).count()).toBe(1);
    expect(await botNow()).toBeUndefined();
    await screenshot(page, 'agent-tested');
  });

  it('adds it, and customers are answered; the key is neither shown nor kept in the browser', async () => {
    await fill('Secret of the app in WeCom', wecom.corpSecret);
    await press('Add the bot');
    await page.getByText(/^Dify is added\. Write to its account/).waitFor();
    expect(await botNow()).toMatchObject({ name: 'Dify', openKfIds: ['*'] });
    await page.getByRole('heading', { name: 'Agent: the service that answers' }).waitFor();
    wecom.say('Are you there?');
    await until(() => service.asked.some(({ text }) => text === 'Are you there?'));
    expect(await page.getByLabel('Another key of its API (leave empty to keep it)').inputValue()).toBe('');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(
      STAND_IN_KEY,
    );
    expect(await page.content()).not.toContain(STAND_IN_KEY);
  });

  it('tests a bot with the key that it has, and changes only what was typed', async () => {
    await press('Test');
    await answer().getByText('Re: Hello, who are you?').waitFor();
    const agent = (await botNow())?.agent;
    await page.getByRole('textbox', { name: 'To a customer who waits' }).fill('One moment.');
    await fill('Wait before it is sent, seconds', '12');
    const limits = page.getByText('Conversation, hand-over and limits');
    await limits.click();
    // What is wrong is seen where it stands in a part that was closed, too.
    await fill('Calls at a time', '');
    await limits.click();
    await press('Save the agent');
    await fill('Calls at a time', '4');
    await fill('Mark that hands over to people', '[human]');
    await limits.click();
    await press('Save the agent');
    await page.getByText(/First save “Customers can ask for a person” with the text/).waitFor();
    await page.locator('input:focus').fill('');
    await press('Save the agent');
    await page.getByText('The agent of Dify is changed.').waitFor();
    expect((await botNow())?.agent).toEqual({
      ...agent,
      ...{ fallback: 'One moment.', fallbackAfterS: 12, concurrency: 4 },
    });
  });

  it.each([
    ['fastgpt', 'FastGPT', null],
    ['coze', 'Coze', 'Id of the bot at Coze'],
    ['openai', 'OpenAI’s form', 'Model'],
  ] as const)('asks a service of form %s with what it needs', async (form, name, needs) => {
    await page.getByRole('radio', { name: new RegExp(`^${name}`) }).check();
    await fill('URL of its API', service.urlOf(form));
    if (needs !== null) await fill(needs, '73');
    await fill('A question for a test', `By ${form}?`);
    await press('Test');
    await answer().getByText(`Re: By ${form}?`).waitFor();
  });

  it('is asked for at once by a link that names the account', async () => {
    await page.goto(scene.url + pathOf.addAgentFor(wecom.corpId, wecom.openKfId));
    await page.getByLabel('URL of its API').waitFor();
    await press('Back');
    await page.getByText('1 account is chosen').waitFor();
  });

  it.each(LOOKS)(
    'says that the manager has no SECRETS_KEY before anything is filled in ($locale, dark: $dark)',
    async (look) => {
      const bare = embeddedPlace();
      let open = await startManager(bare.env);
      const own = await openAs(browser, look);
      const note = own.getByRole('alert').filter({ hasText: 'SECRETS_KEY' });
      await beginAgent(own, open);
      await note.waitFor();
      expect(await note.getByRole('textbox').inputValue()).toBe(
        'npx wxkf-manager keys generate --add-to .env',
      );
      await keepsInside(own, 'agent-no-key', look);
      const name = own.getByLabel(/^(Name|名称)$/);
      await name.fill('Shop assistant');
      const { port } = new URL(open.url);
      await open.stop();
      const AUTH_OPERATOR_TOKEN = 'secret-of-the-operators';
      open = await startManager({ ...sealedPlace(bare).env, AUTH_OPERATOR_TOKEN, PORT: port });
      // Whoever reads it has never signed in.
      await seeSoon(own.getByText(/^(The manager asks for a sign-in now|管理器现在要求登录)/));
      await screenshot(own, `first-sign-in-${look.locale}-${look.dark ? 'dark' : 'light'}`);
      expect(await seriousViolations(own)).toEqual([]);
      await own.locator('input[type=password]').fill(AUTH_OPERATOR_TOKEN);
      await own.keyboard.press('Enter');
      await name.waitFor();
      expect([await name.inputValue(), await note.count()]).toEqual(['Shop assistant', 0]);
      await own.context().close();
      await open.stop('SIGKILL');
      await bare.discard();
    },
  );

  it.each(LOOKS)('keeps both pages inside the window, open to all ($locale, dark: $dark)', async (look) => {
    const own = await openAs(browser, look);
    const id = (await botNow())?.id ?? '';
    for (const [name, open] of [
      ['agent-new', () => beginAgent(own, scene, false)],
      ['agent', () => own.goto(scene.url + pathOf.bot(id))],
    ] as const) {
      await open();
      await own.getByRole('group', { name: /^(Test|测试)$/ }).waitFor();
      for (const summary of await own.locator('summary').all()) await summary.click();
      await keepsInside(own, name, look);
    }
    await own.context().close();
  });
});
