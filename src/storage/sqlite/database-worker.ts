/**
 * The thread that owns one SQLite file. It runs all waiting steps in one transaction, and answers when that is on the disk. Node
 * also runs this file uncompiled, with its types stripped, so it imports no file of ours.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

export interface WorkerSetup {
  readonly file: string;
  /** Run one after the other when the file is opened. */
  readonly opening: readonly string[];
  readonly readOnly: boolean;
}

/** A statement by its number, its values, and how many rows it must change. */
export type SentStatement = readonly [
  number: number,
  values: readonly SQLInputValue[],
  changes: number | null,
];

export interface Batch {
  /** Statements that are sent for the first time, by their number. */
  readonly defined: readonly (readonly [number: number, sql: string])[];
  /** Each of them all or nothing. */
  readonly steps: readonly (readonly SentStatement[])[];
  /** Its one statement runs outside of any transaction. */
  readonly isAlone: boolean;
}

export interface StatementResult {
  readonly rows: readonly Record<string, SQLInputValue>[];
  /** Rows that it has written or removed. */
  readonly changes: number;
}

/** What is wrong, in SQLite's words, which hold no values. */
export interface StepError {
  readonly error: string;
  /** https://sqlite.org/rescode.html */
  readonly errcode: number | null;
}

/** `null` for a step that was undone, since a statement did not change as many rows as it had to. */
export type StepResult = readonly StatementResult[] | StepError | null;

/** One object is the result of most statements: it is copied to the other thread only once in each answer. */
const WROTE_ONE: StatementResult = { rows: [], changes: 1 };

interface Prepared {
  readonly statement: StatementSync;
  readonly hasRows: boolean;
}

const port = parentPort;
if (port === null) throw new Error('this file is the program of a worker thread');
const { file, opening, readOnly } = workerData as WorkerSetup;

/** Another process that reads or copies the file may hold it for a moment. */
const BUSY_MS = 5_000;

const database = new DatabaseSync(file, { readOnly, timeout: BUSY_MS });
for (const sql of opening) database.exec(sql);
const texts = new Map<number, string>();
const prepared = new Map<number, Prepared>();

port.on('message', (batch: Batch | 'close') => {
  if (batch === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(runBatch(batch));
});

function runBatch({ defined, steps, isAlone }: Batch): readonly StepResult[] {
  for (const [number, sql] of defined) texts.set(number, sql);
  try {
    if (isAlone) return steps.map((step) => step.map(([number, values]) => runStatement(number, values)));
    database.exec('BEGIN');
    const isOnly = steps.length === 1;
    const results = steps.map((step) => runStep(step, isOnly));
    // After some errors SQLite has undone everything by itself.
    if (!isOnly && !database.isTransaction) throw firstErrorOf(results);
    if (database.isTransaction) database.exec('COMMIT');
    return results;
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    const error = toStepError(cause);
    return steps.map(() => error);
  }
}

/** @param isOnly whether it is alone in its transaction. Then it needs no savepoint, for which SQLite copies each changed page. */
function runStep(step: readonly SentStatement[], isOnly: boolean): StepResult {
  const hasSavepoint = !isOnly && (step.length > 1 || step[0]?.[2] !== null);
  const undo = hasSavepoint ? 'ROLLBACK TO step; RELEASE step' : 'ROLLBACK';
  try {
    if (hasSavepoint) database.exec('SAVEPOINT step');
    const results: StatementResult[] = [];
    for (const [number, values, changes] of step) {
      const result = runStatement(number, values);
      if (changes !== null && result.changes !== changes) {
        database.exec(undo);
        return null;
      }
      results.push(result);
    }
    if (hasSavepoint) database.exec('RELEASE step');
    return results;
  } catch (cause) {
    if ((hasSavepoint || isOnly) && database.isTransaction) database.exec(undo);
    return toStepError(cause);
  }
}

function runStatement(number: number, values: readonly SQLInputValue[]): StatementResult {
  const { statement, hasRows } = prepared.get(number) ?? prepare(number);
  if (hasRows) {
    const rows = statement.all(...values) as Record<string, SQLInputValue>[];
    return { rows, changes: rows.length };
  }
  const changes = Number(statement.run(...values).changes);
  return changes === 1 ? WROTE_ONE : { rows: [], changes };
}

/** Prepares a statement at its first use, so that a statement with an error fails only its own step. */
function prepare(number: number): Prepared {
  const sql = texts.get(number) ?? '';
  const statement = database.prepare(sql);
  // This pragma does its work row by row, although its rows are empty.
  const hasRows = statement.columns().length > 0 || sql.startsWith('PRAGMA incremental_vacuum');
  const made = { statement, hasRows };
  prepared.set(number, made);
  texts.delete(number);
  return made;
}

function toStepError(cause: unknown): StepError {
  if (typeof cause === 'object' && cause !== null && 'error' in cause) return cause as StepError;
  const errcode = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) : null;
  return { error: cause instanceof Error ? cause.message : String(cause), errcode };
}

function firstErrorOf(results: readonly StepResult[]): unknown {
  return results.find((result) => result !== null && 'error' in result) ?? new Error('the transaction ended');
}
