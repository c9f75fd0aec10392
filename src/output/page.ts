/** Text laid out for a terminal: labels on the left, wrapped text on the right. */
import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours one line; wrapping counts columns, so it comes first. */
export type Paint = (line: string) => string;

export interface PageOptions {
  /** Only for a terminal. */
  color: boolean;
  /** Columns; kept between 60 and 100. @defaultValue 80 */
  width?: number;
}

const plain: Paint = (line) => line;

const LABEL_WIDTH = 12;
const INDENT = '  ';

export class Page {
  readonly colors: Colors;
  readonly width: number;
  readonly #lines: string[] = [];

  constructor({ color, width = 80 }: PageOptions) {
    this.colors = picocolors.createColors(color);
    this.width = Math.min(100, Math.max(60, width));
  }

  /** One line as it is. */
  line(text = ''): void {
    this.#lines.push(text);
  }

  /** Wrapped text from the left margin, each line painted by itself. */
  text(text: string, indent = '', paint: Paint = plain): void {
    for (const line of wrap(text, this.width - indent.length)) {
      this.#lines.push(`${indent}${paint(line)}`);
    }
  }

  /** A label and its wrapped text; an empty label goes on below the last one. */
  field(label: string, text: string, paint: Paint = plain): void {
    const margin = INDENT.length + LABEL_WIDTH;
    wrap(text, this.width - margin).forEach((line, index) => {
      const left = `${INDENT}${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}`;
      this.#lines.push(`${this.colors.dim(left)}${paint(line)}`.trimEnd());
    });
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** Breaks at spaces; a word longer than the width gets a line of its own, further lines hang. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  lines.push(line);
  return lines;
}
