import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, type OpenBackend } from '../interface/backend.ts';
import { firstLine, resolveOptional } from '../interface/optionalPackage.ts';
import { DeviceErrors, type FailingDevice } from './errors.ts';

const PACKAGE = 'webgpu';
/** Needs no npm; in VS Code *GRAIN: Set up GPU training* does the same. */
const INSTALL = 'grain doctor --fix --webgpu';
const VULKAN_LOADER = 'libvulkan.so.1';

/** The part of WebGPU used here; its standard types need a browser's. */
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

/** Limits raised to the adapter's maximum, for tfjs's kernels. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/** One of each per process: Dawn occasionally crashes when a second instance is created. */
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
      'Dawn found no usable GPU',
      'install a Vulkan, Metal or Direct3D 12 driver for the GPU',
    );
  }
  // tfjs looks for `navigator.gpu` when its module is evaluated.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  });
  const { check } = new DeviceErrors(device);
  // Dawn's device is a standard GPUDevice, whose types are a browser's.
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
  if (process.platform === 'linux') requireVulkanLoader();
  const file = resolveOptional(PACKAGE, INSTALL);
  try {
    const { create, globals } = await import(pathToFileURL(file).href);
    Object.assign(globalThis, globals);
    return create([]);
  } catch (error) {
    throw new BackendUnavailable(`${PACKAGE} could not be loaded: ${firstLine(error)}`, INSTALL);
  }
}

/** Dawn prints to the terminal if the loader is missing; checking first gives a better message. */
function requireVulkanLoader(): void {
  try {
    process.dlopen({ exports: {} }, VULKAN_LOADER);
  } catch (error) {
    // The loader is not a Node addon, so this error means that it was found.
    if (firstLine(error).includes('did not self-register')) return;
    throw new BackendUnavailable(
      `the Vulkan loader ${VULKAN_LOADER} is missing`,
      "install it with the GPU's Vulkan driver (Debian, Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, or NVIDIA's driver)",
    );
  }
}
