const PATHS = {
  overview: 'M3 13h4l3-8 4 14 3-6h4',
  accounts:
    'M8 11a4 4 0 1 1 0-8 4 4 0 0 1 0 8m-6 9c0-4 2.5-6 6-6s6 2 6 6m2-16a3.5 3.5 0 0 1 0 7m2 3c2.6.6 4 2.6 4 6',
  outbox: 'M3 13l3-8h12l3 8v6H3zm0 0h5l1.5 3h5L16 13h5',
  live: 'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.5 16.5a6.4 6.4 0 0 1 0-9m9 0a6.4 6.4 0 0 1 0 9M4.6 19.4a10.5 10.5 0 0 1 0-14.8m14.8 0a10.5 10.5 0 0 1 0 14.8',
  apps: 'M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm13 0v6m-3-3h6',
  bots: 'M5 9h14v10H5zm7 0V5.5m0 0a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4M9.5 13v2m5-2v2M2.5 12.5v3m19-3v3',
  wecomErrors: 'M12 3l9.5 17H2.5zm0 6v5m0 3v.1',
  audit: 'M6 3h12v18H6zm3 5h6m-6 4h6m-6 4h3',
  check: 'M5 12.5l4.5 4.5L19 7',
  back: 'M14 6l-6 6 6 6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m5-2l5 5',
  close: 'M6 6l12 12M18 6L6 18',
};

export type IconName = keyof typeof PATHS;

/** Beside a text that says the same. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
