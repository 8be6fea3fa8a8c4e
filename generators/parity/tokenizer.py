"""Small tokenizers of T5's and UMT5's kind, trained here on our own sentences."""

import json
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import sentencepiece
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import T5Converter

import prompts


class Converter(T5Converter):
    """transformers' own way from spiece.model to tokenizer.json; UMT5's falls back to bytes."""

    handle_byte_fallback = True


def train(folder: Path, *, size: int, rule: str, byte_fallback: bool, extra_ids: int, longest: int):
    """Writes spiece.model, tokenizer.json and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "spiece.model"
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus.txt"
        corpus.write_text("\n".join(prompts.SENTENCES * 20), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=f"{scratch}/spiece",
            vocab_size=size,
            model_type="unigram",
            normalization_rule_name=rule,
            byte_fallback=byte_fallback,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            character_coverage=0.995,
            num_threads=1,
            minloglevel=2,
            hard_vocab_limit=False,
        )
        shutil.copy(f"{scratch}/spiece.model", model)
    kind = Converter if byte_fallback else T5Converter
    slow = SimpleNamespace(vocab_file=str(model), _extra_ids=extra_ids, convert_tokens_to_ids=lambda _: 1)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=kind(slow).converted(),
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        additional_special_tokens=[f"<extra_id_{i}>" for i in range(extra_ids)],
        model_max_length=longest,
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def expected_ids(tokenizer, longest: int):
    """Ids of every prompt, cut at `longest`, as a pipeline asks for them (without the padding)."""
    return [
        tokenizer(prompt, max_length=longest, truncation=True, add_special_tokens=True).input_ids
        for prompt in prompts.for_tokenizing()
    ]


def write_fixtures(out: Path):
    """`tokenizers/{t5,umt5,spiece}/` and the ids of 200 prompts."""
    from diffusers.pipelines.wan.pipeline_wan import prompt_clean

    every = prompts.for_tokenizing()
    record = {"prompts": every, "cleaned": [prompt_clean(prompt) for prompt in every]}
    folder = out / "tokenizers"
    for name, options in {
        "t5": dict(size=380, rule="nmt_nfkc", byte_fallback=False, extra_ids=100, longest=128),
        "umt5": dict(size=640, rule="nmt_nfkc", byte_fallback=True, extra_ids=0, longest=512),
    }.items():
        tokenizer = train(folder / name, **options)
        record[name] = expected_ids(tokenizer, options["longest"])
        record[f"{name}_whole"] = expected_ids(tokenizer, 100_000)
    # The layout of folders from before tokenizer.json.
    (folder / "spiece").mkdir(exist_ok=True)
    shutil.move(folder / "t5" / "spiece.model", folder / "spiece" / "spiece.model")
    (folder / "umt5" / "spiece.model").unlink()
    config = {"extra_ids": 100, "model_max_length": 128, "tokenizer_class": "T5Tokenizer"}
    (folder / "spiece" / "tokenizer_config.json").write_text(json.dumps(config), encoding="ascii")
    (folder / "expected.json").write_text(json.dumps(record, separators=(",", ":")), encoding="ascii")
