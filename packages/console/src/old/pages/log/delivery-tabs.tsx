import { t } from '../../i18n/language.js';

/** Links, since each has an address of its own. */
export function DeliveryTabs({ tab }: { readonly tab: 'live' | 'search' | 'refused' }) {
  const { log, refusals } = t();
  const tabs = [
    { name: 'live', to: '/console/live', text: log.live },
    { name: 'search', to: '/console/live/log', text: log.search },
    { name: 'refused', to: '/console/live/refused', text: refusals.tab },
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
