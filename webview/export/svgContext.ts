/**
 * A canvas context that writes SVG: as much of CanvasRenderingContext2D as Chart.js and our plugins draw with. Coordinates are
 * transformed as they come, so that elements stand in the picture's own.
 */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

interface State {
  matrix: Matrix;
  clip: string;
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  lineDashOffset: number;
  dash: readonly number[];
  font: string;
  textAlign: string;
  textBaseline: string;
  globalAlpha: number;
}

const ANCHORS: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };
/** Of the height of a font, from its baseline. */
const BASELINES: Readonly<Record<string, number>> = {
  middle: 0.35,
  top: 0.8,
  hanging: 0.8,
  bottom: -0.2,
};

export class SvgContext {
  readonly canvas: HTMLCanvasElement;
  readonly #measure: CanvasRenderingContext2D;
  readonly #elements: string[] = [];
  readonly #definitions: string[] = [];
  readonly #stack: State[] = [];
  #path = '';
  #state: State = {
    matrix: [1, 0, 0, 1, 0, 0],
    clip: '',
    fillStyle: '#000000',
    strokeStyle: '#000000',
    lineWidth: 1,
    lineCap: 'butt',
    lineJoin: 'miter',
    lineDashOffset: 0,
    dash: [],
    font: '10px sans-serif',
    textAlign: 'start',
    textBaseline: 'alphabetic',
    globalAlpha: 1,
  };

  /** @param measure a context that knows how wide texts are */
  constructor(measure: CanvasRenderingContext2D) {
    this.#measure = measure;
    this.canvas = measure.canvas;
    for (const name of Object.keys(this.#state) as (keyof State)[]) {
      if (['matrix', 'clip', 'dash'].includes(name)) continue;
      Object.defineProperty(this, name, {
        get: () => this.#state[name],
        set: (value: never) => {
          this.#state = { ...this.#state, [name]: value };
        },
      });
    }
  }

  svg(width: number, height: number): string {
    const definitions =
      this.#definitions.length > 0 ? `<defs>${this.#definitions.join('')}</defs>` : '';
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${definitions}${this.#elements.join('\n')}</svg>\n`;
  }

  save(): void {
    this.#stack.push({ ...this.#state });
  }

  restore(): void {
    this.#state = this.#stack.pop() ?? this.#state;
  }

  translate(x: number, y: number): void {
    this.#transform([1, 0, 0, 1, x, y]);
  }

  rotate(angle: number): void {
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    this.#transform([cos, sin, -sin, cos, 0, 0]);
  }

  scale(x: number, y: number): void {
    this.#transform([x, 0, 0, y, 0, 0]);
  }

  /** The device's own scale, which a picture of vectors does not have. */
  resetTransform(): void {}
  setTransform(): void {}
  clearRect(): void {}

  beginPath(): void {
    this.#path = '';
  }

  closePath(): void {
    this.#path += 'Z';
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${this.#at(x, y)}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `${this.#path === '' ? 'M' : 'L'}${this.#at(x, y)}`;
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path += `C${this.#at(x1, y1)} ${this.#at(x2, y2)} ${this.#at(x, y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }

  /** In two halves: an arc cannot end where it begins. */
  arc(
    x: number,
    y: number,
    radius: number,
    from: number,
    to: number,
    isCounterclockwise = false,
  ): void {
    const point = (angle: number) =>
      this.#at(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    const middle = (from + to) / 2;
    const half = (angle: number) =>
      `A${round(radius)} ${round(radius)} 0 0 ${isCounterclockwise ? 0 : 1} ${point(angle)}`;
    this.#path += `${this.#path === '' ? 'M' : 'L'}${point(from)}${half(middle)}${half(to)}`;
  }

  fill(rule: CanvasFillRule = 'nonzero'): void {
    this.#add(`<path d="${this.#path}" fill="${this.#paint('fillStyle')}" fill-rule="${rule}"/>`);
  }

  stroke(): void {
    const { lineWidth, dash, lineDashOffset, lineJoin, lineCap } = this.#state;
    const dashes =
      dash.length > 0
        ? ` stroke-dasharray="${dash.join(' ')}" stroke-dashoffset="${lineDashOffset}"`
        : '';
    this.#add(
      `<path d="${this.#path}" fill="none" stroke="${this.#paint('strokeStyle')}" stroke-width="${lineWidth}" stroke-linejoin="${lineJoin}" stroke-linecap="${lineCap}"${dashes}/>`,
    );
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#shape(
      () => this.rect(x, y, width, height),
      () => this.fill(),
    );
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#shape(
      () => this.rect(x, y, width, height),
      () => this.stroke(),
    );
  }

  clip(): void {
    // Several pictures may stand in one document.
    const id = `clip-${crypto.randomUUID()}`;
    this.#definitions.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath>`);
    this.#state = { ...this.#state, clip: id };
  }

  setLineDash(dash: readonly number[]): void {
    this.#state = { ...this.#state, dash: [...dash] };
  }

  getLineDash(): readonly number[] {
    return this.#state.dash;
  }

  measureText(text: string): TextMetrics {
    this.#measure.font = this.#state.font;
    return this.#measure.measureText(text);
  }

  /** Labels of ticks may be numbers. */
  fillText(text: string | number, x: number, y: number): void {
    const { font, textAlign, textBaseline, matrix } = this.#state;
    const { size, family, weight } = fontOf(font);
    const shift = (BASELINES[textBaseline] ?? 0) * size;
    const [a, b] = matrix;
    const turn =
      b === 0
        ? ''
        : ` transform="rotate(${round((180 * Math.atan2(b, a)) / Math.PI)} ${this.#at(x, y)})"`;
    const [px, py] = this.#point(x, y);
    this.#add(
      `<text x="${round(px)}" y="${round(py)}" dy="${round(shift)}" font-family="${escaped(family)}" font-size="${size}" font-weight="${weight}" text-anchor="${ANCHORS[textAlign] ?? 'start'}" fill="${this.#paint('fillStyle')}"${turn}>${escaped(String(text))}</text>`,
    );
  }

  #shape(path: () => void, paint: () => void): void {
    const before = this.#path;
    this.#path = '';
    path();
    paint();
    this.#path = before;
  }

  #add(element: string): void {
    const { clip, globalAlpha } = this.#state;
    const opacity = globalAlpha === 1 ? '' : ` opacity="${globalAlpha}"`;
    const isPlain = clip === '' && opacity === '';
    this.#elements.push(
      isPlain ? element : `<g${clip && ` clip-path="url(#${clip})"`}${opacity}>${element}</g>`,
    );
  }

  #paint(which: 'fillStyle' | 'strokeStyle'): string {
    return escaped(String(this.#state[which]));
  }

  #transform([a, b, c, d, e, f]: Matrix): void {
    const [A, B, C, D, E, F] = this.#state.matrix;
    this.#state = {
      ...this.#state,
      matrix: [
        A * a + C * b,
        B * a + D * b,
        A * c + C * d,
        B * c + D * d,
        A * e + C * f + E,
        B * e + D * f + F,
      ],
    };
  }

  #point(x: number, y: number): readonly [number, number] {
    const [a, b, c, d, e, f] = this.#state.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  #at(x: number, y: number): string {
    const [px, py] = this.#point(x, y);
    return `${round(px)} ${round(py)}`;
  }
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

/** "bold 12px sans-serif" */
function fontOf(font: string) {
  const [, before = '', size = '10', family = 'sans-serif'] =
    /^(.*?)([\d.]+)px(?:\/\S+)?\s+(.*)$/.exec(font) ?? [];
  return { size: Number(size), family, weight: /bold|[6-9]00/.test(before) ? 'bold' : 'normal' };
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
