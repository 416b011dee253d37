"""How fast is exact ranking over a trie of identifiers, and what do beams miss of it?

    python benchmarks/bench_ranking.py                  # 1,000, 10,000 and 100,000 documents
    python benchmarks/bench_ranking.py --quick          # without the largest

Exact top-100 and top-1000 lists (dsi.ranking.trie_search) against `generate` with 100 and 1000 beams,
cache on, batched, the allowed tokens looked up in a prepared dictionary. Identifiers are naive-like (decimal
numbers, a token a digit, an end token) or semantic (clusters of random vectors, default settings); atomic
ones, scored by one decoder step and sorted, stand beside them. The model has the default study's shape:
one encoder and one decoder layer of width 128. So that its probabilities are those of a trained model it
is trained for a minute: a query holds a cue of each token of a document's identifier, three in ten of them
replaced at random. The ways take turns, and each ratio is the median over the turns of one run.
Writes ranking.csv, ranking.svg, ranking.png and ranking.md under --output and prints the table.
"""

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from transformers.generation.logits_process import (
    LogitsProcessor,
    PrefixConstrainedLogitsProcessor,
)
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.files import replacing, write_text
from dsi.docids.identifiers import extra_tokens
from dsi.docids.schemes import semantic
from dsi.docids.tokenizer import EOS_ID, PAD_ID
from dsi.docids.trie import alphabet, build_trie
from dsi.model.scoring import docid_logits, identifier_losses, pad_labels
from dsi.model.t5 import Shape, build_t5
from dsi.ranking.scores import rank_scores
from dsi.ranking.trie_search import TrieRanker
from dsi.report.figures.style import plt, save_figure, use_theme

SHAPE = Shape(
    d_model=128,
    d_kv=32,
    d_ff=512,
    num_heads=4,
    num_layers=1,
    num_decoder_layers=1,
    dropout=0.0,
    feed_forward="gated-gelu",
    embedding_std=0.1,
)
VOCABULARY = 2048
FIRST_DIGIT = 3  # the token of 0; those of 1 … 9 follow
FIRST_CUE = 20
QUERY_TOKENS = 12
FEW = 4  # queries of a timing where one takes long
LEAST_SECONDS = 1.0  # of a timing

Identifiers = list[npt.NDArray[np.int32]]

logger = logging.getLogger(__name__)


class Case(NamedTuple):
    """What is ranked: documents, the scheme's name, their identifiers and a model trained on them."""

    documents: int
    scheme: str
    identifiers: Identifiers
    model: T5ForConditionalGeneration


class Way(NamedTuple):
    """A way to rank a number of queries at once."""

    rank: Callable[[], Any]
    queries: int


class Timing(NamedTuple):
    """Seconds a query of each repeat, and what came out last."""

    seconds: list[float]
    result: Any


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 documents only")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--queries", type=int, default=32, help="in one timing")
    parser.add_argument("--beam-batch", type=int, default=16, help="queries that `generate` gets at a time")
    parser.add_argument("--steps", type=int, default=250, help="of training")
    parser.add_argument("--output", type=Path, default=ROOT / "results/bench")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(arguments.threads)

    rows: list[dict[str, Any]] = []
    for documents in (1_000, 10_000) if arguments.quick else (1_000, 10_000, 100_000):
        rows.append(atomic_row(documents, arguments.queries, arguments.repeats))
        for scheme in ("naive", "semantic"):
            case = make_case(documents, scheme, arguments.steps)
            rows.append(compare(case, arguments.queries, arguments.repeats, arguments.beam_batch))
            speed, ratio = (rows[-1][name] for name in ("top-1000, queries/s", "top-1000 / 100 beams, ratio"))
            logger.info(
                "%d documents, %s: %.1f queries/s, %.1f times 100 beams", documents, scheme, speed, ratio
            )
    frame = pd.DataFrame(rows)
    text = markdown(frame, arguments.threads)
    print(text)
    write_text(text, arguments.output / "ranking.md")
    with replacing(arguments.output / "ranking.csv") as path:
        frame.to_csv(path, index=False, float_format="%.6g")
    draw(frame, arguments.output)


def make_case(documents: int, scheme: str, steps: int) -> Case:
    rng = np.random.default_rng(documents)
    if scheme == "naive":
        numbers = rng.choice(10 * documents, documents, replace=False)
        identifiers = [
            np.array([*(FIRST_DIGIT + int(digit) for digit in str(number)), EOS_ID], dtype=np.int32)
            for number in numbers
        ]
        extra = 0
    else:
        names = pd.DataFrame({"docid": [f"d{number}" for number in range(documents)]})
        vectors = rng.normal(size=(documents, 16)).astype(np.float32)
        frame = semantic(names, vectors, VOCABULARY, seed=1)
        identifiers, extra = list(frame["tokens"]), extra_tokens(frame, VOCABULARY)
    model = build_t5(SHAPE, VOCABULARY + extra, seed=1)
    train(model, identifiers, steps, rng)
    return Case(documents, scheme, identifiers, model)


