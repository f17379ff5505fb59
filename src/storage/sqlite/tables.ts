/** The tables of both files. Each adapter declares its own. */

/** `wxkf.db`: what must last. */
export const LASTING_TABLES: readonly string[] = [];

/** `log.db`: what may be lost with the last seconds of a machine. */
export const LOG_TABLES: readonly string[] = [];
