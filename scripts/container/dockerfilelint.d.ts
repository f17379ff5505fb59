/** The package comes without types. */
declare module 'dockerfilelint' {
  interface Finding {
    /** Counted from 1. */
    readonly line: number;
    readonly rule: string;
    readonly title: string;
  }

  const dockerfilelint: { run(configFolder: string, text: string): Finding[] };
  export default dockerfilelint;
}
