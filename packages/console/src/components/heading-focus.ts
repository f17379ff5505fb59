/** Not before the first page was seen: the browser begins there by itself. */
let hasBeenThere = false;

/** Of a page that is shown now: whether its heading takes the focus, as that of every page but the first does. */
export function takesFocus(): boolean {
  const isFirst = !hasBeenThere;
  hasBeenThere = true;
  return !isFirst;
}

/** Where reading goes on by keyboard when what had the focus is gone: at the heading of the page. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1[tabindex]')?.focus({ preventScroll: true });
}
