import { t } from '../i18n/language.js';
import { chooseTheme, THEMES, theme } from '../look/theme.js';

export function ThemeSwitch() {
  const { common } = t();
  return (
    <select
      class="quiet-select"
      aria-label={common.theme}
      value={theme.value}
      onChange={({ currentTarget }) => {
        const chosen = THEMES.find((one) => one === currentTarget.value);
        if (chosen !== undefined) chooseTheme(chosen);
      }}
    >
      {THEMES.map((one) => (
        <option key={one} value={one}>
          {common.themes[one]}
        </option>
      ))}
    </select>
  );
}
