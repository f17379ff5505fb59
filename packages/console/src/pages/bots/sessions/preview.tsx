import { t } from '../../../i18n/language.js';
import type { OfferDraft } from './session-draft.js';

interface PreviewProps {
  /** Of which text, for those who do not see where it stands. */
  readonly of: string;
  /** What the customer wrote before it. */
  readonly asked?: string;
  readonly offer: OfferDraft;
}

/** A text or a menu in the customer's chat. */
export function Preview({ of, asked, offer }: PreviewProps) {
  const { sessions } = t();
  const { kind, text, head, choices, tail } = offer;
  const isEmpty = kind === 'none' || (kind === 'text' && text.trim() === '');
  return (
    <figure className="chat" aria-label={sessions.previewOf(of)}>
      <figcaption className="small muted">{sessions.preview}</figcaption>
      {asked !== undefined && <p className="bubble customer">{asked}</p>}
      {isEmpty && <p className="small muted">{sessions.nothingSent}</p>}
      {!isEmpty && kind === 'text' && <p className="bubble">{text}</p>}
      {kind === 'menu' && (
        <div className="bubble">
          {head.trim() !== '' && <p>{head}</p>}
          <ul>
            {choices.map((choice) => (
              <li key={choice.key}>{choice.text || sessions.choiceText}</li>
            ))}
          </ul>
          {tail.trim() !== '' && <p>{tail}</p>}
        </div>
      )}
    </figure>
  );
}
