import { expect, it } from '@jest/globals';
import { oldSqlite } from './sqlite-version.js';

it('a SQLite is old before the release that mended the reset of its log', () => {
  for (const sqlite of ['3.9.0', '3.50.4', '3.51.2']) expect(oldSqlite(sqlite)).toBe(sqlite);
  for (const sqlite of ['3.51.3', '3.51.10', '3.53.4', '4.0.0']) expect(oldSqlite(sqlite)).toBeNull();
});

it('the SQLite of this Node is not old', () => expect(oldSqlite()).toBeNull());
