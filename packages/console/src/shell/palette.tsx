import { Input, type InputRef, Modal } from 'antd';
import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useAccountsLike } from '../api/accounts.js';
import { useKnownBots } from '../api/bots.js';
import { t } from '../i18n/language.js';
import { PAGES, type PageName, pathOf } from './paths.js';

const SHOWN_MAX = 12;

interface Place {
  readonly kind: 'page' | 'account' | 'bot';
  readonly name: string;
  readonly href: string;
}

interface PaletteProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Goes to any page, account or bot by its name. */
export function Palette({ isOpen, onClose }: PaletteProps) {
  const input = useRef<InputRef>(null);
  return (
    <Modal
      open={isOpen}
      title={t().common.palette.title}
      scrollLock={false}
      footer={null}
      destroyOnHidden
      afterOpenChange={(open) => open && input.current?.focus()}
      onCancel={onClose}
    >
      <Places input={input} onGo={onClose} />
    </Modal>
  );
}

function Places({
  input,
  onGo,
}: {
  readonly input: { current: InputRef | null };
  readonly onGo: () => void;
}) {
  const { palette } = t().common;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const places = usePlacesLike(text.trim());
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step !== 0) {
      event.preventDefault();
      setAt(Math.min(Math.max(at + step, 0), Math.max(places.length - 1, 0)));
    }
    if (event.key === 'Enter') list.current?.querySelectorAll('a')[at]?.click();
  };
  return (
    <>
      <Input
        ref={input}
        size="large"
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={`${id}-${at}`}
        aria-label={palette.placeholder}
        placeholder={palette.placeholder}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div ref={list} className="places" role="listbox" id={id} aria-label={palette.title}>
        {places.map(({ kind, name, href }, index) => (
          <Link
            key={href}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            href={href}
            tabIndex={-1}
            onClick={onGo}
          >
            <span className="cut">{name}</span> <span className="muted small">{palette.kinds[kind]}</span>
          </Link>
        ))}
      </div>
      {places.length === 0 && <p className="muted">{palette.nothing}</p>}
    </>
  );
}

function usePlacesLike(text: string): readonly Place[] {
  const { page } = t().common;
  const bots = useKnownBots().data?.items ?? [];
  const accounts = useAccountsLike(text, SHOWN_MAX, text !== '').data?.items ?? [];
  const wanted = text.toLowerCase();
  const pages = (Object.keys(PAGES) as PageName[]).map((name): Place => ({
    kind: 'page',
    name: page[name],
    href: PAGES[name],
  }));
  const named = [
    ...pages,
    ...bots.map(({ id, name }): Place => ({ kind: 'bot', name, href: pathOf.bot(id) })),
  ].filter(({ name }) => name.toLowerCase().includes(wanted));
  const found = accounts.map(({ corpId, openKfId, name }): Place => ({
    kind: 'account',
    name: name || openKfId,
    href: pathOf.account(corpId, openKfId),
  }));
  return [...named, ...(text === '' ? [] : found)].slice(0, SHOWN_MAX);
}
