import { Due as DueTime } from '../../components/times.js';
import type { Due } from './waiting-row.js';

/** When it is tried next. */
export function DueWords({ due }: { readonly due: Due }) {
  return 'text' in due ? <>{due.text}</> : <DueTime at={due.at} />;
}
