/** A page of a list. */
export abstract class Page {
  /** Send it as `cursor` to get the next page; null on the last page. */
  readonly nextCursor!: string | null;
}
