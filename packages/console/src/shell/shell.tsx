import { Drawer } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { lostSinceMs } from '../api/connection.js';
import { useStatus } from '../api/status.js';
import { GuideLink } from '../components/guide-link.js';
import { t } from '../i18n/language.js';
import { useCell } from '../state/cell.js';
import { ConnectionLine } from './connection-line.js';
import { Header } from './header.js';
import { Navigation } from './navigation.js';
import { Palette } from './palette.js';

/** Stands around every page once somebody is signed in. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const isLost = useCell(lostSinceMs) !== null;
  useEffect(() => listenToKeys(() => setPaletteOpen(true)), []);
  return (
    <>
      <Header onMenu={() => setMenuOpen(true)} onSearch={() => setPaletteOpen(true)} />
      <ConnectionLine />
      <div className="shell">
        <div className="side">
          <Navigation />
          <About />
        </div>
        <main id="main" className={isLost ? 'main old' : 'main'} tabIndex={-1}>
          {children}
        </main>
      </div>
      <Drawer
        open={isMenuOpen}
        placement="left"
        size={260}
        title={t().common.product}
        getContainer="#layers"
        destroyOnHidden
        closable={{ 'aria-label': t().common.close }}
        onClose={() => setMenuOpen(false)}
      >
        <Navigation onGo={() => setMenuOpen(false)} />
        <About />
      </Drawer>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
    </>
  );
}

/** Which manager answers. */
function About() {
  const { common, overview } = t();
  const status = useStatus().data;
  return (
    <div className="about small muted">
      <GuideLink to={common.guide} />
      <a href="/docs">{common.apiDocument}</a>
      {status !== undefined && (
        <span className="cut" title={`${overview.replica} ${status.replica}`}>
          {status.version} · {status.replica}
        </span>
      )}
    </div>
  );
}

/** Ctrl-K or ⌘K opens the palette; `/` focuses the search of the page, or the palette where it has none. @returns what ends that. */
function listenToKeys(openPalette: () => void): () => void {
  const end = new AbortController();
  const press = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    const search = document.querySelector<HTMLElement>('main [data-search]');
    if (search === null) openPalette();
    else search.focus();
  };
  addEventListener('keydown', press, { signal: end.signal });
  return () => end.abort();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
