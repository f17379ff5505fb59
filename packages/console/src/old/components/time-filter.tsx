import { useId } from 'preact/hooks';

interface TimeFilterProps {
  readonly label: string;
  /** ISO 8601, or empty. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A time of this browser's zone. */
export function TimeFilter({ label, value, onChange }: TimeFilterProps) {
  const id = useId();
  return (
    <div class="filter time">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        step={1}
        value={toLocal(value)}
        onChange={({ currentTarget }) => onChange(toIso(currentTarget.value))}
      />
    </div>
  );
}

const MS_PER_MINUTE = 60_000;

function toLocal(iso: string): string {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return '';
  const local = new Date(atMs - new Date(atMs).getTimezoneOffset() * MS_PER_MINUTE);
  return local.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
}

function toIso(local: string): string {
  const atMs = Date.parse(local);
  return Number.isNaN(atMs) ? '' : new Date(atMs).toISOString();
}
