/** Filters stand in the address, so that a list can be sent to somebody, and Back undoes a choice. */
import { SearchOutlined } from '@ant-design/icons';
import { Button, Input, Select } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useSearch } from 'wouter';
import { navigate } from 'wouter/use-browser-location';
import { t } from '../i18n/language.js';

export interface Filters<N extends string> {
  /** Empty texts where nothing is chosen. */
  readonly values: Readonly<Record<N, string>>;
  /** A text that is typed replaces the entry of the history, instead of adding one for each letter. */
  set(change: Partial<Record<N, string>>, isTyped?: boolean): void;
}

/** @param names of the parameters that belong to the list; other ones stay as they are. */
export function useFilters<N extends string>(...names: readonly N[]): Filters<N> {
  const query = new URLSearchParams(useSearch());
  const values = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as Record<N, string>;
  const set = (change: Partial<Record<N, string>>, isTyped = false): void => {
    const next = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries<string | undefined>(change)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    // The state says which page of a list is seen, which stays where the list does.
    const state: unknown = history.state;
    navigate(next.size === 0 ? location.pathname : `${location.pathname}?${next}`, {
      replace: isTyped,
      state,
    });
  };
  return { values, set };
}

interface FilterBarProps<N extends string> {
  readonly filters: Filters<N>;
  /** What is cleared by one button; without `search`. */
  readonly names: readonly N[];
  readonly children: ReactNode;
}

/** The filters of a list in one row, and a button that clears all of them once one is set. */
export function FilterBar<N extends string>({ filters, names, children }: FilterBarProps<N>) {
  const isSet = names.some((name) => filters.values[name] !== '');
  const none = Object.fromEntries(names.map((name) => [name, ''])) as Record<N, string>;
  return (
    <div className="filters" role="group" aria-label={t().common.filters}>
      {children}
      {isSet && (
        <Button type="link" onClick={() => filters.set(none)}>
          {t().common.clearFilters}
        </Button>
      )}
    </div>
  );
}

const TYPING_MS = 250;

interface SearchFilterProps {
  readonly value: string;
  readonly placeholder: string;
  readonly onChange: (value: string) => void;
}

/** The text filter of a page, which `/` focuses. It tells its text once nobody types any more. */
export function SearchFilter({ value, placeholder, onChange }: SearchFilterProps) {
  /** `for` is the value of the address to which it was typed; once another one comes, that counts. */
  const [typed, setTyped] = useState({ text: value, for: value });
  const text = typed.for === value ? typed.text : value;
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === value) return;
    const timer = setTimeout(() => {
      // A blank at the end stays: more may be typed after it.
      setTyped({ text, for: wanted });
      change.current(wanted);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <Input
      type="search"
      data-search
      allowClear
      className="search"
      prefix={<SearchOutlined />}
      aria-label={placeholder}
      placeholder={placeholder}
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={({ target }) => setTyped({ text: target.value, for: value })}
    />
  );
}

interface ChoiceFilterProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

/** One of several; nothing chosen means all. */
export function ChoiceFilter({ label, value, options, onChange }: ChoiceFilterProps) {
  return (
    <Select<string>
      className="choice"
      aria-label={label}
      placeholder={label}
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
      value={value === '' ? null : value}
      options={[...options]}
      onChange={(chosen) => onChange(chosen ?? '')}
    />
  );
}
