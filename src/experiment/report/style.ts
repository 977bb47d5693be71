/**
 * The style sheet of the report, and of its figures alone. Colours of methods are those of Okabe & Ito (2008), which colour-blind readers tell apart, lighter on
 * dark; lines have dashes besides.
 */
export const palettes = {
  light: `
--background: #fff; --text: #1b1f24; --quiet: #59636e; --rule: #d7dce2; --panel: #f5f7f9; --accent: #0969da; --bad: #b3261e;
--slot0: #0072b2; --slot1: #c65100; --slot2: #00795a; --slot3: #a8467f; --slot4: #8a6100; --slot5: #2a78a8;
`,
  dark: `
--background: #14171b; --text: #e4e8ec; --quiet: #9aa4af; --rule: #343b44; --panel: #1c2127; --accent: #6cb2ff; --bad: #ff8a80;
--slot0: #56b4e9; --slot1: #f08a3c; --slot2: #3ac79a; --slot3: #e59cc6; --slot4: #e6b432; --slot5: #8fc7ee;
`,
} as const;

/** Of the parts of figures. */
export const figureStyle = `
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .tick { fill: var(--quiet); font-variant-numeric: tabular-nums; }
svg .axis { fill: var(--quiet); }
svg .name { font-weight: 600; font-size: 13px; }
svg .figure { font-size: 11px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; }
.constant { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3; }
.failed { stroke: var(--bad); stroke-width: 2; fill: none; }
.cell { fill: var(--accent); }
${Array.from({ length: 6 }, (_, slot) => `.slot${slot} { --slot: var(--slot${slot}); }`).join('\n')}
.box { fill: var(--slot); fill-opacity: .14; stroke: var(--slot); stroke-width: 1; }
.median { stroke: var(--slot); stroke-width: 2; }
.interval { stroke: var(--slot); stroke-width: 2; }
.mean { fill: var(--slot); }
.point { fill: var(--slot); fill-opacity: .55; stroke: var(--slot); }
.run { fill: none; stroke: var(--slot); stroke-opacity: .22; stroke-width: 1; }
.band { fill: var(--slot); fill-opacity: .16; stroke: none; }
.line { fill: none; stroke: var(--slot); stroke-width: 2.2; }
`;

export const style = `
:root {
${palettes.light.trim()}
}
@media (prefers-color-scheme: dark) {
  :root {
${palettes.dark.trim()}
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--background); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 10px; }
p { margin: 0 0 10px; max-width: 820px; }
code, pre { font-family: ui-monospace, monospace; font-size: 12.5px; }
pre { overflow-x: auto; padding: 12px 14px; background: var(--panel); border-radius: 6px; }
.ids, .note, figcaption, summary { color: var(--quiet); font-size: 13.5px; }
.verdict { margin-top: 24px; padding: 18px 20px 10px; background: var(--panel); border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; }
.verdict h2 { margin: 0 0 8px; }
.verdict p { font-size: 16.5px; }
li { max-width: 800px; }
.verdict ul { margin: 6px 0 8px; padding-left: 20px; color: var(--quiet); font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 0 0 8px; padding: 0; font-size: 13.5px; }
.legend svg { margin-right: 6px; vertical-align: middle; }
figure { margin: 8px 0 20px; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption { margin-top: 6px; }
summary { cursor: pointer; margin-bottom: 6px; }
.pair { display: flex; flex-wrap: wrap; gap: 0 32px; align-items: flex-start; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; min-width: 60%; }
th, td { padding: 5px 10px 5px 0; text-align: right; vertical-align: top; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td.long { min-width: 9em; max-width: 22em; white-space: normal; overflow-wrap: anywhere; }
th { font-weight: 600; }
thead th { color: var(--quiet); border-bottom: 1.5px solid var(--quiet); }
tbody th { min-width: 8em; white-space: normal; overflow-wrap: anywhere; }
.word { text-align: left; }
${figureStyle.trim()}
@media print { .verdict, pre { border: 1px solid var(--rule); } section { break-inside: avoid-page; } }
`;
