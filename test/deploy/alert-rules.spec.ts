/** The rules of deploy/prometheus: valid, each shown firing and silent, and each with a section in docs/reference/alerts.md. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { dashboard } from '../../deploy/grafana/dashboard.js';
import { ALERT_RULES, alertTests, RULE_TEST_FILES } from '../support/alert-rules.js';
import { prometheusSuite, promtool } from '../support/prometheus.js';

const NAMES = ALERT_RULES.map(({ alert }) => alert);
const RUNBOOK = readFileSync('docs/reference/alerts.md', 'utf8');

const allOf = (pattern: RegExp): string[] => [...RUNBOOK.matchAll(pattern)].map(([, found = '']) => found);

prometheusSuite('by promtool', () => {
  it('the rules are valid', () =>
    promtool('check', 'rules', 'deploy/prometheus/recording.yml', 'deploy/prometheus/alerts.yml'));

  it('the example of a configuration is valid', () =>
    promtool('check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml'));

  it.each(RULE_TEST_FILES)('what %s says of them is true', (file) => promtool('test', 'rules', file));
});

it('every alert is shown firing, and silent on an ordinary day', () => {
  const tests = alertTests();
  const firing = tests
    .filter(({ exp_alerts = [] }) => exp_alerts.length > 0)
    .map(({ alertname }) => alertname);
  const silent = tests.filter(({ file }) => file === 'healthy').map(({ alertname }) => alertname);
  expect(new Set(firing)).toEqual(new Set(NAMES));
  expect(silent).toEqual(NAMES);
});

it('every alert has its section, in the same order, and every section its alert', () => {
  expect(NAMES).not.toEqual([]);
  expect(allOf(/^## (Wxkf\w+)$/gm)).toEqual(NAMES);
});

it('the sections name only panels, lines of the log and other sections that there are', () => {
  const { panels } = dashboard() as { panels: { title: string }[] };
  const titles = panels.map(({ title }) => title);
  const source = globSync('src/**/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
  const isPanel = (name: string): boolean => titles.includes(name.replace(/\s+/g, ' '));
  expect(allOf(/\*\*([^*]+)\*\*/g).filter((name) => !isPanel(name))).toEqual([]);
  expect(allOf(/`([a-z]+\.[a-z_]+)`/g).filter((line) => !source.includes(`'${line}'`))).toEqual([]);
  expect(
    allOf(/\(#(\w+)\)/g).filter((anchor) => !NAMES.some((name) => name.toLowerCase() === anchor)),
  ).toEqual([]);
});

it('every alert says how urgent it is, what is wrong, and where to read on', () => {
  for (const { alert, labels, annotations } of ALERT_RULES) {
    expect(labels).toEqual({ severity: expect.stringMatching(/^(page|ticket)$/) });
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\.$/),
      description: expect.stringMatching(/\{\{.*\.$/),
      runbook_url: `docs/reference/alerts.md#${alert.toLowerCase()}`,
    });
  }
});
