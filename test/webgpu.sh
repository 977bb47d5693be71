#!/usr/bin/env bash
# The tests that train on WebGPU, on the software GPU of Chromium: for machines without a GPU. None of them is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

chromium=/usr/lib/chromium
# Of Chromium's libraries Dawn needs this one alone.
mkdir -p .cache/vulkan
ln -sfn "$chromium/libvulkan.so.1" .cache/vulkan/libvulkan.so.1
export LD_LIBRARY_PATH="$PWD/.cache/vulkan${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export VK_ICD_FILENAMES="$chromium/vk_swiftshader_icd.json"
export GRAIN_EXPECT_WEBGPU=1
npm run -s test:file -- --test-concurrency=1 --test-name-pattern=WebGPU \
  test/unit/backends/webgpuErrors.test.ts \
  test/unit/nn/training.test.ts test/unit/nn/decoders.test.ts \
  test/unit/nn/webgpu.test.ts
