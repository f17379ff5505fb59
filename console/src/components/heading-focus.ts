/** Where reading goes on by keyboard when what had the focus is gone: at the heading of the page. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1[tabindex]')?.focus({ preventScroll: true });
}
