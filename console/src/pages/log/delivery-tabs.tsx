import { t } from '../../i18n/language.js';

/** Links, since each has an address of its own. */
export function DeliveryTabs({ tab }: { readonly tab: 'live' | 'search' }) {
  const { log } = t();
  const tabs = [
    { name: 'live', to: '/console/live', text: log.live },
    { name: 'search', to: '/console/live/log', text: log.search },
  ];
  return (
    <nav class="tabs" aria-label={log.tabs}>
      {tabs.map(({ name, to, text }) => (
        <a key={name} href={to} aria-current={name === tab ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
