"""A model whose products are computed in 8 bits: exported to ONNX and quantised and run by onnxruntime.

Weights are int8 with a scale for each output; inputs of a product are rounded to 8 bits over the range that
they have at that moment (dynamic quantisation), so that no data is needed beforehand. The embedding, which
is looked up and not multiplied, stays in float32: onnxruntime has one scale for all of it.

onnxruntime and not torchao: the int8 Linears of the latter are slower on a CPU than torch's own in float32,
until minutes of compiling have made them faster than those, and slower than onnxruntime's still.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.efficiency.sparse_kernels import Scorer, docid_scorer

INPUTS, OUTPUT = ("input_ids", "attention_mask"), "logits"
ON_CPU = ["CPUExecutionProvider"]


class RuntimeModel(NamedTuple):
    """A function (input_ids, attention_mask) → logits (B, N) by onnxruntime, and its file's bytes."""

    scorer: Scorer
    file_bytes: int


class RuntimeModels(NamedTuple):
    """One model by the same runtime in float32 and in int8, so that it shows what each of the two gains."""

    float32: RuntimeModel
    int8: RuntimeModel


class _Scoring(torch.nn.Module):
    """`docid_scorer` as a module, as the exporter wants it."""

    def __init__(self, model: T5ForConditionalGeneration, documents: int) -> None:
        super().__init__()
        self.model = model
        self._documents = documents

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return docid_scorer(self.model, self._documents)(input_ids, attention_mask)


def runtime_name() -> str:
    """The runtime and its version."""
    return f"onnxruntime {onnxruntime.__version__}"


def shapes_of(model: T5ForConditionalGeneration) -> Mapping[str, tuple[int, ...]]:
    """Name → shape of every parameter: models with equal ones take equally long in int8, whatever is zero."""
    return {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}


def runtime_models(model: T5ForConditionalGeneration, documents: int, threads: int) -> RuntimeModels:
    """Export a model with atomic docids, on the CPU, and quantise it.

    Args:
        documents: N, the last N tokens of the vocabulary.
        threads: of the runtime.
    """
    with TemporaryDirectory() as folder:
        exported, prepared, quantised = (
            Path(folder) / f"{name}.onnx" for name in ("exported", "prepared", "quantised")
        )
        _export(model, documents, exported)
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            quantised,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            # Weights of 7 bits: beyond, sums of two products overflow on processors without VNNI, and
            # scores would differ between machines.
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        return RuntimeModels(_loaded(prepared, threads), _loaded(quantised, threads))


def _export(model: T5ForConditionalGeneration, documents: int, path: Path) -> None:
    """Write encoder, one decoder step and output head for any number of queries of any length."""
    dynamic = {name: {0: "queries", 1: "tokens"} for name in INPUTS} | {OUTPUT: {0: "queries"}}
    ids = torch.ones(2, 3, dtype=torch.int64)
    with warnings.catch_warnings():
        # Tracing warns of conditions in transformers, none of which depends on queries or tokens here: the
        # tests compare other shapes than these.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Scoring(model, documents).eval(),
            (ids, torch.ones_like(ids)),
            str(path),
            # The newer exporter takes no variable number of tokens from transformers' T5.
            dynamo=False,
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes=dynamic,
            opset_version=17,
        )


def _loaded(path: Path, threads: int) -> RuntimeModel:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that wait busily would slow down whatever is timed in turn with this.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=ON_CPU)

    def score(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        given = dict(zip(INPUTS, (input_ids.numpy(), attention_mask.numpy()), strict=True))
        return torch.from_numpy(session.run([OUTPUT], given)[0])

    return RuntimeModel(score, path.stat().st_size)
