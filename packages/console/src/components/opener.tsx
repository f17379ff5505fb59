import { DownOutlined, RightOutlined } from '@ant-design/icons';

interface OpenerProps {
  readonly text: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** A cell that opens what is said below its row. */
export function Opener({ text, isOpen, onToggle }: OpenerProps) {
  return (
    <button type="button" className="opener" aria-expanded={isOpen} title={text} onClick={onToggle}>
      {isOpen ? <DownOutlined aria-hidden /> : <RightOutlined aria-hidden />}
      <span className="cut">{text}</span>
    </button>
  );
}
