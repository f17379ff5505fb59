/**
 * Every query of the dashboard and of the rules, asked of a real Prometheus that scrapes a real manager as the example
 * of a configuration says: a metric, a label or a value that the manager does not expose is found here.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ALERT_RULES, RECORDING_RULES } from '../support/alert-rules.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type Prometheus, prometheusSuite, startPrometheus } from '../support/prometheus.js';
import { selectorsOf } from '../support/promql.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, newOpenKfId, sendMessage, sendVerification } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const SECRET = 'metrics-secret-of-the-tests';

/** As Grafana fills them in when everything is picked. */
const VARIABLES = { $job: '.+', $instance: '.+', $__rate_interval: '5m', $__range: '5m' };

const DASHBOARD: string[] = JSON.parse(
  readFileSync('deploy/kubernetes/components/dashboard/wxkf-manager.json', 'utf8'),
).panels.flatMap(({ targets = [] }: { targets?: { expr: string }[] }) =>
  targets.map(({ expr }) => filledIn(expr)),
);

function filledIn(expr: string): string {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

prometheusSuite('of a Prometheus that scrapes a manager', () => {
  let place: Place;
  let wecom: WecomServer;
  let puppet: PuppetServer;
  let manager: ManagerProcess;
  let folder: string;
  let prometheus: Prometheus;

  beforeAll(async () => {
    place = embeddedPlace();
    wecom = await startWecomServer();
    puppet = await startPuppetServer();
    manager = await startManager({
      ...place.env,
      METRICS_TOKEN: SECRET,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
      WECOM_API_URL: wecom.url,
    });
    const bot = { name: 'bot', corpId: 'wwOfTheBot', openKfIds: ['*'], kind: 'puppet' };
    expect((await postJson(`${manager.url}/api/v1/bots`, bot)).status).toBe(200);
    folder = mkdtempSync(join(tmpdir(), 'wxkf-prometheus-'));
    prometheus = await startPrometheus(asTheExampleSays(), join(folder, 'data'));
    // A counter's rate is seen between two scrapes, so one comes before.
    await until('wxkf_build_info');
    await giveTraffic();
    await until(`timestamp(wxkf_build_info) > ${Date.now() / 1_000}`);
    await until('count_over_time(wxkf_build_info[5m]) >= 3');
    await untilRulesAreEvaluatedAfter(Date.now());
  });

  afterAll(async () => {
    await prometheus.stop();
    await manager.stop();
    await wecom.close();
    await puppet.close();
    rmSync(folder, { recursive: true, force: true });
    await place.discard();
  });

  /** The committed files, but for where the manager is and how often it is asked. @returns the configuration's path. */
  function asTheExampleSays(): string {
    for (const file of ['recording.yml', 'alerts.yml']) {
      copyFileSync(`deploy/prometheus/${file}`, join(folder, file));
    }
    const config = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'));
    config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
    const [scrape] = config.scrape_configs;
    writeFileSync(join(folder, scrape.authorization.credentials_file), SECRET);
    scrape.static_configs = [{ targets: [new URL(manager.url).host] }];
    const path = join(folder, 'prometheus.yml');
    writeFileSync(path, stringify(config));
    return path;
  }

  /** Some of everything, since of errors the dashboard shows only those that occurred. */
  async function giveTraffic(): Promise<void> {
    const app = newApp();
    const [here, gone] = [newOpenKfId(), newOpenKfId()];
    wecom.addSecret(app.corpId, 'corp-secret-of-the-tests');
    await register(manager.url, app, here, puppet.url);
    await register(manager.url, app, gone, await refusedUrl());
    await sendVerification(manager.url, app, 'hello');
    await sendMessage(manager.url, app, here);
    await sendMessage(manager.url, app, gone);
    await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, { openKfId: 1 });
    const tokens = `${manager.url}/puppetWxkfManager/getToken?corpid=${app.corpId}`;
    await fetch(`${tokens}&corpsecret=corp-secret-of-the-tests`);
    await fetch(`${tokens}&corpsecret=wrong`);
    const token = wecom.tokenOf(app.corpId, 'corp-secret-of-the-tests');
    const proxy = `${manager.url}/puppetWxkfManager/wxkfRequestProxy/kf/account/list?access_token=${token}`;
    await postJson(proxy, { offset: 0, limit: 100 });
  }

  function until(expr: string): Promise<void> {
    return prometheus.until(async () => (await prometheus.count(expr)) > 0);
  }

  function untilRulesAreEvaluatedAfter(nowMs: number): Promise<void> {
    return prometheus.until(async () =>
      (await prometheus.rules()).every(({ lastEvaluation }) => Date.parse(lastEvaluation) > nowMs),
    );
  }

  /** Those that give nothing. */
  async function emptyOf(exprs: readonly string[]): Promise<string[]> {
    const empty: string[] = [];
    for (const expr of exprs) if ((await prometheus.count(expr)) === 0) empty.push(expr);
    return empty;
  }

  it('every query of the dashboard has an answer', async () => {
    expect(DASHBOARD.length).toBeGreaterThan(40);
    expect(await emptyOf(DASHBOARD)).toEqual([]);
  });

  it('every rule can be evaluated, and every recording rule records something', async () => {
    const states = await prometheus.rules();
    expect(states.length).toBe(ALERT_RULES.length + RECORDING_RULES.length);
    expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await emptyOf(RECORDING_RULES.map(({ record }) => record))).toEqual([]);
  });

  it('every metric, label and value that a rule asks for is exposed', async () => {
    const selectors = [...RECORDING_RULES, ...ALERT_RULES].flatMap(({ expr }) => selectorsOf(expr));
    expect(selectors.length).toBeGreaterThan(60);
    expect(await emptyOf([...new Set(selectors)])).toEqual([]);
  });
});
