/** What all commands have in common. */

export const NAME = 'wxkf-manager';

/** Gives a command its exit code, and lets signals interrupt it. */
export type CommandRunner = <A extends unknown[]>(
  work: (...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${NAME} ${line}`)].join('\n');
}
