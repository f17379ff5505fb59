import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Bubble } from './bubble.js';
import { chosen, messages } from './chosen.js';
import { command, sendFile, view } from './server.js';
import { t } from './words.js';

export function Conversation() {
  const list = useRef<HTMLOListElement>(null);
  const count = messages.value.length;
  const { openKfId, externalUserId } = chosen.value;
  useEffect(() => {
    list.current?.scrollTo(0, list.current.scrollHeight);
  }, [count, openKfId, externalUserId]);
  const customer = view.value?.customers.find((one) => one.externalUserId === externalUserId);
  const account = view.value?.accounts.find((one) => one.openKfId === openKfId);
  return (
    <section class="conversation" aria-label={t('conversation')}>
      <h2>
        {customer?.nickname} <span aria-hidden="true">→</span> {account?.name}
      </h2>
      {count === 0 && <p class="empty">{t('empty')}</p>}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a list that scrolls must be reached by keyboard. */}
      <ol ref={list} aria-label={t('conversation')} aria-live="polite" tabIndex={0}>
        {messages.value.map((message) => (
          <Bubble key={message.msgid} message={message} />
        ))}
      </ol>
      <Composer />
    </section>
  );
}

function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const { externalUserId } = chosen.value;
  // Before the customer is seen, so that nothing that is typed then is lost.
  useLayoutEffect(() => {
    // On a phone the keyboard would cover half of the page.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, [externalUserId]);
  const write = async (form: HTMLFormElement) => {
    const content = String(new FormData(form).get('content')).trim();
    if (content === '') return;
    if ((await command('say', { ...chosen.value, content })) !== null) form.reset();
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void write(event.currentTarget);
      }}
    >
      <label class="attach" title={t('attach')}>
        <span aria-hidden="true">＋</span>
        <input
          class="file"
          type="file"
          aria-label={t('attach')}
          onChange={({ currentTarget }) => attach(currentTarget)}
        />
      </label>
      <textarea
        ref={field}
        name="content"
        rows={1}
        aria-label={t('message')}
        placeholder={t('placeholder')}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
      <button type="submit" class="primary">
        {t('send')}
      </button>
    </form>
  );
}

/** As what WeChat would send it. */
async function attach(input: HTMLInputElement): Promise<void> {
  const [file] = input.files ?? [];
  if (file === undefined) return;
  const type = /^image\/(png|jpeg)$/.test(file.type) ? 'image' : file.type === 'video/mp4' ? 'video' : 'file';
  await sendFile(type, file, chosen.value);
  input.value = '';
}
