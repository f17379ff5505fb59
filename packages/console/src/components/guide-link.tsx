interface GuideLinkProps {
  readonly to: { readonly text: string; readonly url: string };
}

/** To a page of the documents that the manager serves. In a new tab: a form that is half filled in stays. */
export function GuideLink({ to: { text, url } }: GuideLinkProps) {
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}
