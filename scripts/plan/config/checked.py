"""The configuration of a study: coerced, checked, and refused with messages that help.

Every problem is reported at once, each with the key, what was found, what is allowed and an example.
schemas/config.schema.json holds what one key may be; the checks that span keys stand here. Imported by
the Snakefile at every start, so nothing heavy is. Does not know Snakemake.
"""

import copy
import difflib
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from dsi.collection.docstrings import UnknownPackageError, package_version
from dsi.pruning.registry import calibrated, rates_of

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.json"
RATE_DECIMALS = 4

# What a model that generates queries is told, each with an example.
SAMPLING = {
    "number": 20,
    "top_k": 10,
    "document_tokens": 512,
    "query_tokens": 64,
    "batch_size": 16,
    "seed": 42,
}

_JSON_TYPES = Draft202012Validator.TYPE_CHECKER
# NaN compares false with every bound, so that minimum and maximum let it pass.
_Validator = validators.extend(
    Draft202012Validator,
    type_checker=_JSON_TYPES.redefine(
        "number", lambda _, value: _JSON_TYPES.is_type(value, "number") and math.isfinite(value)
    ),
)


class ConfigurationError(ValueError):
    """The configuration is refused; the message lists every problem."""


def checked_configuration(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its values coerced and rates sorted.

    Values from the command line (`--config`) come as strings and are read as YAML where the schema
    asks for something else.

    Raises:
        ConfigurationError: a key is unknown or missing, or a value is not allowed.
    """
    raw = _extended(raw)
    schema = _schema_for(raw)
    config = _coerced(raw, schema, schema)
    errors = sorted(_Validator(schema).iter_errors(config), key=lambda e: list(e.path))
    problems = [problem for error in errors for problem in _explained(error, schema)]
    problems = list(dict.fromkeys(problems)) or list(_inconsistencies(config))
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigurationError(f"the configuration is refused:\n{listed}")
    config["rates"] = sorted(float(rate) for rate in config["rates"])
    return dict(config)


def _extended(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration with each baseline that extends another merged over it, as overlays are merged."""
    baselines = raw.get("baselines")
    if not isinstance(baselines, Mapping):
        return raw
    return {**raw, "baselines": {name: _with_base([name], baselines) for name in baselines}}


def _with_base(chain: list[str], baselines: Mapping[str, Any]) -> Any:
    """The last baseline of a chain, in which each is extended by the one before, over its own base."""
    definition = baselines[chain[-1]]
    if not isinstance(definition, Mapping) or "extends" not in definition:
        return definition
    base = str(definition["extends"])
    if base in chain or base not in baselines:
        known = ", ".join(sorted(str(name) for name in baselines if name not in chain))
        problem = (
            f"baselines.{chain[-1]}.extends: found {base!r}, expected a baseline that does not extend it"
        )
        raise ConfigurationError(f"the configuration is refused:\n  {problem}: {known}")
    own = {key: value for key, value in definition.items() if key != "extends"}
    return _merged(_with_base([*chain, base], baselines), own)


def _merged(base: Any, over: Any) -> Any:
    """Mappings merged key by key, anything else replaced."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}


def _schema_for(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with each definition bound to what it chooses: collections to their kind's schema, baselines
    to their task's, and docids to their scheme's.

    So that an error names the keys of that kind and not of all.
    """
    schema: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for section, prefix, key in (("collections", "collection", "kind"), ("baselines", "baseline", "task")):
        definitions = _coerced(raw.get(section), schema["properties"][section], schema)
        schema["properties"][section]["properties"] = {
            name: {"$ref": f"#/$defs/{prefix}-{definition.get(key)}"}
            for name, definition in (definitions.items() if isinstance(definitions, Mapping) else ())
            if isinstance(definition, Mapping) and f"{prefix}-{definition.get(key)}" in schema["$defs"]
        }
        if section == "baselines":
            _bind_schemes(definitions, schema)
    return schema


def _bind_schemes(baselines: Any, schema: dict[str, Any]) -> None:
    """Give each baseline with a known docid scheme a schema of its own in which docids are of that scheme."""
    properties = schema["properties"]["baselines"]["properties"]
    for name, reference in properties.items():
        docids = baselines[name].get("docids")
        docids = _read(docids) if isinstance(docids, str) else docids
        scheme = f"docids-{docids.get('scheme')}" if isinstance(docids, Mapping) else ""
        task = reference["$ref"].rsplit("/", 1)[1]
        if scheme in schema["$defs"] and "docids" in schema["$defs"][task]["properties"]:
            bound = copy.deepcopy(schema["$defs"][task])
            bound["properties"]["docids"]["$ref"] = f"#/$defs/{scheme}"
            properties[name] = bound


def _coerced(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """The value with strings read as YAML wherever the schema does not ask for a string.

    Whole floats become integers where the schema asks for those (`1.0` would name a folder `seed1.0`),
    and keys text (YAML reads a name like `1` as a number).
    """
    schema = _resolved(schema, root)
    kinds = schema.get("type", "string")
    if isinstance(value, str) and kinds != "string":
        value = _read(value)
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties") or {}
        return {str(key): _coerced(item, properties.get(key, rest), root) for key, item in value.items()}
    if isinstance(value, list):
        return [_coerced(item, schema.get("items", {}), root) for item in value]
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return int(value)
    return value


def _read(text: str) -> Any:
    """A YAML list or mapping of texts, a truth value, null or a decimal number; else the text itself."""
    try:
        structure = yaml.load(text, yaml.BaseLoader)  # leaves stay text, for their own schema to read
        scalar = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text  # refused later, with the text as it was found
    if isinstance(structure, list | dict):
        return structure
    if scalar is None or isinstance(scalar, bool):
        return scalar
    return _number(text)


def _number(text: str) -> float | str:
    """As a person reads it: YAML 1.1 takes 010 for 8, 1:30 for 90 and 1e-3 for text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return root["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


def _explained(error: ValidationError, root: Mapping[str, Any]) -> Iterator[str]:
    """Messages for one schema error: key, found, allowed, example."""
    path = ".".join(str(part) for part in error.path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in error.instance:
            if key not in known:
                yield _unknown_key(f"{path}.{key}".lstrip("."), key, known)
        return
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                example = _example(_resolved(error.schema["properties"][key], root), key)
                yield f"{f'{path}.{key}'.lstrip('.')}: missing{example}"
        return
    if error.validator == "pattern" and "propertyNames" in error.schema_path:
        yield (
            f"{path}: found the name {error.instance!r}, expected lower-case letters, digits and "
            "hyphens, for example my-study"
        )
        return
    # An item of a list is shown under the list's own key, with the list's example.
    keys = [part for part in error.path if isinstance(part, str)]
    holder = _schema_at(root, keys)
    yield (
        f"{'.'.join(keys) or 'the configuration'}: found {error.instance!r}, "
        f"expected {_allowed(error)}{_example(holder, keys[-1] if keys else '')}"
    )


def _unknown_key(path: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"{path}: unknown key; {hint}Allowed here: {', '.join(sorted(known))}"


def _schema_at(root: Mapping[str, Any], keys: list[str]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = root
    for key in keys:
        schema = _resolved(schema, root)
        schema = schema.get("properties", {}).get(key) or schema.get("additionalProperties") or {}
    return _resolved(schema, root)


def _allowed(error: ValidationError) -> str:
    """What the failed schema allows, in words."""
    schema = error.schema
    if error.validator == "enum":
        return f"one of {', '.join(map(str, schema['enum']))}"
    if error.validator in ("minItems", "minProperties"):
        wanted = schema[error.validator]
        return "at least one entry" if wanted == 1 else f"{wanted} entries"
    if error.validator == "maxItems":
        return f"{schema['maxItems']} entries"
    if error.validator == "uniqueItems":
        return "every value once"
    if error.validator == "minLength":
        return "some text"
    if error.validator == "pattern":
        return f"text that matches {schema['pattern']}"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = {"array": "a list", "object": "a mapping", "string": "text", "boolean": "true or false"}
    kinds = {"number": "a number", "integer": "a whole number", "null": "null", **words}
    return " or ".join(kinds[kind] for kind in types) + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
        )
        if key in schema
    ]
    return f" {' and '.join(bounds)}" if bounds else ""


def _example(schema: Mapping[str, Any], key: str) -> str:
    examples = schema.get("examples")
    if not examples and schema.get("properties"):
        return f", for example {key}: {_mapping_example(schema['properties'])}"
    if not examples:
        return ""
    example = examples[0] if isinstance(examples[0], str) else json.dumps(examples[0])
    return f", for example {key}: {example}"


def _mapping_example(properties: Mapping[str, Any]) -> str:
    """The first key of a mapping, with an ellipsis for the others: {d_model: 128, …}."""
    key, first = next(iter(properties.items()))
    others = ", …" if len(properties) > 1 else ""
    return f"{{{_example(first, key).removeprefix(', for example ')}{others}}}"


def _inconsistencies(config: Mapping[str, Any]) -> Iterator[str]:
    """Problems that span keys; the configuration fits the schema."""
    yield from _unknown_names(config)
    for rate in config["rates"]:
        if -int(Decimal(repr(float(rate))).as_tuple().exponent) > RATE_DECIMALS:
            yield (
                f"rates: found {rate!r}, expected at most {RATE_DECIMALS} decimals, "
                "for example rates: [0.125]"
            )
    if config["collection"] in config["collections"]:
        yield from _collection_problems(
            f"collections.{config['collection']}", config["collections"][config["collection"]]
        )
    for name in config["run"]:
        if name in config["baselines"]:
            yield from _baseline_problems(f"baselines.{name}", config["baselines"][name], config["models"])
            yield from _lacking_queries(name, config)
    yield from _criteria_problems(config)
    yield from _reference_problems(config)
    for number, row in enumerate(config["published"], start=1):
        if row["baseline"] not in config["baselines"]:
            yield (
                f"published, row {number}: found baseline {row['baseline']!r}, expected one of "
                f"{', '.join(sorted(config['baselines']))}"
            )


def _criteria_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Criteria that the rates, the chosen layers or the baselines do not fit, and a recovery too long."""
    pruned = {
        name: config["baselines"][name]
        for name in config["run"]
        if name in config["baselines"] and config["baselines"][name]["prune"]
    }
    for criterion in config["criteria"] if pruned else []:
        if not rates_of(criterion, config["rates"]):
            yield (
                f"criteria: found {criterion} with rates {config['rates']}, expected among them the only one "
                "that it has, for example rates: [0.5]"
            )
        for name, baseline in pruned.items():
            atomic = baseline["task"] == "docid" and baseline["docids"]["scheme"] == "atomic"
            if calibrated(criterion) and not atomic:
                yield (
                    f"criteria: found {criterion} with the baseline {name}, expected baselines of task docid "
                    "with atomic docids, for example run: [dsi]"
                )
    chosen = config["pruning"]
    whole = {"encoder", "decoder"} <= set(chosen["stacks"]) and "feed_forward" in chosen["kinds"]
    if pruned and "ffn" in config["criteria"] and not whole:
        yield (
            f"criteria: found ffn with stacks {chosen['stacks']} and kinds {chosen['kinds']}, expected all "
            "feed-forward layers, as a T5 has one d_ff, for example stacks: [encoder, decoder]"
        )
    epochs = config["recovery"]["epochs"]
    for name, baseline in pruned.items():
        if config["recovery"]["rewind"] and epochs > baseline["training"]["epochs"]:
            yield (
                f"recovery.rewind: found {epochs} epochs of recovery, expected at most the "
                f"{baseline['training']['epochs']} of {name}'s training, for example epochs: 3"
            )


def _reference_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Baselines are compared with one that is run, and only docid ones have pseudo-queries to compare."""
    reference = config["report"]["reference"]
    runs = [name for name in config["run"] if config["baselines"].get(name, {}).get("task") == "docid"]
    if reference is not None and reference not in runs:
        yield (
            f"report.reference: found {reference!r}, expected null or a baseline of task docid that is run: "
            f"{', '.join(runs) or 'none here'}"
        )


def _baseline_problems(
    path: str, baseline: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    training = baseline["training"]
    if training["batch_size"] % training["accumulate"]:
        yield (
            f"{path}.training.accumulate: found {training['accumulate']}, expected a divisor of batch_size "
            f"{training['batch_size']}, for example accumulate: 1"
        )
    if baseline["task"] == "docid":
        yield from _docids_problems(f"{path}.docids", baseline["docids"])
        yield from _generated_problems(f"{path}.pseudo_queries", baseline["pseudo_queries"])
        yield from (
            f"{path}.pseudo_queries.lengths.{kind}: found {list(length)}, expected the fewest words before "
            f"the most, for example {kind}: {sorted(length)}"
            for kind, length in baseline["pseudo_queries"]["lengths"].items()
            if length[0] > length[1]
        )
        if not any(baseline["pseudo_queries"]["weights"].values()):
            yield (
                f"{path}.pseudo_queries.weights: found only zeros, expected at least one positive weight, "
                "for example chunk: 0.4"
            )
        return
    name = baseline["model"]
    if name not in models:
        yield f"{path}.model: found {name!r}, expected one of {', '.join(sorted(models))} (see models)"
        return
    model = models[name]
    if not {"hub", "path", "vocabulary"} & set(model):
        yield (
            f"models.{name}: found no tokenizer, expected hub, path or vocabulary, for example "
            "hub: google-t5/t5-small"
        )
    elif not {"hub", "path", "architecture"} & set(model):
        yield (
            f"models.{name}: found a vocabulary without weights, expected an architecture, for example "
            "architecture: {d_model: 128, …}"
        )
    if "path" in model and not Path(model["path"]).is_dir():
        yield (
            f"models.{name}.path: found {model['path']!r}, which is no folder; expected one with "
            "config.json, model.safetensors and a tokenizer, for example path: models/t5-small"
        )


def _docids_problems(path: str, docids: Mapping[str, Any]) -> Iterator[str]:
    embeddings = docids.get("embeddings", "")
    if embeddings.endswith(".parquet") and not Path(embeddings).is_file():
        yield (
            f"{path}.embeddings: found {embeddings!r}, which does not exist; expected lsa, a parquet file "
            "with docid and vector, or the name of a sentence-transformers model, for example embeddings: lsa"
        )


def _generated_problems(path: str, pseudo_queries: Mapping[str, Any]) -> Iterator[str]:
    """Generated queries have a source and a weight, and the source is a file or a model."""
    weight, source = pseudo_queries["weights"].get("generated", 0), pseudo_queries.get("generated")
    if source is None:
        if weight:
            yield (
                f"{path}.weights.generated: found {weight} without {path}.generated, expected where the "
                "queries come from, for example generated: {path: data/queries.jsonl}"
            )
        return
    if not weight:
        yield (
            f"{path}.generated: found a source without a weight, expected a positive one in {path}.weights, "
            "for example generated: 0.3"
        )
    forms = [key for key in ("path", "model") if key in source]
    if len(forms) != 1:
        found = " and ".join(forms) or "neither path nor model"
        yield f"{path}.generated: found {found}, expected either, for example path: data/queries.jsonl"
    elif forms == ["path"]:
        yield from _generated_file_problems(f"{path}.generated", source)
    else:
        yield from (
            f"{path}.generated.{key}: missing, for example {key}: {example}"
            for key, example in SAMPLING.items()
            if key not in source
        )


def _generated_file_problems(path: str, source: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{path}.{key}: goes with model, not with path; remove it" for key in source if key != "path")
    if not Path(source["path"]).is_file():
        yield (
            f"{path}.path: found {source['path']!r}, which is no file; expected JSON lines or TSV, for "
            "example path: data/queries.jsonl"
        )


def _lacking_queries(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    """A ranked-list model is trained on queries only: it needs some."""
    collection = config["collections"].get(config["collection"], {})
    without = collection.get("split", {}).get("train") == 0 or "train" not in collection.get(
        "splits", {"train": None}
    )
    if config["baselines"][name]["task"] == "ranked-list" and without:
        yield (
            f"run: found {name}, a ranked-list baseline, with the collection {config['collection']}, which "
            "has no training queries; expected baselines of task docid, for example run: [dsi]"
        )


def _unknown_names(config: Mapping[str, Any]) -> Iterator[str]:
    for key, chosen in (("collection", [config["collection"]]), ("run", config["run"])):
        definitions = config["collections" if key == "collection" else "baselines"]
        for name in chosen:
            if name not in definitions:
                known = ", ".join(sorted(definitions))
                example = sorted(definitions)[0]
                shown = example if key == "collection" else f"[{example}]"
                yield f"{key}: found {name!r}, expected one of {known}, for example {key}: {shown}"


def _collection_problems(path: str, collection: Mapping[str, Any]) -> Iterator[str]:
    if "split" in collection:
        yield from _split_problems(f"{path}.split", collection["split"])
    if collection["kind"] == "pydocs":
        for package in collection["packages"]:
            try:
                package_version(package)
            except UnknownPackageError as error:
                yield f"{path}.packages: {error}"
    if collection["kind"] == "index":
        yield from _source_problems(f"{path}.index", collection["index"], ("path", "url", "prebuilt"))
    if collection["kind"] == "files":
        yield from _source_problems(f"{path}.corpus", collection["corpus"], ("path", "url"))
    if collection["kind"] in ("index", "files"):
        yield from _queries_problems(path, collection)


def _split_problems(path: str, split: Mapping[str, Any]) -> Iterator[str]:
    total = split["train"] + split["validation"] + split["test"]
    if abs(total - 1) > 1e-9:
        yield (
            f"{path}: found fractions that add up to {total:g}, expected 1, "
            "for example {method: permutation, train: 0.7, validation: 0.1, test: 0.2, seed: 42}"
        )


def _queries_problems(path: str, collection: Mapping[str, Any]) -> Iterator[str]:
    """Queries are divided at random (topics, qrels and split) or as published (splits)."""
    divided = ("topics", "qrels", "split")
    found = [key for key in (*divided, "splits") if key in collection]
    if found not in ([*divided], ["splits"]):
        yield (
            f"{path}: found {', '.join(found) or 'no queries'}, expected either topics, qrels and split, or "
            "splits alone, for example splits: {test: {topics: {path: topics.tsv}, qrels: {path: qrels.txt}}}"
        )
        return
    parts = [(path, collection)] if found == [*divided] else []
    parts += [(f"{path}.splits.{name}", part) for name, part in collection.get("splits", {}).items()]
    for where, part in parts:
        for key in ("topics", "qrels"):
            yield from _source_problems(f"{where}.{key}", part[key], ("path", "url", "pyserini"))


def _source_problems(path: str, source: Mapping[str, Any], forms: tuple[str, ...]) -> Iterator[str]:
    """`forms` are the keys of which one must be there."""
    listed = f"{', '.join(forms[:-1])} or {forms[-1]}"
    if not set(forms) & set(source):
        yield f"{path}: found {dict(source)!r}, expected {listed}, for example path: data/file"
    elif "path" in source:
        if not Path(source["path"]).exists():
            yield (
                f"{path}.path: found {source['path']!r}, which does not exist; expected a file or folder, "
                "for example path: data/topics.tsv"
            )
    elif "url" in source and not {"sha256", "md5"} & set(source):
        yield (
            f"{path}: found a url without a digest, expected sha256 or md5 of the file, for example "
            "sha256: 4fbb27df…"
        )
