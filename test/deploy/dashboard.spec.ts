/** The Grafana dashboard: the committed file is what its source writes, and every panel can be read by itself. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { dashboard } from '../../deploy/grafana/dashboard.js';

interface Panel {
  readonly id: number;
  readonly type: 'row' | 'stat' | 'timeseries';
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const committed = JSON.parse(
  readFileSync('deploy/kubernetes/components/dashboard/wxkf-manager.json', 'utf8'),
);
const panels: readonly Panel[] = committed.panels;

it('is what `npm run generate` writes', () => {
  expect(committed).toEqual(dashboard());
});

it('says of every panel what it shows, in which unit, and what each line is', () => {
  const shown = panels.filter(({ type }) => type !== 'row');
  expect(shown.length).toBeGreaterThan(30);
  for (const { title, description = '', fieldConfig, targets = [] } of shown) {
    expect([title, description]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\.$/)]);
    expect(fieldConfig?.defaults.unit).toMatch(/\w/);
    expect(targets).not.toEqual([]);
    for (const { legendFormat } of targets) expect(legendFormat).toMatch(/\w/);
  }
});

it('gives every panel a place of its own', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});
