/** A page of a list. */
export abstract class Page {
  /** Where the next page begins: send it as cursor. null at the end. */
  readonly nextCursor!: string | null;
}
