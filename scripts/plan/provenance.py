"""What the pages say about their study: facts, and the digest of the configuration that they are of."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from plan.config.study import Study


def facts(study: Study) -> str:
    """What the tables' introduction and their last lines state about the study, as JSON with sorted keys."""
    epochs: Mapping[str, int] = {name: study.baselines[name].training.epochs for name in study.run}
    found = {
        "collection": study.collection,
        "e1": epochs,
        "e2": study.recovery.epochs,
        "agreement_k": study.evaluation.agreement_k,
        "configuration": configuration_digest(study),
    }
    return json.dumps(found, sort_keys=True)


def configuration_digest(study: Study) -> str:
    """12 hex digits of all that its tables depend on: of the definitions those that it selects, and nothing
    of where results lie and of which further pages and figures are asked for."""
    asked: dict[str, Any] = study.as_dict()
    asked["collections"] = {study.collection: asked["collections"][study.collection]}
    asked["baselines"] = {name: asked["baselines"][name] for name in study.run}
    asked["report"] = {key: asked["report"][key] for key in ("confidence", "margin", "looked_at_seeds")}
    del asked["results"]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
