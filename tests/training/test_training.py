"""Training: what an epoch holds, what a run depends on, what masks and resumption promise."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.bm25.term_weights import term_weights
from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import (
    VocabularyError,
    load_tokenizer,
    piece_counts,
    save_tokenizer,
    train_tokenizer,
)
from dsi.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from dsi.model.lsa import ModelSettingsError, initialise_from_lsa
from dsi.model.masks import masks_hold
from dsi.model.scoring import docid_logits, pad_batch, score_queries
from dsi.model.t5 import build_model, untie_head
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.gradual import CubicSchedule, GradualMasks
from dsi.pruning.layers import linear_names
from dsi.pruning.thresholds import layerwise_masks
from dsi.pseudo_queries.sampler import KINDS, PseudoQuerySampler, query_words
from dsi.training import loop as training
from dsi.training.loop import Held, MaskError, Retriever, train
from dsi.training.objectives import docid as docid_task
from dsi.training.objectives.docid import DocidObjective, Query
from dsi.training.phase import Optimisation, Phase, describe_phase

LENGTHS = {"chunk": [5, 12], "terms": [4, 12]}
WORDS = ["graph", "node", "edge", "matrix", "array", "vector", "random", "shortest", "path", "weight"]
TEXTS = [
    " ".join(random.Random(number).choices(WORDS, k=30)) + f". Item {WORDS[number % 10]} ends here."
    for number in range(24)
]
SETTINGS = {
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 16,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.1,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}
EVEN = dict.fromkeys(KINDS, 1.0)
RETRIEVER_ATOMIC = {"task": "docid", "scheme": "atomic", "max_tokens": 12}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(train_tokenizer(TEXTS, 34), folder)
    return folder


def scorer() -> Bm25Scorer:
    vectors = [{word: text.split().count(word) for word in set(text.split())} for text in TEXTS]
    words = {word for text in TEXTS for word in text.split()}
    return Bm25Scorer(term_weights(vectors, 0.9, 0.4), {word: [word] for word in words}, len(TEXTS))


def objective(
    folder: Path,
    teacher_weight: float = 0.5,
    distinct: int | None = None,
    queries: tuple[Query, ...] = (Query("shortest path", (3, 5)),),
) -> DocidObjective:
    return DocidObjective(
        PseudoQuerySampler(TEXTS, scorer().idf, EVEN, LENGTHS),
        scorer(),
        load_tokenizer(folder, 12),
        queries,
        [Query("random matrix", (2,))],
        documents=len(TEXTS),
        per_document=2,
        distinct=distinct,
        training_share=0.2,
        teacher_weight=teacher_weight,
        temperature=1.0,
        batch_size=8,
        seed=1,
    )


def cut_to_the_same_length(batches: list[docid_task.Batch]) -> list[docid_task.Batch]:
    """The first four rows of each batch, as long as the shortest."""
    width = min(batch.input_ids.shape[1] for batch in batches)
    return [
        docid_task.Batch(batch.input_ids[:4, :width], batch.attention_mask[:4, :width], batch.targets[:4])
        for batch in batches
    ]


def phase(epochs: int, name: str = "E1") -> Phase:
    return Phase(
        name="E1" if name == "E1" else "E2",
        first_epoch=1,
        epochs=epochs,
        learning_rate=0.01,
        warmup=0.1,
        schedule="cosine",
        optimisation=Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=1.0),
        accumulate=1,
        checkpointing=False,
        patience=None,
        precision="fp32",
        seed=1,
    )


def module(
    folder: Path,
    epochs: int,
    masks: dict[str, torch.Tensor] | None = None,
    moments: dict[str, torch.Tensor] | None = None,
) -> Retriever:
    tokenizer = load_tokenizer(folder, 12)
    model = build_model(SETTINGS, tokenizer.get_vocab_size(), len(TEXTS), seed=1)
    return Retriever(model, phase(epochs), objective(folder), masks=masks or {}, moments=moments)


def test_an_epoch_holds_every_document_and_the_share_of_training_queries(tokenizer_folder: Path) -> None:
    trained = objective(tokenizer_folder, teacher_weight=0.0)
    seen = list(trained.batches(1))
    assert trained.examples == 24 * 2 + 12  # 12 of 60 are a fifth
    assert len(seen) == len(trained) == math.ceil(60 / 8)
    targets = torch.cat([batch.targets for batch in seen])
    queries = targets[(targets > 0).sum(dim=1) == 2]
    assert len(queries) == 12
    assert queries[0].nonzero().flatten().tolist() == [3, 5]
    assert targets.sum(dim=0)[0] == 2  # two pseudo-queries of document 0
    assert torch.allclose(targets.sum(dim=1), torch.ones(60))


def test_epochs_differ_and_are_reproducible(tokenizer_folder: Path) -> None:
    ids = [
        torch.cat([batch.input_ids.flatten() for batch in objective(tokenizer_folder).batches(epoch)])
        for epoch in (1, 1, 2)
    ]
    assert torch.equal(ids[0], ids[1])
    assert not torch.equal(ids[0], ids[2])


def test_half_of_the_target_is_bm25s(tokenizer_folder: Path) -> None:
    texts = [(["shortest", "path"], (3,)), (["unheard-of"], (4,))]
    targets = objective(tokenizer_folder)._targets(texts)
    scores = scorer().scores([words for words, _ in texts])
    expected = 0.5 * np.exp(scores[0]) / np.exp(scores[0]).sum()
    expected[3] += 0.5
    assert targets[0] == pytest.approx(expected, abs=1e-6)
    # A text that BM25 cannot place has only its own document.
    assert targets[1, 4] == 1


def test_buckets_hold_similar_lengths_and_every_row_once() -> None:
    lengths = [random.Random(0).randint(1, 30) for _ in range(100)]
    groups = training.bucketed(lengths, 8, random.Random(1))
    assert sorted(row for group in groups for row in group) == list(range(100))
    spread = [max(lengths[row] for row in group) - min(lengths[row] for row in group) for group in groups]
    assert np.mean(spread) < 6


def test_padding_changes_no_logit(tokenizer_folder: Path) -> None:
    model = module(tokenizer_folder, 1).model.eval()
    with torch.no_grad():
        alone = docid_logits(model, *pad_batch([[5, 6, 1]]), documents=24)
        padded = docid_logits(model, *pad_batch([[5, 6, 1], [7, 8, 9, 10, 11, 12, 1]]), documents=24)
    assert torch.allclose(alone[0], padded[0], atol=1e-6)


def test_soft_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])
    loss = docid_task.soft_cross_entropy(logits, torch.tensor([[0.25, 0.75]]))
    assert loss.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


def test_the_schedule_warms_up_and_ends_at_zero() -> None:
    factors = [training.warmup_cosine(progress, 0.1) for progress in (0, 0.05, 0.1, 0.55, 1)]
    assert factors == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_the_constant_schedule_warms_up_and_stays() -> None:
    assert [training.warmup_constant(progress, 0.1) for progress in (0, 0.05, 0.1, 1)] == [0, 0.5, 1, 1]
    assert training.warmup_constant(0, 0) == 1


def test_accumulated_gradients_are_those_of_the_whole_batch(tokenizer_folder: Path, tmp_path: Path) -> None:
    settings = {**SETTINGS, "dropout": 0.0}
    after = []
    for accumulate, rows in ((1, 12), (2, 6)):
        model = build_model(settings, load_tokenizer(tokenizer_folder, 12).get_vocab_size(), len(TEXTS), 1)
        trained = objective(tokenizer_folder)
        batches = list(objective(tokenizer_folder).batches(1))
        both = [
            torch.cat([batch[part] for batch in cut_to_the_same_length(batches[:3])]) for part in range(3)
        ]
        parts = [
            docid_task.Batch(*(part[first : first + rows] for part in both)) for first in range(0, 12, rows)
        ]
        trained.batches = lambda epoch, parts=parts: iter(parts)  # type: ignore[method-assign,misc]
        trained.examples, trained._batch_size = 12, rows
        step = phase(1)._replace(accumulate=accumulate, schedule="constant", warmup=0.0)
        module = Retriever(model, step, trained, masks={}, moments=None)
        train(module, step, tmp_path / str(rows))
        after.append(model.shared.weight.detach().clone())
    assert torch.allclose(after[0], after[1], atol=1e-6)


def test_adafactor_keeps_no_first_moments(tokenizer_folder: Path) -> None:
    model = module(tokenizer_folder, 1).model
    chosen = phase(1).optimisation._replace(name="adafactor")
    optimiser = training.make_optimiser(model, chosen, 0.001)
    model(input_ids=torch.tensor([[5, 1]]), labels=torch.tensor([[6]])).loss.backward()
    optimiser.step()
    matrix = model.shared.weight
    held = sum(value.numel() for value in optimiser.state[matrix].values())
    assert held < 0.5 * matrix.numel()  # Adam holds twice the parameters


def test_an_untied_head_is_saved_and_loaded_as_it_was_evaluated(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    model = module(tokenizer_folder, 1).model.eval()
    untie_head(model)
    with torch.no_grad():
        model.lm_head.weight[:, ::2] = 0
    inputs = pad_batch([[5, 6, 1]])
    docids = pd.DataFrame({"docid": [f"d{n}" for n in range(24)]})
    save_checkpoint(model, tokenizer_folder, atomic(docids, 34), tmp_path, RETRIEVER_ATOMIC)
    loaded = load_checkpoint(tmp_path).model.eval()
    assert loaded.lm_head.weight is not loaded.shared.weight
    assert torch.equal(loaded.shared.weight, model.shared.weight)
    assert loaded.shared.weight.count_nonzero() == model.shared.weight.numel()
    with torch.no_grad():
        assert torch.equal(
            docid_logits(loaded, *inputs, documents=24), docid_logits(model, *inputs, documents=24)
        )


def test_masks_are_held_and_nothing_else_is_zeroed(tokenizer_folder: Path, tmp_path: Path) -> None:
    start = module(tokenizer_folder, 1).model
    weights = {name: value.detach().clone() for name, value in start.named_parameters()}
    masks = layerwise_masks(
        magnitude_importances({name: weights[name] for name in linear_names(weights)}), 0.5
    )
    pruned = module(tokenizer_folder, 2, masks=masks)
    with torch.no_grad():
        for name, mask in masks.items():
            dict(pruned.model.named_parameters())[name].mul_(mask)
    history, _ = train(pruned, pruned._phase, tmp_path / "state")
    after = dict(pruned.model.named_parameters())
    assert masks_hold(after, masks)
    assert all(after[name][mask].count_nonzero() == mask.sum() for name, mask in masks.items())
    assert not torch.equal(after["shared.weight"], weights["shared.weight"])
    assert list(history.columns) == [*training.HISTORY, *DocidObjective.measures]
    assert list(history["epoch"]) == [1, 2]
    assert history.notna().all().all()


def test_masks_that_do_not_hold_end_the_training(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = module(tokenizer_folder, 1)
    broken._masks = {"shared.weight": torch.zeros_like(broken.model.shared.weight, dtype=torch.bool)}
    monkeypatch.setattr(training, "hold_masks", lambda held: None)
    with pytest.raises(MaskError, match="after epoch 1 a pruned weight is not zero"):
        train(broken, broken._phase, tmp_path)


def test_a_resumed_run_equals_an_uninterrupted_one(tokenizer_folder: Path, tmp_path: Path) -> None:
    whole = module(tokenizer_folder, 3)
    history, _ = train(whole, whole._phase, tmp_path / "whole")

    killed = module(tokenizer_folder, 3)
    original = killed.on_train_batch_start

    def stop_in_the_third_epoch(batch: docid_task.Batch, batch_idx: int) -> None:
        if killed.current_epoch == 2 and batch_idx == 3:
            raise KeyboardInterrupt
        original(batch, batch_idx)

    killed.on_train_batch_start = stop_in_the_third_epoch  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed, killed._phase, tmp_path / "killed")
    assert (tmp_path / "killed" / "last.ckpt").is_file()

    resumed = module(tokenizer_folder, 3)
    again, _ = train(resumed, resumed._phase, tmp_path / "killed")
    pd.testing.assert_frame_equal(again, history, check_exact=True)
    for name, value in whole.model.named_parameters():
        assert torch.equal(dict(resumed.model.named_parameters())[name], value), name


def test_recovery_goes_on_with_the_epochs_that_follow(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    batches = DocidObjective.batches

    def recorded(self: DocidObjective, epoch: int) -> Iterator[docid_task.Batch]:
        drawn.append(epoch)
        yield from batches(self, epoch)

    monkeypatch.setattr(DocidObjective, "batches", recorded)
    second = module(tokenizer_folder, 2)
    second._phase = second._phase._replace(name="E2", first_epoch=4)
    history, _ = train(second, second._phase, tmp_path)
    assert drawn == [4, 5]
    assert list(history["epoch"]) == [4, 5]
    assert list(history["phase"]) == ["E2", "E2"]


def learning_rates(retriever: Retriever) -> list[float]:
    """Of every step of a phase."""
    configured = retriever.configure_optimizers()
    optimiser, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(len(retriever._objective) * retriever._phase.epochs):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return rates


def test_rewound_recovery_repeats_the_last_learning_rates(tokenizer_folder: Path) -> None:
    first = module(tokenizer_folder, 3)
    second = module(tokenizer_folder, 2)
    second._phase = second._phase._replace(name="E2", first_epoch=4, rewound=1)
    steps = len(first._objective)
    assert learning_rates(second) == pytest.approx(learning_rates(first)[steps:])


def test_the_rewound_schedule_is_e1s_whatever_the_recovery_says() -> None:
    training_section = {
        **{"epochs": 5, "learning_rate": 0.01, "warmup": 0.2, "schedule": "cosine", "optimiser": "adamw"},
        **{"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1, "gradient_clip": None, "patience": None},
        **{"accumulate": 1, "checkpointing": False, "precision": "fp32"},
    }
    recovery = {"epochs": 2, "learning_rate": 0.5, "warmup": 0.5, "rewind": True}
    settings = {"training": training_section, "recovery": recovery}
    rewound = describe_phase("E2", settings, 1)
    assert (rewound.first_epoch, rewound.epochs, rewound.rewound) == (6, 2, 3)
    assert (rewound.learning_rate, rewound.warmup) == (0.01, 0.2)
    tuned = describe_phase("E2", {**settings, "recovery": {**recovery, "rewind": False}}, 1)
    assert (tuned.rewound, tuned.learning_rate, tuned.warmup) == (0, 0.5, 0.5)
    assert describe_phase("E1", settings, 1).epochs == 5


def growing(folder: Path, epochs: int) -> Retriever:
    """A retriever whose masks grow to 0.8 over the first half of its steps."""

    def grow(held: Held, step: int, last: int) -> None:
        GradualMasks(held, CubicSchedule(0, last // 2, 0.8), every=3).update(step)

    plain = module(folder, epochs)
    weights = dict(plain.model.named_parameters())
    masks = {name: torch.ones_like(weights[name], dtype=torch.bool) for name in linear_names(weights)}
    return Retriever(plain.model, plain._phase, objective(folder), masks=masks, moments=None, grow=grow)


def test_gradual_recovery_ends_with_the_rate_and_bears_a_kill(tokenizer_folder: Path, tmp_path: Path) -> None:
    whole = growing(tokenizer_folder, 4)
    train(whole, whole._phase, tmp_path / "whole")
    weights = dict(whole.model.named_parameters())
    for name, mask in whole.masks.items():
        assert int((~mask).sum()) == round(0.8 * mask.numel()), name
        assert not weights[name][~mask].any(), name

    killed = growing(tokenizer_folder, 4)
    original = killed.on_train_batch_start

    def stop_in_the_second_epoch(batch: docid_task.Batch, batch_idx: int) -> None:
        if killed.current_epoch == 1 and batch_idx == 3:
            raise KeyboardInterrupt
        original(batch, batch_idx)

    killed.on_train_batch_start = stop_in_the_second_epoch  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed, killed._phase, tmp_path / "killed")
    resumed = growing(tokenizer_folder, 4)
    train(resumed, resumed._phase, tmp_path / "killed")
    for name, mask in whole.masks.items():
        assert torch.equal(resumed.masks[name], mask), name
    for name, value in weights.items():
        assert torch.equal(dict(resumed.model.named_parameters())[name], value), name


def test_optimiser_state_survives_by_parameter_name(tokenizer_folder: Path, tmp_path: Path) -> None:
    first = module(tokenizer_folder, 1)
    _, optimiser = train(first, first._phase, tmp_path / "a")
    moments = training.optimiser_moments(optimiser, first.model)
    assert {key.rpartition("/")[2] for key in moments} == {"step", "exp_avg", "exp_avg_sq"}
    second = module(tokenizer_folder, 1, moments=moments)
    kept = second.configure_optimizers()["optimizer"]
    for name, parameter in second.model.named_parameters():
        assert torch.equal(kept.state[parameter]["exp_avg"], moments[f"{name}/exp_avg"])
        assert kept.state[parameter]["step"] == len(first._objective)


def test_early_stopping_follows_the_configured_patience(tokenizer_folder: Path, tmp_path: Path) -> None:
    impatient = module(tokenizer_folder, 30)
    stuck = impatient._phase._replace(patience=1, learning_rate=0.0)
    impatient._phase = stuck
    history, _ = train(impatient, stuck, tmp_path)
    assert len(history) == 2  # the second epoch is no better than the first


def test_a_checkpoint_is_an_ordinary_one_and_gives_the_same_scores(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    trained = module(tokenizer_folder, 1)
    train(trained, trained._phase, tmp_path / "state")
    docids = [f"doc{number}" for number in range(24)]
    frame = atomic(pd.DataFrame({"docid": docids}), 34)
    save_checkpoint(trained.model, tokenizer_folder, frame, tmp_path, RETRIEVER_ATOMIC)
    loaded, report = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]

    texts = ["shortest path", "random matrix of weight"]
    checkpoint = load_checkpoint(tmp_path)
    ours = Checkpoint(trained.model, load_tokenizer(tokenizer_folder, 12), docids)
    assert (score_queries(checkpoint, texts) == score_queries(ours, texts)).all()

    # Plain transformers: the token that generate() picks is the best document's.
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    generated = loaded.eval().generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False
    )
    first = loaded.config.vocab_size - len(docids)
    best = score_queries(checkpoint, texts).argmax(axis=1)
    assert (generated[:, 1] - first).tolist() == best.tolist()


def test_lsa_places_documents_near_the_words_they_hold(tokenizer_folder: Path) -> None:
    model = module(tokenizer_folder, 1).model
    tokenizer = load_tokenizer(tokenizer_folder, 12)
    counts = piece_counts(tokenizer, TEXTS)
    initialise_from_lsa(model, counts, std=0.1)
    weight = model.shared.weight.detach()
    assert weight.std().item() == pytest.approx(0.1, rel=0.1)
    pieces, documents = weight[:-24], weight[-24:]
    similarity = (pieces @ documents.T).flatten()
    occurrences = torch.from_numpy(counts.toarray()).float().flatten()
    correlation = torch.corrcoef(torch.stack([similarity, occurrences]))[0, 1]
    assert correlation > 0.2
    again = module(tokenizer_folder, 1).model
    initialise_from_lsa(again, counts, std=0.1)
    assert torch.equal(again.shared.weight, model.shared.weight)


def test_a_model_too_wide_for_lsa_is_refused(tokenizer_folder: Path) -> None:
    tokenizer = load_tokenizer(tokenizer_folder, 12)
    model = build_model({**SETTINGS, "d_model": 32}, tokenizer.get_vocab_size(), 24, seed=1)
    with pytest.raises(ModelSettingsError, match=r"model\.d_model: found 32 .* 24 documents; .* example"):
        initialise_from_lsa(model, piece_counts(tokenizer, TEXTS), std=0.1)


def test_the_tokenizer_is_reproducible_and_ends_every_text(tokenizer_folder: Path) -> None:
    assert train_tokenizer(TEXTS, 34).to_str() == train_tokenizer(TEXTS, 34).to_str()
    tokenizer = load_tokenizer(tokenizer_folder, 5)
    assert tokenizer.encode("shortest path of the graph matrix random").ids[-1] == 1
    assert len(tokenizer.encode("shortest path of the graph matrix random").ids) == 5


def test_a_vocabulary_that_the_collection_cannot_fill_is_refused() -> None:
    with pytest.raises(
        VocabularyError, match=r"found 5000, expected at most the 36 pieces .* vocabulary: 36"
    ):
        train_tokenizer(TEXTS, 5000)


def test_pseudo_queries_come_from_their_document() -> None:
    rng = random.Random(0)
    for kind in KINDS:
        sampler = PseudoQuerySampler(TEXTS, scorer().idf, {**dict.fromkeys(KINDS, 0.0), kind: 1.0}, LENGTHS)
        for _ in range(20):
            words = sampler.sample(7, rng)
            assert words
            assert set(words) <= set(TEXTS[7].split())
    only_first = PseudoQuerySampler(
        TEXTS, scorer().idf, {**dict.fromkeys(KINDS, 0.0), "first_sentence": 1.0}, LENGTHS
    )
    assert only_first.sample(7, rng) == TEXTS[7].split(" Item ")[0].split()


def test_chunks_and_terms_have_the_configured_number_of_words() -> None:
    rng = random.Random(0)
    for kind, (fewest, most) in {"chunk": (2, 3), "terms": (1, 2)}.items():
        weights = {**dict.fromkeys(KINDS, 0.0), kind: 1.0}
        sampler = PseudoQuerySampler(TEXTS, scorer().idf, weights, {**LENGTHS, kind: [fewest, most]})
        assert {len(sampler.sample(7, rng)) for _ in range(50)} == {fewest, most}


def test_query_words_leave_out_code_and_numbers() -> None:
    assert query_words("see 12 `x` ---- a-word " + "z" * 40) == ["see", "`x`", "a-word"]


def test_precision_follows_the_processors_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16 sse\n\n")
    assert training.processor_flags(cpuinfo) == {"fpu", "avx512_bf16", "sse"}
    assert training.processor_flags(tmp_path / "absent") == set()
    assert training.resolve_precision("fp32") == "fp32"
    assert training.resolve_precision("bf16") == "bf16"


def test_pseudo_queries_drawn_once_are_few(tokenizer_folder: Path) -> None:
    drawn = objective(tokenizer_folder, distinct=1, queries=())
    seen = {tuple(row) for epoch in (1, 2, 3) for batch in drawn.batches(epoch) for row in pieces(batch)}
    assert len(seen) <= len(TEXTS)
    anew = objective(tokenizer_folder, queries=())
    assert len({tuple(row) for e in (1, 2, 3) for batch in anew.batches(e) for row in pieces(batch)}) > len(
        TEXTS
    )


def pieces(batch: docid_task.Batch) -> list[list[int]]:
    return [[piece for piece in row if piece] for row in batch.input_ids.tolist()]


def test_queries_that_nobody_judged_are_taught_by_bm25_alone(tokenizer_folder: Path) -> None:
    unjudged = (Query("shortest path", ()), Query("zzz", ()))
    taught = objective(tokenizer_folder, queries=unjudged)
    pseudo = len(TEXTS) * 2
    assert taught.examples == pseudo + round(pseudo * 0.2 / 0.8)
    expected = docid_task.softmax(scorer().scores([["shortest", "path"]]))[0]
    targets = [row for batch in taught.batches(1) for row in batch.targets.numpy()]
    alike = sum(np.allclose(row, expected, atol=1e-6) for row in targets)
    assert alike >= taught.examples - pseudo  # "zzz", which BM25 cannot teach, is never drawn
    assert all(row.sum() == pytest.approx(1, abs=1e-5) for row in targets)
    assert objective(tokenizer_folder, teacher_weight=0, queries=unjudged).examples == pseudo
