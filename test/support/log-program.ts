/** A program that writes `statements` through `log`, since a log writes to standard output, and ends. */
export function programOf(statements: string): string[] {
  const script = `
    const { createLog, exitProcess } = await import('${new URL('../../src/kernel/log.ts', import.meta.url)}');
    const { Secret } = await import('${new URL('../../src/kernel/secret.ts', import.meta.url)}');
    const { AppError } = await import('${new URL('../../src/kernel/app-error.ts', import.meta.url)}');
    const log = await createLog('info', 'json');
    ${statements}
    await exitProcess(log, 7);`;
  return ['--import', 'tsx', '--input-type=module', '-e', script];
}
