/** The dashboard as Grafana imports it, from the rows: what customers feel first, the process last. */
import { DATASOURCE, type Panel, type Place, type Row, toGrafanaPanel, toGrafanaRow } from './panel.js';
import { ANSWERS_ROW } from './rows/answers.js';
import { BOTS_ROW } from './rows/bots.js';
import { DELIVERY_ROWS } from './rows/deliveries.js';
import { MESSAGES_ROW } from './rows/messages.js';
import { PROCESS_ROWS } from './rows/process.js';
import { WECOM_AND_STORE_ROWS } from './rows/wecom-and-store.js';

const ROWS: readonly Row[] = [
  ANSWERS_ROW,
  ...DELIVERY_ROWS,
  BOTS_ROW,
  MESSAGES_ROW,
  ...WECOM_AND_STORE_ROWS,
  ...PROCESS_ROWS,
];

const GRID_WIDTH = 24;
const FIGURE = { w: 4, h: 4 };
const COURSE = { w: 8, h: 8 };

export function dashboard(): object {
  return {
    uid: 'wxkf-manager',
    title: 'WXKF-Manager',
    description: 'Whether customers are answered, and what stands in the way.',
    tags: ['wxkf'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: { list: [datasourceVariable(), variable('job', ''), variable('instance', '{job=~"$job"}')] },
    panels: laidOut(),
  };
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };
}

/** Its values are those of the label that the managers in `matching` have. */
function variable(label: string, matching: string): object {
  const query = `label_values(wxkf_build_info${matching}, ${label})`;
  return {
    name: label,
    label: label === 'job' ? 'Job' : 'Replica',
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** Each row's panels from left to right, in as many lines as they need. */
function laidOut(): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: ofRow } of ROWS) {
    panels.push(toGrafanaRow(title, panels.length + 1, y));
    const places = placesOf(ofRow, y + 1);
    ofRow.forEach((panel, at) => {
      const place = places[at];
      if (place) panels.push(toGrafanaPanel(panel, panels.length + 1, place));
    });
    y = Math.max(...places.map((place) => place.y + place.h));
  }
  return panels;
}

function placesOf(panels: readonly Panel[], top: number): Place[] {
  let [x, y, lineHeight] = [0, top, 0];
  return panels.map(({ isFigure }) => {
    const size = isFigure ? FIGURE : COURSE;
    if (x + size.w > GRID_WIDTH || (lineHeight !== 0 && lineHeight !== size.h)) {
      [x, y] = [0, y + lineHeight];
    }
    lineHeight = size.h;
    const place = { x, y, ...size };
    x += size.w;
    return place;
  });
}
