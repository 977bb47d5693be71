import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, type OpenBackend } from '../interface/backend.ts';
import { firstLine, resolveOptional } from '../interface/optionalPackage.ts';
import { DeviceErrors, type FailingDevice } from './errors.ts';

const PACKAGE = 'webgpu';
const VULKAN_LOADER = 'libvulkan.so.1';

/** What we use of WebGPU; the types of its standard describe browsers. */
interface Gpu {
  requestAdapter(options: object): Promise<Adapter | null>;
}
interface Adapter {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly info: {
    readonly vendor: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(options: object): Promise<FailingDevice & { destroy(): void }>;
}

/** tfjs's kernels use as much of the GPU as it offers. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/** One of each a process: Dawn crashes now and then when a second instance is made. */
let dawn: Promise<Gpu> | undefined;
let opened: Promise<OpenBackend> | undefined;

/** Opening it again gives the same device, until it is closed. */
export function openWebgpu(): Promise<OpenBackend> {
  opened ??= open();
  return opened;
}

async function open(): Promise<OpenBackend> {
  dawn ??= loadDawn();
  const gpu = await dawn;
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new BackendUnavailable(
      'Dawn finds no GPU it can drive',
      'install a Vulkan, Metal or Direct3D 12 driver for the GPU',
    );
  }
  // tfjs looks for `navigator.gpu` when its module is first run.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  });
  const { check } = new DeviceErrors(device);
  type Parameters = ConstructorParameters<typeof WebGPUBackend>;
  tf.registerBackend(
    'webgpu',
    () => new WebGPUBackend(device as unknown as Parameters[0], adapter.info as Parameters[1]),
  );
  const { info } = adapter;
  return {
    name: `${info.description || info.device || info.vendor || 'GPU'} (WebGPU)`,
    tfjsBackend: 'webgpu',
    hostMemory: false,
    isSoftware: info.isFallbackAdapter ?? false,
    check,
    close: async () => {
      opened = undefined;
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

async function loadDawn(): Promise<Gpu> {
  if (process.platform === 'linux') demandVulkanLoader();
  const file = resolveOptional(PACKAGE);
  try {
    const { create, globals } = await import(pathToFileURL(file).href);
    Object.assign(globalThis, globals);
    return create([]);
  } catch (error) {
    throw new BackendUnavailable(
      `${PACKAGE} could not be loaded: ${firstLine(error)}`,
      `npm rebuild ${PACKAGE}`,
    );
  }
}

/** Dawn prints to the terminal when the loader is missing; asking first gives the better message, in our own words. */
function demandVulkanLoader(): void {
  try {
    process.dlopen({ exports: {} }, VULKAN_LOADER);
  } catch (error) {
    // The loader is no Node addon: a complaint about registration means that it is there.
    if (firstLine(error).includes('did not self-register')) return;
    throw new BackendUnavailable(
      `the Vulkan loader ${VULKAN_LOADER} is missing`,
      "install it with the GPU's Vulkan driver (Debian, Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, or NVIDIA's driver)",
    );
  }
}
