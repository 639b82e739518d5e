#!/usr/bin/env bash
# Builds the extension anew and sees that the committed files are what comes out.
set -euo pipefail
cd "$(dirname "$0")"
export YARN_ENABLE_TELEMETRY=0 YARN_ENABLE_GLOBAL_CACHE=1

committed=$(mktemp -d)
trap 'rm -rf "$committed"' EXIT
cp -r ../labextension "$committed"
jlpm install --immutable > /dev/null
jlpm build > /dev/null
diff -r "$committed/labextension" ../labextension || {
  echo "mlkit/lab/labextension is not what mlkit/lab/ui builds: commit it" >&2
  exit 1
}
echo "mlkit/lab/labextension is what mlkit/lab/ui builds"
