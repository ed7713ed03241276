/** What a picture is coloured with. */
export interface Theme {
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly paper: string;
  readonly arms: readonly string[];
}

/** How the lines of an arm look; the same arm looks the same in every picture of a report. */
export interface ArmStyle {
  readonly colour: string;
  readonly dash: 'solid' | 'dashed' | 'dotted';
  readonly symbol: 'circle' | 'diamond' | 'triangle';
}

/**
 * The colours of Okabe and Ito (2008), told apart with any of the common kinds of colour blindness. Their yellow is
 * left out: it cannot be seen on white. Their black is the ink of the page.
 */
const light: Theme = {
  ink: '#1b1f24',
  muted: '#59636e',
  grid: '#dfe3e8',
  paper: '#ffffff',
  arms: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#1b1f24'],
};

/** The same hues, light enough for a dark page. */
const dark: Theme = {
  ink: '#e6e9ed',
  muted: '#9aa4af',
  grid: '#333a42',
  paper: '#14171b',
  arms: ['#3f97d6', '#f07a35', '#1fb98e', '#dc93bb', '#efb02e', '#8ccbf1', '#e6e9ed'],
};

/** For pictures that stand alone, on white paper. */
export const printTheme: Theme = light;

/** For pictures inside the page: names of colours, which the page sets for light and dark. */
export const pageTheme: Theme = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  paper: 'var(--paper)',
  arms: light.arms.map((_, i) => `var(--arm-${i})`),
};

/** A picture made with `pageTheme`, in the colours of `printTheme`. */
export function printed(svg: string): string {
  const { arms, ...rest } = printTheme;
  const colours: Readonly<Record<string, string>> = {
    ...rest,
    ...Object.fromEntries(arms.map((colour, i) => [`arm-${i}`, colour])),
  };
  return svg.replace(/var\(--([a-z0-9-]+)\)/g, (all, name: string) => colours[name] ?? all);
}

/** CSS declarations that give the names of `pageTheme` their colours. */
export function colourDeclarations(scheme: 'light' | 'dark'): string {
  const { arms, ...rest } = scheme === 'light' ? light : dark;
  const named = Object.entries(rest).map(([name, colour]) => `--${name}: ${colour};`);
  return [...named, ...arms.map((colour, i) => `--arm-${i}: ${colour};`)].join(' ');
}

const DASHES = ['solid', 'dashed', 'dotted'] as const;
const SYMBOLS = ['circle', 'diamond', 'triangle'] as const;

/** The style of the arm at `index`: seven colours with whole lines, then the same with broken ones, then dotted. */
export function armStyle({ arms }: Theme, index: number): ArmStyle {
  const round = Math.floor(index / arms.length) % DASHES.length;
  return { colour: arms[index % arms.length]!, dash: DASHES[round]!, symbol: SYMBOLS[round]! };
}
