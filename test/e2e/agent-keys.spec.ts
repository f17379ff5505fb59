/** Agents whose service refuses the key, has no quota left or takes no more questions now: nothing is lost by it. On MongoDB and on the embedded store. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { MessageAnswer, MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp } from '../support/connected-app.js';
import { onEachStore } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type Place, sealedPlace } from '../support/place.js';
import { until, whenServed } from '../support/until.js';

const CUSTOMERS = Array.from({ length: 8 }, (_, n) => `customer ${n}`);
const EVERYBODY = CUSTOMERS.map((_, who) => who);
/** Few, so that a message would soon be dead. */
const TRIES = 2;
const WRONG_KEY = 'wrong-key';

function agentsIn(newPlace: () => Place): void {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: Simulator;
  let service: StandInService;
  /** Of answers that are held back, the oldest first. */
  let held: (() => void)[];
  let openKfId: string;
  let botId: string;

  beforeEach(async () => {
    place = sealedPlace(newPlace());
    wecom = await startSimulator({ customers: CUSTOMERS });
    openKfId = wecom.accounts[0]?.openKfId ?? '';
    held = [];
    service = await StandInService.start({ after: (_ms, run) => held.push(run) });
    manager = await startManager({
      ...place.env,
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
      MESSAGE_TRIES: String(TRIES),
    });
    await connectApp(wecom, manager);
  });

  afterEach(async () => {
    await manager.stop();
    await service.close();
    await wecom.close();
    await place.discard();
  });

  const request = (method: string, path: string, body?: object) =>
    whenServed(() =>
      fetch(manager.url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );

  async function read<T>(path: string): Promise<T> {
    return (await (await request('GET', `/api/v1/${path}`)).json()) as T;
  }

  /** An agent for all accounts that no other bot has. */
  async function add(agent: object = {}): Promise<void> {
    const { corpId, corpSecret } = wecom;
    const response = await request('POST', '/api/v1/bots', {
      ...{ name: 'Agent', corpId, corpSecret, openKfIds: ['*'], kind: 'agent' },
      agent: { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY, ...agent },
    });
    const answer = (await response.json()) as BotCreatedAnswer;
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    botId = answer.id;
  }

  const customer = (who: number): string => wecom.customers[who]?.externalUserId ?? '';
  const say = (text: string, who: number) => wecom.say(text, { openKfId, externalUserId: customer(who) });
  /** What the customer was sent, in order. */
  const sentTo = (who: number): string[] =>
    wecom.corp.chat.messages
      .filter(({ externalUserId, from }) => externalUserId === customer(who) && from === 'bot')
      .map(({ body }) => String((body as { content?: string }).content));
  const hasLast = (text: string, who: number) => until(() => sentTo(who).at(-1) === text);
  const messages = async (state: MessageAnswer['state']) =>
    (await read<MessagePageAnswer>(`messages?state=${state}`)).items;
  /** The message that has waited longest. */
  const wasTried = (times: number) =>
    until(async () => ((await messages('waiting'))[0]?.attempts ?? 0) >= times);
  const causes = async () => (await read<BotCreatedAnswer>(`bots/${botId}`)).causes;
  /** Whether the service gets nothing but probes. */
  const isProbed = async () => {
    const account = await read<AccountAnswer>(`accounts/${openKfId}`);
    return account.causes.some(({ code }) => code === 'circuits');
  };

  it('a refused key is no fault of the messages: they wait, and are answered in order once the key is right', async () => {
    await add({ key: WRONG_KEY, fallback: 'One moment.', fallbackAfterS: 5 });
    for (const text of ['first', 'second']) say(text, 0);
    await wasTried(TRIES + 1);
    for (const who of EVERYBODY.slice(1)) for (const text of ['first', 'second']) say(text, who);
    for (const who of EVERYBODY) await hasLast('One moment.', who);
    await until(isProbed);
    expect(await causes()).toMatchObject([
      { code: 'agent_fails', why: 'key', severity: 'bad' },
      { code: 'circuits' },
    ]);
    expect(await messages('dead')).toEqual([]);
    service.faults.delayMs = () => 1;
    const changed = await request('PATCH', `/api/v1/bots/${botId}`, { agent: { key: STAND_IN_KEY } });
    expect(changed.status).toBe(200);
    // All are asked about, and not only a probe whose answer is not there yet.
    await until(() => held.length === CUSTOMERS.length);
    service.faults.delayMs = () => 0;
    for (const run of held) run();
    for (const who of EVERYBODY) await hasLast('second', who);
    for (const who of EVERYBODY) expect(sentTo(who)).toEqual(['One moment.', 'first', 'second']);
    await until(async () => (await messages('waiting')).length === 0);
    expect(await messages('dead')).toEqual([]);
    await until(async () => (await causes()).length === 0);
  });

  it('a used-up quota is no fault of the messages: they are answered once there is some again', async () => {
    service.faults.refusal = 'quota';
    await add();
    say('first', 0);
    await wasTried(TRIES + 1);
    for (const who of EVERYBODY) say('second', who);
    await until(isProbed);
    expect(await causes()).toMatchObject([{ code: 'agent_fails', why: 'quota' }, { code: 'circuits' }]);
    service.faults.refusal = null;
    for (const who of EVERYBODY) await hasLast('second', who);
    expect(sentTo(0)).toEqual(['first', 'second']);
    await until(async () => (await messages('waiting')).length === 0);
    expect(await messages('dead')).toEqual([]);
  });

  it('a service that takes no more questions is no fault of the messages, and other customers are asked about', async () => {
    service.faults.refusal = 'busy';
    await add();
    say('first', 0);
    await wasTried(TRIES + 1);
    for (const who of EVERYBODY) say('second', who);
    await until(async () => {
      const tried = (await messages('waiting')).filter(({ attempts }) => attempts > 0);
      return tried.length === CUSTOMERS.length;
    });
    expect(await causes()).toMatchObject([{ code: 'agent_fails', why: 'busy' }]);
    service.faults.refusal = null;
    for (const who of EVERYBODY) await hasLast('second', who);
    expect(sentTo(0)).toEqual(['first', 'second']);
    await until(async () => (await messages('waiting')).length === 0);
    expect(await messages('dead')).toEqual([]);
  });

  it('an answer that needs no service does not hide that the service refuses the key', async () => {
    await add({ key: WRONG_KEY, unsupported: 'Only text, please.' });
    say('Hello', 0);
    await wasTried(1);
    const [{ webhookId } = { webhookId: '' }] = await messages('waiting');
    expect((await request('DELETE', `/api/v1/messages/${openKfId}/${webhookId}`)).status).toBe(200);
    wecom.corp.write(openKfId, customer(1), 'image', { media_id: 'm' });
    await hasLast('Only text, please.', 1);
    await until(async () => (await messages('waiting')).length === 0);
    expect(await causes()).toMatchObject([{ code: 'agent_fails', why: 'key' }]);
  });

  it('a question that a firewall refuses like a key is given up once others are answered', async () => {
    service.faults.forbids = ({ text }) => text === 'forbidden';
    await add();
    for (const text of ['forbidden', 'allowed']) say(text, 0);
    await wasTried(1);
    for (let n = 1; (await messages('dead')).length === 0; n++) {
      say(`question ${n}`, 1);
      await hasLast(`question ${n}`, 1);
    }
    await hasLast('allowed', 0);
    expect(await messages('dead')).toMatchObject([{ refusals: TRIES }]);
  });

  it('while a firewall refuses all questions that wait, a question of another customer is the probe', async () => {
    service.faults.forbids = ({ text }) => text === 'forbidden';
    await add();
    for (const who of EVERYBODY.slice(1)) say('forbidden', who);
    await until(isProbed);
    say('allowed', 0);
    await hasLast('allowed', 0);
  });
}

onEachStore(agentsIn);
