/** The rules of deploy/prometheus, as they are on the disk. */
import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export const RECORDING_RULES = rulesOf<RecordingRule>('recording.yml');
export const ALERT_RULES = rulesOf<AlertRule>('alerts.yml');

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts?: readonly object[];
}

/** promtool's unit tests. */
export const RULE_TEST_FILES = globSync('deploy/prometheus/tests/*.yml').sort();

/** What they say of single alerts; `file` is without folder and extension. */
export function alertTests(): (AlertTest & { readonly file: string })[] {
  return RULE_TEST_FILES.flatMap((path) => {
    const { tests } = read<{ tests: { alert_rule_test: AlertTest[] }[] }>(path);
    const file = path.replace(/^.*\/|\.yml$/g, '');
    return tests.flatMap((test) => test.alert_rule_test.map((one) => ({ ...one, file })));
  });
}

function rulesOf<Rule>(file: string): Rule[] {
  return read<{ groups: { rules: Rule[] }[] }>(`deploy/prometheus/${file}`).groups.flatMap(
    ({ rules }) => rules,
  );
}

function read<T>(path: string): T {
  return parse(readFileSync(path, 'utf8')) as T;
}