def make_queries(identifiers: Sequence[npt.NDArray[np.int32]], rng: np.random.Generator) -> torch.Tensor:
    """(len(identifiers), QUERY_TOKENS): a cue of each token, three in ten of them replaced by others."""
    queries = rng.integers(FIRST_CUE, VOCABULARY, (len(identifiers), QUERY_TOKENS))
    for row, tokens in enumerate(identifiers):
        places = np.arange(min(len(tokens), QUERY_TOKENS))
        cues = (tokens[places].astype(np.int64) * 31 + places * 389) % (VOCABULARY - FIRST_CUE) + FIRST_CUE
        kept = rng.random(len(places)) < 0.7
        queries[row, places[kept]] = cues[kept]
    return torch.from_numpy(queries)


def train(
    model: T5ForConditionalGeneration, identifiers: Identifiers, steps: int, rng: np.random.Generator
) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    tokens = torch.from_numpy(alphabet(identifiers))
    model.train()
    for step in range(steps):
        chosen = [identifiers[row] for row in rng.integers(len(identifiers), size=128)]
        inputs = make_queries(chosen, rng)
        labels = pad_labels(chosen)[:, None]
        losses = identifier_losses(model, inputs, torch.ones_like(inputs), labels, tokens)
        loss = losses.sum() / sum(map(len, chosen))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            logger.info("step %d: %.3f nats a token", step, loss.item())
    model.eval()


def compare(case: Case, queries: int, repeats: int, beam_batch: int) -> dict[str, Any]:
    """One row: queries a second of each way, and the overlap of what they find."""
    rng = np.random.default_rng(2)
    asked = [case.identifiers[row] for row in rng.integers(case.documents, size=queries)]
    inputs = make_queries(asked, rng)
    mask = torch.ones_like(inputs)
    started = time.perf_counter()
    trie = build_trie(case.identifiers)
    build = time.perf_counter() - started
    started = time.perf_counter()
    ranker = TrieRanker(case.model, trie, [f"d{number}" for number in range(case.documents)])
    prepare = time.perf_counter() - started
    search = BeamSearch(case)
    ways = {
        "top-100": Way(lambda: ranker.top(inputs, mask, 100), queries),
        "top-1000": Way(lambda: ranker.top(inputs, mask, 1000), queries),
        "100 beams": Way(lambda: search.find(inputs, mask, 100, beam_batch), queries),
        "1000 beams": Way(lambda: search.find(inputs[:FEW], mask[:FEW], 1000, FEW), FEW),
    }
    if case.documents <= 10_000:
        ways["whole trie"] = Way(lambda: ranker.scores(inputs[:FEW], mask[:FEW]), FEW)
    timings = take_turns(ways, repeats)
    exact = timings["top-1000"].result
    row: dict[str, Any] = {"documents": case.documents, "scheme": case.scheme}
    row |= {f"{name}, queries/s": 1 / statistics.median(taken.seconds) for name, taken in timings.items()}
    for beams, depth in ((100, 100), (100, 1000), (1000, 1000)):
        slow = timings[f"{beams} beams"]
        row[f"top-{depth} / {beams} beams, ratio"] = _ratio(slow, timings[f"top-{depth}"])
        row[f"{beams} beams' share of top-{depth}"] = np.mean(
            [
                len(found & set(best[:depth])) / depth
                for found, best in zip(slow.result, exact.documents[: len(slow.result)].tolist(), strict=True)
            ]
        )
    for depth in (100, 1000):
        found = timings[f"top-{depth}"].result
        row[f"top-{depth}, passes"] = found.passes.mean()
        row[f"top-{depth}, passes that no exact search avoids"] = found.needed.mean()
    row |= {f"log P at rank {rank}": float(np.median(exact.scores[:, rank - 1])) for rank in (1, 100, 1000)}
    return row | {"trie, s": build, "first layer, s": prepare}


def atomic_row(documents: int, queries: int, repeats: int) -> dict[str, Any]:
    model = build_t5(SHAPE, VOCABULARY + documents, seed=1).eval()
    inputs = torch.from_numpy(
        np.random.default_rng(2).integers(FIRST_CUE, VOCABULARY, (queries, QUERY_TOKENS))
    )
    names = [f"d{number}" for number in range(documents)]

    @torch.inference_mode()
    def rank() -> pd.DataFrame:
        logits = docid_logits(model, inputs, torch.ones_like(inputs), documents)
        return rank_scores(
            torch.log_softmax(logits, dim=1).numpy(), [str(q) for q in range(queries)], names, 1000
        )

    taken = take_turns({"atomic": Way(rank, queries)}, repeats)["atomic"]
    return {
        "documents": documents,
        "scheme": "atomic",
        "top-1000, queries/s": 1 / statistics.median(taken.seconds),
    }


