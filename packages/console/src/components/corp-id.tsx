/** Cut where a table has no room for it. */
export function CorpId({ corpId }: { readonly corpId: string }) {
  return (
    <span class="mono small short" title={corpId}>
      {corpId}
    </span>
  );
}
