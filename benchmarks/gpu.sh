#!/usr/bin/env bash
# What one card does with this project's work, in ten minutes at most: benchmarks/bench_gpu.py says what is measured.
#
#   benchmarks/gpu.sh                          one card; writes results/bench/gpu.md
#   benchmarks/gpu.sh --device cpu --tiny      a rehearsal of a minute on any machine, with worthless numbers
#   LIMIT=3600 benchmarks/gpu.sh               seconds until it is ended, 590 by default
#   PYTHON=python3 benchmarks/gpu.sh           with another Python than .venv's: it needs torch, lightning,
#                                              transformers, pandas, tabulate and PyYAML
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-.venv/bin/python}
command -v "$python" > /dev/null || python=python3
for package in torch lightning transformers tokenizers pandas tabulate yaml; do
    "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$package') is None)" || {
        echo "error: $python has no package $package; expected one that has, for example PYTHON=.venv/bin/python" >&2
        exit 1
    }
done
# What is written by then stays: the parts are printed one by one.
exec timeout --signal=INT "${LIMIT:-590}" "$python" benchmarks/bench_gpu.py "$@"
