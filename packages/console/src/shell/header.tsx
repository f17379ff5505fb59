import { BulbOutlined, GlobalOutlined, MenuOutlined, SearchOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Dropdown } from 'antd';
import { Link } from 'wouter';
import { useTell } from '../components/tell.js';
import { chooseLanguage, language, LANGUAGES, t } from '../i18n/language.js';
import { session, SHARED_SECRET } from '../session/session.js';
import { signOut } from '../session/sign-in.js';
import { useCell } from '../state/cell.js';
import { chooseTheme, theme, THEMES } from '../state/shade.js';
import { badgeWords, useBadges } from './navigation.js';
import { PAGES } from './paths.js';

interface HeaderProps {
  /** Left out before somebody is signed in. */
  readonly onMenu?: () => void;
  readonly onSearch?: () => void;
}

export function Header({ onMenu, onSearch }: HeaderProps) {
  const { common } = t();
  return (
    <header className="header">
      {onMenu !== undefined && <MenuButton onMenu={onMenu} />}
      <Link href={PAGES.overview} className="brand" aria-label={common.product}>
        <span className="mark" aria-hidden="true" />
        <span className="brand-name">{common.product}</span>
      </Link>
      {onSearch !== undefined && (
        <Button
          className="palette-button"
          icon={<SearchOutlined />}
          aria-label={`${common.search} Ctrl K`}
          onClick={onSearch}
        >
          <span className="wide-only">
            {common.search} <kbd>Ctrl K</kbd>
          </span>
        </Button>
      )}
      <LanguageMenu />
      <ThemeMenu />
      <OperatorMenu />
    </header>
  );
}

/** The way to the pages where they have no room; it has a dot where one of them has a badge. */
function MenuButton({ onMenu }: { readonly onMenu: () => void }) {
  const { causes, common } = t();
  const wrong = badgeWords(useBadges());
  const isWrong = wrong.length > 0;
  return (
    <Button
      type="text"
      className={isWrong ? 'menu-button wrong' : 'menu-button'}
      aria-label={isWrong ? causes.title(common.menu, causes.several(wrong, wrong.length)) : common.menu}
      icon={<MenuOutlined />}
      onClick={onMenu}
    />
  );
}

function LanguageMenu() {
  const { common } = t();
  const chosen = useCell(language);
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [chosen],
        items: LANGUAGES.map((key) => ({
          key,
          label: <span lang={key}>{common.languages[key]}</span>,
          onClick: () => chooseLanguage(key),
        })),
      }}
    >
      <Button type="text" aria-label={common.language} icon={<GlobalOutlined />} />
    </Dropdown>
  );
}

function ThemeMenu() {
  const { common } = t();
  const chosen = useCell(theme);
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [chosen],
        items: THEMES.map((key) => ({ key, label: common.themes[key], onClick: () => chooseTheme(key) })),
      }}
    >
      <Button type="text" aria-label={common.theme} icon={<BulbOutlined />} />
    </Dropdown>
  );
}

/** Who is signed in, what that one may do, and the way out. */
function OperatorMenu() {
  const words = t().session;
  const tell = useTell();
  const current = useCell(session);
  if (current === null || !current.isAsked || !current.isSignedIn) return null;
  const leave = (): void => {
    void signOut().then(
      () => tell(words.signedOut),
      // The connection line says that the manager does not answer.
      () => {},
    );
  };
  const { operator } = current;
  const name = operator?.name === SHARED_SECRET ? t().audit.sharedSecret : operator?.name;
  const who = operator === null ? words.signOut : `${name} · ${words.roles[operator.role]}`;
  const shown = operator === null ? [] : [{ key: 'who', disabled: true, label: who }];
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [...shown, { key: 'leave', label: <span data-leaves>{words.signOut}</span>, onClick: leave }],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={who}>
        {operator !== null && <span className="wide-only cut operator">{who}</span>}
      </Button>
    </Dropdown>
  );
}
