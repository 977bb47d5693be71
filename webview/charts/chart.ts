/** Chart.js with the parts we draw with, its defaults following the theme of VS Code. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix';
import { withTheme } from './theme.ts';
import { showTooltip } from './tooltip.ts';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  MatrixController,
  MatrixElement,
  PointElement,
  Tooltip,
);

// Charts are patched many times a second: nothing moves but by the data, also for those who ask for reduced motion.
Chart.defaults.animation = false;
Chart.defaults.responsive = true;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.interaction = {
  ...Chart.defaults.interaction,
  mode: 'nearest',
  axis: 'x',
  intersect: false,
};
Chart.defaults.plugins.tooltip.enabled = false;
Chart.defaults.plugins.tooltip.external = showTooltip;
Chart.defaults.elements.point.radius = 0;
Chart.defaults.elements.point.hitRadius = 0;
Chart.defaults.elements.line.borderWidth = 1.5;

withTheme((theme) => {
  Chart.defaults.color = theme.muted;
  Chart.defaults.borderColor = theme.grid;
  Chart.defaults.font = { ...Chart.defaults.font, ...theme.font };
});

// For tests and developer tools: `Chart.getChart(canvas)` reads a chart back.
Object.assign(globalThis, { Chart });

export { Chart };
