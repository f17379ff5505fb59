import { Button, type ButtonProps } from 'antd';
import { navigate } from 'wouter/use-browser-location';

/** A link to another page that looks like a button. With a modifier key it opens a tab, as every link does. */
export function LinkButton({ href, ...props }: ButtonProps & { readonly href: string }) {
  return (
    <Button
      {...props}
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
        event.preventDefault();
        navigate(href);
      }}
    />
  );
}