class BeamSearch:
    """`generate` with as many beams as results, only existing identifiers allowed."""

    def __init__(self, case: Case) -> None:
        self._model = case.model
        self._documents = {tuple(tokens.tolist()): row for row, tokens in enumerate(case.identifiers)}
        following: dict[tuple[int, ...], set[int]] = {}
        for tokens in self._documents:
            for length, token in enumerate(tokens):
                following.setdefault(tokens[:length], set()).add(token)
            # Semantic identifiers have no end token, but `generate` needs one; `_free_end` gives it away.
            if tokens[-1] != EOS_ID:
                following[tokens] = {EOS_ID}
        self._following = {prefix: sorted(tokens) for prefix, tokens in following.items()}
        self._probabilities = DocidProbabilities(torch.from_numpy(alphabet(case.identifiers)))
        self._ends = [] if case.scheme == "naive" else [_free_end]
        self._length = max(map(len, case.identifiers))

    @torch.inference_mode()
    def find(self, inputs: torch.Tensor, mask: torch.Tensor, beams: int, batch: int) -> list[set[int]]:
        """The documents found for each query, `batch` queries at a time."""
        found: list[set[int]] = []
        for first in range(0, len(inputs), batch):
            part = slice(first, first + batch)
            generated = self._model.generate(
                input_ids=inputs[part],
                attention_mask=mask[part],
                num_beams=beams,
                num_return_sequences=beams,
                max_new_tokens=self._length,
                do_sample=False,
                length_penalty=0.0,
                use_cache=True,
                logits_processor=[
                    self._probabilities,
                    PrefixConstrainedLogitsProcessor(self._allowed, beams),
                    *self._ends,
                ],
            )[:, 1:].tolist()
            for low in range(0, len(generated), beams):
                rows = [self._document(tokens) for tokens in generated[low : low + beams]]
                found.append({row for row in rows if row is not None})
        return found

    def _allowed(self, _: int, generated: torch.Tensor) -> list[int]:
        return self._following.get(tuple(generated.tolist()[1:]), [PAD_ID])

    def _document(self, tokens: list[int]) -> int | None:
        end = tokens.index(EOS_ID) if EOS_ID in tokens else len(tokens)
        bare = tuple(tokens[:end])
        return self._documents.get(bare, self._documents.get((*bare, EOS_ID)))


class DocidProbabilities(LogitsProcessor):
    """Softmax over the docids' tokens from one over the vocabulary, for beams that may use no others."""

    def __init__(self, tokens: torch.Tensor) -> None:
        self._tokens = tokens

    def __call__(self, _: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Of (beams, V) log-probabilities."""
        return scores - scores[:, self._tokens].logsumexp(dim=1, keepdim=True)


def _free_end(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Where the end is allowed, nothing else is: its log-probability counts as 0."""
    scores[:, EOS_ID] = torch.where(scores[:, EOS_ID].isfinite(), 0.0, -torch.inf)
    return scores


def take_turns(ways: dict[str, Way], repeats: int) -> dict[str, Timing]:
    """Time each way once a round, so that a busy machine slows all of them; a first round is dropped.

    What is fast is repeated for a second: one call alone would be of what the way before left in the caches.
    """
    timings = {name: Timing([], None) for name in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            calls, taken, started = 0, 0.0, time.perf_counter()
            while taken < LEAST_SECONDS:
                result = way.rank()
                calls, taken = calls + 1, time.perf_counter() - started
            seconds = taken / (calls * way.queries)
            timings[name] = Timing([*timings[name].seconds, seconds] if turn else [], result)
    return timings


def _ratio(slow: Timing, fast: Timing) -> float:
    """The median over rounds of how many times as many queries a second the faster one ranks."""
    return statistics.median(a / b for a, b in zip(slow.seconds, fast.seconds, strict=True))


def markdown(frame: pd.DataFrame, threads: int) -> str:
    shown = pd.DataFrame({"documents": frame["documents"].map("{:,}".format), "identifiers": frame["scheme"]})
    for column in frame.columns[2:]:
        shown[column] = [_form(column).format(value) if pd.notna(value) else "–" for value in frame[column]]
    table = shown.to_markdown(index=False, disable_numparse=True)
    number = "one thread" if threads == 1 else f"{threads} threads"
    return (
        f"Exact ranking against beams, {number}, torch {torch.__version__}; ratio: queries a second of the "
        f"exact list as a multiple of the beams'.\n\n{table}\n"
    )


def _form(column: str) -> str:
    if "share" in column:
        return "{:.0%}"
    if "ratio" in column:
        return "{:.1f}×"
    return "{:,.0f}" if "passes" in column else "{:.3g}"


def draw(frame: pd.DataFrame, folder: Path) -> None:
    use_theme()
    figure, axes = plt.subplots(figsize=(6, 4))
    colours = {"naive": "#D55E00", "semantic": "#0072B2", "atomic": "#555555"}
    styles = {"top-100": "-", "top-1000": "--", "100 beams": ":"}
    for (scheme, way), column in (
        ((scheme, way), f"{way}, queries/s") for scheme in colours for way in styles
    ):
        part = frame[frame["scheme"] == scheme].dropna(subset=[column])
        if len(part):
            label = f"{scheme}, {way if 'beams' in way else f'exact {way}'}"
            axes.loglog(
                part["documents"], part[column], styles[way], color=colours[scheme], marker="o", label=label
            )
    axes.set(xlabel="documents", ylabel="queries a second")
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    save_figure(figure, folder / "ranking.svg", folder / "ranking.png", dpi=150)


if __name__ == "__main__":
    main()
