/** How pages get the manager's answers: by hooks that ask again every few seconds, while the tab is seen. */
import {
  keepPreviousData,
  QueryClient,
  useMutation,
  type UseMutationResult,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query';
import { navigate, useHistoryState } from 'wouter/use-browser-location';
import type { Page } from './page.js';
import { filledPage } from './pages.js';
import { request } from './request.js';
import { toQuery } from './to-query.js';

type Query = Readonly<Record<string, string | number | null | undefined>>;

const EVERY_MS = 5_000;
const PAGE_SIZE = 50;

export const answers = new QueryClient({
  defaultOptions: {
    // What failed is asked for again at the next turn. A browser that thinks it is offline may still reach the manager.
    queries: { retry: false, networkMode: 'always', refetchOnWindowFocus: 'always' },
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** An answer is known by its path, so that a change to `/api/v1/bots` concerns each bot's own answer, too. */
const keyOf = (path: string, query: Query = {}) => [...path.split('/').slice(3), query];
const keysUnder = (path: string) => path.split('/').slice(3);

interface AnswerOptions {
  readonly query?: Query;
  /** Asked for this long after the last answer; `false` for once. */
  readonly everyMs?: number | false;
  /** Whether it is asked for at all. */
  readonly isWanted?: boolean;
  readonly deadlineMs?: number;
}

/** @param path of the API, such as `/api/v1/status`. */
export function useAnswer<T>(path: string, options: AnswerOptions = {}): UseQueryResult<T> {
  const { query = {}, everyMs = EVERY_MS, isWanted = true, deadlineMs } = options;
  return useQuery<T>({
    queryKey: keyOf(path, query),
    queryFn: ({ signal }) =>
      request<T>(path + toQuery(query), { signal, ...(deadlineMs !== undefined && { deadlineMs }) }),
    refetchInterval: everyMs,
    enabled: isWanted,
  });
}

export interface Paged<T> {
  readonly of: UseQueryResult<Page<T>>;
  /** Counted from 1. */
  readonly pageNumber: number;
  /** How many items are on the pages before. */
  readonly offset: number;
  /** null on the first page. */
  readonly toPrevious: (() => void) | null;
  /** null on the last page. */
  readonly toNext: (() => void) | null;
}

/** Where each page up to the one that is seen begins, as an entry of the browser's history remembers it. */
interface Place {
  readonly key: string;
  readonly cursors: readonly (string | null)[];
  readonly offsets: readonly number[];
}

/**
 * One page of a list at a time, kept fresh. Another query begins at the first page. A page has an entry in the browser's
 * history: Back leads to the page before, and reloading stays.
 */
export function usePaged<T>(path: string, query: Query = {}): Paged<T> {
  const key = path + toQuery(query);
  const kept = useHistoryState<Place | null>();
  const { cursors, offsets } = kept?.key === key ? kept : { cursors: [null], offsets: [0] };
  const cursor = cursors.at(-1) ?? null;
  const offset = offsets.at(-1) ?? 0;
  const queryOf = (from: string | null) => ({ ...query, cursor: from, limit: PAGE_SIZE });
  const load = (from: string | null, signal: AbortSignal) =>
    request<Page<T>>(path + toQuery(queryOf(from)), { signal });
  const of = useQuery<Page<T>>({
    queryKey: keyOf(path, queryOf(cursor)),
    queryFn: ({ signal }) => filledPage(cursor, (from) => load(from, signal)),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const goTo = (place: Omit<Place, 'key'>): void => {
    navigate(location.pathname + location.search, { state: { key, ...place } });
    scrollTo(0, 0);
  };
  const next = of.data?.nextCursor ?? null;
  const end = offset + (of.data?.items.length ?? 0);
  return {
    of,
    pageNumber: cursors.length,
    offset,
    toPrevious:
      cursors.length > 1
        ? () => goTo({ cursors: cursors.slice(0, -1), offsets: offsets.slice(0, -1) })
        : null,
    toNext: next === null ? null : () => goTo({ cursors: [...cursors, next], offsets: [...offsets, end] }),
  };
}

export type Change<A, T> = UseMutationResult<T, Error, A>;

/**
 * What a person does by a button. It is pending until the answers that it concerns are there anew.
 * @param touches paths of the API whose answers are no longer true afterwards.
 */
export function useChange<A, T>(act: (argument: A) => Promise<T>, touches: readonly string[]): Change<A, T> {
  return useMutation<T, Error, A>({ mutationFn: act, onSuccess: () => refresh(...touches) });
}

/**
 * Does it, and then that: also where what asked for it has gone from the page by then, as the last row of a list has. The change
 * has its error.
 */
export function changeThen<A, T>(change: Change<A, T>, argument: A, then: (answer: T) => void): void {
  change.mutateAsync(argument).then(then, () => {});
}

/** Asks for these answers now, wherever they are shown. */
export async function refresh(...paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => answers.invalidateQueries({ queryKey: keysUnder(path) })));
}
