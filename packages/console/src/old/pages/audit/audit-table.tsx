import type { AuditEntryAnswer } from '../../api/answers.gen.js';
import { Chip, type Tone } from '../../components/chip.js';
import { DataTable } from '../../components/data-table.js';
import { TimeAgo } from '../../components/time-ago.js';
import { t } from '../../i18n/language.js';

export function AuditTable({ rows }: { readonly rows: readonly AuditEntryAnswer[] }) {
  const { audit } = t();
  return (
    <DataTable
      caption={audit.table}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { key: 'when', head: audit.when, cell: ({ at }) => <TimeAgo at={at} /> },
        {
          key: 'who',
          head: audit.who,
          cell: ({ operator }) => <strong>{operator ?? audit.nobody}</strong>,
        },
        {
          key: 'what',
          head: audit.what,
          cell: ({ method, path, times }) => (
            <span class="mono wrap">
              {method} {path}
              {times > 1 && ` ×${times}`}
            </span>
          ),
        },
        { key: 'from', head: audit.address, cell: ({ from }) => <span class="mono">{from}</span> },
        {
          key: 'status',
          head: audit.answer,
          cell: ({ status }) => (
            <Chip tone={toneOf(status)} text={status === null ? audit.hungUp : String(status)} />
          ),
        },
      ]}
    />
  );
}

function toneOf(status: number | null): Tone {
  if (status === null) return 'quiet';
  return status < 400 ? 'good' : 'bad';
}
