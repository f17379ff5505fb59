interface AccountLinkProps {
  readonly openKfId: string;
  readonly name: string | null;
}

/** The account by name, and by id below where it has both. */
export function AccountLink({ openKfId, name }: AccountLinkProps) {
  return (
    <div class="named">
      <a
        class={name ? '' : 'mono small'}
        title={openKfId}
        href={`/console/kf-accounts/${encodeURIComponent(openKfId)}`}
      >
        {name || openKfId}
      </a>
      {name && <span class="mono small muted">{openKfId}</span>}
    </div>
  );
}
