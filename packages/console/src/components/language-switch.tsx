import { chooseLanguage, LANGUAGES, language, t } from '../i18n/language.js';

export function LanguageSwitch() {
  const { common } = t();
  return (
    <select
      class="quiet-select"
      aria-label={common.language}
      value={language.value}
      onChange={({ currentTarget }) => {
        const chosen = LANGUAGES.find((one) => one === currentTarget.value);
        if (chosen !== undefined) chooseLanguage(chosen);
      }}
    >
      {LANGUAGES.map((one) => (
        <option key={one} value={one} lang={one}>
          {common.languages[one]}
        </option>
      ))}
    </select>
  );
}
