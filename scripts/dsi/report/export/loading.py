"""How an exported folder is loaded with transformers alone: Python that stands in its card.

The scores are those of the evaluation: log P(docid | query), where each token's probability is a softmax over
the tokens that docids are made of (dsi.model.scoring). Equal scores stand by descending docid, as in
trec_eval. Texts are cut and ended as in training and evaluation.
"""

from string import Template

from dsi.docids.identifiers import ATOMIC

_BEGIN = """import json

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

folder = "."  # of this card
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
with open(f"{folder}/docids.json", encoding="utf-8") as file:
    docids = json.load(file)  # docid -> its tokens
names = sorted(docids, reverse=True)  # documents of equal score stand by descending docid
"""
_ATOMIC = '''tokens = torch.tensor([docids[name] for name in names]).flatten()  # one token a document


@torch.inference_mode()
def search(query, k=10):
    """The k best documents with their scores, log P(docid | query)."""
    inputs = tokenizer(query, truncation=True, max_length=$max_tokens, return_tensors="pt")
    start = torch.tensor([[model.config.decoder_start_token_id]])
    logits = model(**inputs, decoder_input_ids=start).logits[0, 0, tokens]
    scores, places = logits.log_softmax(0).sort(descending=True, stable=True)
    return [(names[place], score) for place, score in zip(places[:k].tolist(), scores[:k].tolist())]
'''
_SEQUENCES = '''longest = max(map(len, docids.values()))
tokens = torch.tensor([docids[name] + [-100] * (longest - len(docids[name])) for name in names])
known = tokens >= 0  # behind its end a docid has no tokens
alphabet = tokens[known].unique()
places = torch.searchsorted(alphabet, tokens.clamp(min=int(alphabet[0])))


@torch.inference_mode()
def search(query, k=10):
    """The k best documents with their scores, log P(docid | query): every document is scored."""
    inputs = tokenizer(query, truncation=True, max_length=$max_tokens, return_tensors="pt")
    encoded = model.encoder(**inputs)[0]
    parts = []
    for rows in torch.arange(len(names)).split(256):
        logits = model(
            encoder_outputs=(encoded.expand(len(rows), -1, -1),),
            attention_mask=inputs["attention_mask"].expand(len(rows), -1),
            labels=tokens[rows],
        ).logits[:, :, alphabet]
        of_tokens = logits.log_softmax(2).gather(2, places[rows][:, :, None])[:, :, 0]
        parts.append(of_tokens.where(known[rows], 0).sum(1))
    scores, best = torch.cat(parts).sort(descending=True, stable=True)
    return [(names[place], score) for place, score in zip(best[:k].tolist(), scores[:k].tolist())]
'''
_END = """

for docid, score in search($query):
    print(f"{score:9.4f}  {docid}")
"""


def loading_code(scheme: str | None, max_tokens: int, query: str) -> str:
    """A Python program that loads a folder with torch and transformers and answers a query.

    Args:
        scheme: of the docids.
        max_tokens: texts are cut to so many tokens, the last of them the end.
        query: what it asks.
    """
    middle = _ATOMIC if scheme == ATOMIC else _SEQUENCES
    return Template(_BEGIN + middle + _END).substitute(max_tokens=max_tokens, query=repr(query))
