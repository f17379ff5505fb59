/** What a panel of ours shows, and how Grafana's schema says it. */
import type { Query } from './query.js';

/** As Grafana calls them. */
export type Unit = 'short' | 's' | 'bytes' | 'Bps' | 'percentunit' | 'reqps' | 'ops';

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** One figure instead of a course over time. */
  readonly isFigure?: boolean;
  /** One above the other, where the sum means something. */
  readonly isStacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** In Grafana's grid, which is 24 wide. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The one that is picked in the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` };

export function toGrafanaPanel(panel: Panel, id: number, gridPos: Place): object {
  const { title, description, unit, queries, isFigure } = panel;
  return {
    id,
    type: isFigure ? 'stat' : 'timeseries',
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(isFigure && { instant: true }),
    })),
    ...(isFigure ? figureLook(unit) : courseLook(unit, panel.isStacked ?? false)),
  };
}

export function toGrafanaRow(title: string, id: number, y: number): object {
  return { id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
}

function figureLook(unit: Unit): object {
  return {
    fieldConfig: { defaults: { unit }, overrides: [] },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'none',
      graphMode: 'none',
      textMode: 'auto',
    },
  };
}

function courseLook(unit: Unit, isStacked: boolean): object {
  return {
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          fillOpacity: isStacked ? 40 : 5,
          showPoints: 'never',
          stacking: { mode: isStacked ? 'normal' : 'none' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}
