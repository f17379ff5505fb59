import { Segmented } from 'antd';
import { useState } from 'react';
import node from '../../../../../examples/json-bot/json-bot.js?raw';
import python from '../../../../../examples/json-bot/json_bot.py?raw';
import { CopyButton } from '../../components/copy.js';
import { t } from '../../i18n/language.js';

/** The examples that the project tries, word by word. */
const CODE = { 'Node.js': node, Python: python } as const;
type Language = keyof typeof CODE;

/** The whole of a program that takes signed JSON and answers. */
export function OwnProgram() {
  const { bots } = t();
  const [language, setLanguage] = useState<Language>('Node.js');
  return (
    <div className="form" role="group" aria-label={bots.ownCode}>
      <div className="section-head">
        <span>{bots.ownCode}</span>
        <span className="actions">
          <Segmented<Language>
            size="small"
            aria-label={bots.ownLanguage}
            value={language}
            options={Object.keys(CODE) as Language[]}
            onChange={setLanguage}
          />
          <CopyButton value={CODE[language]} what={bots.ownCode} />
        </span>
      </div>
      <pre className="code">{CODE[language]}</pre>
    </div>
  );
}
